// See event_yaml.h. A walk over descriptors, so that a new field needs nothing here.
#include "hub/access/event_yaml.h"

#include <stdio.h>
#include <string.h>

#include "hub/access/path.h"
#include "hub/access/schema.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/wire/event.h"

enum { ITEMS_MAX = 1000, DEPTH_MAX = 8 };

struct reading {
  struct nav_arena *arena;
  struct conf_faults *faults;
};

#define READING_FAULT(reading, node, hint, ...) \
  conf_faults_add((reading)->faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

static bool fill(const struct reading *reading, ProtobufCMessage *message, struct conf_node *node,
                 const char *where, int depth);

// "time" stands for time_ms, "start_time" for start_time_ms.
static bool has_name(const ProtobufCFieldDescriptor *field, const char *name) {
  if (strcmp(field->name, name) == 0) return true;
  size_t length = strlen(name);
  return length >= 4 && strcmp(name + length - 4, "time") == 0 && strncmp(field->name, name, length) == 0 &&
         strcmp(field->name + length, "_ms") == 0;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *name) {
  for (unsigned i = 0; i < descriptor->n_fields; i++)
    if (has_name(&descriptor->fields[i], name)) return &descriptor->fields[i];
  return NULL;
}

static bool is_time(const ProtobufCFieldDescriptor *field) {
  size_t length = strlen(field->name);
  return field->type == PROTOBUF_C_TYPE_INT64 && length >= 7 &&
         strcmp(field->name + length - 7, "time_ms") == 0;
}

static bool read_time(const struct reading *reading, const struct conf_node *node, const char *where,
                      int64_t *out) {
  const char *text = conf_read_text(node, where, reading->faults);
  if (text == NULL) return false;
  if (nav_clock_parse(text, true, out)) return true;
  READING_FAULT(reading, node, "write it as 2026-11-22T08:00:00+01:00", "%s: '%s' is not a time", where,
                text);
  return false;
}

static bool read_enum(const struct reading *reading, const ProtobufCEnumDescriptor *descriptor,
                      const struct conf_node *node, const char *where, int32_t *out) {
  const char *text = conf_read_text(node, where, reading->faults);
  int value = 0;
  if (text == NULL) return false;
  if (wire_enum_value(descriptor, text, &value)) {
    *out = value;
    return true;
  }
  const char *names[64] = {NULL};
  for (unsigned i = 0; i < descriptor->n_values && i < 63; i++)
    names[i] = wire_enum_name(descriptor, descriptor->values[i].value);
  conf_fault_unknown(node, where, "value", text, names, reading->faults);
  return false;
}

static bool read_bytes(const struct reading *reading, const struct conf_node *node, const char *where,
                       ProtobufCBinaryData *out) {
  const char *text = conf_read_text(node, where, reading->faults);
  if (text == NULL) return false;
  out->len = strlen(text) / 2;
  out->data = nav_arena_alloc(reading->arena, out->len + 1);
  if (out->data != NULL && nav_unhex(out->data, out->len, text)) return true;
  READING_FAULT(reading, node, "", "%s: '%s' is not hexadecimal", where, text);
  return false;
}

// One value at `at`, of the field's type.
static bool read_value(const struct reading *reading, const ProtobufCFieldDescriptor *field,
                       struct conf_node *node, const char *where, void *at, int depth) {
  int64_t integer = 0;
  bool flag = false;
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
      if (node->kind == CONF_SCALAR)
        return (*(char **)at = nav_arena_strdup(reading->arena, node->text)) != NULL;
      return conf_read_text(node, where, reading->faults) != NULL;
    }
    case PROTOBUF_C_TYPE_BYTES:
      return read_bytes(reading, node, where, at);
    case PROTOBUF_C_TYPE_ENUM:
      return read_enum(reading, field->descriptor, node, where, at);
    case PROTOBUF_C_TYPE_DOUBLE:
      return conf_read_number(node, where, -1e18, 1e18, at, reading->faults);
    case PROTOBUF_C_TYPE_BOOL:
      if (!conf_read_bool(node, where, &flag, reading->faults)) return false;
      *(protobuf_c_boolean *)at = flag;
      return true;
    case PROTOBUF_C_TYPE_UINT32:
      if (!conf_read_integer(node, where, 0, UINT32_MAX, &integer, reading->faults)) return false;
      *(uint32_t *)at = (uint32_t)integer;
      return true;
    case PROTOBUF_C_TYPE_INT64:
      if (is_time(field)) return read_time(reading, node, where, at);
      return conf_read_integer(node, where, INT64_MIN, INT64_MAX, at, reading->faults);
    case PROTOBUF_C_TYPE_MESSAGE: {
      const ProtobufCMessageDescriptor *descriptor = field->descriptor;
      ProtobufCMessage *message = nav_arena_alloc(reading->arena, descriptor->sizeof_message);
      if (message == NULL) return false;
      descriptor->message_init(message);
      *(ProtobufCMessage **)at = message;
      return fill(reading, message, node, where, depth + 1);
    }
    default:
      READING_FAULT(reading, node, "", "%s: this type of field is not read here", where);
      return false;
  }
}

static size_t size_of(const ProtobufCFieldDescriptor *field) {
  return field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
}

static bool read_repeated(const struct reading *reading, const ProtobufCFieldDescriptor *field,
                          ProtobufCMessage *message, struct conf_node *node, const char *where, int depth) {
  size_t count = 0;
  if (!conf_read_list(node, where, true, ITEMS_MAX, &count, reading->faults)) return false;
  char *items = nav_arena_zalloc(reading->arena, count + 1, size_of(field));
  if (items == NULL) return false;
  bool good = true;
  for (size_t i = 0; i < count; i++) {
    char index[24];
    char path[CONF_WHERE_SIZE];
    (void)snprintf(index, sizeof index, "%zu", i);
    good &= read_value(reading, field, conf_list_item(node, i), path_join(path, where, index),
                       items + i * size_of(field), depth);
  }
  memcpy((char *)message + field->offset, &items, sizeof(void *));
  memcpy((char *)message + field->quantifier_offset, &count, sizeof count);
  return good;
}

static bool read_field(const struct reading *reading, const ProtobufCFieldDescriptor *field,
                       ProtobufCMessage *message, struct conf_node *node, const char *where, int depth) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return read_repeated(reading, field, message, node, where, depth);
  if (!read_value(reading, field, node, where, (char *)message + field->offset, depth)) return false;
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    memcpy((char *)message + field->quantifier_offset, &field->id, sizeof field->id);
  } else if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
    *(protobuf_c_boolean *)(void *)((char *)message + field->quantifier_offset) = 1;
  }
  return true;
}

static void fault_unknown(const struct reading *reading, const ProtobufCMessageDescriptor *descriptor,
                          const struct conf_node *key, const char *where) {
  const char *names[128] = {NULL};
  for (unsigned i = 0; i < descriptor->n_fields && i < 127; i++) names[i] = descriptor->fields[i].name;
  conf_fault_unknown(key, where, "field", key->text, names, reading->faults);
}

static bool fill(const struct reading *reading, ProtobufCMessage *message, struct conf_node *node,
                 const char *where, int depth) {
  if (depth > DEPTH_MAX || !conf_expect_map(node, where, reading->faults)) return false;
  bool good = true;
  for (size_t i = 0; i < node->count; i++) {
    char path[CONF_WHERE_SIZE];
    const ProtobufCFieldDescriptor *field = find_field(message->descriptor, node->keys[i]->text);
    if (field == NULL) fault_unknown(reading, message->descriptor, node->keys[i], where);
    good &= field != NULL && read_field(reading, field, message, node->items[i],
                                        path_join(path, where, node->keys[i]->text), depth);
  }
  return good;
}

// CloudEvents' attributes beside their fields here; NULL: known and of no matter.
static const char *field_name(const char *key) {
  static const char *const attributes[][2] = {{"recordedtime", "recorded_time"},
                                              {"navrevision", "revision"},
                                              {"navinreplyto", "in_reply_to"},
                                              {"specversion", NULL},
                                              {"datacontenttype", NULL},
                                              {"type", NULL},
                                              {"data", NULL},
                                              {"body", NULL}};
  for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
    if (strcmp(attributes[i][0], key) == 0) return attributes[i][1];
  return key;
}

static bool fill_event(const struct reading *reading, Nav__V1__Event *event, struct conf_node *node,
                       const char *where) {
  bool good = true;
  for (size_t i = 0; i < node->count; i++) {
    char path[CONF_WHERE_SIZE];
    const char *name = field_name(node->keys[i]->text);
    if (name == NULL) continue;
    const ProtobufCFieldDescriptor *field = find_field(&nav__v1__event__descriptor, name);
    if (field != NULL && (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) field = NULL;
    if (field == NULL) fault_unknown(reading, &nav__v1__event__descriptor, node->keys[i], where);
    good &= field != NULL && read_field(reading, field, &event->base, node->items[i],
                                        path_join(path, where, node->keys[i]->text), 0);
  }
  return good;
}

// The body's fields, under the message that `type` names ("ConcernReport" or "nav.v1.ConcernReport").
static bool fill_body(const struct reading *reading, Nav__V1__Event *event, const struct conf_node *node) {
  static const char prefix[] = "nav.v1.";
  struct conf_node *type = conf_get(node, "type");
  if (type == NULL) {
    READING_FAULT(reading, node, "type: ConcernReport", "event lacks 'type'");
    return false;
  }
  const char *name = conf_read_text(type, "event.type", reading->faults);
  if (name == NULL) return false;
  if (strncmp(name, prefix, sizeof prefix - 1) == 0) name += sizeof prefix - 1;
  int index = schema_body_find(name);
  if (index < 0) {
    conf_fault_unknown(type, "event.type", "message", name, schema_body_names(), reading->faults);
    return false;
  }
  const struct conf_node *data = conf_get(node, "data");
  struct conf_node *body = conf_get(data == NULL ? node : data, "body");
  struct conf_node none = {.kind = CONF_MAP, .file = node->file, .line = node->line, .column = node->column};
  return read_field(reading, schema_body((size_t)index), &event->base, body == NULL ? &none : body,
                    "event.body", 0);
}

// What every event needs, where the file does not say.
static bool complete(const struct reading *reading, Nav__V1__Event *event, int64_t now_ms) {
  if (!event->has_id) {
    event->id.data = nav_arena_zalloc(reading->arena, NAV_EVENT_ID_SIZE, 1);
    if (event->id.data == NULL) return false;
    event->id.len = NAV_EVENT_ID_SIZE;
    event->has_id = 1;
  }
  if (!event->has_revision) event->revision = 1;
  event->has_revision = 1;
  if (!event->has_time_ms) event->time_ms = now_ms;
  event->has_time_ms = 1;
  return true;
}

Nav__V1__Event *event_from_yaml(struct conf_node *node, int64_t now_ms, bool check, struct nav_arena *arena,
                                struct conf_faults *faults) {
  struct reading reading = {arena, faults};
  Nav__V1__Event *event = nav_arena_alloc(arena, sizeof *event);
  if (event == NULL || !conf_expect_map(node, "event", faults)) return NULL;
  nav__v1__event__init(event);
  bool good = fill_event(&reading, event, node, "event");
  struct conf_node *data = conf_get(node, "data");
  if (data != NULL)
    good &= conf_expect_map(data, "event.data", faults) && fill_event(&reading, event, data, "event.data");
  good &= fill_body(&reading, event, node);
  if (!good || !complete(&reading, event, now_ms)) return NULL;
  struct nav_error error = {0};
  if (!check || wire_event_validate(event, &error)) return event;
  READING_FAULT(&reading, node, "", "no event that the hub would take: %s: %s", error.place, error.text);
  return NULL;
}
