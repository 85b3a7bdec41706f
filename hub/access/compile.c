// From selectors to lanes, from rules to what each sender's messages must pass. Called by: load.c, last.
// Must never: leave out a forbid.
#include <stdlib.h>
#include <string.h>

#include "hub/access/build.h"
#include "hub/access/facts.h"

static bool static_ones_match(const struct access_rules *rules, const struct rule *rule,
                              const struct lane *lane) {
  struct facts facts = {.rules = rules};
  const struct predicate *first =
      rule->predicates + rule->event_count + rule->subject_count + rule->lane_count;
  for (size_t i = 0; i < rule->static_count; i++) {
    enum truth truth = facts_predicate(&facts, &first[i], 0, lane);
    if (truth == IS_FALSE || (truth == IS_UNKNOWN && rule->action != RULE_FORBID)) return false;
  }
  return true;
}

// Forbids bind every lane of what they name; `to: social` narrows permits alone.
bool build_rule_lanes(struct build *build, struct rule *rule) {
  const struct access_rules *rules = build->rules;
  rule->lane_bits = nav_arena_zalloc(build->arena, rules->lanes_count / 8 + 1, 1);
  rule->board_bits = nav_arena_zalloc(build->arena, rules->lanes_count / 8 + 1, 1);
  if (rule->lane_bits == NULL || rule->board_bits == NULL) return false;
  for (size_t i = 0; i < rules->lanes_count; i++) {
    const struct lane *lane = &rules->lanes[i];
    if (rule->purpose != RULES_COMMON && lane->purpose != rule->purpose) continue;
    if (!bit_of(rule->recipients, lane->agency) || !static_ones_match(rules, rule, lane)) continue;
    bit_set(rule->lane_bits, i);
    rule->lanes_count++;
    if (rule->action == RULE_PERMIT && bit_of(rule->social_alone, lane->agency)) bit_set(rule->board_bits, i);
  }
  rule->lanes = nav_arena_zalloc(build->arena, rule->lanes_count + 1, sizeof *rule->lanes);
  if (rule->lanes == NULL) return false;
  size_t count = 0;
  for (size_t i = 0; i < rules->lanes_count; i++)
    if (bit_of(rule->lane_bits, i)) rule->lanes[count++] = (uint32_t)i;
  if (rule->basis != NULL && rule->action != RULE_FORBID) {
    if (rule->basis->day_from > rule->day_from) rule->day_from = rule->basis->day_from;
    if (rule->basis->day_to < rule->day_to) rule->day_to = rule->basis->day_to;
  }
  // A permit that ends, and a forbid that begins, take away what was let through before.
  rule->is_volatile |= rule->day_to != INT64_MAX;
  rule->is_volatile |= rule->action == RULE_FORBID && rule->day_from != INT64_MIN;
  rule->info.is_duty = rule->basis != NULL && rule->basis->duty;
  rule->info.on_request = rule->basis != NULL && rule->basis->trigger == LAW_ON_REQUEST;
  if (rule->info.answer_ms == 0 && rule->basis != NULL) rule->info.answer_ms = rule->basis->answer_ms;
  return true;
}

static const struct rule *find_rule(const struct access_rules *rules, const char *id) {
  for (size_t i = 0; i < rules->rules_count; i++)
    if (strcmp(rules->rules[i].info.id, id) == 0) return &rules->rules[i];
  return NULL;
}

static bool has_faults(const struct build *build, const char *id) {
  for (size_t i = 0; i < build->rule_ids_count; i++)
    if (strcmp(build->rule_ids[i], id) == 0) return true;
  return false;
}

static void read_exceptions(struct build *build, struct rule *rule, struct conf_node *node) {
  size_t count = 0;
  if (!conf_read_list(node, "except", true, RULES_MAX, &count, build->faults)) return;
  rule->except = nav_arena_zalloc(build->arena, count + 1, sizeof *rule->except);
  for (size_t i = 0; rule->except != NULL && i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    const char *id = conf_read_id(item, "except", build->faults);
    const struct rule *other = id == NULL ? NULL : find_rule(build->rules, id);
    if (id == NULL) continue;
    if (other == NULL) {  // a rule that has faults of its own is told about once
      if (!has_faults(build, id))
        conf_fault_unknown(item, "except", "rule", id, build->rule_ids, build->faults);
    } else if (other->action != RULE_PERMIT) {
      BUILD_FAULT(build, item, "", "except: '%s' is no permit", id);
    } else {
      rule->except[rule->except_count++] = other->index;
    }
  }
}

static bool excepts(const struct rule *forbid, const struct rule *permit) {
  for (size_t i = 0; i < forbid->except_count; i++)
    if (forbid->except[i] == permit->index) return true;
  return false;
}

static bool share_bit(const uint8_t *a, const uint8_t *b, size_t count) {
  for (size_t i = 0; i < count / 8 + 1; i++)
    if ((a[i] & b[i]) != 0) return true;
  return false;
}

static bool can_meet(const struct access_rules *rules, const struct rule *a, const struct rule *b) {
  return (a->bodies & b->bodies) != 0 && share_bit(a->senders, b->senders, rules->agencies->agencies_count) &&
         share_bit(a->lane_bits, b->lane_bits, rules->lanes_count);
}

// A forbid that would stop a statutory duty must say that it does not.
static void check_duties(struct build *build, const struct rule *forbid) {
  const struct access_rules *rules = build->rules;
  for (size_t i = 0; i < rules->rules_count && !forbid->info.is_limit; i++) {
    const struct rule *permit = &rules->rules[i];
    if (permit->action != RULE_PERMIT || !permit->info.is_duty) continue;
    if (excepts(forbid, permit) || !can_meet(rules, forbid, permit)) continue;
    const char *hint = nav_arena_printf(build->arena, "except: [%s]", permit->info.id);
    BUILD_FAULT(build, forbid->node, hint == NULL ? "" : hint,
                "forbid '%s' would stop '%s', which rests on a statutory duty (%s)", forbid->info.id,
                permit->info.id, permit->info.basis);
  }
}

void build_exceptions(struct build *build) {
  struct access_rules *rules = build->rules;
  for (size_t i = 0; i < rules->rules_count; i++) {
    struct rule *rule = &rules->rules[i];
    struct conf_node *node = conf_get(rule->node, "except");
    if (rule->action != RULE_FORBID) continue;
    if (node != NULL) read_exceptions(build, rule, node);
    check_duties(build, rule);
  }
}

static bool matters(const struct access_rules *rules, const struct rule *rule, size_t agency, size_t body) {
  if (rule->action == RULE_AGGREGATE || rule->lanes_count == 0 || (rule->bodies >> body & 1U) == 0)
    return false;
  if (!bit_of(rule->senders, agency)) return false;
  return rule->purpose == RULES_COMMON || (rules->agency_facts[agency].purposes >> rule->purpose & 1U) != 0;
}

static void fault_too_many(struct build *build, const struct rule *rule) {
  BUILD_FAULT(build, rule->node, "merge some of them", "rule '%s': more than %d forbids can meet one message",
              rule->info.id, RULES_FORBIDS_MAX);
}

// Every program that the rule is of.
typedef void visit_program(struct build *build, struct program *program, const struct rule *rule);

static void for_programs(struct build *build, visit_program *visit) {
  const struct access_rules *rules = build->rules;
  size_t bodies = schema_body_count();
  for (size_t i = 0; i < rules->rules_count; i++) {
    const struct rule *rule = &rules->rules[i];
    for (size_t agency = 0; agency < rules->agencies->agencies_count; agency++) {
      if (!bit_of(rule->senders, agency)) continue;
      for (size_t body = 0; body < bodies; body++)
        if (matters(rules, rule, agency, body)) visit(build, &rules->programs[agency * bodies + body], rule);
    }
  }
}

static void count_rule(struct build *build, struct program *program, const struct rule *rule) {
  if (rule->action != RULE_FORBID) {
    program->permits++;
  } else if (++program->forbids == RULES_FORBIDS_MAX + 1) {
    fault_too_many(build, rule);
  }
}

// Forbids first, then permits, each in file order; the counts grow again as the places are taken.
static void place_rule(struct build *build, struct program *program, const struct rule *rule) {
  bool is_forbid = rule->action == RULE_FORBID;
  uint32_t at = program->first + (is_forbid ? program->forbids++ : program->forbids_all + program->permits++);
  build->rules->program_rules[at] = rule->index;
}

void build_programs(struct build *build) {
  struct access_rules *rules = build->rules;
  size_t count = rules->agencies->agencies_count * schema_body_count();
  rules->programs = nav_arena_zalloc(build->arena, count + 1, sizeof *rules->programs);
  if (rules->programs == NULL) return;
  for_programs(build, count_rule);
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    struct program *program = &rules->programs[i];
    uint16_t forbids = program->forbids;
    total += (size_t)forbids + program->permits;
    *program =
        (struct program){.first = (uint32_t)(total - forbids - program->permits), .forbids_all = forbids};
  }
  rules->program_rules = nav_arena_zalloc(build->arena, total + 1, sizeof *rules->program_rules);
  if (rules->program_rules != NULL) for_programs(build, place_rule);
}
