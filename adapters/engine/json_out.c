// See json_out.h.
#include "adapters/engine/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/wire/event.h"
#include "hub/wire/reflect.h"
#include "hub/wire/utf8.h"

enum { NUMBER_SIZE = 40 };

static bool put(struct nav_buffer *buffer, const char *text) {
  return nav_buffer_append(buffer, text, strlen(text));
}

// Bytes from the start of text that stand for themselves. *special: a byte past ASCII is among them.
static size_t plain_length(const char *text, bool *special) {
  const unsigned char *p = (const unsigned char *)text;
  for (; *p >= 0x20 && *p != '"' && *p != '\\'; p++) *special |= *p >= 0x80;
  return (size_t)(p - (const unsigned char *)text);
}

static bool put_escape(struct nav_buffer *buffer, unsigned char c) {
  static const char short_ones[] = "\"\\\b\f\n\r\t";
  static const char letters[] = "\"\\bfnrt";
  char out[8];
  const char *found = strchr(short_ones, c);
  int length = found != NULL ? snprintf(out, sizeof out, "\\%c", letters[found - short_ones])
                             : snprintf(out, sizeof out, "\\u%04X", c);
  return nav_buffer_append(buffer, out, (size_t)length);
}

// What is not UTF-8 (nothing that passed the hub) is shown as '?', so that one text cannot hold up a whole
// inbox.
static bool put_plain(struct nav_buffer *buffer, const char *text, size_t length, bool special) {
  if (!special || wire_utf8_valid((const uint8_t *)text, length))
    return nav_buffer_append(buffer, text, length);
  for (size_t i = 0; i < length; i++) {
    if (!nav_buffer_append(buffer, (unsigned char)text[i] < 0x80 ? text + i : "?", 1)) return false;
  }
  return true;
}

bool json_out_escaped(struct nav_buffer *buffer, const char *text) {
  for (;;) {
    bool special = false;
    size_t length = plain_length(text, &special);
    if (!put_plain(buffer, text, length, special)) return false;
    text += length;
    if (*text == '\0') return true;
    if (!put_escape(buffer, (unsigned char)*text++)) return false;
  }
}

bool json_out_text(struct nav_buffer *buffer, const char *text) {
  return nav_buffer_append(buffer, "\"", 1) && json_out_escaped(buffer, text) &&
         nav_buffer_append(buffer, "\"", 1);
}

static bool put_integer(struct nav_buffer *buffer, int64_t value) {
  char text[NUMBER_SIZE];
  int length = snprintf(text, sizeof text, "%" PRId64, value);
  return nav_buffer_append(buffer, text, (size_t)length);
}

static bool put_time(struct nav_buffer *buffer, int64_t ms) {
  const int64_t first_ms = nav_days_from_date(1, 1, 1) * 86400000;
  const int64_t end_ms = nav_days_from_date(10000, 1, 1) * 86400000;
  if (ms < first_ms || ms >= end_ms) return put_integer(buffer, ms);
  char text[NAV_RFC3339_SIZE];
  return nav_buffer_append(buffer, "\"", 1) && put(buffer, nav_clock_rfc3339(ms, text)) &&
         nav_buffer_append(buffer, "\"", 1);
}

static bool put_unsigned(struct nav_buffer *buffer, uint64_t value) {
  char text[NUMBER_SIZE];
  int length = snprintf(text, sizeof text, value <= INT64_MAX ? "%" PRIu64 : "\"%" PRIu64 "\"", value);
  return nav_buffer_append(buffer, text, (size_t)length);
}

// As jansson writes reals: 17 digits, and ".0" where nothing else says that it is one.
static bool put_double(struct nav_buffer *buffer, double value) {
  char text[NUMBER_SIZE];
  if (!isfinite(value))
    return put(buffer, isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  (void)snprintf(text, sizeof text, "%.17g", value);
  bool real = strpbrk(text, ".e") != NULL;
  char *exponent = strchr(text, 'e');
  if (exponent != NULL) {  // 1e+20 is 1e20, 1e-07 is 1e-7
    char *to = exponent + 1;
    const char *from = to;
    if (*from == '+') from++;
    if (*from == '-') *to++ = *from++;
    while (*from == '0') from++;
    memmove(to, from, strlen(from) + 1);
  }
  return put(buffer, text) && (real || put(buffer, ".0"));
}

static bool put_bytes(struct nav_buffer *buffer, const ProtobufCBinaryData *bytes) {
  static const char digits[] = "0123456789abcdef";
  uint8_t *out = nav_buffer_reserve(buffer, bytes->len * 2 + 2);
  if (out == NULL) return false;
  *out++ = '"';
  for (size_t i = 0; i < bytes->len; i++) {
    *out++ = (uint8_t)digits[bytes->data[i] >> 4];
    *out++ = (uint8_t)digits[bytes->data[i] & 15];
  }
  *out = '"';
  buffer->length += bytes->len * 2 + 2;
  return true;
}

static bool put_enum(struct nav_buffer *buffer, const ProtobufCEnumDescriptor *descriptor, int value) {
  const char *name = wire_enum_name(descriptor, value);
  return name != NULL ? json_out_text(buffer, name) : put_integer(buffer, value);
}

static bool put_message(struct nav_buffer *buffer, const ProtobufCMessage *message);

static bool put_value(struct nav_buffer *buffer, const ProtobufCFieldDescriptor *field, const void *value) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      return put_integer(buffer, *(const int32_t *)value);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      return put_integer(buffer, *(const uint32_t *)value);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      return wire_field_is_time(field) ? put_time(buffer, *(const int64_t *)value)
                                       : put_integer(buffer, *(const int64_t *)value);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return put_unsigned(buffer, *(const uint64_t *)value);
    case PROTOBUF_C_TYPE_FLOAT:
      return put_double(buffer, (double)*(const float *)value);
    case PROTOBUF_C_TYPE_DOUBLE:
      return put_double(buffer, *(const double *)value);
    case PROTOBUF_C_TYPE_BOOL:
      return put(buffer, *(const protobuf_c_boolean *)value != 0 ? "true" : "false");
    case PROTOBUF_C_TYPE_ENUM:
      return put_enum(buffer, field->descriptor, *(const int *)value);
    case PROTOBUF_C_TYPE_STRING:
      return json_out_text(buffer, *(const char *const *)value);
    case PROTOBUF_C_TYPE_BYTES:
      return put_bytes(buffer, value);
    case PROTOBUF_C_TYPE_MESSAGE:
      return put_message(buffer, *(const ProtobufCMessage *const *)value);
  }
  return false;
}

static bool put_list(struct nav_buffer *buffer, const ProtobufCFieldDescriptor *field,
                     const ProtobufCMessage *message) {
  size_t count = wire_field_count(field, message);
  const char *list = *(const char *const *)wire_field_member(field, message);
  size_t size = wire_field_value_size(field);
  if (!nav_buffer_append(buffer, "[", 1)) return false;
  for (size_t i = 0; i < count; i++) {
    if (i > 0 && !nav_buffer_append(buffer, ",", 1)) return false;
    if (!put_value(buffer, field, list + i * size)) return false;
  }
  return nav_buffer_append(buffer, "]", 1);
}

// "key":value, with a comma before it where it is not the first. A field that is not there writes nothing.
static bool put_field(struct nav_buffer *buffer, bool *first, const char *key, size_t key_length,
                      const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message) {
  bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  bool there = repeated ? wire_field_count(field, message) > 0 : wire_field_present(field, message);
  if (!there) return true;
  if ((!*first && !nav_buffer_append(buffer, ",", 1)) || !nav_buffer_append(buffer, "\"", 1) ||
      !nav_buffer_append(buffer, key, key_length) || !nav_buffer_append(buffer, "\":", 2)) {
    return false;
  }
  *first = false;
  return repeated ? put_list(buffer, field, message)
                  : put_value(buffer, field, wire_field_member(field, message));
}

static bool put_message(struct nav_buffer *buffer, const ProtobufCMessage *message) {
  bool first = true;
  if (!nav_buffer_append(buffer, "{", 1)) return false;
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    size_t length = strlen(field->name);
    if (wire_field_is_time(field)) length -= strlen("_ms");
    if (!put_field(buffer, &first, field->name, length, field, message)) return false;
  }
  return nav_buffer_append(buffer, "}", 1);
}

// A key of the JSON and the event's field that it holds, as in hub/wire/cloudevents.c.
struct attribute {
  const char *key;
  const char *field;
  const ProtobufCFieldDescriptor *descriptor;  // looked up once
};

static struct attribute top_keys[] = {
    {"id", "id", NULL},
    {"source", "source", NULL},
    {"time", "time_ms", NULL},
    {"recordedtime", "recorded_time_ms", NULL},
    {"navrevision", "revision", NULL},
    {"navinreplyto", "in_reply_to", NULL},
};

static struct attribute data_keys[] = {
    {"place", "place", NULL},         {"subjects", "subjects", NULL},
    {"marks", "marks", NULL},         {"retention_days", "retention_days", NULL},
    {"addressee", "addressee", NULL},
};

static bool put_attributes(struct nav_buffer *buffer, bool *first, struct attribute *keys, size_t count,
                           const Nav__V1__Event *event) {
  for (size_t i = 0; i < count; i++) {
    if (keys[i].descriptor == NULL) {
      keys[i].descriptor =
          protobuf_c_message_descriptor_get_field_by_name(&nav__v1__event__descriptor, keys[i].field);
    }
    if (!put_field(buffer, first, keys[i].key, strlen(keys[i].key), keys[i].descriptor, &event->base))
      return false;
  }
  return true;
}

bool json_out_cloudevent(struct nav_buffer *buffer, const Nav__V1__Event *event) {
  const char *type = wire_body_name((uint32_t)event->body_case);
  bool first = false;
  if (!put(buffer, "{\"specversion\":\"1.0\"")) return false;
  if (type != NULL && !(put(buffer, ",\"type\":\"nav.v1.") && put(buffer, type) && put(buffer, "\"")))
    return false;
  if (!put_attributes(buffer, &first, top_keys, sizeof top_keys / sizeof *top_keys, event)) return false;
  if (!put(buffer, ",\"datacontenttype\":\"application/json\",\"data\":{")) return false;
  first = true;
  if (!put_attributes(buffer, &first, data_keys, sizeof data_keys / sizeof *data_keys, event)) return false;
  const ProtobufCMessage *body = wire_event_body_message(event);
  if (body != NULL && !(put(buffer, first ? "\"body\":" : ",\"body\":") && put_message(buffer, body)))
    return false;
  return put(buffer, "}");
}
