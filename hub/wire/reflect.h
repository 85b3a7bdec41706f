// What protobuf-c's field descriptors mean for the struct they describe.
// Called by: fill, event_validate, json, redaction. Must never: change a message.
#ifndef NAV_WIRE_REFLECT_H
#define NAV_WIRE_REFLECT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <string.h>

// The field's own storage in the struct.
static inline const void *wire_field_member(const ProtobufCFieldDescriptor *field, const void *message) {
  return (const char *)message + field->offset;
}

// How many elements a repeated field has.
static inline size_t wire_field_count(const ProtobufCFieldDescriptor *field, const void *message) {
  return *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
}

// Whether an optional field, or a oneof's member, is there. Not for repeated ones.
static inline bool wire_field_present(const ProtobufCFieldDescriptor *field, const void *message) {
  const void *quantifier = (const char *)message + field->quantifier_offset;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) return *(const uint32_t *)quantifier == field->id;
  if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE) {
    return *(const void *const *)wire_field_member(field, message) != NULL;
  }
  return *(const protobuf_c_boolean *)quantifier != 0;
}

// int64 fields named …time_ms are times.
static inline bool wire_field_is_time(const ProtobufCFieldDescriptor *field) {
  size_t length = strlen(field->name);
  return field->type == PROTOBUF_C_TYPE_INT64 && length >= 7 &&
         strcmp(field->name + length - 7, "time_ms") == 0;
}

// The size of one value: of the member, or of an element of a repeated field's array.
static inline size_t wire_field_value_size(const ProtobufCFieldDescriptor *field) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return 4;
    case PROTOBUF_C_TYPE_ENUM:
      return sizeof(int);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_BOOL:
      return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(void *);
  }
  return 0;
}

#endif
