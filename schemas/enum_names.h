// The table that the plugin (schemas/plugin) makes of every enum's short names, as rules and JSON write them:
// "sig" of SOCIAL_INTERVENTION_KIND_SIG. Called by: hub/wire/event.c alone; others ask wire_enum_name. Must
// never: be edited by hand; the generated file is nav/v1/enum_names.c in the build folder.
#ifndef NAV_SCHEMAS_ENUM_NAMES_H
#define NAV_SCHEMAS_ENUM_NAMES_H

#include <protobuf-c/protobuf-c.h>

// The short name of value i of descriptor->values, in the same order.
struct nav_enum_names {
  const ProtobufCEnumDescriptor *descriptor;
  const char *const *names;
};

// Ends with a NULL descriptor.
extern const struct nav_enum_names nav_enum_names[];

#endif
