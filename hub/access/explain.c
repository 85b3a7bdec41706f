// See explain.h.
#include "hub/access/explain.h"

#include <assert.h>
#include <string.h>

#include "hub/access/explain_parts.h"

enum { NEAR_MISSES_MAX = 5, MISSES_MAX = RULES_PREDICATES_MAX + 4, PARAGRAPH_SIZE = 256 };
static_assert(MISSES_MAX <= UINT8_MAX, "the misses of a rule are counted in a byte");

static void say_basis(struct explaining *explaining, const struct law_basis *basis, enum words words) {
  if (basis == NULL) return;
  explain_words(explaining, explaining->because, words, basis->section, basis->statute,
                explain_choose(explaining, basis->text, basis->english), NULL);
}

static const char *threshold(const struct explaining *explaining, const struct law_basis *basis) {
  if (basis == NULL || basis->threshold == NULL) return NULL;
  return explain_choose(explaining, basis->threshold, basis->threshold_english);
}

// What nobody knows can be found out: then the duty needs no urgent assessment, and the forbid may fall.
static void say_unknown(struct explaining *explaining, const struct rule *rule,
                        const struct predicate *predicate) {
  json_t *missing = explaining->missing;
  if (predicate->fact == FACT_CONSENT) {
    explain_words(explaining, missing, WORDS_CONSENT_MISSING, NULL, NULL, NULL, NULL);
    explain_words(explaining, explaining->would_allow, WORDS_CONSENT_NEED, explaining->recipient_title, NULL,
                  NULL, NULL);
    return;
  }
  explain_bare_condition(explaining, missing, predicate);
  if (predicate->fact == FACT_REQUEST) {
    explain_words(explaining, explaining->would_allow, WORDS_REQUEST_NEED, NULL, NULL, NULL, NULL);
  } else if (rule->action == RULE_FORBID) {
    explain_rule_condition(explaining, explaining->would_allow, WORDS_FORBID_KNOW, rule->info.id, predicate);
  } else {
    explain_condition(explaining, explaining->would_allow, WORDS_KNOW_NEED, predicate);
  }
}

static void say_board_unknown(struct explaining *explaining) {
  explain_words(explaining, explaining->because, WORDS_BOARD_UNKNOWN, NULL, NULL, NULL, NULL);
  explain_words(explaining, explaining->missing, WORDS_BOARD_MISSING, NULL, NULL, NULL, NULL);
  explain_words(explaining, explaining->would_allow, WORDS_BOARD_NEED, NULL, NULL, NULL, NULL);
}

// What decided for the rule: every condition that it set and that was met, or not known.
static void say_decisive(struct explaining *explaining, const struct rule *rule, const struct trace *trace) {
  bool is_forbid = rule->action == RULE_FORBID;
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    enum words words = WORDS_CONDITION_MET;
    if (trace->predicates[i] == IS_FALSE || words_asks_nothing(&rule->predicates[i])) continue;
    if (trace->predicates[i] == IS_UNKNOWN) words = is_forbid ? WORDS_FORBID_UNKNOWN : WORDS_DUTY_UNKNOWN;
    explain_condition(explaining, explaining->because, words, &rule->predicates[i]);
    if (trace->predicates[i] == IS_UNKNOWN) say_unknown(explaining, rule, &rule->predicates[i]);
  }
  if (!is_forbid && trace->board == IS_UNKNOWN) say_board_unknown(explaining);
}

// Why what the rule would release waits for a person all the same.
static void explain_limit(struct explaining *explaining, const struct rule *limit) {
  struct trace trace;
  trace_rule(&explaining->facts, limit, explaining->lane, &trace);
  explain_words(explaining, explaining->because, WORDS_LIMITED, limit->info.id,
                explain_choose(explaining, limit->note, limit->note_english), NULL, NULL);
  say_basis(explaining, limit->basis, WORDS_BASIS);
  say_decisive(explaining, limit, &trace);
}

// What is asked of whoever assesses, and of whom it is asked.
static void explain_held(struct explaining *explaining, const struct rule *rule) {
  const char *must = threshold(explaining, rule->basis);
  json_t *because = explaining->because;
  if (must != NULL) explain_words(explaining, because, WORDS_THRESHOLD, must, NULL, NULL, NULL);
  explain_words(explaining, because, WORDS_HELD, explain_sender_title(explaining), NULL, NULL, NULL);
  if (explaining->decision.urgent)
    explain_words(explaining, because, WORDS_HELD_URGENT, explain_on_call(explaining), NULL, NULL, NULL);
  if (rule->info.is_duty || rule->info.on_request)
    explain_words(explaining, because, WORDS_HELD_DUTY, NULL, NULL, NULL, NULL);
  explain_words(explaining, explaining->would_allow, must != NULL ? WORDS_RELEASE_NEED : WORDS_ASSESS_NEED,
                must, NULL, NULL, NULL);
  if (!explaining->decision.urgent)
    explain_words(explaining, explaining->would_allow, WORDS_URGENT_NEED, explain_on_call(explaining), NULL,
                  NULL, NULL);
}

static void explain_permitted(struct explaining *explaining) {
  const struct access_decision *decision = &explaining->decision;
  const struct rule *rule = &explaining->rules->rules[decision->rule];
  struct trace trace;
  trace_rule(&explaining->facts, rule, explaining->lane, &trace);
  explain_words(explaining, explaining->because, WORDS_RULE, rule->info.id,
                explain_choose(explaining, rule->note, rule->note_english), NULL, NULL);
  say_basis(explaining, rule->basis, WORDS_BASIS);
  say_decisive(explaining, rule, &trace);
  if (decision->hold_rule != ACCESS_NO_RULE)
    explain_words(explaining, explaining->because, WORDS_HELD_BESIDE,
                  explaining->rules->rules[decision->hold_rule].info.id, NULL, NULL, NULL);
  if (decision->limit != ACCESS_NO_RULE)
    explain_limit(explaining, &explaining->rules->rules[decision->limit]);
  if (decision->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD) explain_held(explaining, rule);
}

static void say_way_out(struct explaining *explaining, const struct law_basis *basis) {
  if (basis != NULL && basis->way_out != NULL)
    explain_text(explaining->would_allow, explain_choose(explaining, basis->way_out, basis->way_out_english));
}

static void explain_forbidden(struct explaining *explaining) {
  const struct rule *rule = &explaining->rules->rules[explaining->decision.rule];
  struct trace trace;
  trace_rule(&explaining->facts, rule, explaining->lane, &trace);
  explain_words(explaining, explaining->because, WORDS_FORBIDDEN, rule->info.id,
                explain_choose(explaining, rule->note, rule->note_english), NULL, NULL);
  say_basis(explaining, rule->basis, WORDS_BASIS);
  say_decisive(explaining, rule, &trace);
  say_way_out(explaining, rule->basis);
}

// Nobody can mend who somebody is; everything else can be asked for, told, or found out.
static bool can_be_mended(const struct predicate *predicate, enum truth truth) {
  bool of_the_person = predicate->fact == FACT_AGE || predicate->fact == FACT_PROTECTED ||
                       strcmp(predicate->name, "subject.role") == 0;
  return truth == IS_UNKNOWN || !of_the_person;
}

static void say_missing(struct explaining *explaining, const struct rule *rule,
                        const struct predicate *predicate, enum truth truth) {
  char paragraph[PARAGRAPH_SIZE];
  if (truth == IS_TRUE) return;
  explain_rule_condition(explaining, explaining->because,
                         truth == IS_UNKNOWN ? WORDS_CONDITION_UNKNOWN : WORDS_CONDITION_FAILED,
                         rule->info.id, predicate);
  explain_bare_condition(explaining, explaining->missing, predicate);
  if (predicate->fact == FACT_CONSENT && predicate->wanted) {
    explain_words(explaining, explaining->would_allow, WORDS_CONSENT_NEED, explaining->recipient_title, NULL,
                  NULL, NULL);
  } else if (rule->basis != NULL && can_be_mended(predicate, truth)) {
    explain_paragraph(rule->basis, paragraph, sizeof paragraph);
    explain_rule_condition(explaining, explaining->would_allow, WORDS_NEED, paragraph, predicate);
  }
}

static bool has_protected(const Nav__V1__Event *event) {
  for (size_t i = 0; i < event->n_subjects; i++)
    if (event->subjects[i]->has_protection &&
        event->subjects[i]->protection > NAV__V1__PROTECTION__PROTECTION_NONE)
      return true;
  return false;
}

static void say_protected(struct explaining *explaining, const struct rule *rule) {
  explain_words(explaining, explaining->because, WORDS_PROTECTED, rule->info.id, NULL, NULL, NULL);
  if (has_protected(explaining->question->event)) return;
  explain_words(explaining, explaining->missing, WORDS_PROTECTED_MISSING, NULL, NULL, NULL, NULL);
  explain_words(explaining, explaining->would_allow, WORDS_PROTECTED_NEED, rule->info.id, NULL, NULL, NULL);
}

static void say_other_board(struct explaining *explaining) {
  explain_words(explaining, explaining->because, WORDS_BOARD_OTHER, explaining->recipient_title, NULL, NULL,
                NULL);
  explain_words(explaining, explaining->would_allow, WORDS_BOARD_SEND, NULL, NULL, NULL, NULL);
}

// A permit for this kind of message and this lane that did not match: what kept it from it.
static void explain_near_miss(struct explaining *explaining, const struct rule *rule,
                              const struct trace *trace) {
  const char *id = rule->info.id;
  json_t *because = explaining->because;
  if (trace->in_force == IS_FALSE) explain_words(explaining, because, WORDS_DATES, id, NULL, NULL, NULL);
  if (trace->protected == IS_FALSE) say_protected(explaining, rule);
  if (trace->roles != IS_TRUE) explain_words(explaining, because, WORDS_ROLES, id, NULL, NULL, NULL);
  if (trace->board == IS_FALSE) say_other_board(explaining);
  if (trace->board == IS_UNKNOWN) say_board_unknown(explaining);
  for (size_t i = 0; i < trace_predicates_count(rule) && trace->roles == IS_TRUE; i++)
    say_missing(explaining, rule, &rule->predicates[i], trace->predicates[i]);
}

// A rule made for protected persons says nothing to who asks about somebody who is not.
static bool is_for_protected_alone(const struct rule *rule, const struct trace *trace) {
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (predicate->fact != FACT_PROTECTED || predicate->op != OP_IN || trace->predicates[i] != IS_FALSE)
      continue;
    bool names_none = false;
    for (size_t k = 0; k < predicate->count; k++)
      names_none |= predicate->integers[k] == NAV__V1__PROTECTION__PROTECTION_NONE;
    if (!names_none) return true;
  }
  return false;
}

static size_t misses(const struct rule *rule, const struct trace *trace) {
  const enum truth others[] = {trace->in_force, trace->protected, trace->roles, trace->board};
  size_t count = 0;
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (others[i] != IS_TRUE) count++;
  for (size_t i = 0; i < trace_predicates_count(rule); i++)
    if (trace->predicates[i] != IS_TRUE) count++;
  return count;
}

static bool could_permit(const struct explaining *explaining, const struct rule *rule) {
  size_t sender = (size_t)(explaining->sender - explaining->rules->agency_facts);
  return rule->action == RULE_PERMIT && (rule->bodies >> explaining->facts.body_index & 1U) != 0 &&
         bit_of(rule->senders, sender) && bit_of(rule->lane_bits, explaining->lane);
}

// How many misses keep each rule from permitting it; 0: it never would.
static void count_misses(struct explaining *explaining, uint8_t counts[RULES_MAX]) {
  for (size_t i = 0; i < explaining->rules->rules_count; i++) {
    const struct rule *rule = &explaining->rules->rules[i];
    struct trace trace;
    counts[i] = 0;
    if (!could_permit(explaining, rule)) continue;
    trace_rule(&explaining->facts, rule, explaining->lane, &trace);
    if (!is_for_protected_alone(rule, &trace)) counts[i] = (uint8_t)misses(rule, &trace);
  }
}

// Those with the fewest misses first. Gives how many there were.
static size_t explain_near_misses(struct explaining *explaining) {
  uint8_t counts[RULES_MAX];
  size_t said = 0;
  count_misses(explaining, counts);
  for (size_t wanted = 1; wanted <= MISSES_MAX && said < NEAR_MISSES_MAX; wanted++) {
    for (size_t i = 0; i < explaining->rules->rules_count && said < NEAR_MISSES_MAX; i++) {
      const struct rule *rule = &explaining->rules->rules[i];
      struct trace trace;
      if (counts[i] != wanted) continue;
      trace_rule(&explaining->facts, rule, explaining->lane, &trace);
      explain_near_miss(explaining, rule, &trace);
      said++;
    }
  }
  return said;
}

static void explain_secrecy(struct explaining *explaining) {
  const struct conf_agency *agency = explaining->sender->agency;
  for (size_t i = 0; i < agency->secrecy_count; i++) {
    const struct law_basis *basis = law_find(&explaining->rules->law, agency->secrecy[i]);
    say_basis(explaining, basis, WORDS_SECRECY);
    say_way_out(explaining, basis);
  }
}

static void say_no_rule(struct explaining *explaining) {
  const struct lane *lane = &explaining->rules->lanes[explaining->lane];
  explain_words(explaining, explaining->because, WORDS_NO_RULE,
                explain_choose(explaining, explaining->facts.body_name, NULL),
                explain_sender_title(explaining), explaining->recipient_title,
                explaining->rules->purposes[lane->purpose].title);
}

static void explain_default(struct explaining *explaining) {
  const struct lane *lane = &explaining->rules->lanes[explaining->lane];
  const struct purpose *purpose = &explaining->rules->purposes[lane->purpose];
  if (explaining->sender == NULL || explaining->facts.body_index < 0) {
    say_no_rule(explaining);
    return;
  }
  if (explaining->sender->agency == explaining->rules->agency_facts[lane->agency].agency) {
    explain_words(explaining, explaining->because, WORDS_OWN_EVENT, NULL, NULL, NULL, NULL);
    return;
  }
  if ((explaining->sender->purposes >> lane->purpose & 1U) == 0) {
    explain_words(explaining, explaining->because, WORDS_NOT_IN_PURPOSE, explain_sender_title(explaining),
                  purpose->title, NULL, NULL);
    return;
  }
  const char *only = explaining->question->only_recipient;
  if (only != NULL && strcmp(only, lane->info.agency) != 0) {
    const struct conf_agency *agency = conf_agency_find(explaining->rules->agencies, only);
    explain_words(explaining, explaining->because, WORDS_ONLY_RECIPIENT,
                  agency == NULL ? only : agency->title, NULL, NULL, NULL);
    return;
  }
  if (explain_near_misses(explaining) == 0) say_no_rule(explaining);
  explain_secrecy(explaining);
}

json_t *access_explain(const struct access_rules *rules, const struct access_question *question, size_t lane,
                       enum access_language language) {
  if (lane >= rules->lanes_count) return NULL;
  struct explaining explaining = {.rules = rules, .question = question, .lane = lane, .language = language};
  facts_init(&explaining.facts, rules, question);
  int sender = question->event->source == NULL ? -1 : rules_agency_index(rules, question->event->source);
  explaining.sender = sender < 0 ? NULL : &rules->agency_facts[sender];
  explaining.recipient_title = rules->agency_facts[rules->lanes[lane].agency].agency->title;
  explaining.decision = access_decide_lane(rules, question, lane);
  explaining.because = json_array();
  explaining.missing = json_array();
  explaining.would_allow = json_array();
  if (explaining.decision.outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD) {
    explain_permitted(&explaining);
  } else if (explaining.decision.rule != ACCESS_NO_RULE) {
    explain_forbidden(&explaining);
  } else {
    explain_default(&explaining);
  }
  if (explaining.decision.outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) explain_elsewhere(&explaining);
  json_t *json = explain_result(&explaining);
  json_decref(explaining.missing);
  json_decref(explaining.because);
  json_decref(explaining.would_allow);
  return json;
}
