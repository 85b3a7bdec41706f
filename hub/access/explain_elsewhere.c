// Who else of the same purpose could have what this recipient does not get: where nothing is in the way, or
// only what the sender can mend by addressing the event or by asking. See explain_parts.h.
#include "hub/access/explain_parts.h"
#include "hub/access/relate.h"
#include "hub/base/clock.h"

enum { ELSEWHERE_MAX = 3 };

// The one test that fails, where the sender can mend it; false: something else is in the way.
static bool can_be_mended(const struct rule *rule, const struct trace *trace,
                          const struct predicate **failing) {
  *failing = NULL;
  if (trace->roles != IS_TRUE || trace->board != IS_TRUE || trace->in_force != IS_TRUE ||
      trace->protected != IS_TRUE)
    return false;
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    bool mendable = predicate->fact == FACT_ADDRESSED || predicate->op == OP_CONSENT;
    if (trace->predicates[i] == IS_TRUE) continue;
    if (!mendable || *failing != NULL) return false;
    *failing = predicate;
  }
  return true;
}

static bool is_closed(struct explaining *explaining, const struct rule *permit, size_t lane) {
  const struct access_rules *rules = explaining->rules;
  size_t sender = (size_t)(explaining->sender - rules->agency_facts);
  int64_t today = nav_day_stockholm(explaining->question->now_ms);
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *forbid = &rules->rules[i];
    if (forbid->action != RULE_FORBID || forbid->info.is_limit || relate_excepts(forbid, permit)) continue;
    if ((forbid->bodies >> explaining->facts.body_index & 1U) == 0 || !bit_of(forbid->senders, sender) ||
        !bit_of(forbid->lane_bits, lane) || today < forbid->day_from || today > forbid->day_to)
      continue;
    struct trace trace;
    trace_rule(&explaining->facts, forbid, lane, &trace);
    if (trace.whole != IS_FALSE) return true;
  }
  return false;
}

// False: this permit says nothing of that recipient.
static bool say(struct explaining *explaining, const struct rule *permit, size_t lane) {
  const struct predicate *failing = NULL;
  struct trace trace;
  const struct agency_facts *recipient =
      &explaining->rules->agency_facts[explaining->rules->lanes[lane].agency];
  trace_rule(&explaining->facts, permit, lane, &trace);
  if (!can_be_mended(permit, &trace, &failing) || is_closed(explaining, permit, lane)) return false;
  bool held = permit->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  struct nav_buffer condition;
  nav_buffer_init(&condition, 1024);
  const char *text = NULL;
  if (failing != NULL && words_condition(&condition, failing, explaining->language))
    text = nav_buffer_text(&condition);
  enum words words = held ? WORDS_ELSEWHERE_HELD : WORDS_ELSEWHERE;
  if (text != NULL) words = held ? WORDS_ELSEWHERE_HELD_IF : WORDS_ELSEWHERE_IF;
  explain_words(explaining, explaining->would_allow, words, recipient->agency->title, permit->info.id, text,
                NULL);
  nav_buffer_free(&condition);
  return true;
}

// Permits that bind the sender, the message and another lane of the purpose, but not the lane asked about: of
// those the explanation tells already.
void explain_elsewhere(struct explaining *explaining) {
  const struct access_rules *rules = explaining->rules;
  const struct lane *asked = &rules->lanes[explaining->lane];
  size_t said = 0;
  if (explaining->sender == NULL || explaining->facts.body_index < 0) return;
  size_t sender = (size_t)(explaining->sender - rules->agency_facts);
  if ((explaining->sender->purposes >> asked->purpose & 1U) == 0 || asked->agency == sender) return;
  for (size_t i = 0; i < rules->lanes_count && said < ELSEWHERE_MAX; i++) {
    if (rules->lanes[i].purpose != asked->purpose || rules->lanes[i].agency == sender) continue;
    for (size_t k = 0; k < rules->rules_count; k++) {
      const struct rule *permit = &rules->rules[k];
      if (permit->action != RULE_PERMIT || (permit->bodies >> explaining->facts.body_index & 1U) == 0 ||
          !bit_of(permit->senders, sender) || !bit_of(permit->lane_bits, i) ||
          bit_of(permit->lane_bits, explaining->lane))
        continue;
      if (!say(explaining, permit, i)) continue;
      said++;
      break;
    }
  }
}
