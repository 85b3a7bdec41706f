// One field of a message as JSON, both ways: what json.c and cloudevents.c are built of.
// Called by: json, cloudevents. Must never: be used outside hub/wire.
#ifndef NAV_WIRE_JSON_FIELDS_H
#define NAV_WIRE_JSON_FIELDS_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "hub/base/arena.h"
#include "hub/wire/place.h"

// One reading of a JSON text into messages.
struct json_reader {
  struct nav_arena *arena;
  struct nav_error *err;
  unsigned elements;  // values so far; WIRE_ELEMENTS_MAX at most
};

// The field under the name that JSON gives it: "time" of time_ms. NULL: no such field.
const ProtobufCFieldDescriptor *json_field_find(const ProtobufCMessageDescriptor *descriptor,
                                                const char *key);
// Sets object[key] where the field is there. False: no memory, or text that is not UTF-8.
NAV_MUST_USE bool json_field_write(json_t *object, const char *key, size_t key_length,
                                   const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message);
// Sets the field of message from a value that stands at `place`.
NAV_MUST_USE bool json_field_read(struct json_reader *reader, ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field, const json_t *value,
                                  const struct wire_place *place);
// A new message of an object that stands at `place`; NULL: *reader->err.
ProtobufCMessage *json_message_read(struct json_reader *reader, const ProtobufCMessageDescriptor *descriptor,
                                    const json_t *object, const struct wire_place *place);

#endif
