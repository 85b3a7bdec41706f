// See same.h. The structs are walked side by side by protobuf-c's descriptors.
#include "tests/unit/wire/same.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/wire/reflect.h"

static bool same_message(const ProtobufCMessage *a, const ProtobufCMessage *b);

static bool same_value(const ProtobufCFieldDescriptor *field, const void *a, const void *b) {
  if (field->type == PROTOBUF_C_TYPE_STRING) {
    const char *const *x = a;
    const char *const *y = b;
    return *x == NULL || *y == NULL ? *x == *y : strcmp(*x, *y) == 0;
  }
  if (field->type == PROTOBUF_C_TYPE_BYTES) {
    const ProtobufCBinaryData *x = a;
    const ProtobufCBinaryData *y = b;
    if (x->len != y->len || (x->data == NULL) != (y->data == NULL)) return false;
    return x->len == 0 || memcmp(x->data, y->data, x->len) == 0;
  }
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    const ProtobufCMessage *const *x = a;
    const ProtobufCMessage *const *y = b;
    return *x == NULL || *y == NULL ? *x == *y : same_message(*x, *y);
  }
  return memcmp(a, b, wire_field_value_size(field)) == 0;
}

static bool same_list(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a,
                      const ProtobufCMessage *b) {
  size_t count = wire_field_count(field, a);
  const char *x = *(const char *const *)wire_field_member(field, a);
  const char *y = *(const char *const *)wire_field_member(field, b);
  if (count != wire_field_count(field, b) || (x == NULL) != (y == NULL)) return false;
  size_t size = wire_field_value_size(field);
  for (size_t i = 0; i < count; i++) {
    if (!same_value(field, x + i * size, y + i * size)) return false;
  }
  return true;
}

static bool same_field(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a,
                       const ProtobufCMessage *b) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return same_list(field, a, b);
  const void *x = (const char *)a + field->quantifier_offset;
  const void *y = (const char *)b + field->quantifier_offset;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t which = *(const uint32_t *)x;
    if (which != *(const uint32_t *)y) return false;
    if (which != 0 && which != field->id) return true;  // another member's storage
  } else if (field->quantifier_offset != 0 &&
             *(const protobuf_c_boolean *)x != *(const protobuf_c_boolean *)y) {
    return false;
  }
  return same_value(field, wire_field_member(field, a), wire_field_member(field, b));
}

static bool same_message(const ProtobufCMessage *a, const ProtobufCMessage *b) {
  bool same = a->descriptor == b->descriptor && a->n_unknown_fields == 0 && b->n_unknown_fields == 0 &&
              a->unknown_fields == NULL;
  for (unsigned i = 0; same && i < a->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
    same = same_field(field, a, b);
    if (!same)
      (void)fprintf(stderr, "%s.%s is not what protobuf-c makes it\n", a->descriptor->name, field->name);
  }
  return same;
}

static bool packs_the_same(const ProtobufCMessage *a, const ProtobufCMessage *b) {
  size_t size = protobuf_c_message_get_packed_size(a);
  if (size != protobuf_c_message_get_packed_size(b)) return false;
  uint8_t *bytes = malloc(size * 2 + 1);
  if (bytes == NULL) return false;
  bool same = protobuf_c_message_pack(a, bytes) == size && protobuf_c_message_pack(b, bytes + size) == size &&
              memcmp(bytes, bytes + size, size) == 0;
  free(bytes);
  return same;
}

bool same_as_unpacked(const void *decoded, const uint8_t *bytes, size_t length) {
  const ProtobufCMessage *message = decoded;
  ProtobufCMessage *unpacked = protobuf_c_message_unpack(message->descriptor, NULL, length, bytes);
  if (unpacked == NULL) {
    (void)fprintf(stderr, "protobuf-c refuses this %s\n", message->descriptor->name);
    return false;
  }
  bool same = same_message(message, unpacked);
  if (same && !packs_the_same(message, unpacked)) {
    (void)fprintf(stderr, "this %s packs to other bytes\n", message->descriptor->name);
    same = false;
  }
  protobuf_c_message_free_unpacked(unpacked, NULL);
  return same;
}
