// From the files' bytes to compiled rules. See build.h.
#include <stdio.h>
#include <string.h>

#include "hub/access/build.h"

static bool is_common(const char *name) { return strcmp(name, "access/common.yaml") == 0; }

static int purpose_of(const struct access_rules *rules, const struct conf_node *root) {
  for (size_t i = 0; i < rules->purposes_count; i++)
    if (rules->purposes[i].node == root) return (int)i;
  return -1;
}

static void add_rules(struct build *build, const struct conf_node *root, uint8_t purpose) {
  struct access_rules *rules = build->rules;
  struct conf_node *list = conf_get(root, "rules");
  size_t count = 0;
  if (list == NULL) {
    BUILD_FAULT(build, root, "", "the file lacks 'rules'");
    return;
  }
  if (!conf_read_list(list, "rules", false, RULES_MAX, &count, build->faults)) return;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "rules[%zu]", i);
    if (rules->rules_count == RULES_MAX) {
      BUILD_FAULT(build, list->items[i], "", "more than %d rules", RULES_MAX);
      return;
    }
    struct rule *rule = &rules->rules[rules->rules_count];
    if (!build_rule(build, list->items[i], where, purpose, rule)) continue;
    rule->index = (uint16_t)rules->rules_count;
    build_legal(build, rule);  // before its dates are narrowed to those of its basis
    if (!build_rule_lanes(build, rule)) continue;
    rules->rules_count++;
  }
}

static void add_file(struct build *build, size_t index) {
  static const char *const names[] = {"purpose", "rules", NULL};
  static const char *const common_names[] = {"rules", NULL};
  const struct conf_node *root = build->trees[index];
  if (root == NULL || root->kind != CONF_MAP) return;
  bool common = is_common(build->names[index]);
  conf_check_keys(root, common ? common_names : names, build->names[index], build->faults);
  int purpose = common ? RULES_COMMON : purpose_of(build->rules, root);
  if (purpose >= 0) add_rules(build, root, (uint8_t)purpose);
}

static bool parse_trees(struct build *build, const struct rules_source *sources, size_t count) {
  build->trees = nav_arena_zalloc(build->arena, count + 1, sizeof *build->trees);
  build->names = nav_arena_zalloc(build->arena, count + 1, sizeof *build->names);
  if (build->trees == NULL || build->names == NULL) return false;
  build->trees_count = count;
  for (size_t i = 0; i < count; i++) {
    build->names[i] = nav_arena_strdup(build->arena, sources[i].name);
    if (build->names[i] == NULL) return false;
    build->trees[i] =
        conf_tree_parse(sources[i].text, sources[i].length, build->names[i], build->arena, build->faults);
  }
  return true;
}

// How many rules the files hold, so that memory is asked for once.
static size_t count_rules(const struct build *build) {
  size_t count = 0;
  for (size_t i = 0; i < build->trees_count; i++) {
    const struct conf_node *list = conf_get(build->trees[i], "rules");
    if (list != NULL && list->kind == CONF_LIST) count += list->count;
  }
  return count < RULES_MAX ? count : RULES_MAX;
}

static bool build_all(struct build *build, const struct rules_source *law, const struct rules_source *sources,
                      size_t count) {
  struct access_rules *rules = build->rules;
  struct conf_node *root = conf_tree_parse(law->text, law->length, law->name, build->arena, build->faults);
  if (root != NULL) (void)law_load(root, build->arena, &rules->law, build->faults);
  if (!parse_trees(build, sources, count)) return false;
  size_t most = count_rules(build);
  rules->rules = nav_arena_zalloc(build->arena, most + 1, sizeof *rules->rules);
  build->rule_ids = nav_arena_zalloc(build->arena, most + 1, sizeof *build->rule_ids);
  if (rules->rules == NULL || build->rule_ids == NULL || !build_places(build)) return false;
  for (size_t i = 0; i < count; i++) add_file(build, i);
  build_exceptions(build);
  build_programs(build);
  return rules->programs != NULL && rules->program_rules != NULL;
}

struct access_rules *rules_build(const struct rules_source *law, const struct rules_source *sources,
                                 size_t sources_count, const struct conf_agencies *agencies,
                                 struct nav_areas *areas, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct nav_arena *arena = nav_arena_new(RULES_MEMORY_MAX);
  struct access_rules *rules = arena == NULL ? NULL : nav_arena_zalloc(arena, 1, sizeof *rules);
  if (rules == NULL) {
    nav_arena_free(arena);
    nav_areas_free(areas);
    conf_faults_add(faults, law->name, 0, 0, "", "no memory for the rules");
    return NULL;
  }
  rules->arena = arena;
  rules->agencies = agencies;
  rules->areas = areas;
  struct build build = {.rules = rules, .faults = faults, .arena = arena};
  bool built = build_all(&build, law, sources, sources_count);
  if (!built && faults->count + faults->dropped == before)
    conf_faults_add(faults, law->name, 0, 0, "split the collaboration", "the rules need too much memory");
  if (faults->count + faults->dropped == before) return rules;
  access_rules_free(rules);
  return NULL;
}

void access_rules_free(struct access_rules *rules) {
  if (rules == NULL) return;
  nav_areas_free(rules->areas);
  nav_arena_free(rules->arena);
}
