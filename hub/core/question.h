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
  uint64_t consents_up_to;  // a consent with a higher seq does not count
  bool has_source;
  uint32_t source;  // the number of the event's source
  // Of subjects that consent has been asked of: the rules ask of one for lane after lane.
  uint64_t hashed;
  uint8_t persons[ACCESS_SUBJECTS_MAX][REGISTER_PERSON_SIZE];
};

// out points to itself: do not copy it. The event must outlive it. A withdrawal holds from the moment it was
// staged; a consent from its commit, but for events staged after it (set consents_up_to: they are committed
// after it too).
void core_question(struct core_question *out, const struct core *core, const Nav__V1__Event *event);

#endif
