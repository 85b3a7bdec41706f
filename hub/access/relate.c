// See relate.h.
#include "hub/access/relate.h"

#include <string.h>

#include "hub/access/trace.h"

static bool share_value(const struct predicate *a, const struct predicate *b) {
  if (a->value == VALUE_TEXT) {
    for (size_t i = 0; i < b->count; i++)
      if (rules_text_in(a->texts, a->count, b->texts[i])) return true;
    return false;
  }
  for (size_t i = 0; i < a->count; i++)
    for (size_t k = 0; k < b->count; k++)
      if (a->integers[i] == b->integers[k]) return true;
  return false;
}

// A field that can have several values at once: two tests of it can both be met by different ones.
static bool is_list(const struct predicate *predicate) {
  if (predicate->fact == FACT_GROUPS || predicate->fact == FACT_AREAS) return true;
  return predicate->field != NULL && predicate->field->label == PROTOBUF_C_LABEL_REPEATED;
}

// The value is one of those listed (for areas: of all that lie within).
static bool is_set(const struct predicate *predicate) {
  if (predicate->op == OP_IN) return true;
  bool areas = predicate->op == OP_WITHIN || predicate->op == OP_OVERLAPS;
  return areas && predicate->value == VALUE_TEXT && !predicate->recipient_areas;
}

struct interval {
  int64_t low, high;
};

// A time that is not older than so long today will be too old some day, but never becomes younger.
static bool interval_of(const struct predicate *predicate, int64_t now_ms, struct interval *out) {
  *out = (struct interval){INT64_MIN, INT64_MAX};
  if (predicate->value != VALUE_INTEGER || predicate->count == 0) return false;
  int64_t first = predicate->integers[0];
  if (predicate->op == OP_IN) {  // sorted
    *out = (struct interval){first, predicate->integers[predicate->count - 1]};
  } else if (predicate->op == OP_BELOW) {
    if (first > INT64_MIN) out->high = first - 1;
  } else if (predicate->op == OP_AT_LEAST) {
    out->low = first;
  } else if (predicate->op == OP_WITHIN) {
    out->low = now_ms - first;
  } else {
    return false;
  }
  return true;
}

static bool within(const struct interval *interval, int64_t value) {
  return value >= interval->low && value <= interval->high;
}

static bool apart(const struct predicate *a, const struct predicate *b, int64_t now_ms) {
  struct interval left;
  struct interval right;
  if (!interval_of(a, now_ms, &left) || !interval_of(b, now_ms, &right)) return false;
  if (left.low > right.high || right.low > left.high) return true;
  for (size_t i = 0; a->op == OP_IN && i < a->count; i++)
    if (within(&right, a->integers[i])) return false;
  return a->op == OP_IN;
}

static bool names_not_known(const struct predicate *predicate) {
  for (size_t i = 0; predicate->fact == FACT_PROTECTED && predicate->op == OP_IN && i < predicate->count; i++)
    if (predicate->integers[i] == NAV__V1__PROTECTION__PROTECTION_UNSPECIFIED) return true;
  return false;
}

static bool is_absent(const struct predicate *predicate, const char *name) {
  return predicate->op == OP_PRESENT && !predicate->wanted && strcmp(predicate->name, name) == 0;
}

static bool is_true(const struct predicate *predicate, enum predicate_fact fact) {
  return predicate->fact == fact && predicate->op == OP_IN && predicate->integers[0] != 0;
}

// Different names, and yet one cannot be where the other is.
static bool exclude_across(const struct predicate *a, const struct predicate *b) {
  if (is_absent(a, "subjects")) return b->scope == SCOPE_SUBJECT;
  if (is_absent(a, "in_reply_to")) return is_true(b, FACT_REQUEST);
  return is_absent(a, "addressee") && is_true(b, FACT_ADDRESSED);
}

static bool exclude_one_way(const struct predicate *a, const struct predicate *b, int64_t now_ms) {
  if (strcmp(a->name, b->name) != 0) return exclude_across(a, b);
  if (a->op == OP_PRESENT && !a->wanted)
    return b->op == OP_PRESENT ? b->wanted : !names_not_known(b) && b->op != OP_CONSENT;
  if (a->op == OP_PRESENT || b->op == OP_PRESENT) return false;
  if (a->op == OP_CONSENT || b->op == OP_CONSENT) return a->op == b->op && a->wanted != b->wanted;
  if (is_list(a) || a->value != b->value) return false;
  if (is_set(a) && is_set(b)) return !share_value(a, b);
  if (a->value == VALUE_REAL) return a->op == OP_BELOW && b->op == OP_AT_LEAST && a->real <= b->real;
  return apart(a, b, now_ms);
}

bool relate_exclude(const struct predicate *a, const struct predicate *b, int64_t now_ms) {
  return exclude_one_way(a, b, now_ms) || exclude_one_way(b, a, now_ms);
}

const struct predicate *relate_conflict(const struct rule *rule, int64_t now_ms,
                                        const struct predicate **other) {
  size_t count = trace_predicates_count(rule);
  for (size_t i = 0; i < count; i++) {
    for (size_t k = i + 1; k < count; k++) {
      if (!relate_exclude(&rule->predicates[i], &rule->predicates[k], now_ms)) continue;
      *other = &rule->predicates[k];
      return &rule->predicates[i];
    }
  }
  return NULL;
}

static uint16_t roles_met(const struct predicate *predicate) {
  uint16_t met = 0;
  if (predicate->op == OP_PRESENT)
    return predicate->wanted ? RELATE_ALL_ROLES & ~RELATE_UNKNOWN_ROLE : RELATE_UNKNOWN_ROLE;
  for (size_t i = 0; i < predicate->count; i++)
    if (predicate->integers[i] > 0 && predicate->integers[i] < 16)
      met = (uint16_t)(met | 1U << predicate->integers[i]);
  return met;
}

// A duty that does not know keeps those whose role is not known.
uint16_t relate_roles(const struct rule *permit) {
  uint16_t not_known = permit->info.is_duty ? RELATE_UNKNOWN_ROLE : 0;
  uint16_t roles = permit->has_roles ? permit->roles | not_known : RELATE_ALL_ROLES;
  if (permit->action != RULE_PERMIT || permit->no_subjects) return 0;
  for (size_t i = 0; i < trace_predicates_count(permit); i++) {
    const struct predicate *predicate = &permit->predicates[i];
    if (is_absent(predicate, "subjects")) return 0;
    if (strcmp(predicate->name, "subject.role") == 0)
      roles = (uint16_t)(roles & (roles_met(predicate) | not_known));
  }
  return roles;
}

static bool same_test(const struct predicate *a, const struct predicate *b) {
  return strcmp(a->name, b->name) == 0 && a->op == b->op && a->wanted == b->wanted &&
         strcmp(a->shown, b->shown) == 0;
}

// Of a permit all selected persons must match, of a forbid any: so a forbid may select more.
static bool same_persons(const struct rule *wide, const struct rule *narrow) {
  if (wide->has_roles == narrow->has_roles && wide->roles == narrow->roles) return true;
  if (wide->action != RULE_FORBID || narrow->action == RULE_AGGREGATE) return !wide->uses_subjects;
  if (!wide->uses_subjects) return true;
  if (!narrow->uses_subjects) return false;
  return !wide->has_roles || (narrow->has_roles && (narrow->roles & ~(unsigned)wide->roles) == 0);
}

bool relate_implied(const struct rule *wide, const struct rule *narrow) {
  if (!same_persons(wide, narrow)) return false;
  for (size_t i = 0; i < trace_predicates_count(wide); i++) {
    bool asked = false;
    for (size_t k = 0; k < trace_predicates_count(narrow) && !asked; k++)
      asked = same_test(&wide->predicates[i], &narrow->predicates[k]);
    if (!asked && !wide->predicates[i].is_static) return false;  // static ones have narrowed the lanes
  }
  return true;
}

static bool lasts(const struct rule *wide, const struct rule *narrow, int64_t today) {
  int64_t from = narrow->day_from > today ? narrow->day_from : today;
  return wide->day_from <= from && wide->day_to >= narrow->day_to;
}

bool relate_bits_within(const uint8_t *wide, const uint8_t *narrow, size_t count) {
  for (size_t i = 0; i < count / 8 + 1; i++)
    if ((narrow[i] & ~(unsigned)wide[i]) != 0) return false;
  return true;
}

bool relate_covers(const struct access_rules *rules, const struct rule *wide, const struct rule *narrow,
                   int64_t today) {
  return (narrow->bodies & ~wide->bodies) == 0 &&
         relate_bits_within(wide->senders, narrow->senders, rules->agencies->agencies_count) &&
         relate_bits_within(wide->lane_bits, narrow->lane_bits, rules->lanes_count) &&
         lasts(wide, narrow, today) && relate_implied(wide, narrow);
}

bool relate_excepts(const struct rule *forbid, const struct rule *permit) {
  for (size_t i = 0; i < forbid->except_count; i++)
    if (forbid->except[i] == permit->index) return true;
  return false;
}

// A duty that does not know its persons keeps those without a role, of whom the forbid may know that it does
// not mean them. Counts are closed only by what asks nothing and excepts nothing.
bool relate_closes(const struct rule *forbid, const struct rule *permit, int64_t today) {
  if (forbid->action != RULE_FORBID || !lasts(forbid, permit, today)) return false;
  if (permit->action == RULE_AGGREGATE)
    return !forbid->info.is_limit && forbid->is_unconditional && forbid->except_count == 0;
  if (relate_excepts(forbid, permit) || (permit->info.is_duty && forbid->uses_subjects)) return false;
  return relate_implied(forbid, permit);
}

// A duty may pass on what is not known, and so does a forbid: there nothing is excluded.
bool relate_can_meet(const struct rule *forbid, const struct rule *permit, int64_t now_ms) {
  if (permit->action == RULE_AGGREGATE)
    return !forbid->info.is_limit && forbid->is_unconditional && forbid->except_count == 0;
  if (forbid->info.is_limit && permit->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) return false;
  if (permit->info.is_duty) return true;
  for (size_t i = 0; i < trace_predicates_count(forbid); i++)
    for (size_t k = 0; k < trace_predicates_count(permit); k++) {
      const struct predicate *a = &forbid->predicates[i];
      const struct predicate *b = &permit->predicates[k];
      // The forbid may mean another person than those whom the permit selects.
      if (a->scope == SCOPE_SUBJECT && b->scope == SCOPE_SUBJECT) continue;
      if (relate_exclude(a, b, now_ms)) return false;
    }
  return true;
}
