// Where in a message something stands, as "subjects.0.name": a chain from the innermost part outward, kept on
// the stack and written out only when something is wrong there. Called by: event_validate, json, cloudevents.
// Must never: allocate.
#ifndef NAV_WIRE_PLACE_H
#define NAV_WIRE_PLACE_H

#include <stddef.h>

#include "hub/base/error.h"

struct wire_place {
  const struct wire_place *parent;
  const char *name;  // NULL: the whole
  int index;         // -1: not of a list
};

// Fills out, leaving out what does not fit whole. Returns out.
const char *wire_place_write(const struct wire_place *place, char *out, size_t size);

// nav_fail of class PEER at the place. False.
bool wire_place_fail(struct nav_error *err, int code, const struct wire_place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
