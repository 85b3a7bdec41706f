// See check.h.
#include "hub/access/check.h"

#include <string.h>

#include "hub/access/rules.h"
#include "hub/base/clock.h"

struct checking {
  const struct access_rules *rules;
  int64_t today;
  struct conf_faults *findings;
};

#define FINDING(checking, node, hint, ...) \
  conf_faults_add((checking)->findings, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

static size_t predicates_count(const struct rule *rule) {
  return rule->event_count + rule->subject_count + rule->lane_count + rule->static_count;
}

// An agency that sends and a lane of somebody else in which both take part.
static bool has_pair(const struct access_rules *rules, const struct rule *rule) {
  for (size_t s = 0; s < rules->agencies->agencies_count; s++) {
    if (!bit_of(rule->senders, s)) continue;
    for (size_t i = 0; i < rule->lanes_count; i++) {
      const struct lane *lane = &rules->lanes[rule->lanes[i]];
      bool takes_part = (rules->agency_facts[s].purposes >> lane->purpose & 1U) != 0;
      if (lane->agency != s && takes_part) return true;
    }
  }
  return false;
}

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

// Two tests of one field that can never both be met.
static bool contradict(const struct predicate *a, const struct predicate *b) {
  if (strcmp(a->name, b->name) != 0) return false;
  if (a->op == OP_PRESENT && !a->wanted) return b->op != OP_PRESENT || b->wanted;
  if (a->op == OP_IN && b->op == OP_IN) return a->value == b->value && !share_value(a, b);
  if (a->op != OP_BELOW || b->op != OP_AT_LEAST || a->value != b->value) return false;
  return a->value == VALUE_REAL ? a->real <= b->real : a->integers[0] <= b->integers[0];
}

static bool contradicts_itself(const struct rule *rule, const struct predicate **at) {
  for (size_t i = 0; i < predicates_count(rule); i++)
    for (size_t k = 0; k < predicates_count(rule); k++)
      if (i != k && contradict(&rule->predicates[i], &rule->predicates[k])) {
        *at = &rule->predicates[i];
        return true;
      }
  return false;
}

static bool check_dead(const struct checking *checking, const struct rule *rule) {
  const struct predicate *at = NULL;
  const char *id = rule->info.id;
  if (!has_pair(checking->rules, rule)) {
    FINDING(checking, rule->node, "",
            "rule '%s' can never match: nobody it names sends to anybody it names in this purpose", id);
  } else if (contradicts_itself(rule, &at)) {
    conf_faults_add(checking->findings, rule->node->file, at->line, at->column, "",
                    "rule '%s' can never match: its tests of %s exclude each other", id, at->name);
  } else if (rule->day_to < checking->today) {
    FINDING(checking, rule->node, "remove it, or renew it", "rule '%s' has ended", id);
  } else {
    return false;
  }
  return true;
}

static bool covers_bits(const uint8_t *wide, const uint8_t *narrow, size_t count) {
  for (size_t i = 0; i < count / 8 + 1; i++)
    if ((narrow[i] & ~(unsigned)wide[i]) != 0) return false;
  return true;
}

static bool same_test(const struct predicate *a, const struct predicate *b) {
  return strcmp(a->name, b->name) == 0 && a->op == b->op && a->wanted == b->wanted &&
         strcmp(a->shown, b->shown) == 0;
}

// Whether the wide rule is met wherever the narrow one is: it asks nothing that the narrow one does not ask.
static bool is_implied(const struct rule *wide, const struct rule *narrow) {
  if (wide->has_roles != narrow->has_roles || wide->roles != narrow->roles) return false;
  for (size_t i = 0; i < predicates_count(wide); i++) {
    bool asked = false;
    for (size_t k = 0; k < predicates_count(narrow) && !asked; k++)
      asked = same_test(&wide->predicates[i], &narrow->predicates[k]);
    if (!asked && !wide->predicates[i].is_static) return false;  // static ones have narrowed the lanes
  }
  return true;
}

static bool covers(const struct access_rules *rules, const struct rule *wide, const struct rule *narrow) {
  return (narrow->bodies & ~wide->bodies) == 0 &&
         covers_bits(wide->senders, narrow->senders, rules->agencies->agencies_count) &&
         covers_bits(wide->lane_bits, narrow->lane_bits, rules->lanes_count) &&
         wide->day_from <= narrow->day_from && wide->day_to >= narrow->day_to && is_implied(wide, narrow);
}

// An earlier permit that always goes before this one.
static bool is_shadowed_by(const struct access_rules *rules, const struct rule *earlier,
                           const struct rule *rule) {
  if (earlier->action != RULE_PERMIT || !covers(rules, earlier, rule)) return false;
  if (!covers_bits(rule->board_bits, earlier->board_bits, rules->lanes_count)) return false;
  if (rule->names_protected && !earlier->names_protected) return false;
  if (rule->info.is_duty && !earlier->info.is_duty)
    return false;  // the duty holds where the other does not know
  if (earlier->outcome == rule->outcome) return true;
  return earlier->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE &&
         (rule->reveal & ~(unsigned)earlier->reveal) == 0 && (!earlier->no_subjects || rule->no_subjects);
}

static bool excepts(const struct rule *forbid, const struct rule *permit) {
  for (size_t i = 0; i < forbid->except_count; i++)
    if (forbid->except[i] == permit->index) return true;
  return false;
}

static void check_permit(const struct checking *checking, const struct rule *rule) {
  const struct access_rules *rules = checking->rules;
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *other = &rules->rules[i];
    if (other->action == RULE_FORBID && !other->info.is_limit && !excepts(other, rule) &&
        covers(rules, other, rule)) {
      FINDING(checking, rule->node, "except it, or remove it",
              "permit '%s' can never open: the forbid '%s' (%s:%d) always closes it", rule->info.id,
              other->info.id, other->node->file, other->node->line);
      return;
    }
    if (i < rule->index && is_shadowed_by(rules, other, rule)) {
      FINDING(checking, rule->node, "remove it, or put it first",
              "permit '%s' never decides: '%s' (%s:%d) always goes before it", rule->info.id, other->info.id,
              other->node->file, other->node->line);
      return;
    }
  }
}

// `to: social` means the board of a person; a rule that has nobody to go by means it only by the addressee.
static void check_board(const struct checking *checking, const struct rule *rule) {
  bool by_board = false;
  for (size_t i = 0; i < rule->lanes_count; i++) by_board |= bit_of(rule->board_bits, rule->lanes[i]);
  if (!by_board || (!rule->no_subjects && rule->uses_subjects)) return;
  const struct conf_node *to = conf_get(rule->selectors, "to");
  FINDING(checking, to == NULL ? rule->node : to, "write {all: social} where every board is meant",
          "rule '%s': 'social' means the addressee, or the board where a person lives or stays; this rule "
          "goes by no person",
          rule->info.id);
}

// A duty that no permit opens for events with protected persons.
static void check_duty(const struct checking *checking, const struct rule *rule) {
  const struct access_rules *rules = checking->rules;
  if (!rule->info.is_duty || rule->names_protected) return;
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *other = &rules->rules[i];
    if (other->action == RULE_PERMIT && other->names_protected && other->info.is_duty &&
        (rule->bodies & ~other->bodies) == 0 &&
        covers_bits(other->senders, rule->senders, rules->agencies->agencies_count) &&
        covers_bits(other->lane_bits, rule->lane_bits, rules->lanes_count))
      return;
  }
  FINDING(checking, rule->node, "name subject.protected in this rule or beside it",
          "'%s' rests on a duty, but an event with a protected person would not pass by it", rule->info.id);
}

static void check_rules(const struct checking *checking) {
  for (size_t i = 0; i < checking->rules->rules_count; i++) {
    const struct rule *rule = &checking->rules->rules[i];
    if (check_dead(checking, rule) || rule->action != RULE_PERMIT) continue;
    check_permit(checking, rule);
    check_board(checking, rule);
    check_duty(checking, rule);
  }
}

static void check_purposes(const struct checking *checking) {
  const struct access_rules *rules = checking->rules;
  for (size_t i = 0; i < rules->purposes_count; i++) {
    const struct purpose *purpose = &rules->purposes[i];
    size_t members = 0;
    for (size_t k = 0; k < rules->agencies->agencies_count; k++)
      members += bit_of(purpose->members, k) ? 1 : 0;
    if (purpose->node == NULL)
      conf_faults_add(checking->findings, "agencies.yaml", 0, 0,
                      "write access/<purpose>.yaml, or mend the name",
                      "purpose '%s' has no rules: nothing is ever told in it", purpose->id);
    else if (members < 2)
      FINDING(checking, purpose->node, "name it in agencies.yaml",
              "purpose '%s' has %zu participants: nothing is ever told in it", purpose->id, members);
  }
}

static void check_secrecy(const struct checking *checking) {
  const struct conf_agencies *agencies = checking->rules->agencies;
  for (size_t i = 0; i < agencies->agencies_count; i++)
    for (size_t k = 0; k < agencies->agencies[i].secrecy_count; k++) {
      const char *id = agencies->agencies[i].secrecy[k];
      if (law_find(&checking->rules->law, id) != NULL) continue;
      const char *near = conf_nearest(id, checking->rules->law.ids);
      conf_faults_add(checking->findings, "agencies.yaml", 0, 0, near == NULL ? "add it to law.yaml" : near,
                      "secrecy '%s' of agency '%s' is not in law.yaml", id, agencies->agencies[i].id);
    }
}

size_t access_check(const struct access_rules *rules, int64_t now_ms, struct conf_faults *findings) {
  struct checking checking = {rules, nav_day_stockholm(now_ms), findings};
  size_t before = findings->count + findings->dropped;
  check_rules(&checking);
  check_purposes(&checking);
  check_secrecy(&checking);
  return findings->count + findings->dropped - before;
}

json_t *access_faults_json(const struct conf_faults *faults) {
  json_t *list = json_array();
  for (size_t i = 0; i < faults->count; i++) {
    const struct conf_fault *fault = &faults->items[i];
    json_t *item = json_object();
    json_object_set_new(item, "file", json_string(fault->file));
    json_object_set_new(item, "line", json_integer(fault->line));
    json_object_set_new(item, "column", json_integer(fault->column));
    json_object_set_new(item, "what", json_string(fault->what));
    json_object_set_new(item, "hint", json_string(fault->hint));
    json_array_append_new(list, item);
  }
  return list;
}
