// See trace.h.
#include "hub/access/trace.h"

#include <string.h>

size_t trace_predicates_count(const struct rule *rule) {
  return rule->event_count + rule->subject_count + rule->lane_count + rule->static_count;
}

static enum truth least(enum truth a, enum truth b) { return a < b ? a : b; }
static enum truth most(enum truth a, enum truth b) { return a > b ? a : b; }

static bool is_selected(const struct rule *rule, const Nav__V1__Subject *subject) {
  if (!rule->has_roles) return true;
  unsigned role = subject->has_role ? (unsigned)subject->role : 0;
  if (role == 0 || role > RULES_ROLE_LAST) return rule->action == RULE_FORBID;
  return (rule->roles >> role & 1U) != 0;
}

static uint64_t selected(const struct facts *facts, const struct rule *rule) {
  uint64_t found = 0;
  for (size_t i = 0; i < facts->event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++)
    if (is_selected(rule, facts->event->subjects[i])) found |= UINT64_C(1) << i;
  return found;
}

static enum truth of_subjects(struct facts *facts, const struct rule *rule, const struct predicate *predicate,
                              uint64_t subjects, const struct lane *lane) {
  bool is_forbid = rule->action == RULE_FORBID;
  enum truth whole = is_forbid ? IS_FALSE : IS_TRUE;
  if (subjects == 0) return IS_UNKNOWN;
  for (size_t i = 0; i < facts->event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++) {
    if ((subjects >> i & 1U) == 0) continue;
    enum truth one = facts_predicate(facts, predicate, i, lane);
    whole = is_forbid ? most(whole, one) : least(whole, one);
  }
  return whole;
}

static enum truth of_protected(const struct facts *facts, const struct rule *rule) {
  if (rule->action != RULE_PERMIT || rule->names_protected) return IS_TRUE;
  for (size_t i = 0; i < facts->event->n_subjects; i++) {
    const Nav__V1__Subject *subject = facts->event->subjects[i];
    bool known =
        subject->has_protection && subject->protection != NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED;
    if (known && subject->protection != NAV__V1__PROTECTION__PROTECTION_NONE) return IS_FALSE;
    if (!known && !rule->info.is_duty) return IS_FALSE;
  }
  return IS_TRUE;
}

static enum truth dates(struct facts *facts, const struct rule *rule) {
  int64_t today = facts_today(facts);
  return today >= rule->day_from && today <= rule->day_to ? IS_TRUE : IS_FALSE;
}

// A forbid needs one person who meets, or may meet, all that it asks of persons. The predicates become that
// person's own; where there is nobody they stay as they are.
static enum truth of_one_person(struct facts *facts, const struct rule *rule, uint64_t subjects,
                                const struct lane *lane, struct trace *out) {
  enum truth whole = IS_FALSE;
  enum truth own[RULES_PREDICATES_MAX];
  size_t count = trace_predicates_count(rule);
  for (size_t i = 0; i < facts->event->n_subjects && i < ACCESS_SUBJECTS_MAX && whole != IS_TRUE; i++) {
    enum truth one = IS_TRUE;
    if ((subjects >> i & 1U) == 0) continue;
    for (size_t k = 0; k < count; k++) {
      own[k] = out->predicates[k];
      if (rule->predicates[k].scope != SCOPE_SUBJECT) continue;
      own[k] = facts_predicate(facts, &rule->predicates[k], i, lane);
      one = least(one, own[k]);
    }
    if (one <= whole) continue;
    whole = one;
    memcpy(out->predicates, own, count * sizeof *own);
  }
  return whole;
}

void trace_rule(struct facts *facts, const struct rule *rule, size_t lane_index, struct trace *out) {
  const struct lane *lane = &facts->rules->lanes[lane_index];
  uint64_t subjects = selected(facts, rule);
  facts->for_forbid = rule->action == RULE_FORBID;
  out->roles = rule->uses_subjects && subjects == 0 ? IS_UNKNOWN : IS_TRUE;
  out->board = bit_of(rule->board_bits, lane_index) ? facts_board(facts, subjects, lane) : IS_TRUE;
  out->in_force = dates(facts, rule);
  out->protected = of_protected(facts, rule);
  out->whole = least(least(out->roles, out->board), least(out->in_force, out->protected));
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    out->predicates[i] = predicate->scope == SCOPE_SUBJECT
                             ? of_subjects(facts, rule, predicate, subjects, lane)
                             : facts_predicate(facts, predicate, 0, lane);
    out->whole = least(out->whole, out->predicates[i]);
  }
  if (rule->action == RULE_FORBID && rule->uses_subjects && subjects != 0)
    out->whole = least(out->whole, of_one_person(facts, rule, subjects, lane, out));
}
