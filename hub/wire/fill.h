// The members of a message that is being read: what protobuf-c's descriptors say of the struct, written as
// protobuf_c_message_unpack would leave it, in the arena. Inline, since check.c comes here once a field.
// Called by: check.c. Must never: judge a value, or write past what an array has room for.
#ifndef NAV_WIRE_FILL_H
#define NAV_WIRE_FILL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"

// Once exhausted, what has no room is NULL and is not written; the bytes are still checked to their end.
struct wire_fill {
  struct nav_arena *arena;
  bool exhausted;
};

static inline void *wire_fill_alloc(struct wire_fill *fill, size_t size) {
  void *block = nav_arena_alloc(fill->arena, size);
  if (block == NULL) fill->exhausted = true;
  return block;
}

// A message with nothing in it, but the schema's defaults. NULL: exhausted.
static inline ProtobufCMessage *wire_fill_message(struct wire_fill *fill,
                                                  const ProtobufCMessageDescriptor *descriptor) {
  NAV_ASSERT(descriptor->message_init != NULL);
  ProtobufCMessage *message = wire_fill_alloc(fill, descriptor->sizeof_message);
  if (message != NULL) descriptor->message_init(message);
  return message;
}

// Room for one element more at the end of a repeated field, which then has it. NULL: exhausted.
void *wire_fill_element(struct wire_fill *fill, const ProtobufCFieldDescriptor *field,
                        ProtobufCMessage *message);

// Where the value under way goes; the message then has the field. NULL: there is no room, or no message.
static inline void *wire_fill_slot(struct wire_fill *fill, const ProtobufCFieldDescriptor *field,
                                   ProtobufCMessage *message) {
  if (message == NULL) return NULL;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return wire_fill_element(fill, field, message);
  void *quantifier = (char *)message + field->quantifier_offset;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    memcpy(quantifier, &field->id, sizeof field->id);
  } else if (field->quantifier_offset != 0) {  // texts and messages have none
    *(protobuf_c_boolean *)quantifier = 1;
  }
  return (char *)message + field->offset;
}

// The value is one that its type can hold.
static inline void wire_fill_varint(void *slot, ProtobufCType type, uint64_t value) {
  if (slot == NULL) return;
  uint32_t low = (uint32_t)value;
  switch (type) {
    case PROTOBUF_C_TYPE_SINT32:
      low = (low >> 1) ^ (0 - (low & 1));
      break;
    case PROTOBUF_C_TYPE_SINT64:
      value = (value >> 1) ^ (0 - (value & 1));
      memcpy(slot, &value, sizeof value);
      return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
      memcpy(slot, &value, sizeof value);
      return;
    default:  // 32 bits, enums and bools
      break;
  }
  memcpy(slot, &low, sizeof low);
}
_Static_assert(sizeof(protobuf_c_boolean) == sizeof(uint32_t) && sizeof(int) == sizeof(uint32_t),
               "enums and bools are 32 bits");

// The bytes as they stand: this machine's order is the wire's (buffer.h).
static inline void wire_fill_fixed(void *slot, const uint8_t *bytes, size_t size) {
  if (slot == NULL) return;
  if (size == 8) {
    memcpy(slot, bytes, 8);
  } else {
    memcpy(slot, bytes, 4);
  }
}

static inline void wire_fill_text(struct wire_fill *fill, void *slot, const uint8_t *text, size_t length) {
  if (slot == NULL) return;
  char *copy = wire_fill_alloc(fill, length + 1);
  if (copy == NULL) return;
  memcpy(copy, text, length);
  copy[length] = '\0';
  memcpy(slot, &copy, sizeof copy);
}

// No bytes are NULL.
static inline void wire_fill_bytes(struct wire_fill *fill, void *slot, const uint8_t *bytes, size_t length) {
  if (slot == NULL) return;
  ProtobufCBinaryData data = {0};
  if (length > 0) {
    data.data = wire_fill_alloc(fill, length);
    if (data.data == NULL) return;
    memcpy(data.data, bytes, length);
    data.len = length;
  }
  memcpy(slot, &data, sizeof data);
}

#endif
