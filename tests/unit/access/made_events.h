// Events made by descriptors: every field of every message filled, or filled by chance. For tests and the
// benchmark. Called by: tests/unit/access, tests/bench. Must never: know a message by name.
#ifndef TESTS_UNIT_ACCESS_MADE_EVENTS_H
#define TESTS_UNIT_ACCESS_MADE_EVENTS_H

#include "hub/base/arena.h"
#include "nav/v1/event.pb-c.h"

// Each text and bytes field holds "PLANTED:<path>:", and every level has an unknown field with
// "PLANTED:unknown:".
Nav__V1__Event *made_full_event(uint32_t body, size_t subjects, struct nav_arena *arena);

// A stream of chance (the same for the same seed).
struct made_chance {
  uint64_t state;
};
uint32_t made_number(struct made_chance *chance, uint32_t below);
// sources, areas: NULL-terminated texts to choose from.
Nav__V1__Event *made_random_event(struct made_chance *chance, const char *const *sources,
                                  const char *const *areas, struct nav_arena *arena);

#endif
