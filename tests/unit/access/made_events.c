// See made_events.h.
#include "tests/unit/access/made_events.h"

#include <string.h>

#include "hub/access/schema.h"
#include "hub/base/error.h"

enum { DEPTH_MAX = 4, PATH_LENGTH = 128 };

static ProtobufCMessage *full_message(const ProtobufCMessageDescriptor *descriptor, const char *prefix,
                                      struct nav_arena *arena, int depth);

static void plant_unknown(ProtobufCMessage *message, struct nav_arena *arena) {
  static uint8_t word[] = "PLANTED:unknown:";
  ProtobufCMessageUnknownField *unknown = nav_arena_zalloc(arena, 1, sizeof *unknown);
  NAV_ASSERT(unknown != NULL);
  uint8_t *data = nav_arena_alloc(arena, sizeof word + 1);
  NAV_ASSERT(data != NULL);
  data[0] = sizeof word;  // length-delimited
  memcpy(data + 1, word, sizeof word);
  *unknown = (ProtobufCMessageUnknownField){
      .tag = 999, .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, .len = sizeof word + 1, .data = data};
  message->n_unknown_fields = 1;
  message->unknown_fields = unknown;
}

static void full_value(const ProtobufCFieldDescriptor *field, void *at, const char *path,
                       struct nav_arena *arena, int depth) {
  char *text = nav_arena_printf(arena, "PLANTED:%s:", path);
  NAV_ASSERT(text != NULL);
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
      *(char **)at = text;
      break;
    case PROTOBUF_C_TYPE_BYTES:
      *(ProtobufCBinaryData *)at = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
      break;
    case PROTOBUF_C_TYPE_ENUM:
      *(int32_t *)at = ((const ProtobufCEnumDescriptor *)field->descriptor)->values[1].value;
      break;
    case PROTOBUF_C_TYPE_BOOL:
      *(protobuf_c_boolean *)at = 1;
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      *(double *)at = 59.35;
      break;
    case PROTOBUF_C_TYPE_INT64:
      *(int64_t *)at = 1795370400000;
      break;
    case PROTOBUF_C_TYPE_UINT32:
      *(uint32_t *)at = 7;
      break;
    case PROTOBUF_C_TYPE_MESSAGE:
      *(ProtobufCMessage **)at = full_message(field->descriptor, path, arena, depth + 1);
      break;
    default:
      NAV_ASSERT(field->type == PROTOBUF_C_TYPE_MESSAGE);  // else a type that the schemas did not have
  }
}

static size_t size_of(const ProtobufCFieldDescriptor *field) {
  return field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
}

static void fill_field(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const char *path,
                       struct nav_arena *arena, int depth) {
  char *at = (char *)message + field->offset;
  char *quantifier = (char *)message + field->quantifier_offset;
  if (field->label == PROTOBUF_C_LABEL_REPEATED) {
    size_t count = 2;
    char *items = nav_arena_zalloc(arena, count, size_of(field));
    NAV_ASSERT(items != NULL);
    for (size_t i = 0; i < count; i++) full_value(field, items + i * size_of(field), path, arena, depth);
    memcpy(at, &items, sizeof items);
    memcpy(quantifier, &count, sizeof count);
    return;
  }
  full_value(field, at, path, arena, depth);
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
    memcpy(quantifier, &field->id, sizeof field->id);
  } else if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) {
    *(protobuf_c_boolean *)quantifier = 1;
  }
}

static ProtobufCMessage *full_message(const ProtobufCMessageDescriptor *descriptor, const char *prefix,
                                      struct nav_arena *arena, int depth) {
  ProtobufCMessage *message = nav_arena_alloc(arena, descriptor->sizeof_message);
  NAV_ASSERT(message != NULL && depth < DEPTH_MAX);
  descriptor->message_init(message);
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const char *path = nav_arena_printf(arena, "%s.%s", prefix, descriptor->fields[i].name);
    NAV_ASSERT(path != NULL);
    fill_field(message, &descriptor->fields[i], path, arena, depth);
  }
  plant_unknown(message, arena);
  return message;
}

Nav__V1__Event *made_full_event(uint32_t body, size_t subjects, struct nav_arena *arena) {
  const ProtobufCMessageDescriptor *descriptor = &nav__v1__event__descriptor;
  Nav__V1__Event *event = nav_arena_alloc(arena, sizeof *event);
  NAV_ASSERT(event != NULL);
  nav__v1__event__init(event);
  for (unsigned i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    bool is_body = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (is_body && field->id != body) continue;
    fill_field(&event->base, field, is_body ? "body" : field->name, arena, 0);
  }
  event->subjects = nav_arena_zalloc(arena, subjects + 1, sizeof *event->subjects);
  NAV_ASSERT(event->subjects != NULL);
  event->n_subjects = subjects;
  for (size_t i = 0; i < subjects; i++) {
    const char *path = nav_arena_printf(arena, "subjects.%zu", i);
    event->subjects[i] = (Nav__V1__Subject *)full_message(&nav__v1__subject__descriptor, path, arena, 1);
  }
  plant_unknown(&event->base, arena);
  return event;
}

uint32_t made_number(struct made_chance *chance, uint32_t below) {
  chance->state = chance->state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)(chance->state >> 33) % below;
}

static const char *one_of(struct made_chance *chance, const char *const *texts) {
  uint32_t count = 0;
  while (texts[count] != NULL) count++;
  return texts[made_number(chance, count)];
}

static char *copy_of(struct nav_arena *arena, const char *text) {
  char *copy = nav_arena_strdup(arena, text);
  NAV_ASSERT(copy != NULL);
  return copy;
}

// Half of the fields, with small values, so that rules' conditions are met and failed alike.
static void random_fields(struct made_chance *chance, ProtobufCMessage *message, struct nav_arena *arena) {
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    char *at = (char *)message + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_MESSAGE) continue;
    if (made_number(chance, 2) == 0) continue;
    fill_field(message, field, field->name, arena, 1);
    if (field->type == PROTOBUF_C_TYPE_ENUM) {
      const ProtobufCEnumDescriptor *descriptor = field->descriptor;
      *(int32_t *)(void *)at = descriptor->values[made_number(chance, descriptor->n_values)].value;
    } else if (field->type == PROTOBUF_C_TYPE_UINT32) {
      *(uint32_t *)(void *)at = made_number(chance, 200);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
      *(protobuf_c_boolean *)(void *)at = (protobuf_c_boolean)made_number(chance, 2);
    }
  }
}

static Nav__V1__Subject *random_subject(struct made_chance *chance, const char *const *areas,
                                        struct nav_arena *arena) {
  static const char *const dates[] = {"2015-06-01", "2009-06-01", "2004-06-01", "1980-06-01", NULL};
  Nav__V1__Subject *subject = nav_arena_alloc(arena, sizeof *subject);
  NAV_ASSERT(subject != NULL);
  nav__v1__subject__init(subject);
  random_fields(chance, &subject->base, arena);
  subject->personal_number = NULL;
  subject->age_band = NULL;
  subject->pseudonym = NULL;
  subject->birth_date = made_number(chance, 4) == 0 ? NULL : copy_of(arena, one_of(chance, dates));
  subject->home_area = made_number(chance, 3) == 0 ? NULL : copy_of(arena, one_of(chance, areas));
  subject->stay_area = made_number(chance, 3) != 0 ? NULL : copy_of(arena, one_of(chance, areas));
  return subject;
}

Nav__V1__Event *made_random_event(struct made_chance *chance, const char *const *sources,
                                  const char *const *areas, struct nav_arena *arena) {
  size_t body = made_number(chance, (uint32_t)schema_body_count());
  const ProtobufCFieldDescriptor *field = schema_body(body);
  const ProtobufCMessageDescriptor *descriptor = field->descriptor;
  Nav__V1__Event *event = nav_arena_alloc(arena, sizeof *event);
  ProtobufCMessage *message = nav_arena_alloc(arena, descriptor->sizeof_message);
  NAV_ASSERT(event != NULL && message != NULL);
  nav__v1__event__init(event);
  random_fields(chance, &event->base, arena);
  descriptor->message_init(message);
  random_fields(chance, message, arena);
  memcpy((char *)event + field->offset, &message, sizeof(ProtobufCMessage *));
  event->body_case = (Nav__V1__Event__BodyCase)field->id;
  event->source = copy_of(arena, one_of(chance, sources));
  event->addressee = made_number(chance, 3) == 0 ? copy_of(arena, one_of(chance, sources)) : NULL;
  if (made_number(chance, 2) == 0) {
    event->marks = nav_arena_alloc(arena, sizeof *event->marks);
    NAV_ASSERT(event->marks != NULL);
    nav__v1__marks__init(event->marks);
    random_fields(chance, &event->marks->base, arena);
  }
  if (made_number(chance, 2) == 0) {
    event->place = nav_arena_alloc(arena, sizeof *event->place);
    NAV_ASSERT(event->place != NULL);
    nav__v1__place__init(event->place);
    event->place->area = copy_of(arena, one_of(chance, areas));
  }
  event->n_subjects = made_number(chance, 4);
  event->subjects = nav_arena_zalloc(arena, event->n_subjects + 1, sizeof *event->subjects);
  NAV_ASSERT(event->subjects != NULL);
  for (size_t i = 0; i < event->n_subjects; i++) event->subjects[i] = random_subject(chance, areas, arena);
  return event;
}
