// May a recipient have counts of a kind of message, though not the messages? Called by: briefing, explain.
// Must never: let counts out where an unconditional forbid closes the kind.
#include <string.h>

#include "hub/access/rules.h"
#include "hub/base/clock.h"

static bool binds(const struct access_rules *rules, const struct rule *rule, size_t sender, unsigned body,
                  size_t lane, int64_t today) {
  if ((rule->bodies >> body & 1U) == 0 || !bit_of(rule->senders, sender) || !bit_of(rule->lane_bits, lane))
    return false;
  if (today < rule->day_from || today > rule->day_to) return false;
  return (rules->agency_facts[sender].purposes >> rules->lanes[lane].purpose & 1U) != 0;
}

bool access_aggregate_allowed(const struct access_rules *rules, const char *source, uint32_t body,
                              size_t lane, int64_t now_ms, struct access_aggregate *out) {
  *out = (struct access_aggregate){ACCESS_NO_RULE, 0};
  int sender = rules_agency_index(rules, source);
  int index = schema_body_index(body);
  if (sender < 0 || index < 0 || lane >= rules->lanes_count) return false;
  if (rules->lanes[lane].agency == (uint32_t)sender) return true;  // one's own needs no permit and no cell
  int64_t today = nav_day_stockholm(now_ms);
  bool found = false;
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *rule = &rules->rules[i];
    if (rule->action == RULE_PERMIT || !binds(rules, rule, (size_t)sender, (unsigned)index, lane, today))
      continue;
    if (rule->action == RULE_FORBID) {
      // What it excepts are permits: they open for nobody's counts.
      if (!rule->info.is_limit && rule->is_unconditional) return false;
    } else if (!found) {
      *out = (struct access_aggregate){rule->index, rule->smallest_cell};
      found = true;
    }
  }
  return found;
}
