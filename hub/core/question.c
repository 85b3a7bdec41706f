// See question.h.
#include "hub/core/question.h"

void core_question(struct core_question *out, const struct core *core, const Nav__V1__Event *event) {
  *out = (struct core_question){.core = core};
  out->question = (struct access_question){.event = event, .now_ms = core->now_ms};
}
