// Numbers that stand for agencies and lanes in records and columns. Given once, by a record, before first
// use; never used again for another. Called by: start (load, define), intake, deliver, control_port. Must
// never: give a number that no record defines.
#ifndef NAV_CORE_NUMBERS_H
#define NAV_CORE_NUMBERS_H

#include "hub/access/access.h"
#include "hub/core/batch.h"

enum { NUMBERS_AGENCIES_MAX = 4096, NUMBERS_LANES_MAX = 8192, NUMBERS_NONE = -1 };

struct number_lane {
  char *agency;
  char *purpose;
  int rules_lane;  // index among the present rules' lanes; NUMBERS_NONE: no longer a lane
};

struct numbers {
  char *agencies[NUMBERS_AGENCIES_MAX];  // by number, from 1
  uint32_t agencies_end;
  struct number_lane lanes[NUMBERS_LANES_MAX];  // by number, from 1
  uint32_t lanes_end;
  uint32_t *of_rules_lane;  // number of each of the rules' lanes
  size_t rules_lanes;
};

struct numbers *numbers_new(void);
void numbers_free(struct numbers *numbers);  // takes NULL
// From a stored record. False: it contradicts one before.
NAV_MUST_USE bool numbers_load_agency(struct numbers *numbers, const Nav__V1__AgencyDefined *defined,
                                      struct nav_error *err);
NAV_MUST_USE bool numbers_load_lane(struct numbers *numbers, const Nav__V1__LaneDefined *defined,
                                    struct nav_error *err);
// Whether there is room for what the rules would define. False: *err.
NAV_MUST_USE bool numbers_fit(const struct numbers *numbers, const struct access_rules *rules,
                              struct nav_error *err);
// Stages definitions of what the rules have and the ledger has not, and ties lanes to the rules' lanes.
NAV_MUST_USE bool numbers_define(struct numbers *numbers, const struct access_rules *rules,
                                 struct batch *batch, int64_t now_ms, struct nav_error *err);
uint32_t numbers_agency(const struct numbers *numbers, const char *agency);                     // 0: none
uint32_t numbers_lane(const struct numbers *numbers, const char *agency, const char *purpose);  // 0: none

#endif
