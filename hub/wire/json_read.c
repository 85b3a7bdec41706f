// See json_fields.h and json.h: JSON → messages. Every value is checked against its field's type; how deep it
// goes is limited by the schema, since an unknown key is refused before what is under it is looked at.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/json_fields.h"
#include "hub/wire/message.h"
#include "hub/wire/reflect.h"
#include "nav/v1/session.pb-c.h"

static bool wrong(const struct json_reader *reader, const struct wire_place *place, const char *what) {
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_BAD_VALUE, place, "must be %s", what);
}

static bool no_room(const struct json_reader *reader, const struct wire_place *place) {
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_TOO_LARGE, place,
                         "needs more memory than one message may take");
}

static bool read_signed(const struct json_reader *reader, const json_t *json, int64_t min, int64_t max,
                        int64_t *value, const struct wire_place *place) {
  if (!json_is_integer(json)) return wrong(reader, place, "an integer");
  *value = json_integer_value(json);
  if (*value >= min && *value <= max) return true;
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_BAD_VALUE, place,
                         "must be an integer from %lld to %lld", (long long)min, (long long)max);
}

// An integer, or digits as text where it is too large for JSON's.
static bool read_uint64(const struct json_reader *reader, const json_t *json, uint64_t *value,
                        const struct wire_place *place) {
  const char *text = json_string_value(json);
  if (text == NULL) {
    int64_t number = 0;
    if (!read_signed(reader, json, 0, INT64_MAX, &number, place)) return false;
    *value = (uint64_t)number;
    return true;
  }
  size_t digits = strspn(text, "0123456789");
  errno = 0;
  *value = strtoull(text, NULL, 10);
  if (digits > 0 && digits <= 20 && text[digits] == '\0' && errno == 0) return true;
  return wrong(reader, place, "a whole number from 0");
}

static bool read_int64(const struct json_reader *reader, const ProtobufCFieldDescriptor *field,
                       const json_t *json, int64_t *value, const struct wire_place *place) {
  if (!wire_field_is_time(field)) return read_signed(reader, json, INT64_MIN, INT64_MAX, value, place);
  const char *text = json_string_value(json);
  if (text != NULL && nav_clock_parse(text, false, value)) return true;
  return wrong(reader, place, "a time with its zone, such as \"2026-11-22T02:30:00Z\"");
}

static bool read_enum(const struct json_reader *reader, const ProtobufCEnumDescriptor *descriptor,
                      const json_t *json, int *value, const struct wire_place *place) {
  const char *text = json_string_value(json);
  if (text != NULL && wire_enum_value(descriptor, text, value)) return true;
  char list[NAV_ERROR_TEXT_SIZE / 2] = "";
  size_t used = 0;
  for (unsigned i = 1; i < descriptor->n_values; i++) {
    const char *name = wire_enum_name(descriptor, descriptor->values[i].value);
    size_t length = name != NULL ? strlen(name) : 0;
    if (used + length + 2 + sizeof ", …" > sizeof list) {
      memcpy(list + used, ", …", sizeof ", …");
      break;
    }
    int n = snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", name != NULL ? name : "");
    used += n > 0 ? (size_t)n : 0;
  }
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_UNKNOWN_ENUM, place, "must be one of: %s", list);
}

static bool read_string(const struct json_reader *reader, const json_t *json, char **value,
                        const struct wire_place *place) {
  if (!json_is_string(json)) return wrong(reader, place, "text");
  size_t length = json_string_length(json);
  if (memchr(json_string_value(json), '\0', length) != NULL) {
    return wire_place_fail(reader->err, NAV__V1__CODE__CODE_BAD_UTF8, place, "holds a NUL");
  }
  *value = nav_arena_strndup(reader->arena, json_string_value(json), length);
  return *value != NULL || no_room(reader, place);
}

static bool read_bytes(const struct json_reader *reader, const json_t *json, ProtobufCBinaryData *value,
                       const struct wire_place *place) {
  const char *text = json_string_value(json);
  size_t digits = text != NULL ? json_string_length(json) : 1;
  if (digits % 2 != 0) return wrong(reader, place, "bytes in hexadecimal, two digits each");
  value->len = digits / 2;
  value->data = nav_arena_alloc(reader->arena, value->len);
  if (value->data == NULL) return no_room(reader, place);
  if (value->len == 0 || nav_unhex(value->data, value->len, text)) return true;
  return wrong(reader, place, "bytes in hexadecimal, two digits each");
}

static bool read_number(const struct json_reader *reader, const ProtobufCFieldDescriptor *field,
                        const json_t *json, void *value, const struct wire_place *place) {
  int64_t number = 0;
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      if (!read_signed(reader, json, INT32_MIN, INT32_MAX, &number, place)) return false;
      *(int32_t *)value = (int32_t)number;
      return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      if (!read_signed(reader, json, 0, UINT32_MAX, &number, place)) return false;
      *(uint32_t *)value = (uint32_t)number;
      return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return read_int64(reader, field, json, value, place);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return read_uint64(reader, json, value, place);
    default:
      if (!json_is_number(json)) return wrong(reader, place, "a number");
      if (field->type == PROTOBUF_C_TYPE_FLOAT) {
        *(float *)value = (float)json_number_value(json);
      } else {
        *(double *)value = json_number_value(json);
      }
      return true;
  }
}

static bool read_value(struct json_reader *reader, const ProtobufCFieldDescriptor *field, const json_t *json,
                       void *value, const struct wire_place *place) {
  if (++reader->elements > WIRE_ELEMENTS_MAX) {
    return wire_place_fail(reader->err, NAV__V1__CODE__CODE_TOO_MANY, place,
                           "is the value past %d, the most there may be", WIRE_ELEMENTS_MAX);
  }
  switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
      if (!json_is_boolean(json)) return wrong(reader, place, "true or false");
      *(protobuf_c_boolean *)value = json_is_true(json);
      return true;
    case PROTOBUF_C_TYPE_ENUM:
      return read_enum(reader, field->descriptor, json, value, place);
    case PROTOBUF_C_TYPE_STRING:
      return read_string(reader, json, value, place);
    case PROTOBUF_C_TYPE_BYTES:
      return read_bytes(reader, json, value, place);
    case PROTOBUF_C_TYPE_MESSAGE: {
      ProtobufCMessage *part = json_message_read(reader, field->descriptor, json, place);
      *(ProtobufCMessage **)value = part;
      return part != NULL;
    }
    default:
      return read_number(reader, field, json, value, place);
  }
}

static bool read_list(struct json_reader *reader, ProtobufCMessage *message,
                      const ProtobufCFieldDescriptor *field, const json_t *json,
                      const struct wire_place *place) {
  if (!json_is_array(json)) return wrong(reader, place, "a list");
  size_t count = json_array_size(json);
  size_t size = wire_field_value_size(field);
  if (count > WIRE_ELEMENTS_MAX) {
    return wire_place_fail(reader->err, NAV__V1__CODE__CODE_TOO_MANY, place, "has more than %d elements",
                           WIRE_ELEMENTS_MAX);
  }
  char *list = count == 0 ? NULL : nav_arena_zalloc(reader->arena, count, size);
  if (count > 0 && list == NULL) return no_room(reader, place);
  for (size_t i = 0; i < count; i++) {
    struct wire_place element = *place;
    element.index = (int)i;
    if (!read_value(reader, field, json_array_get(json, i), list + i * size, &element)) return false;
  }
  *(void **)(void *)((char *)message + field->offset) = list;
  *(size_t *)(void *)((char *)message + field->quantifier_offset) = count;
  return true;
}

bool json_field_read(struct json_reader *reader, ProtobufCMessage *message,
                     const ProtobufCFieldDescriptor *field, const json_t *value,
                     const struct wire_place *place) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED) return read_list(reader, message, field, value, place);
  void *quantifier = (char *)message + field->quantifier_offset;
  if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    if (*(uint32_t *)quantifier != 0) {
      return wire_place_fail(reader->err, NAV__V1__CODE__CODE_NOT_CANONICAL, place,
                             "stands beside another, and only one of them may");
    }
    if (!read_value(reader, field, value, (char *)message + field->offset, place)) return false;
    *(uint32_t *)quantifier = field->id;
    return true;
  }
  if (!read_value(reader, field, value, (char *)message + field->offset, place)) return false;
  if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
    *(protobuf_c_boolean *)quantifier = 1;
  }
  return true;
}

const ProtobufCFieldDescriptor *json_field_find(const ProtobufCMessageDescriptor *descriptor,
                                                const char *key) {
  size_t length = strlen(key);
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    if (wire_field_is_time(field)) {
      if (strncmp(field->name, key, length) == 0 && strcmp(field->name + length, "_ms") == 0) return field;
    } else if (strcmp(field->name, key) == 0) {
      return field;
    }
  }
  return NULL;
}

ProtobufCMessage *json_message_read(struct json_reader *reader, const ProtobufCMessageDescriptor *descriptor,
                                    const json_t *object, const struct wire_place *place) {
  if (!json_is_object(object)) {
    (void)wrong(reader, place, "an object");
    return NULL;
  }
  ProtobufCMessage *message = nav_arena_alloc(reader->arena, descriptor->sizeof_message);
  if (message == NULL) {
    (void)no_room(reader, place);
    return NULL;
  }
  protobuf_c_message_init(descriptor, message);
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)object, key, value) {
    struct wire_place at = {.parent = place, .name = key, .index = -1};
    const ProtobufCFieldDescriptor *field = json_field_find(descriptor, key);
    if (field == NULL) {
      (void)wire_place_fail(reader->err, NAV__V1__CODE__CODE_UNKNOWN_FIELD, &at, "is not a key of %s",
                            descriptor->short_name);
      return NULL;
    }
    if (!json_field_read(reader, message, field, value, &at)) return NULL;
  }
  return message;
}

void *wire_json_to_message(const ProtobufCMessageDescriptor *descriptor, const json_t *json,
                           struct nav_arena *arena, struct nav_error *err) {
  struct json_reader reader = {.arena = arena, .err = err};
  struct wire_place top = {.index = -1};
  return json_message_read(&reader, descriptor, json, &top);
}
