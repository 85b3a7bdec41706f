// See json.h: the event as CloudEvents 1.0 JSON. What CloudEvents has a name for stands at the top, the rest
// in data.
#include <string.h>

#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/json_fields.h"
#include "nav/v1/session.pb-c.h"

#define TYPE_PREFIX "nav.v1."

// A key of the JSON and the event's field that it holds.
struct attribute {
  const char *key;
  const char *field;
};

static const struct attribute top_keys[] = {
    {"id", "id"},
    {"source", "source"},
    {"time", "time_ms"},
    {"recordedtime", "recorded_time_ms"},
    {"navrevision", "revision"},
    {"navinreplyto", "in_reply_to"},
};

static const struct attribute data_keys[] = {
    {"place", "place"},         {"subjects", "subjects"},
    {"marks", "marks"},         {"retention_days", "retention_days"},
    {"addressee", "addressee"},
};

enum { TOP_KEYS = sizeof top_keys / sizeof top_keys[0], DATA_KEYS = sizeof data_keys / sizeof data_keys[0] };

// What a delivery adds of its own.
static const char *const delivery_keys[] = {"navseq",     "navrule",     "navbasis",
                                            "navpurpose", "navwithheld", "navreplay"};

static const ProtobufCFieldDescriptor *event_field(const char *name) {
  return protobuf_c_message_descriptor_get_field_by_name(&nav__v1__event__descriptor, name);
}

// ---- writing ----

static bool write_attributes(json_t *object, const struct attribute *keys, size_t count,
                             const Nav__V1__Event *event) {
  for (size_t i = 0; i < count; i++) {
    const ProtobufCFieldDescriptor *field = event_field(keys[i].field);
    if (!json_field_write(object, keys[i].key, strlen(keys[i].key), field, &event->base)) return false;
  }
  return true;
}

static bool write_data(json_t *data, const Nav__V1__Event *event) {
  if (!write_attributes(data, data_keys, DATA_KEYS, event)) return false;
  const ProtobufCMessage *body = wire_event_body_message(event);
  return body == NULL || json_object_set_new(data, "body", wire_json_from_message(body)) == 0;
}

static bool write_top(json_t *top, const Nav__V1__Event *event) {
  if (json_object_set_new(top, "specversion", json_string("1.0")) != 0) return false;
  const char *type = wire_body_name((uint32_t)event->body_case);
  if (type != NULL && json_object_set_new(top, "type", json_sprintf(TYPE_PREFIX "%s", type)) != 0)
    return false;
  if (!write_attributes(top, top_keys, TOP_KEYS, event)) return false;
  if (json_object_set_new(top, "datacontenttype", json_string("application/json")) != 0) return false;
  json_t *data = json_object();
  if (data == NULL || !write_data(data, event)) {
    json_decref(data);
    return false;
  }
  return json_object_set_new(top, "data", data) == 0;
}

json_t *wire_cloudevent_from_event(const Nav__V1__Event *event) {
  json_t *top = json_object();
  if (top != NULL && write_top(top, event)) return top;
  json_decref(top);
  return NULL;
}

// ---- reading ----

static const ProtobufCFieldDescriptor *find_attribute(const struct attribute *keys, size_t count,
                                                      const char *key) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(keys[i].key, key) == 0) return event_field(keys[i].field);
  }
  return NULL;
}

static bool is_delivery_key(const char *key) {
  for (size_t i = 0; i < sizeof delivery_keys / sizeof delivery_keys[0]; i++) {
    if (strcmp(delivery_keys[i], key) == 0) return true;
  }
  return false;
}

static bool missing(const struct json_reader *reader, const struct wire_place *place, const char *what) {
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_MISSING_FIELD, place, "is missing: %s", what);
}

// The body's field of the event, from "nav.v1.ConcernReport".
static const ProtobufCFieldDescriptor *read_type(const struct json_reader *reader, const json_t *top) {
  struct wire_place at = {.name = "type", .index = -1};
  const char *type = json_string_value(json_object_get(top, "type"));
  if (type == NULL) {
    (void)missing(reader, &at, "a message's name such as \"nav.v1.Disturbance\"");
    return NULL;
  }
  size_t prefix = strlen(TYPE_PREFIX);
  uint32_t number = strncmp(type, TYPE_PREFIX, prefix) == 0 ? wire_body_number(type + prefix) : 0;
  if (number == 0) {
    (void)wire_place_fail(reader->err, NAV__V1__CODE__CODE_UNKNOWN_MESSAGE, &at,
                          "is not a message of this hub; it is written as \"nav.v1.Disturbance\"");
    return NULL;
  }
  return protobuf_c_message_descriptor_get_field(&nav__v1__event__descriptor, number);
}

static bool read_constant(const struct json_reader *reader, const json_t *top, const char *key,
                          const char *expected) {
  struct wire_place at = {.name = key, .index = -1};
  const json_t *value = json_object_get(top, key);
  if (value == NULL) return missing(reader, &at, expected);
  const char *text = json_string_value(value);
  if (text != NULL && strcmp(text, expected) == 0) return true;
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_BAD_VALUE, &at, "must be \"%s\"", expected);
}

static bool read_data(struct json_reader *reader, Nav__V1__Event *event, const ProtobufCFieldDescriptor *body,
                      const json_t *data) {
  struct wire_place top = {.name = "data", .index = -1};
  struct wire_place at_body = {.parent = &top, .name = "body", .index = -1};
  if (data == NULL) return missing(reader, &top, "the event's content");
  if (!json_is_object(data)) {
    return wire_place_fail(reader->err, NAV__V1__CODE__CODE_BAD_VALUE, &top, "must be an object");
  }
  if (json_object_get(data, "body") == NULL) return missing(reader, &at_body, "the message that type names");
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)data, key, value) {
    struct wire_place at = {.parent = &top, .name = key, .index = -1};
    const ProtobufCFieldDescriptor *field =
        strcmp(key, "body") == 0 ? body : find_attribute(data_keys, DATA_KEYS, key);
    if (field == NULL) {
      return wire_place_fail(reader->err, NAV__V1__CODE__CODE_UNKNOWN_FIELD, &at,
                             "is not a key of an event's data");
    }
    if (!json_field_read(reader, &event->base, field, value, &at)) return false;
  }
  return true;
}

// An attribute at the top: of the event, read elsewhere, or one that a delivery adds.
static bool read_attribute(struct json_reader *reader, Nav__V1__Event *event, const char *key,
                           const json_t *value) {
  static const char *const elsewhere[] = {"specversion", "type", "datacontenttype", "data"};
  for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
    if (strcmp(key, elsewhere[i]) == 0) return true;
  }
  if (is_delivery_key(key)) return true;
  struct wire_place at = {.name = key, .index = -1};
  const ProtobufCFieldDescriptor *field = find_attribute(top_keys, TOP_KEYS, key);
  if (field != NULL) return json_field_read(reader, &event->base, field, value, &at);
  return wire_place_fail(reader->err, NAV__V1__CODE__CODE_UNKNOWN_FIELD, &at,
                         "is not an attribute that this hub knows");
}

static bool read_event(struct json_reader *reader, Nav__V1__Event *event, const json_t *top) {
  if (!read_constant(reader, top, "specversion", "1.0")) return false;
  if (json_object_get(top, "datacontenttype") != NULL &&
      !read_constant(reader, top, "datacontenttype", "application/json")) {
    return false;
  }
  const ProtobufCFieldDescriptor *body = read_type(reader, top);
  if (body == NULL) return false;
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach((json_t *)(uintptr_t)top, key, value) {
    if (!read_attribute(reader, event, key, value)) return false;
  }
  return read_data(reader, event, body, json_object_get(top, "data"));
}

Nav__V1__Event *wire_cloudevent_to_event(const json_t *json, struct nav_arena *arena, struct nav_error *err) {
  struct json_reader reader = {.arena = arena, .err = err};
  if (!json_is_object(json)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "", "an event must be a JSON object");
    return NULL;
  }
  Nav__V1__Event *event = nav_arena_alloc(arena, sizeof *event);
  if (event == NULL) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                   "needs more memory than one event may take");
    return NULL;
  }
  nav__v1__event__init(event);
  return read_event(&reader, event, json) ? event : NULL;
}
