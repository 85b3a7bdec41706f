// The table that the plugin (schemas/plugin) makes of every field's class, since protobuf-c cannot read
// options at run time. Called by: rules' loading and redaction. Must never: be edited by hand; the
// generated file is nav/v1/sensitivity.c in the build folder.
#ifndef NAV_SCHEMAS_SENSITIVITY_H
#define NAV_SCHEMAS_SENSITIVITY_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

// The class (nav.v1.Sensitivity) of field number i of descriptor->fields, in the same order. Messages of
// files marked carries_no_content have none: classes is NULL there.
struct nav_sensitivity {
  const ProtobufCMessageDescriptor *descriptor;
  const uint8_t *classes;
};

// Ends with a NULL descriptor. Sorted by nothing: build an index at start.
extern const struct nav_sensitivity nav_sensitivities[];

#endif
