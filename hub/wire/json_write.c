// See json_fields.h and json.h: messages → JSON.
#include <math.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/json_fields.h"
#include "hub/wire/reflect.h"

// RFC 3339 has four digits for the year; no time that was validated is outside them.
static json_t *time_to_json(int64_t ms) {
  const int64_t first_ms = nav_days_from_date(1, 1, 1) * 86400000;
  const int64_t end_ms = nav_days_from_date(10000, 1, 1) * 86400000;
  if (ms < first_ms || ms >= end_ms) return json_integer(ms);
  char text[NAV_RFC3339_SIZE];
  return json_string(nav_clock_rfc3339(ms, text));
}

static json_t *bytes_to_json(const ProtobufCBinaryData *bytes) {
  char *text = malloc(bytes->len * 2 + 1);
  if (text == NULL) return NULL;
  json_t *json = json_string(nav_hex(text, bytes->data, bytes->len));
  free(text);
  return json;
}

static json_t *enum_to_json(const ProtobufCEnumDescriptor *descriptor, int value) {
  const char *name = wire_enum_name(descriptor, value);
  return name != NULL ? json_string(name) : json_integer(value);
}

// JSON integers hold 63 bits here; a larger one is written as text.
static json_t *uint64_to_json(uint64_t value) {
  if (value <= INT64_MAX) return json_integer((json_int_t)value);
  return json_sprintf("%llu", (unsigned long long)value);
}

static json_t *double_to_json(double value) {
  if (isfinite(value)) return json_real(value);
  return json_string(isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

static json_t *value_to_json(const ProtobufCFieldDescriptor *field, const void *value) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      return json_integer(*(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      return json_integer(*(const uint32_t *)value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return wire_field_is_time(field) ? time_to_json(*(const int64_t *)value)
                                       : json_integer(*(const int64_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return uint64_to_json(*(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FLOAT:
      return double_to_json((double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
      return double_to_json(*(const double *)value);
    case PROTOBUF_C_TYPE_BOOL:
      return json_boolean(*(const protobuf_c_boolean *)value != 0);
    case PROTOBUF_C_TYPE_ENUM:
      return enum_to_json(field->descriptor, *(const int *)value);
    case PROTOBUF_C_TYPE_STRING:
      return json_string(*(const char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
      return bytes_to_json(value);
    case PROTOBUF_C_TYPE_MESSAGE:
      return wire_json_from_message(*(const ProtobufCMessage *const *)value);
  }
  return NULL;
}

static json_t *list_to_json(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
  size_t count = wire_field_count(field, message);
  const char *list = *(const char *const *)wire_field_member(field, message);
  json_t *array = json_array();
  for (size_t i = 0; array != NULL && i < count; i++) {
    if (json_array_append_new(array, value_to_json(field, list + i * wire_field_value_size(field))) == 0)
      continue;
    json_decref(array);
    array = NULL;
  }
  return array;
}

bool json_field_write(json_t *object, const char *key, size_t key_length,
                      const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
  json_t *value = NULL;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    if (wire_field_count(field, message) == 0) return true;
    value = list_to_json(field, message);
  } else {
    if (!wire_field_present(field, message)) return true;
    value = value_to_json(field, wire_field_member(field, message));
  }
  return json_object_setn_new(object, key, key_length, value) == 0;
}

json_t *wire_json_from_message(const ProtobufCMessage *message) {
  json_t *object = json_object();
  for (unsigned i = 0; object != NULL && i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    size_t length = strlen(field->name);
    if (wire_field_is_time(field)) length -= strlen("_ms");
    if (json_field_write(object, field->name, length, field, message)) continue;
    json_decref(object);
    object = NULL;
  }
  return object;
}
