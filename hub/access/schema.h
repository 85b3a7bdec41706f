// What rules and redaction know of the schemas: the messages an event can carry, and of every message its
// fields with their classes, laid out for a fast walk. Built once from the descriptors and the plugin's
// table. Called by: access alone. Must never: let a field without a class pass; such a field is never copied.
#ifndef NAV_ACCESS_SCHEMA_H
#define NAV_ACCESS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nav/v1/event.pb-c.h"

enum { SCHEMA_BODIES_MAX = 64, SCHEMA_BODY_FIELD_MAX = 128, SCHEMA_PLANS_MAX = 64, SCHEMA_FIELDS_MAX = 512 };

// One field as the redactor walks it.
struct schema_field {
  const ProtobufCFieldDescriptor *descriptor;
  const struct schema_plan *message;  // of a message field
  uint32_t offset;
  uint32_t quantifier_offset;
  uint16_t size;  // of a scalar
  uint8_t class;  // nav.v1.Sensitivity; SENSITIVITY_UNSPECIFIED: never copied
  bool is_repeated;
  bool is_oneof;
  bool is_set_elsewhere;  // by the hub alone, or one by one: never copied with the others
};

// Members of a oneof (the event's bodies) stand last, and are found by schema_body_field.
struct schema_plan {
  const ProtobufCMessageDescriptor *descriptor;
  const struct schema_field *fields;
  size_t count;
  size_t plain_count;  // those before the oneof's
};

// NULL: not a message of the events' schemas.
const struct schema_plan *schema_plan(const ProtobufCMessageDescriptor *descriptor);

const struct schema_plan *schema_event_plan(void);
const struct schema_plan *schema_subject_plan(void);
// The event's field by Event.body_case; NULL: no such body.
const struct schema_field *schema_body_field(uint32_t field_number);

// The messages that Event.body can be, numbered densely from 0 in field order.
size_t schema_body_count(void);
const ProtobufCFieldDescriptor *schema_body(size_t index);
// "ConcernReport".
const char *schema_body_name(size_t index);
// -1: the field number is no body.
int schema_body_index(uint32_t field_number);
// -1: no such message.
int schema_body_find(const char *name);
// NULL-terminated, for "did you mean".
const char *const *schema_body_names(void);

// Whether a field is there: set, and not an empty text.
bool schema_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

#endif
