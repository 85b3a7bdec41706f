// Does a rule keep to its own legal basis? Direction, dates, age limit, weighing, request, consent, assessed
// by a person, secrecy that the basis does not break. Called by: load.c. Must never: let a rule go further
// than the law it cites.
#include <stdio.h>
#include <string.h>

#include "hub/access/build.h"

struct checking {
  struct build *build;
  const struct rule *rule;
  const struct law_basis *basis;
};

#define LEGAL_FAULT(checking, node, hint, ...) BUILD_FAULT((checking)->build, node, hint, __VA_ARGS__)

static const struct conf_node *at(const struct checking *checking, const char *key) {
  const struct conf_node *node = conf_get(checking->rule->node, key);
  return node != NULL ? node : checking->rule->node;
}

static bool takes_part(const struct checking *checking, size_t agency) {
  return (checking->build->rules->agency_facts[agency].purposes >> checking->rule->purpose & 1U) != 0;
}

// Whether an agency that the selector names has somebody else on the other side: one alone with itself moves
// nothing.
static bool has_other(const struct checking *checking, const uint8_t *others, size_t agency) {
  for (size_t i = 0; i < checking->build->rules->agencies->agencies_count; i++)
    if (i != agency && bit_of(others, i) && takes_part(checking, i)) return true;
  return false;
}

static const char *list_kinds(const struct checking *checking, uint32_t kinds) {
  const char *shown = "";
  for (size_t i = 0; law_agency_kinds[i] != NULL && shown != NULL; i++)
    if ((kinds >> i & 1U) != 0)
      shown = nav_arena_printf(checking->build->arena, "%s%s%s", shown, shown[0] == '\0' ? "" : ", ",
                               law_agency_kinds[i]);
  return shown == NULL ? "" : shown;
}

static const char *side_hint(const char *side) {
  return strcmp(side, "from") == 0 ? "name other senders, or cite another basis"
                                   : "name other recipients, or cite another basis";
}

static void check_side(const struct checking *checking, const char *side, const uint8_t *agencies,
                       const uint8_t *others, uint32_t named, uint32_t allowed) {
  const struct conf_agencies *all = checking->build->rules->agencies;
  const struct conf_node *node = conf_get(checking->rule->selectors, side);
  for (size_t i = 0; law_agency_kinds[i] != NULL; i++) {
    if ((named >> i & 1U) == 0 || (allowed >> i & 1U) != 0) continue;
    LEGAL_FAULT(checking, node, side_hint(side), "rule '%s': basis '%s' goes %s %s, not %s",
                checking->rule->info.id, checking->basis->id, side, list_kinds(checking, allowed),
                law_agency_kinds[i]);
    return;
  }
  for (size_t i = 0; i < all->agencies_count; i++) {
    int kind = law_kind(all->agencies[i].kind);
    if (!bit_of(agencies, i) || !takes_part(checking, i) || !has_other(checking, others, i)) continue;
    if (kind >= 0 && (allowed >> kind & 1U) != 0) continue;
    LEGAL_FAULT(checking, node, side_hint(side), "rule '%s': basis '%s' goes %s %s, not %s '%s'",
                checking->rule->info.id, checking->basis->id, side, list_kinds(checking, allowed),
                all->agencies[i].kind, all->agencies[i].id);
    return;
  }
}

static bool is_excluded(const struct law_basis *basis, const char *secrecy) {
  for (size_t i = 0; i < basis->excludes_count; i++)
    if (strcmp(basis->excludes[i], secrecy) == 0) return true;
  return false;
}

// A basis does not open what it leaves out itself: where a sender works under such secrecy alone, the rule is
// void.
static void check_secrecy(const struct checking *checking) {
  const struct conf_agencies *all = checking->build->rules->agencies;
  for (size_t i = 0; i < all->agencies_count; i++) {
    const struct conf_agency *agency = &all->agencies[i];
    if (!bit_of(checking->rule->senders, i) || !takes_part(checking, i) || agency->secrecy_count == 0)
      continue;
    size_t excluded = 0;
    for (size_t k = 0; k < agency->secrecy_count; k++)
      excluded += is_excluded(checking->basis, agency->secrecy[k]);
    if (excluded < agency->secrecy_count) continue;
    LEGAL_FAULT(checking, at(checking, "basis"), "choose another basis",
                "rule '%s': basis '%s' leaves out %s, under which '%s' works", checking->rule->info.id,
                checking->basis->id, agency->secrecy[0], agency->id);
    return;  // one is enough to choose another
  }
}

// "2026-01-01 or later", as the basis says it.
static const char *limit_hint(const struct checking *checking, const char *key, const char *side) {
  const char *date = conf_get_text(checking->basis->node, key);
  const char *hint = date == NULL ? NULL : nav_arena_printf(checking->build->arena, "%s %s", date, side);
  return hint == NULL ? "" : hint;
}

static void check_dates(const struct checking *checking) {
  const struct rule *rule = checking->rule;
  const struct law_basis *basis = checking->basis;
  if (conf_get(rule->node, "valid_from") != NULL && rule->day_from < basis->day_from)
    LEGAL_FAULT(checking, at(checking, "valid_from"), limit_hint(checking, "valid_from", "or later"),
                "rule '%s' begins before its basis '%s' is in force", rule->info.id, basis->id);
  if (conf_get(rule->node, "valid_to") != NULL && rule->day_to > basis->day_to)
    LEGAL_FAULT(checking, at(checking, "valid_to"), limit_hint(checking, "valid_to", "or earlier"),
                "rule '%s' ends after its basis '%s' has ended", rule->info.id, basis->id);
  if (rule->day_to < basis->day_from || rule->day_from > basis->day_to)
    LEGAL_FAULT(checking, at(checking, "basis"), "cite a basis that is in force",
                "rule '%s' and its basis '%s' are never in force together", rule->info.id, basis->id);
}

static size_t predicates_count(const struct rule *rule) {
  return rule->event_count + rule->subject_count + rule->lane_count + rule->static_count;
}

static bool asks(const struct rule *rule, const char *name, enum predicate_op op) {
  for (size_t i = 0; i < predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (strcmp(predicate->name, name) == 0 && predicate->op == op && predicate->wanted) return true;
  }
  return false;
}

static bool asks_consent(const struct rule *rule) {
  for (size_t i = 0; i < predicates_count(rule); i++)
    if (rule->predicates[i].fact == FACT_CONSENT && rule->predicates[i].wanted) return true;
  return false;
}

static bool asks_request(const struct rule *rule) {
  for (size_t i = 0; i < predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (predicate->fact == FACT_REQUEST && predicate->integers[0] != 0) return true;
  }
  return false;
}

static bool has_age_limit(const struct rule *rule, int limit) {
  for (size_t i = 0; i < predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (predicate->fact == FACT_AGE && predicate->op == OP_BELOW && predicate->integers[0] <= limit)
      return true;
  }
  return false;
}

static void check_reveal(const struct checking *checking) {
  unsigned beyond = checking->rule->reveal & ~(unsigned)checking->basis->reveals;
  for (size_t class = 1; beyond != 0 && law_class_names[class - 1] != NULL; class ++) {
    if ((beyond >> class & 1U) == 0) continue;
    LEGAL_FAULT(checking, at(checking, "reveal"), "reveal less, or cite another basis",
                "rule '%s' reveals %s, which its basis '%s' does not open", checking->rule->info.id,
                law_class_names[class - 1], checking->basis->id);
    return;
  }
}

static void check_conditions(const struct checking *checking) {
  const struct rule *rule = checking->rule;
  const struct law_basis *basis = checking->basis;
  const char *id = rule->info.id;
  if (basis->age_below > 0 && !has_age_limit(rule, basis->age_below))
    LEGAL_FAULT(checking, at(checking, "when"), "when: {subject.age: {below: …}}",
                "rule '%s': basis '%s' holds for persons under %d alone, and the rule sets no such limit", id,
                basis->id, basis->age_below);
  if (basis->weighing && rule->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE)
    LEGAL_FAULT(checking, at(checking, "outcome"), "outcome: hold",
                "rule '%s' releases as a routine, but basis '%s' demands that each case is weighed", id,
                basis->id);
  if (basis->trigger == LAW_ON_REQUEST && !asks_request(rule))
    LEGAL_FAULT(checking, at(checking, "when"), "when: {request: {is: true}}",
                "rule '%s': basis '%s' opens on request alone, and the rule asks for none", id, basis->id);
  if (basis->assessed && !asks(rule, "body.assessed_by", OP_PRESENT))
    LEGAL_FAULT(
        checking, at(checking, "when"), "when: {body.assessed_by: {present: true}}",
        "rule '%s': basis '%s' demands that a person has assessed the case, and the rule asks for no name",
        id, basis->id);
  if (basis->consent && !asks_consent(rule))
    LEGAL_FAULT(checking, at(checking, "when"), "when: {subject: {consent: true}}",
                "rule '%s': basis '%s' is consent, and the rule asks for none", id, basis->id);
}

void build_legal(struct build *build, const struct rule *rule) {
  struct checking checking = {build, rule, rule->basis};
  if (rule->action == RULE_FORBID || rule->basis == NULL) return;
  const struct law_basis *basis = rule->basis;
  if (!basis->opens) {
    LEGAL_FAULT(&checking, at(&checking, "basis"),
                "cite the provision that opens it; a forbid may cite this one",
                "rule '%s': basis '%s' opens nothing; it says what is secret, or frames the work",
                rule->info.id, basis->id);
    return;
  }
  check_side(&checking, "from", rule->senders, rule->recipients, rule->from_kinds, basis->from_kinds);
  check_side(&checking, "to", rule->recipients, rule->senders, rule->to_kinds, basis->to_kinds);
  check_dates(&checking);
  if (rule->action == RULE_AGGREGATE) return;
  if (basis->counts)
    LEGAL_FAULT(&checking, at(&checking, "basis"), "write it as an aggregate",
                "rule '%s': basis '%s' opens for counts alone", rule->info.id, basis->id);
  check_secrecy(&checking);
  check_reveal(&checking);
  check_conditions(&checking);
}
