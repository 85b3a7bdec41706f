// One rule's map. Called by: load.c for every rule of every file. Must never: put anything in place of what
// it cannot read; a rule with a fault never comes into force, nor do the others.
#include <stdio.h>
#include <string.h>

#include "hub/access/build.h"
#include "hub/access/classes.h"
#include "hub/access/path.h"
#include "hub/wire/event.h"

enum { CELL_MAX = 1000, DAY_MS = 86400000, RETAIN_DAYS_MAX = 3650, ANSWER_DAYS_MAX = 365 };

static const char *const rule_keys[] = {"id",           "permit",        "forbid",   "aggregate",     "basis",
                                        "roles",        "when",          "outcome",  "reveal",        "then",
                                        "except",       "valid_from",    "valid_to", "smallest_cell", "note",
                                        "note_english", "answer_within", NULL};
static const char *const action_keys[] = {"permit", "forbid", "aggregate"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct parsing {
  struct build *build;
  struct conf_node *node;  // the rule's map
  const char *where;
  struct rule *rule;
};

static struct conf_node *get(const struct parsing *parsing, const char *key, char path[CONF_WHERE_SIZE]) {
  (void)path_join(path, parsing->where, key);
  return conf_get(parsing->node, key);
}

// Keys that mean nothing for this kind of rule are faults: they would be believed in.
static bool only_for(const struct parsing *parsing, const char *key, bool allowed, const char *whose) {
  const struct conf_node *node = conf_get(parsing->node, key);
  if (node == NULL || allowed) return true;
  BUILD_FAULT(parsing->build, node, "", "%s.%s is only for %s", parsing->where, key, whose);
  return false;
}

static bool read_action(const struct parsing *parsing, struct conf_node **selectors) {
  size_t found = 0;
  for (size_t i = 0; i < COUNT(action_keys); i++) {
    struct conf_node *node = conf_get(parsing->node, action_keys[i]);
    if (node == NULL) continue;
    found++;
    *selectors = node;
    parsing->rule->action = (enum rule_action)i;
  }
  if (found == 1) return true;
  BUILD_FAULT(parsing->build, parsing->node, "one of permit, forbid, aggregate: {from: …, event: …, to: …}",
              "%s has %s", parsing->where,
              found == 0 ? "none of permit, forbid and aggregate" : "more than one action");
  return false;
}

static bool read_selectors(const struct parsing *parsing, const struct conf_node *node) {
  static const char *const names[] = {"from", "event", "to", NULL};
  struct build *build = parsing->build;
  struct rule *rule = parsing->rule;
  char path[CONF_WHERE_SIZE];
  (void)path_join(path, parsing->where, action_keys[rule->action]);
  if (!conf_expect_map(node, path, build->faults)) return false;
  conf_check_keys(node, names, path, build->faults);
  struct conf_node *parts[3];
  bool good = true;
  for (size_t i = 0; i < 3; i++) {
    parts[i] = conf_get(node, names[i]);
    if (parts[i] != NULL) continue;
    BUILD_FAULT(build, node, "", "%s lacks '%s'", path, names[i]);
    good = false;
  }
  if (!good) return false;
  struct selection from;
  struct selection to;
  char part[CONF_WHERE_SIZE];
  (void)path_join(part, path, "from");
  good &= build_selection(build, parts[0], part, false, &from);
  (void)path_join(part, path, "event");
  good &= build_bodies(build, parts[1], part, rule->action == RULE_FORBID, &rule->bodies);
  (void)path_join(part, path, "to");
  good &= build_selection(build, parts[2], part, true, &to);
  if (!good) return false;
  rule->senders = from.agencies;
  rule->recipients = to.agencies;
  rule->social_alone = to.social_alone;
  rule->from_kinds = from.kinds;
  rule->to_kinds = to.kinds;
  rule->selectors = node;
  return true;
}

static bool read_basis(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  const struct conf_node *node = get(parsing, "basis", path);
  if (node == NULL) {
    if (parsing->rule->action == RULE_FORBID) return true;
    BUILD_FAULT(build, parsing->node, "name an entry of law.yaml: basis: …", "%s lacks 'basis'",
                parsing->where);
    return false;
  }
  const char *id = conf_read_id(node, path, build->faults);
  if (id == NULL) return false;
  parsing->rule->basis = law_find(&build->rules->law, id);
  parsing->rule->info.basis = id;
  if (parsing->rule->basis != NULL) return true;
  if (build->rules->law.count > 0)  // else law.yaml itself could not be read, which is told already
    conf_fault_unknown(node, path, "legal basis", id, build->rules->law.ids, build->faults);
  return false;
}

static bool read_roles(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  struct rule *rule = parsing->rule;
  struct conf_node *node = get(parsing, "roles", path);
  if (node == NULL) return true;
  static const char *const names[] = {"suspect",  "victim",      "witness", "child",
                                      "reporter", "participant", "other",   NULL};
  size_t count = 0;
  if (!conf_read_list(node, path, true, 16, &count, build->faults)) return false;
  if (node->kind == CONF_SCALAR && strcmp(node->text, "none") == 0) {
    rule->no_subjects = true;
    return true;
  }
  if (count == 0) BUILD_FAULT(build, node, "roles: none removes every person", "%s is empty", path);
  bool good = count > 0;
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    const char *text = conf_read_text(item, path, build->faults);
    int role = 0;
    if (text != NULL && wire_enum_value(&nav__v1__role__descriptor, text, &role) && role > 0 && role < 16) {
      rule->roles = (uint16_t)(rule->roles | 1U << role);
    } else {
      if (text != NULL) conf_fault_unknown(item, path, "role", text, names, build->faults);
      good = false;
    }
  }
  rule->has_roles = true;
  rule->uses_subjects = true;
  return good;
}

static bool read_reveal(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  struct rule *rule = parsing->rule;
  struct conf_node *node = get(parsing, "reveal", path);
  rule->reveal = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;
  if (node == NULL) return true;
  if (node->kind == CONF_SCALAR && strcmp(node->text, "all") == 0) {
    rule->reveal = RULES_ALL_CLASSES;
    return true;
  }
  size_t count = 0;
  if (!conf_read_list(node, path, true, 16, &count, build->faults)) return false;
  bool good = true;
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    const char *text = conf_read_text(item, path, build->faults);
    uint16_t class = access_class_bit(text);
    if (class != 0) {
      rule->reveal |= class;
    } else {
      if (text != NULL)
        conf_fault_unknown(item, path, "sensitivity class", text, law_class_names, build->faults);
      good = false;
    }
  }
  return good;
}

// Of a permit release or hold; of a forbid withhold, or hold: then it is a limit.
static bool read_outcome(const struct parsing *parsing) {
  static const char *const permit_words[] = {"release", "hold", NULL};
  static const char *const forbid_words[] = {"withhold", "hold", NULL};
  struct rule *rule = parsing->rule;
  bool is_forbid = rule->action == RULE_FORBID;
  char path[CONF_WHERE_SIZE];
  const struct conf_node *node = get(parsing, "outcome", path);
  size_t word = 0;
  rule->outcome = is_forbid ? NAV__V1__OUTCOME__OUTCOME_WITHHOLD : NAV__V1__OUTCOME__OUTCOME_RELEASE;
  if (node == NULL) return true;
  const char *const *words = is_forbid ? forbid_words : permit_words;
  if (!conf_read_word(node, path, words, &word, parsing->build->faults)) return false;
  if (word == 1) rule->outcome = NAV__V1__OUTCOME__OUTCOME_HOLD;
  rule->info.is_limit = is_forbid && word == 1;
  return true;
}

// How long a hold by this rule may wait before it goes on to the next who can answer.
static bool read_answer(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  const struct conf_node *node = get(parsing, "answer_within", path);
  if (node == NULL) return true;
  return conf_read_duration(node, path, (int64_t)ANSWER_DAYS_MAX * DAY_MS, &parsing->rule->info.answer_ms,
                            parsing->build->faults);
}

// "receipt: required" or "receipt: true".
static bool read_flag(const struct parsing *parsing, const struct conf_node *node, const char *path,
                      bool *out) {
  static const char *const words[] = {"required", "true", "false", NULL};
  size_t word = 0;
  if (!conf_read_word(node, path, words, &word, parsing->build->faults)) return false;
  *out = word < 2;
  return true;
}

static bool read_then(const struct parsing *parsing) {
  static const char *const names[] = {"retain", "receipt", "no-onward", NULL};
  char path[CONF_WHERE_SIZE];
  char part[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  const struct conf_node *node = get(parsing, "then", path);
  if (node == NULL) return true;
  if (!conf_expect_map(node, path, build->faults)) return false;
  conf_check_keys(node, names, path, build->faults);
  const char **obligations = nav_arena_zalloc(build->arena, COUNT(names), sizeof *obligations);
  if (obligations == NULL) return false;
  bool good = true;
  size_t count = 0;
  for (size_t i = 0; names[i] != NULL; i++) {
    const struct conf_node *value = conf_get(node, names[i]);
    if (value == NULL) continue;
    (void)path_join(part, path, names[i]);
    int64_t ms = 0;
    bool wanted = true;
    bool read = i == 0
                    ? conf_read_duration(value, part, (int64_t)RETAIN_DAYS_MAX * DAY_MS, &ms, build->faults)
                    : read_flag(parsing, value, part, &wanted);
    good &= read;
    if (!read || !wanted) continue;
    struct access_rule_info *info = &parsing->rule->info;
    if (i == 0) info->retain_days = (uint32_t)((ms + DAY_MS - 1) / DAY_MS);
    if (i == 1) info->wants_receipt = true;
    if (i == 2) info->no_onward = true;
    obligations[count++] = i == 0 ? nav_arena_printf(build->arena, "retain %s", value->text) : names[i];
  }
  parsing->rule->info.obligations = obligations;
  parsing->rule->info.obligations_count = count;
  return good;
}

static bool read_dates(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  struct rule *rule = parsing->rule;
  rule->day_from = INT64_MIN;
  rule->day_to = INT64_MAX;
  bool good = true;
  const struct conf_node *from = get(parsing, "valid_from", path);
  if (from != NULL) good &= conf_read_date(from, path, &rule->day_from, build->faults);
  const struct conf_node *to = get(parsing, "valid_to", path);
  if (to != NULL) good &= conf_read_date(to, path, &rule->day_to, build->faults);
  if (good && to != NULL && rule->day_from > rule->day_to) {
    BUILD_FAULT(build, to, "", "%s ends before it begins", parsing->where);
    good = false;
  }
  return good;
}

static bool read_cell(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  const struct conf_node *node = get(parsing, "smallest_cell", path);
  int64_t cell = 5;
  if (node != NULL && !conf_read_integer(node, path, 2, CELL_MAX, &cell, parsing->build->faults))
    return false;
  parsing->rule->smallest_cell = (uint32_t)cell;
  return true;
}

static bool read_id(const struct parsing *parsing) {
  char path[CONF_WHERE_SIZE];
  struct build *build = parsing->build;
  const struct conf_node *node = get(parsing, "id", path);
  if (node == NULL) {
    BUILD_FAULT(build, parsing->node, "every verdict names its rule", "%s lacks 'id'", parsing->where);
    return false;
  }
  const char *id = conf_read_id(node, path, build->faults);
  if (id == NULL) return false;
  if (build->rule_ids_count < RULES_MAX) build->rule_ids[build->rule_ids_count++] = id;
  for (size_t i = 0; i < build->rules->rules_count; i++) {
    const struct rule *other = &build->rules->rules[i];
    if (strcmp(other->info.id, id) != 0) continue;
    BUILD_FAULT(build, node, "ids are unique over all files", "rule '%s' stands twice, first in %s:%d", id,
                other->node->file, other->node->line);
    return false;
  }
  parsing->rule->info.id = id;
  return true;
}

static bool read_note(const struct parsing *parsing, const char *key, const char **out) {
  char path[CONF_WHERE_SIZE];
  const struct conf_node *node = get(parsing, key, path);
  if (node != NULL) *out = conf_read_text(node, path, parsing->build->faults);
  return node == NULL || *out != NULL;
}

static bool check_keys_of_action(const struct parsing *parsing) {
  const struct rule *rule = parsing->rule;
  bool permit = rule->action == RULE_PERMIT;
  bool forbid = rule->action == RULE_FORBID;
  bool good = only_for(parsing, "outcome", permit || forbid, "permits and forbids");
  good &= only_for(parsing, "answer_within", permit, "permits");
  good &= only_for(parsing, "reveal", permit, "permits");
  good &= only_for(parsing, "then", permit, "permits");
  good &= only_for(parsing, "except", forbid, "forbids");
  good &= only_for(parsing, "roles", permit || forbid, "permits and forbids");
  good &= only_for(parsing, "when", permit || forbid, "permits and forbids: counts are of all or none");
  good &= only_for(parsing, "smallest_cell", rule->action == RULE_AGGREGATE, "aggregates");
  if (rule->purpose == RULES_COMMON && !forbid) {
    BUILD_FAULT(parsing->build, parsing->node, "move it to its purpose's file",
                "%s: common.yaml holds forbids alone, since it binds every purpose", parsing->where);
    good = false;
  }
  return good;
}

bool build_rule(struct build *build, struct conf_node *node, const char *where, uint8_t purpose,
                struct rule *rule) {
  struct parsing parsing = {build, node, where, rule};
  *rule = (struct rule){.purpose = purpose, .node = node};
  rule->predicates = nav_arena_zalloc(build->arena, 1, sizeof *rule->predicates);  // none
  if (rule->predicates == NULL || !conf_expect_map(node, where, build->faults)) return false;
  conf_check_keys(node, rule_keys, where, build->faults);
  struct conf_node *selectors = NULL;
  bool good = read_id(&parsing);
  if (!read_action(&parsing, &selectors)) return false;
  good &= check_keys_of_action(&parsing);
  good &= read_basis(&parsing);
  good &= read_roles(&parsing);
  good &= read_reveal(&parsing);
  good &= read_outcome(&parsing);
  good &= read_answer(&parsing);
  good &= read_then(&parsing);
  good &= read_dates(&parsing);
  good &= read_cell(&parsing);
  good &= read_selectors(&parsing, selectors);
  struct conf_node *when = conf_get(node, "when");
  char path[CONF_WHERE_SIZE];
  (void)path_join(path, where, "when");
  if (when != NULL) good &= build_when(build, when, path, rule);

  if (!read_note(&parsing, "note", &rule->note) || !read_note(&parsing, "note_english", &rule->note_english))
    good = false;
  rule->is_unconditional = when == NULL && !rule->has_roles;
  rule->info.is_aggregate = rule->action == RULE_AGGREGATE;
  rule->info.purpose = purpose == RULES_COMMON ? "" : build->rules->purposes[purpose].id;
  if (rule->info.basis == NULL) rule->info.basis = "";
  return good;
}
