// Events that the tests of this folder share. Called by: tests of hub/wire. Must never: hold a real person's
// data; the personal number is one of Skatteverket's test numbers.
#ifndef NAV_TESTS_WIRE_SAMPLE_H
#define NAV_TESTS_WIRE_SAMPLE_H

#include <jansson.h>

#include "hub/base/arena.h"
#include "nav/v1/event.pb-c.h"

// A ConcernReport with every part of an event filled in, that wire_event_validate takes. In the arena.
Nav__V1__Event *sample_concern_report(struct nav_arena *arena);

// A file of JSON, by its path from the root of the repository; a new reference.
json_t *sample_load(const char *path);
// Sets what stands at "data.subjects.0.name" in json; null takes it away.
void sample_set_at(json_t *json, const char *path, json_t *value);

#endif
