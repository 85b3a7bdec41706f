// Each rule by itself, and permits beside the forbids and permits that stand in their way. See check_parts.h.
#include <stdio.h>
#include <string.h>

#include "hub/access/check_parts.h"
#include "hub/access/relate.h"
#include "hub/access/trace.h"

enum { PARTS_SIZE = 640, NAMED_MAX = 4 };

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

// What is not known holds for a forbid, and for a duty.
static bool check_conflict(const struct checking *checking, const struct rule *rule) {
  const struct predicate *other = NULL;
  const struct predicate *at = relate_conflict(rule, checking->now_ms, &other);
  const char *what = "can never match";
  if (at == NULL) return false;
  if (rule->action == RULE_FORBID) what = "forbids only where that is not known";
  if (rule->info.is_duty) what = "holds only where that is not known, and never releases";
  if (strcmp(at->name, other->name) == 0) {
    conf_faults_add(checking->findings, rule->node->file, at->line, at->column, "change one of them",
                    "rule '%s' %s: its tests of %s exclude each other", rule->info.id, what, at->name);
  } else {
    conf_faults_add(checking->findings, rule->node->file, at->line, at->column, "remove one of them",
                    "rule '%s' %s: %s and %s exclude each other", rule->info.id, what, at->name, other->name);
  }
  return true;
}

static bool check_roles(const struct checking *checking, const struct rule *rule) {
  bool asks = rule->has_roles;
  if (rule->action != RULE_PERMIT || rule->no_subjects) return false;
  for (size_t i = 0; i < trace_predicates_count(rule); i++)
    asks |= strcmp(rule->predicates[i].name, "subject.role") == 0;
  if (!asks || (relate_roles(rule) & ~(unsigned)RELATE_UNKNOWN_ROLE) != 0) return false;
  const struct conf_node *node = conf_get(rule->node, "roles");
  FINDING(checking, node == NULL ? rule->node : node, "name the roles in one place, roles",
          "rule '%s' can never match: no person is in a role that both its roles and its tests allow",
          rule->info.id);
  return true;
}

static bool check_dead(const struct checking *checking, const struct rule *rule) {
  const char *id = rule->info.id;
  if (!has_pair(checking->rules, rule)) {
    FINDING(checking, rule->node, "see purposes in agencies.yaml, or remove it",
            "rule '%s' can never match: nobody it names sends to anybody it names in this purpose", id);
  } else if (rule->day_to < checking->today) {
    FINDING(checking, rule->node, "remove it, or renew it", "rule '%s' has ended", id);
  } else {
    return check_conflict(checking, rule) || check_roles(checking, rule);
  }
  return true;
}

// The youngest age that a test lets through; -1: it sets none.
static int64_t youngest(const struct predicate *predicate) {
  if (predicate->fact != FACT_AGE || predicate->count == 0) return -1;
  if (predicate->op == OP_AT_LEAST || predicate->op == OP_IN) return predicate->integers[0];
  return -1;
}

// A child is under 18, and a permit needs all selected persons to match.
static void check_child(const struct checking *checking, const struct rule *rule) {
  const unsigned child = 1U << NAV__V1__ROLE__ROLE_CHILD;
  if (!rule->has_roles || (rule->roles & child) == 0) return;
  bool alone = rule->roles == child;
  for (size_t i = 0; i < trace_predicates_count(rule); i++) {
    const struct predicate *predicate = &rule->predicates[i];
    if (youngest(predicate) < 18) continue;
    conf_faults_add(checking->findings, rule->node->file, predicate->line, predicate->column,
                    alone ? "choose another role, or another age" : "take child out of its roles",
                    alone ? "rule '%s' is about children, and its age limit leaves them out"
                          : "rule '%s' names children among others, and its age limit leaves them out",
                    rule->info.id);
  }
}

// ---- what stands in a permit's way ----

// An earlier permit that always goes before this one.
static bool is_shadowed_by(const struct checking *checking, const struct rule *earlier,
                           const struct rule *rule) {
  const struct access_rules *rules = checking->rules;
  if (earlier->action != RULE_PERMIT || !relate_covers(rules, earlier, rule, checking->today)) return false;
  if (!relate_bits_within(rule->board_bits, earlier->board_bits, rules->lanes_count)) return false;
  if (rule->names_protected && !earlier->names_protected) return false;
  if (rule->info.is_duty && !earlier->info.is_duty)
    return false;  // the duty holds where the other does not know
  for (size_t i = 0; i < rules->rules_count; i++)
    if (relate_excepts(&rules->rules[i], rule) && !relate_excepts(&rules->rules[i], earlier))
      return false;  // where that one is forbidden, this one is not
  if (earlier->outcome == rule->outcome) return true;
  return earlier->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE &&
         (rule->reveal & ~(unsigned)earlier->reveal) == 0 && (!earlier->no_subjects || rule->no_subjects);
}

// Names one after another in a line of limited length, then how many more there are.
struct naming {
  char text[PARTS_SIZE];
  size_t used;
  size_t named;
  size_t more;
};

static void put(struct naming *naming, const char *text) {
  int length = snprintf(naming->text + naming->used, PARTS_SIZE - naming->used, "%s", text);
  if (length > 0) naming->used += (size_t)length;
  if (naming->used >= PARTS_SIZE) naming->used = PARTS_SIZE - 1;
}

static void name(struct naming *naming, const char *before, const char *text) {
  if (naming->named >= NAMED_MAX) {
    naming->more++;
    return;
  }
  put(naming, naming->named++ == 0 ? before : ", ");
  put(naming, text);
}

static void end_list(struct naming *naming) {
  char text[32];
  (void)snprintf(text, sizeof text, " and %zu more", naming->more);
  if (naming->more > 0) put(naming, text);
  naming->named = 0;
  naming->more = 0;
}

// What of a permit a forbid closes: always so many senders times messages times recipients. Told where it is
// not all of them.
struct closed {
  bool some;  // anything at all
  bool all;
  struct naming parts;
};

static void close_senders(const struct access_rules *rules, const struct rule *forbid,
                          const struct rule *permit, struct closed *out) {
  bool all = relate_bits_within(forbid->senders, permit->senders, rules->agencies->agencies_count);
  bool some = false;
  for (size_t i = 0; i < rules->agencies->agencies_count; i++) {
    if (!bit_of(permit->senders, i) || !bit_of(forbid->senders, i)) continue;
    some = true;
    if (!all) name(&out->parts, " from ", rules->agency_facts[i].agency->id);
  }
  end_list(&out->parts);
  out->some &= some;
  out->all &= all;
}

static void close_messages(const struct rule *forbid, const struct rule *permit, struct closed *out) {
  bool all = (permit->bodies & ~forbid->bodies) == 0;
  for (size_t i = 0; !all && i < schema_body_count(); i++)
    if ((permit->bodies & forbid->bodies) >> i & 1U) name(&out->parts, " of ", schema_body_name(i));
  end_list(&out->parts);
  out->some &= (permit->bodies & forbid->bodies) != 0;
  out->all &= all;
}

static void close_lanes(const struct access_rules *rules, const struct rule *forbid,
                        const struct rule *permit, struct closed *out) {
  bool all = relate_bits_within(forbid->lane_bits, permit->lane_bits, rules->lanes_count);
  bool some = false;
  for (size_t i = 0; i < permit->lanes_count; i++) {
    if (!bit_of(forbid->lane_bits, permit->lanes[i])) continue;
    some = true;
    if (!all) name(&out->parts, " to ", rules->lanes[permit->lanes[i]].info.agency);
  }
  end_list(&out->parts);
  out->some &= some;
  out->all &= all;
}

static void find_closed(const struct access_rules *rules, const struct rule *forbid,
                        const struct rule *permit, struct closed *out) {
  *out = (struct closed){.some = true, .all = true};
  close_messages(forbid, permit, out);
  close_senders(rules, forbid, permit, out);
  close_lanes(rules, forbid, permit, out);
}

// Forbids that always close what they meet of the permit. True: all of it.
static bool check_closed(const struct checking *checking, const struct rule *permit) {
  const struct access_rules *rules = checking->rules;
  const struct rule *partly = NULL;
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *forbid = &rules->rules[i];
    struct closed closed;
    if (forbid->info.is_limit || !relate_closes(forbid, permit, checking->today)) continue;
    find_closed(rules, forbid, permit, &closed);
    if (!closed.some) continue;
    if (closed.all) {
      FINDING(checking, permit->node,
              permit->action == RULE_PERMIT ? "except it, or remove it" : "remove one of them",
              "%s '%s' can never open: the forbid '%s' (%s:%d) always closes it",
              permit->action == RULE_PERMIT ? "permit" : "aggregate", permit->info.id, forbid->info.id,
              forbid->node->file, forbid->node->line);
      return true;
    }
    if (partly == NULL) partly = forbid;
  }
  if (partly == NULL) return false;
  struct closed closed;
  find_closed(rules, partly, permit, &closed);
  FINDING(checking, permit->node, "name only what it opens for, or except it in the forbid",
          "'%s' opens only a part of what it names: what is%s is always closed by the forbid '%s' (%s:%d)",
          permit->info.id, closed.parts.text, partly->info.id, partly->node->file, partly->node->line);
  return false;
}

static void check_shadowed(const struct checking *checking, const struct rule *rule) {
  for (size_t i = 0; i < rule->index; i++) {
    const struct rule *other = &checking->rules->rules[i];
    if (!is_shadowed_by(checking, other, rule)) continue;
    FINDING(checking, rule->node, "remove it, or put it first",
            "permit '%s' never decides: '%s' (%s:%d) always goes before it", rule->info.id, other->info.id,
            other->node->file, other->node->line);
    return;
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
        relate_bits_within(other->senders, rule->senders, rules->agencies->agencies_count) &&
        relate_bits_within(other->lane_bits, rule->lane_bits, rules->lanes_count))
      return;
  }
  FINDING(checking, rule->node, "name subject.protected in this rule or beside it",
          "'%s' rests on a duty, but an event with a protected person would not pass by it", rule->info.id);
}

void check_rules(const struct checking *checking) {
  for (size_t i = 0; i < checking->rules->rules_count; i++) {
    const struct rule *rule = &checking->rules->rules[i];
    if (check_dead(checking, rule)) continue;
    if (rule->action == RULE_FORBID) {
      check_forbid(checking, rule);
      continue;
    }
    if (rule->action == RULE_PERMIT) check_child(checking, rule);
    if (check_closed(checking, rule) || rule->action != RULE_PERMIT) continue;
    check_shadowed(checking, rule);
    check_board(checking, rule);
    check_duty(checking, rule);
  }
}
