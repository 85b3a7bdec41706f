// What the ledger's numbers stand for: agencies, lanes and verdicts, from the records that define them.
// Called by: reader, audit commands. Must never: guess; a number that no record defines has no name.
#ifndef NAV_DESK_DEFINITIONS_H
#define NAV_DESK_DEFINITIONS_H

#include "hub/base/arena.h"
#include "hub/desk/database.h"
#include "hub/desk/reader.h"
#include "nav/v1/ledger.pb-c.h"

struct definitions {
  const char **agencies;  // by number; NULL: not defined
  size_t agencies_count;
  struct desk_lane *lanes;  // by number; agency NULL: not defined
  size_t lanes_count;
  const Nav__V1__VerdictDefined **verdicts;  // by number; NULL: not defined
  size_t verdicts_count;
};

// In the arena.
NAV_MUST_USE bool definitions_load(struct definitions *definitions, struct desk_database *database,
                                   struct nav_arena *arena, struct nav_error *err);
const char *definitions_agency(const struct definitions *definitions, int64_t number);            // NULL
const struct desk_lane *definitions_lane(const struct definitions *definitions, int64_t number);  // NULL
const Nav__V1__VerdictDefined *definitions_verdict(const struct definitions *definitions,
                                                   int64_t number);  // NULL

#endif
