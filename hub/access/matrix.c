// See matrix.h.
#include "hub/access/matrix.h"

#include <string.h>

#include "hub/access/relate.h"
#include "hub/access/trace.h"
#include "hub/base/clock.h"

struct making {
  const struct access_rules *rules;
  const struct access_matrix_filter *filter;
  int64_t now_ms;
  int64_t today;
  access_matrix_visit *visit;
  void *context;
};

// A forbid or limit that can stand in a rule's way, wherever both bind.
struct standing {
  const struct rule *forbid;
  bool closes;  // always, else on some events
};

// What one rule's rows have in common: found once, since there can be millions of rows.
struct rule_rows {
  const struct rule *rule;
  uint16_t roles;
  bool protected;
  uint16_t classes[SCHEMA_BODIES_MAX];
  struct standing standing[RULES_MAX];
  size_t standing_count;
};

static const unsigned open_class = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;

// The classes of a message's fields that the mask lets through, at every level.
static uint16_t classes_of(const struct schema_plan *plan, uint16_t mask) {
  uint16_t found = 0;
  for (size_t i = 0; i < plan->plain_count; i++) {
    const struct schema_field *field = &plan->fields[i];
    if (field->is_set_elsewhere || ((unsigned)mask >> field->class & 1U) == 0) continue;
    if (field->message == NULL) {
      found = (uint16_t)(found | 1U << field->class);
    } else if (!field->is_repeated) {
      found = (uint16_t)(found | classes_of(field->message, mask));
    }
  }
  return found;
}

static uint16_t classes_told(const struct rule *rule, size_t body, bool persons) {
  const uint16_t mask = (uint16_t)(rule->reveal | open_class);
  const struct schema_field *field = schema_body_field(schema_body(body)->id);
  unsigned classes = open_class | classes_of(schema_event_plan(), mask);
  if (field != NULL && field->message != NULL) classes |= classes_of(field->message, mask);
  if (persons) classes |= classes_of(schema_subject_plan(), mask);
  return (uint16_t)classes;
}

// Whether events with a protected person can pass by the rule: one that names the mark, and does not ask for
// none.
static bool passes_protected(const struct rule *rule) {
  if (!rule->names_protected) return false;
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    bool marked = predicate->op == OP_PRESENT && predicate->wanted;
    if (predicate->fact != FACT_PROTECTED) continue;
    for (size_t k = 0; predicate->op == OP_IN && k < predicate->count; k++)
      marked |= predicate->integers[k] > NAV__V1__PROTECTION__PROTECTION_NONE;
    if (!marked && !rule->has_roles) return false;  // with roles another person may be the protected one
  }
  return true;
}

static bool names_agency(const struct making *making, const char *name, size_t index) {
  const struct conf_agency *agency = making->rules->agency_facts[index].agency;
  return name == NULL || strcmp(name, agency->id) == 0 || strcmp(name, agency->kind) == 0;
}

static bool names_text(const char *wanted, const char *text) {
  return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool binds(const struct rule *rule, const struct access_matrix_row *row) {
  return (rule->bodies >> row->body & 1U) != 0 && bit_of(rule->senders, row->sender) &&
         bit_of(rule->lane_bits, row->lane);
}

// False: a forbid always closes it.
static bool ask_forbids(const struct rule_rows *rows, struct access_matrix_row *row) {
  for (size_t i = 0; i < rows->standing_count; i++) {
    const struct standing *standing = &rows->standing[i];
    if (!binds(standing->forbid, row)) continue;
    if (!standing->forbid->info.is_limit) {
      if (standing->closes) return false;
      continue;
    }
    if (standing->closes) row->outcome = ACCESS_MATRIX_HOLD;
    row->may_hold = true;
  }
  return true;
}

static bool is_wanted(const struct making *making, const struct access_matrix_row *row) {
  const struct access_matrix_filter *filter = making->filter;
  unsigned outcomes = 1U << row->outcome;
  if (row->may_hold) outcomes |= 1U << ACCESS_MATRIX_HOLD;
  if (filter->outcomes != 0 && (filter->outcomes & outcomes) == 0) return false;
  if (filter->roles != 0 && (filter->roles & row->roles) == 0) return false;
  return filter->classes == 0 || (filter->classes & row->classes) != 0;
}

static enum access_matrix_outcome outcome_of(const struct rule *rule) {
  if (rule->action == RULE_AGGREGATE) return ACCESS_MATRIX_COUNTS;
  return rule->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE ? ACCESS_MATRIX_RELEASE : ACCESS_MATRIX_HOLD;
}

static bool make_row(const struct making *making, const struct rule_rows *rows, size_t sender, size_t body,
                     size_t lane) {
  const struct rule *rule = rows->rule;
  bool counts = rule->action == RULE_AGGREGATE;
  struct access_matrix_row row = {.rule = rule->index,
                                  .sender = (uint32_t)sender,
                                  .lane = (uint32_t)lane,
                                  .body = (uint8_t)body,
                                  .outcome = outcome_of(rule),
                                  .protected = rows->protected,
                                  .reveal = counts ? 0 : rule->reveal,
                                  .roles = rows->roles};
  if (!counts) row.classes = rows->classes[body];
  row.may_hold = row.outcome == ACCESS_MATRIX_RELEASE && rule->info.is_duty;
  if (!ask_forbids(rows, &row)) return true;
  if (row.outcome != ACCESS_MATRIX_RELEASE) row.may_hold = false;
  return !is_wanted(making, &row) || making->visit(making->context, &row);
}

static bool make_lanes(const struct making *making, const struct rule_rows *rows, size_t sender,
                       size_t body) {
  const struct access_rules *rules = making->rules;
  for (size_t i = 0; i < rows->rule->lanes_count; i++) {
    const struct lane *lane = &rules->lanes[rows->rule->lanes[i]];
    bool takes_part = (rules->agency_facts[sender].purposes >> lane->purpose & 1U) != 0;
    if (lane->agency == sender || !takes_part) continue;
    if (!names_agency(making, making->filter->to, lane->agency)) continue;
    if (!names_text(making->filter->purpose, lane->info.purpose)) continue;
    if (!make_row(making, rows, sender, body, rows->rule->lanes[i])) return false;
  }
  return true;
}

static bool make_rule(const struct making *making, const struct rule_rows *rows) {
  const struct access_rules *rules = making->rules;
  for (size_t sender = 0; sender < rules->agencies->agencies_count; sender++) {
    if (!bit_of(rows->rule->senders, sender)) continue;
    if (!names_agency(making, making->filter->from, sender)) continue;
    for (size_t body = 0; body < schema_body_count(); body++) {
      if ((rows->rule->bodies >> body & 1U) == 0) continue;
      if (!names_text(making->filter->event, schema_body_name(body))) continue;
      if (!make_lanes(making, rows, sender, body)) return false;
    }
  }
  return true;
}

// A permit whose tests exclude each other never opens; but a duty may hold what it does not know.
static bool can_open(const struct making *making, const struct rule *rule) {
  const struct predicate *other = NULL;
  if (rule->action == RULE_FORBID || rule->day_to < making->today) return false;
  return rule->info.is_duty || relate_conflict(rule, making->now_ms, &other) == NULL;
}

// Forbids that close it, and limits that can hold what it releases: other forbids take no row away.
static void find_standing(const struct making *making, struct rule_rows *rows) {
  const struct access_rules *rules = making->rules;
  rows->standing_count = 0;
  for (size_t i = 0; i < rules->rules_count && i < RULES_MAX; i++) {
    const struct rule *forbid = &rules->rules[i];
    if (forbid->action != RULE_FORBID || forbid->day_to < making->today) continue;
    if (relate_excepts(forbid, rows->rule)) continue;
    bool closes = relate_closes(forbid, rows->rule, making->today);
    bool limits = forbid->info.is_limit && outcome_of(rows->rule) == ACCESS_MATRIX_RELEASE &&
                  relate_can_meet(forbid, rows->rule, making->now_ms);
    if (forbid->info.is_limit ? limits : closes)
      rows->standing[rows->standing_count++] = (struct standing){forbid, closes};
  }
}

static void prepare(const struct making *making, const struct rule *rule, struct rule_rows *rows) {
  rows->rule = rule;
  rows->roles = relate_roles(rule);
  rows->protected = passes_protected(rule);
  for (size_t i = 0; i < schema_body_count(); i++) rows->classes[i] = classes_told(rule, i, rows->roles != 0);
  find_standing(making, rows);
}

bool access_matrix_rows(const struct access_rules *rules, const struct access_matrix_filter *filter,
                        int64_t now_ms, access_matrix_visit *visit, void *context) {
  const struct making making = {rules, filter, now_ms, nav_day_stockholm(now_ms), visit, context};
  NAV_ASSERT(filter != NULL && visit != NULL);
  struct rule_rows rows = {0};
  for (size_t i = 0; i < rules->rules_count; i++) {
    if (!can_open(&making, &rules->rules[i])) continue;
    prepare(&making, &rules->rules[i], &rows);
    if (!make_rule(&making, &rows)) return false;
  }
  return true;
}

const char *access_matrix_outcome_name(enum access_matrix_outcome outcome) {
  static const char *const names[] = {"counts", "hold", "release"};
  return names[outcome];
}
