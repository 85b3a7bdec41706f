// Agencies, areas, purposes and lanes as the rules see them: sorted, numbered, with areas spread out to all
// that lie within them. Called by: build. Must never: look anything up by text where decide could be the one
// to pay for it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/build.h"

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool rules_text_in(const char *const *sorted, size_t count, const char *text) {
  size_t low = 0;
  size_t high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(sorted[middle], text);
    if (order == 0) return true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

int rules_agency_index(const struct access_rules *rules, const char *id) {
  size_t low = 0;
  size_t high = rules->agencies->agencies_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    uint32_t index = rules->agencies_by_id[middle];
    int order = strcmp(rules->agencies->agencies[index].id, id);
    if (order == 0) return (int)index;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return -1;
}

static bool build_area_ids(struct build *build) {
  struct access_rules *rules = build->rules;
  size_t count = rules->areas == NULL ? 0 : rules->areas->count;
  rules->area_ids = nav_arena_zalloc(build->arena, count + 1, sizeof *rules->area_ids);
  build->area_names = nav_arena_zalloc(build->arena, count + 1, sizeof *build->area_names);
  if (rules->area_ids == NULL || build->area_names == NULL) return false;
  for (size_t i = 0; i < count; i++) rules->area_ids[i] = build->area_names[i] = rules->areas->items[i].id;
  rules->area_ids_count = count;
  qsort(rules->area_ids, count, sizeof *rules->area_ids, by_text);
  return true;
}

// An agency's areas and every area within them.
static bool spread_areas(struct build *build, struct agency_facts *facts) {
  const struct nav_areas *areas = build->rules->areas;
  const struct conf_agency *agency = facts->agency;
  size_t known = areas == NULL ? 0 : areas->count;
  facts->areas = nav_arena_zalloc(build->arena, agency->areas_count + known + 1, sizeof *facts->areas);
  if (facts->areas == NULL) return false;
  if (agency->areas_count == 0) return true;
  for (size_t i = 0; i < agency->areas_count; i++) facts->areas[facts->areas_count++] = agency->areas[i];
  for (size_t k = 0; k < known; k++) {
    bool within = false;
    for (size_t i = 0; i < agency->areas_count && !within; i++)
      within = strcmp(areas->items[k].id, agency->areas[i]) != 0 &&
               nav_area_within(areas, areas->items[k].id, agency->areas[i]);
    if (within) facts->areas[facts->areas_count++] = areas->items[k].id;
  }
  qsort(facts->areas, facts->areas_count, sizeof *facts->areas, by_text);
  return true;
}

static bool build_agencies(struct build *build) {
  struct access_rules *rules = build->rules;
  size_t count = rules->agencies->agencies_count;
  rules->agency_facts = nav_arena_zalloc(build->arena, count + 1, sizeof *rules->agency_facts);
  rules->agencies_by_id = nav_arena_zalloc(build->arena, count + 1, sizeof *rules->agencies_by_id);
  if (rules->agency_facts == NULL || rules->agencies_by_id == NULL) return false;
  for (size_t i = 0; i < count; i++) {
    rules->agency_facts[i].agency = &rules->agencies->agencies[i];
    if (!spread_areas(build, &rules->agency_facts[i])) return false;
    size_t at = i;  // by insertion: a thousand agencies at most
    const char *id = rules->agencies->agencies[i].id;
    for (; at > 0 && strcmp(rules->agencies->agencies[rules->agencies_by_id[at - 1]].id, id) > 0; at--)
      rules->agencies_by_id[at] = rules->agencies_by_id[at - 1];
    rules->agencies_by_id[at] = (uint32_t)i;
  }
  return true;
}

static void add_name(const char **names, size_t *count, const char *name) {
  for (size_t i = 0; i < *count; i++)
    if (strcmp(names[i], name) == 0) return;
  names[(*count)++] = name;
}

static bool build_names(struct build *build) {
  const struct conf_agencies *agencies = build->rules->agencies;
  size_t groups = 0;
  for (size_t i = 0; i < agencies->agencies_count; i++) groups += agencies->agencies[i].groups_count;
  size_t count = agencies->agencies_count;
  build->agency_names = nav_arena_zalloc(build->arena, count + 1, sizeof *build->agency_names);
  build->group_names = nav_arena_zalloc(build->arena, groups + 1, sizeof *build->group_names);
  build->selector_names = nav_arena_zalloc(build->arena, count + groups + 32, sizeof *build->selector_names);
  if (build->agency_names == NULL || build->group_names == NULL || build->selector_names == NULL)
    return false;
  size_t group_names = 0;
  size_t all = 0;
  for (size_t i = 0; i < count; i++) {
    build->agency_names[i] = build->selector_names[all++] = agencies->agencies[i].id;
    for (size_t k = 0; k < agencies->agencies[i].groups_count; k++)
      add_name(build->group_names, &group_names, agencies->agencies[i].groups[k]);
  }
  for (size_t i = 0; i < group_names; i++) build->selector_names[all++] = build->group_names[i];
  for (size_t i = 0; law_agency_kinds[i] != NULL; i++) build->selector_names[all++] = law_agency_kinds[i];
  return true;
}

static int find_purpose(const struct access_rules *rules, const char *id) {
  for (size_t i = 0; i < rules->purposes_count; i++)
    if (strcmp(rules->purposes[i].id, id) == 0) return (int)i;
  return -1;
}

static int add_purpose(struct build *build, const char *id) {
  struct access_rules *rules = build->rules;
  int found = find_purpose(rules, id);
  if (found >= 0) return found;
  if (rules->purposes_count == CONF_PURPOSES_MAX) return -1;
  struct purpose *purpose = &rules->purposes[rules->purposes_count];
  *purpose = (struct purpose){.id = id, .title = id};
  purpose->members = nav_arena_zalloc(build->arena, rules->agencies->agencies_count / 8 + 1, 1);
  if (purpose->members == NULL) return -1;
  return (int)rules->purposes_count++;
}

static bool is_common(const char *name) { return strcmp(name, "access/common.yaml") == 0; }

// The purpose that a file says it is for.
static void read_purpose(struct build *build, const struct conf_node *root) {
  static const char *const names[] = {"id", "title", NULL};
  struct conf_node *node = conf_get(root, "purpose");
  if (node == NULL) {
    BUILD_FAULT(build, root, "begin with purpose: {id: …, title: …}", "the file lacks 'purpose'");
    return;
  }
  if (!conf_expect_map(node, "purpose", build->faults)) return;
  conf_check_keys(node, names, "purpose", build->faults);
  struct conf_node *id_node = conf_get(node, "id");
  struct conf_node *title_node = conf_get(node, "title");
  // Without a title nothing is loaded, but the file's rules are read all the same, for their faults.
  if (title_node == NULL) BUILD_FAULT(build, node, "purpose: {id: …, title: …}", "purpose lacks 'title'");
  if (id_node == NULL) {
    BUILD_FAULT(build, node, "purpose: {id: …, title: …}", "purpose lacks 'id'");
    return;
  }
  const char *id = conf_read_id(id_node, "purpose.id", build->faults);
  const char *title = title_node == NULL ? "" : conf_read_text(title_node, "purpose.title", build->faults);
  if (id == NULL) return;
  int at = add_purpose(build, id);
  if (at < 0) {
    BUILD_FAULT(build, id_node, "", "more than %d purposes", CONF_PURPOSES_MAX);
    return;
  }
  struct purpose *purpose = &build->rules->purposes[at];
  if (purpose->node != NULL) {
    BUILD_FAULT(build, id_node, "one file a purpose", "purpose '%s' stands in %s too", id,
                purpose->node->file);
    return;
  }
  purpose->title = title;
  purpose->node = root;
}

static bool build_purposes(struct build *build) {
  struct access_rules *rules = build->rules;
  for (size_t i = 0; i < rules->agencies->agencies_count; i++) {
    const struct conf_agency *agency = &rules->agencies->agencies[i];
    for (size_t k = 0; k < agency->purposes_count; k++) {
      int at = add_purpose(build, agency->purposes[k]);
      if (at < 0) {
        conf_faults_add(build->faults, "agencies.yaml", 0, 0, "", "more than %d purposes", CONF_PURPOSES_MAX);
        return false;
      }
      bit_set(rules->purposes[at].members, i);
      rules->agency_facts[i].purposes |= UINT64_C(1) << at;
    }
  }
  for (size_t i = 0; i < build->trees_count; i++) {
    struct conf_node *root = build->trees[i];
    if (root == NULL || is_common(build->names[i])) continue;
    if (conf_expect_map(root, build->names[i], build->faults)) read_purpose(build, root);
  }
  return true;
}

static bool build_lanes(struct build *build) {
  struct access_rules *rules = build->rules;
  size_t count = 0;
  for (size_t i = 0; i < rules->agencies->agencies_count; i++)
    count += rules->agencies->agencies[i].purposes_count;
  if (count > RULES_LANES_MAX) return false;
  rules->lanes = nav_arena_zalloc(build->arena, count + 1, sizeof *rules->lanes);
  if (rules->lanes == NULL) return false;
  for (size_t i = 0; i < rules->agencies->agencies_count; i++) {
    const struct conf_agency *agency = &rules->agencies->agencies[i];
    rules->agency_facts[i].lane_first = (uint32_t)rules->lanes_count;
    rules->agency_facts[i].lane_count = (uint32_t)agency->purposes_count;
    for (size_t k = 0; k < agency->purposes_count; k++) {
      struct lane *lane = &rules->lanes[rules->lanes_count++];
      lane->info = (struct access_lane){agency->id, agency->purposes[k]};
      lane->agency = (uint32_t)i;
      lane->purpose = (uint8_t)find_purpose(rules, agency->purposes[k]);
    }
  }
  return true;
}

bool build_places(struct build *build) {
  return build_area_ids(build) && build_agencies(build) && build_names(build) && build_purposes(build) &&
         build_lanes(build);
}
