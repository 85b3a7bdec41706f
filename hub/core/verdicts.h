// Verdicts: what the rules said of one event for all lanes, told once by a record and then named by number.
// Called by: start (load), intake (intern), deliver and control_port (look up). Must never: forget one.
#ifndef NAV_CORE_VERDICTS_H
#define NAV_CORE_VERDICTS_H

#include "hub/core/numbers.h"

enum { VERDICTS_MAX = 65536 };

struct verdict {
  uint8_t rules_hash[NAV_SHA256_SIZE];
  Nav__V1__LaneVerdict **lanes;  // by lane number; lanes not named are withheld
  size_t lanes_count;
};

struct verdicts;

struct verdicts *verdicts_new(void);
void verdicts_free(struct verdicts *verdicts);  // takes NULL
// From a stored record.
NAV_MUST_USE bool verdicts_load(struct verdicts *verdicts, const Nav__V1__VerdictDefined *defined,
                                struct nav_error *err);
// The number of the decisions (one a lane of the rules); stages the definition of a new one. Past
// VERDICTS_MAX: of the verdict that withholds from everybody.
uint32_t verdicts_intern(struct verdicts *verdicts, const struct access_decision *decisions,
                         const struct access_rules *rules, const struct numbers *numbers, struct batch *batch,
                         int64_t now_ms);
// NULL: no such number.
const struct verdict *verdicts_get(const struct verdicts *verdicts, uint32_t number);
uint32_t verdicts_end(const struct verdicts *verdicts);
// NULL: withheld without a rule.
const Nav__V1__LaneVerdict *verdict_lane(const struct verdict *verdict, uint32_t lane);

// A decision as a record holds it; its strings are the rules'.
void verdict_describe(Nav__V1__LaneVerdict *out, uint32_t lane, const struct access_decision *decision,
                      const struct access_rules *rules);

#endif
