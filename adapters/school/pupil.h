// The pupil of an absence, and the school: who it is about, where the school lies. A guardian, a telephone or
// the address of a protected pupil is never read. Called by: map_in.c. Must never: add anybody but the pupil.
#ifndef NAV_ADAPTERS_SCHOOL_PUPIL_H
#define NAV_ADAPTERS_SCHOOL_PUPIL_H

#include <jansson.h>

#include "adapters/record/record.h"

// What is read of the pupil and the school, whichever endpoint it came by.
struct pupil {
  const json_t *reference;  // PersonReference: id, displayName
  const json_t *person;     // _embedded.student; NULL: the answer was not expanded
  const char *unit;         // id of the school unit; NULL
  const char *unit_name;    // its displayName; NULL
};

// A reference's id; NULL: none, or longer than an id may be.
const char *pupil_reference_id(const json_t *reference);
// The pupil of a record and the unit: organisation where it has an id, else where the pupil is enrolled.
// False after a skip.
bool pupil_find(struct record *record, const json_t *object, const json_t *organisation, struct pupil *pupil);
// The event's one subject, and the school's area as its place. False after a skip.
bool pupil_add(struct record *record, const struct pupil *pupil, Nav__V1__Event *event);

#endif
