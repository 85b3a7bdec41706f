// Holds that the rules' verdict does not tell of: a Request that waits for its addressee, and what an
// agency's edge has sealed. See holds.h.
#include <string.h>

#include "hub/core/holds.h"

static void set_time(const struct core *core, struct hold *hold) {
  hold->answer_ms = hold->urgent ? core->nav->hold_urgent_ms : core->nav->hold_answer_ms;
}

// It waits for the agency that it was released to and is addressed to; one answer is enough, whatever the
// purposes.
static size_t of_request(const struct core *core, const struct hold *hold, uint32_t verdict_number,
                         const Nav__V1__Event *event, struct hold *out) {
  const struct verdict *verdict = verdicts_get(core->verdicts, verdict_number);
  for (size_t i = 0; verdict != NULL && event->addressee != NULL && i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (lane->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) continue;
    const struct number_lane *names = &core->numbers->lanes[lane->lane];
    if (strcmp(names->agency, event->addressee) != 0) continue;
    *out = *hold;
    out->kind = HOLD_REQUEST;
    out->lane = lane->lane;
    out->agency = numbers_agency(core->numbers, names->agency);
    out->rule = lane->rule;
    out->basis = lane->basis;
    out->must_answer = true;
    out->urgent = event->marks != NULL && event->marks->urgent;
    set_time(core, out);
    return 1;
  }
  return 0;
}

// The edge says which of its own permits hold it; what is no such rule's now holds nothing.
static bool of_sealed_lane(struct core *core, const Nav__V1__Event *event, size_t index, struct hold *out) {
  const Nav__V1__Sealed *sealed = event->sealed;
  const char *recipient = sealed->recipients[index];
  uint32_t lane = numbers_lane(core->numbers, recipient, sealed->purposes[index]);
  const struct access_rule_info *rule = access_rule_named(core->rules, sealed->rules[index]);
  if (lane == 0 || rule == NULL || strcmp(recipient, event->source) == 0) return false;
  out->kind = HOLD_SEALED;
  out->lane = lane;
  out->type = sealed->type;
  out->rule = holds_keep_name(core->holds, rule->id);
  out->basis = holds_keep_name(core->holds, rule->basis);
  if (out->rule == NULL || out->basis == NULL) return false;
  out->must_answer = rule->is_duty || rule->on_request;
  out->urgent = event->marks != NULL && event->marks->urgent;
  out->answer_ms = rule->answer_ms;
  if (out->answer_ms == 0) set_time(core, out);
  return true;
}

size_t holds_of_content(struct core *core, const struct hold *hold, uint32_t verdict,
                        const Nav__V1__Event *event, struct hold list[HOLDS_OF_CONTENT_MAX]) {
  size_t count = 0;
  if (event->body_case == NAV__V1__EVENT__BODY_REQUEST) return of_request(core, hold, verdict, event, list);
  if (event->body_case != NAV__V1__EVENT__BODY_SEALED) return 0;
  const Nav__V1__Sealed *sealed = event->sealed;
  if (sealed->n_recipients != sealed->n_purposes || sealed->n_recipients != sealed->n_rules) return 0;
  for (size_t i = 0; i < sealed->n_recipients && count < HOLDS_OF_CONTENT_MAX; i++) {
    list[count] = *hold;
    if (of_sealed_lane(core, event, i, &list[count])) count++;
  }
  return count;
}
