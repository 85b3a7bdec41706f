// See message.h. protobuf-c unpacks into the arena by an allocator whose free does nothing.
#include "hub/wire/message.h"

#include <string.h>

#include "hub/wire/check.h"
#include "hub/wire/reflect.h"
#include "nav/v1/session.pb-c.h"

struct memory {
  struct nav_arena *arena;
  bool exhausted;
};

static void *arena_alloc(void *data, size_t size) {
  struct memory *memory = data;
  void *block = nav_arena_alloc(memory->arena, size);
  if (block == NULL) memory->exhausted = true;
  return block;
}

static void arena_free(void *data, void *pointer) {
  (void)data;
  (void)pointer;  // given back with the arena
}

static void drop_unknown(ProtobufCMessage *message);

static void drop_unknown_in_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  if (field->label != PROTOBUF_C_LABEL_REPEATED) {
    if (wire_field_present(field, message)) {
      drop_unknown(*(ProtobufCMessage *const *)wire_field_member(field, message));
    }
    return;
  }
  size_t count = wire_field_count(field, message);
  ProtobufCMessage *const *list = *(ProtobufCMessage *const *const *)wire_field_member(field, message);
  for (size_t i = 0; i < count; i++) drop_unknown(list[i]);
}

// At every level. Depth is limited: the wire form has been checked.
static void drop_unknown(ProtobufCMessage *message) {
  message->n_unknown_fields = 0;
  message->unknown_fields = NULL;
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) drop_unknown_in_field(message, field);
  }
}

static void *decode(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                    const uint8_t *bytes, size_t length, bool lenient, struct nav_error *err) {
  bool has_unknown = false;
  if (!wire_check(descriptor, bytes, length, lenient, &has_unknown, err)) return NULL;
  struct memory memory = {.arena = arena};
  ProtobufCAllocator allocator = {.alloc = arena_alloc, .free = arena_free, .allocator_data = &memory};
  ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, length, bytes);
  if (message == NULL) {
    if (memory.exhausted) {
      (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                     "%s of %zu bytes needs more memory than one message may take", descriptor->short_name,
                     length);
    } else {
      (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "", "is not a %s",
                     descriptor->short_name);
    }
    return NULL;
  }
  if (has_unknown) drop_unknown(message);
  return message;
}

void *wire_decode(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena, const uint8_t *bytes,
                  size_t length, struct nav_error *err) {
  return decode(descriptor, arena, bytes, length, false, err);
}

void *wire_decode_lenient(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                          const uint8_t *bytes, size_t length, struct nav_error *err) {
  return decode(descriptor, arena, bytes, length, true, err);
}

bool wire_encode(const void *message, struct nav_buffer *out) {
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *room = nav_buffer_reserve(out, size);
  if (room == NULL) return false;
  out->length += protobuf_c_message_pack(message, room);
  return true;
}

static size_t put_varint(uint8_t *out, uint64_t value) {
  size_t length = 0;
  for (; value >= 0x80; value >>= 7) out[length++] = (uint8_t)(value | 0x80);
  out[length++] = (uint8_t)value;
  return length;
}

bool wire_encode_field(uint32_t number, struct nav_bytes first, struct nav_bytes second,
                       struct nav_buffer *out) {
  enum { VARINTS_SIZE = 5 + 10 };
  uint8_t *room = nav_buffer_reserve(out, VARINTS_SIZE + first.length + second.length);
  if (room == NULL) return false;
  uint8_t *at = room;
  at += put_varint(at, (uint64_t)number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
  at += put_varint(at, first.length + second.length);
  if (first.length > 0) memcpy(at, first.data, first.length);
  at += first.length;
  if (second.length > 0) memcpy(at, second.data, second.length);
  at += second.length;
  out->length += (size_t)(at - room);
  return true;
}
