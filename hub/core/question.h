// What nav-core asks the rules about an event: the event, the time, and what the registers of consent and
// requests know. The one place that fills an access_question, so that staging, delivery, holds and recalls
// decide alike. Called by: intake_stage, deliver_frame, holds. Must never: let a question be asked without
// the registers.
#ifndef NAV_CORE_QUESTION_H
#define NAV_CORE_QUESTION_H

#include "hub/core/core.h"

struct core_question {
  struct access_question question;
  const struct core *core;
};

// out points to itself: do not copy it. The event must outlive it.
void core_question(struct core_question *out, const struct core *core, const Nav__V1__Event *event);

#endif
