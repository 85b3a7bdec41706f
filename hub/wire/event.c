// See event.h: the body, and short names of enums. Tables alone; nothing is computed at start.
#include "hub/wire/event.h"

#include <string.h>

#include "schemas/enum_names.h"

typedef Nav__V1__Event Event;

const ProtobufCFieldDescriptor *wire_event_body(const Event *event) {
  if (event->body_case == NAV__V1__EVENT__BODY__NOT_SET) return NULL;
  return protobuf_c_message_descriptor_get_field(&nav__v1__event__descriptor, (unsigned)event->body_case);
}

const ProtobufCMessage *wire_event_body_message(const Event *event) {
  const ProtobufCFieldDescriptor *field = wire_event_body(event);
  if (field == NULL) return NULL;
  return *(const ProtobufCMessage *const *)(const void *)((const char *)event + field->offset);
}

static bool is_body(const ProtobufCFieldDescriptor *field) {
  return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && field->type == PROTOBUF_C_TYPE_MESSAGE;
}

static const ProtobufCMessageDescriptor *body_descriptor(const ProtobufCFieldDescriptor *field) {
  return field->descriptor;
}

const char *wire_body_name(uint32_t field_number) {
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field(&nav__v1__event__descriptor, field_number);
  return field != NULL && is_body(field) ? body_descriptor(field)->short_name : NULL;
}

uint32_t wire_body_number(const char *name) {
  for (unsigned i = 0; i < nav__v1__event__descriptor.n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &nav__v1__event__descriptor.fields[i];
    if (is_body(field) && strcmp(body_descriptor(field)->short_name, name) == 0) return field->id;
  }
  return 0;
}

static const char *const *short_names(const ProtobufCEnumDescriptor *descriptor) {
  for (const struct nav_enum_names *one = nav_enum_names; one->descriptor != NULL; one++) {
    if (one->descriptor == descriptor) return one->names;
  }
  return NULL;
}

const char *wire_enum_name(const ProtobufCEnumDescriptor *descriptor, int value) {
  const char *const *names = short_names(descriptor);
  const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
  return names != NULL && found != NULL ? names[found - descriptor->values] : NULL;
}

bool wire_enum_value(const ProtobufCEnumDescriptor *descriptor, const char *name, int *value) {
  const char *const *names = short_names(descriptor);
  for (unsigned i = 0; names != NULL && i < descriptor->n_values; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *value = descriptor->values[i].value;
    return true;
  }
  return false;
}
