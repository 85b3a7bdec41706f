// See schema.h.
#include "hub/access/schema.h"

#include <pthread.h>
#include <string.h>

#include "hub/base/error.h"
#include "schemas/sensitivity.h"

static struct {
  struct schema_plan plans[SCHEMA_PLANS_MAX];
  size_t plans_count;
  struct schema_field fields[SCHEMA_FIELDS_MAX];
  size_t fields_count;
  const ProtobufCFieldDescriptor *bodies[SCHEMA_BODIES_MAX];
  const char *names[SCHEMA_BODIES_MAX + 1];
  size_t bodies_count;
  int8_t index_of_field[SCHEMA_BODY_FIELD_MAX];
  const struct schema_field *body_fields[SCHEMA_BODIES_MAX];
  const struct schema_plan *event;
  const struct schema_plan *subject;
} schema;

static pthread_once_t built = PTHREAD_ONCE_INIT;

static uint16_t scalar_size(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_DOUBLE:
      return sizeof(double);
    case PROTOBUF_C_TYPE_FLOAT:
      return sizeof(float);
    case PROTOBUF_C_TYPE_BOOL:
      return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
      return sizeof(char *);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(ProtobufCMessage *);
    default:
      return sizeof(uint32_t);  // the 32-bit kinds and enums
  }
}

// What the hub alone sets is never taken from a sender; subjects are chosen one by one.
static bool is_set_elsewhere(const ProtobufCMessageDescriptor *descriptor,
                             const ProtobufCFieldDescriptor *field) {
  if (descriptor == &nav__v1__subject__descriptor) return field->id == 20 || field->id == 21;
  return descriptor == &nav__v1__event__descriptor && field->type == PROTOBUF_C_TYPE_MESSAGE &&
         field->label == PROTOBUF_C_LABEL_REPEATED;
}

static void add_field(const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field,
                      uint8_t class) {
  struct schema_field *out = &schema.fields[schema.fields_count++];
  out->descriptor = field;
  out->offset = field->offset;
  out->quantifier_offset = field->quantifier_offset;
  out->size = scalar_size(field->type);
  out->class = class;
  out->is_repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  out->is_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
  out->is_set_elsewhere = is_set_elsewhere(descriptor, field);
}

static void add_plan(const struct nav_sensitivity *sensitivity) {
  const ProtobufCMessageDescriptor *descriptor = sensitivity->descriptor;
  NAV_ASSERT(schema.plans_count < SCHEMA_PLANS_MAX);
  NAV_ASSERT(schema.fields_count + descriptor->n_fields <= SCHEMA_FIELDS_MAX);
  struct schema_plan *plan = &schema.plans[schema.plans_count++];
  *plan = (struct schema_plan){descriptor, &schema.fields[schema.fields_count], descriptor->n_fields, 0};
  for (int pass = 0; pass < 2; pass++) {
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
      const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
      bool is_oneof = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
      NAV_ASSERT(!is_oneof || descriptor == &nav__v1__event__descriptor);
      if (is_oneof != (pass == 1)) continue;
      add_field(descriptor, field, sensitivity->classes[i]);
      if (!is_oneof) plan->plain_count++;
    }
  }
}

static const struct schema_plan *find_plan(const ProtobufCMessageDescriptor *descriptor) {
  for (size_t i = 0; i < schema.plans_count; i++)
    if (schema.plans[i].descriptor == descriptor) return &schema.plans[i];
  return NULL;
}

static void link_messages(void) {
  for (size_t i = 0; i < schema.fields_count; i++) {
    struct schema_field *field = &schema.fields[i];
    if (field->descriptor->type != PROTOBUF_C_TYPE_MESSAGE) continue;
    field->message = find_plan(field->descriptor->descriptor);
    NAV_ASSERT(field->message != NULL);
  }
}

static void add_bodies(void) {
  memset(schema.index_of_field, -1, sizeof schema.index_of_field);
  const ProtobufCMessageDescriptor *event = &nav__v1__event__descriptor;
  for (unsigned i = 0; i < event->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &event->fields[i];
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) continue;
    NAV_ASSERT(schema.bodies_count < SCHEMA_BODIES_MAX && field->id < SCHEMA_BODY_FIELD_MAX);
    const ProtobufCMessageDescriptor *message = field->descriptor;
    schema.index_of_field[field->id] = (int8_t)schema.bodies_count;
    schema.names[schema.bodies_count] = message->short_name;
    schema.bodies[schema.bodies_count++] = field;
  }
}

static void find_events_own(void) {
  schema.event = find_plan(&nav__v1__event__descriptor);
  schema.subject = find_plan(&nav__v1__subject__descriptor);
  NAV_ASSERT(schema.event != NULL && schema.subject != NULL);
  for (size_t i = schema.event->plain_count; i < schema.event->count; i++) {
    const struct schema_field *field = &schema.event->fields[i];
    schema.body_fields[schema.index_of_field[field->descriptor->id]] = field;
  }
}

static void build(void) {
  for (const struct nav_sensitivity *item = nav_sensitivities; item->descriptor != NULL; item++)
    if (item->classes != NULL) add_plan(item);
  link_messages();
  add_bodies();
  find_events_own();
}

static void ensure(void) { NAV_ASSERT(pthread_once(&built, build) == 0); }

const struct schema_plan *schema_plan(const ProtobufCMessageDescriptor *descriptor) {
  ensure();
  return find_plan(descriptor);
}

const struct schema_plan *schema_event_plan(void) {
  ensure();
  return schema.event;
}

const struct schema_plan *schema_subject_plan(void) {
  ensure();
  return schema.subject;
}

const struct schema_field *schema_body_field(uint32_t field_number) {
  int index = schema_body_index(field_number);
  return index < 0 ? NULL : schema.body_fields[index];
}

size_t schema_body_count(void) {
  ensure();
  return schema.bodies_count;
}

const ProtobufCFieldDescriptor *schema_body(size_t index) {
  ensure();
  return index < schema.bodies_count ? schema.bodies[index] : NULL;
}

const char *schema_body_name(size_t index) {
  ensure();
  return index < schema.bodies_count ? schema.names[index] : NULL;
}

int schema_body_index(uint32_t field_number) {
  ensure();
  return field_number < SCHEMA_BODY_FIELD_MAX ? schema.index_of_field[field_number] : -1;
}

int schema_body_find(const char *name) {
  ensure();
  for (size_t i = 0; i < schema.bodies_count; i++)
    if (strcmp(schema.names[i], name) == 0) return (int)i;
  return -1;
}

const char *const *schema_body_names(void) {
  ensure();
  return schema.names;
}

static const void *member(const ProtobufCMessage *message, unsigned offset) {
  return (const char *)message + offset;
}

bool schema_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field) {
  if (field->label == PROTOBUF_C_LABEL_REPEATED)
    return *(const size_t *)member(message, field->quantifier_offset) > 0;
  if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
      *(const uint32_t *)member(message, field->quantifier_offset) != field->id)
    return false;
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
      const char *text = *(const char *const *)member(message, field->offset);
      return text != NULL && text[0] != '\0';
    }
    case PROTOBUF_C_TYPE_MESSAGE:
      return *(const void *const *)member(message, field->offset) != NULL;
    case PROTOBUF_C_TYPE_BYTES: {
      const ProtobufCBinaryData *bytes = member(message, field->offset);
      return *(const protobuf_c_boolean *)member(message, field->quantifier_offset) && bytes->len > 0;
    }
    default:
      if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) return true;
      return *(const protobuf_c_boolean *)member(message, field->quantifier_offset) != 0;
  }
}
