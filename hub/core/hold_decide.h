// A person's decision on its way: its event's content is read and decided on anew, since rules, ages and
// consents may have changed while it waited; then HoldReleased or HoldRefused is staged, and the answer goes
// out when it is durable. Called by: hold_commands, loop (step). Must never: release more than rule, assessor
// and the rules in force all let.
#ifndef NAV_CORE_HOLD_DECIDE_H
#define NAV_CORE_HOLD_DECIDE_H

#include "hub/access/explain.h"
#include "hub/core/control_commands.h"
#include "hub/core/holds.h"

enum { HOLD_DECISIONS_MAX = 64 };

struct hold_decision {
  uint64_t connection;
  struct hold *hold;  // is not decided twice: hold->deciding
  bool release;
  uint16_t reveal;  // what the assessor lets; more than the hold's is cut
  uint64_t subjects;
};

// Takes what it needs of the request. False: *err.
bool hold_decide(struct control_request *request, const struct hold_decision *decision, const char *reason,
                 struct nav_error *err);

// What a release would tell at this moment, by the same decision, and why: the event's bytes come from who
// has read it. The verdict's texts are the rules'. False: *err.
struct hold_preview {
  bool leaves;  // false: nothing would, and lane is empty
  Nav__V1__LaneVerdict lane;
  json_t *explain;  // as access_explain gives it: a new reference
};
NAV_MUST_USE bool hold_decide_preview(const struct core *core, const struct hold_decision *decision,
                                      const uint8_t *bytes, size_t length, enum access_language language,
                                      struct hold_preview *out, struct nav_error *err);

#endif
