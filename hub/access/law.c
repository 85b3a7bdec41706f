// See law.h.
#include "hub/access/law.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/path.h"
#include "nav/v1/options.pb-c.h"

const char *const law_agency_kinds[] = {"police", "social",    "school",    "housing", "city",  "region",
                                        "rescue", "probation", "insurance", "jobs",    "civil", NULL};

static const int64_t ANSWER_MS_MAX = INT64_C(365) * 86400000;

enum { KINDS_COUNT = sizeof law_agency_kinds / sizeof law_agency_kinds[0] - 1, AGE_MAX = 150 };

// law_agency_kinds, and "any" as the last.
static const char *const kinds_or_any[] = {"police", "social", "school",    "housing",   "city",
                                           "region", "rescue", "probation", "insurance", "jobs",
                                           "civil",  "any",    NULL};
_Static_assert(sizeof kinds_or_any / sizeof kinds_or_any[0] == KINDS_COUNT + 2, "the two lists are one");

const char *const law_class_names[] = {"open",     "place",  "home",    "narrative", "contact",
                                       "identity", "health", "offence", NULL};
_Static_assert(NAV__V1__SENSITIVITY__SENSITIVITY_OPEN == 1 && NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE == 8,
               "law_class_names[n] is class n + 1");

static const char *const triggers[] = {"own-initiative", "request", "either", NULL};
static const char *const weighings[] = {"routine", "case-by-case", NULL};

// One entry as its map says it.
struct raw {
  char *id, *statute, *section, *text, *english, *threshold, *threshold_english, *way_out, *way_out_english,
      *verified;
  char *trigger, *weighing;
  unsigned from, to, reveals;
  bool duty, urgent, counts;
  char **excludes;
  size_t excludes_count;
  struct conf_node *presupposes, *conditions, *answer_within, *valid_from, *valid_to;
};

struct raw_presupposes {
  uint32_t age_below;
  bool assessed, consent;
};

#define RAW(field) .offset = offsetof(struct raw, field)
static const struct conf_key basis_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, RAW(id), .required = true},
    {.name = "statute", .kind = CONF_KEY_TEXT, RAW(statute), .required = true},
    {.name = "section", .kind = CONF_KEY_TEXT, RAW(section), .required = true},
    {.name = "text", .kind = CONF_KEY_TEXT, RAW(text), .required = true},
    {.name = "english", .kind = CONF_KEY_TEXT, RAW(english), .required = true},
    {.name = "from", .kind = CONF_KEY_WORD_BITS, RAW(from), .words = kinds_or_any},
    {.name = "to", .kind = CONF_KEY_WORD_BITS, RAW(to), .words = kinds_or_any},
    {.name = "trigger", .kind = CONF_KEY_WORD, RAW(trigger), .words = triggers, .fallback = "either"},
    {.name = "threshold", .kind = CONF_KEY_TEXT, RAW(threshold)},
    {.name = "threshold_english", .kind = CONF_KEY_TEXT, RAW(threshold_english)},
    {.name = "way_out", .kind = CONF_KEY_TEXT, RAW(way_out)},
    {.name = "way_out_english", .kind = CONF_KEY_TEXT, RAW(way_out_english)},
    {.name = "weighing", .kind = CONF_KEY_WORD, RAW(weighing), .words = weighings, .fallback = "routine"},
    {.name = "duty", .kind = CONF_KEY_BOOL, RAW(duty)},
    {.name = "urgent", .kind = CONF_KEY_BOOL, RAW(urgent)},
    {.name = "counts", .kind = CONF_KEY_BOOL, RAW(counts)},
    {.name = "reveals", .kind = CONF_KEY_WORD_BITS, RAW(reveals), .words = law_class_names},
    {.name = "presupposes", .kind = CONF_KEY_NODE, RAW(presupposes)},
    {.name = "conditions", .kind = CONF_KEY_NODE, RAW(conditions)},
    {.name = "answer_within", .kind = CONF_KEY_NODE, RAW(answer_within)},
    {.name = "excludes",
     .kind = CONF_KEY_IDS,
     RAW(excludes),
     .count_offset = offsetof(struct raw, excludes_count)},
    {.name = "valid_from", .kind = CONF_KEY_NODE, RAW(valid_from)},
    {.name = "valid_to", .kind = CONF_KEY_NODE, RAW(valid_to)},
    {.name = "verified", .kind = CONF_KEY_TEXT, RAW(verified), .required = true},
};

#define PRESUPPOSES(field) .offset = offsetof(struct raw_presupposes, field)
static const struct conf_key presupposes_keys[] = {
    {.name = "age_below", .kind = CONF_KEY_UINT32, PRESUPPOSES(age_below), .min = 1, .max = AGE_MAX},
    {.name = "assessed", .kind = CONF_KEY_BOOL, PRESUPPOSES(assessed)},
    {.name = "consent", .kind = CONF_KEY_BOOL, PRESUPPOSES(consent)},
};

#define CONDITION(field) .offset = offsetof(struct law_condition, field)
static const struct conf_key condition_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, CONDITION(id), .required = true},
    {.name = "text", .kind = CONF_KEY_TEXT, CONDITION(text), .required = true},
    {.name = "english", .kind = CONF_KEY_TEXT, CONDITION(english), .required = true},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

int law_kind(const char *name) {
  for (size_t i = 0; i < KINDS_COUNT; i++)
    if (strcmp(law_agency_kinds[i], name) == 0) return (int)i;
  return -1;
}

static uint32_t kinds_of(unsigned bits) {
  const uint32_t all = (1U << KINDS_COUNT) - 1;
  return (bits >> KINDS_COUNT & 1U) != 0 ? all : bits & all;
}

static void read_dates(const struct raw *raw, const char *where, struct law_basis *basis,
                       struct conf_faults *faults) {
  char path[CONF_WHERE_SIZE];
  basis->day_from = INT64_MIN;
  basis->day_to = INT64_MAX;
  (void)path_join(path, where, "valid_from");
  if (raw->valid_from != NULL) (void)conf_read_date(raw->valid_from, path, &basis->day_from, faults);
  (void)path_join(path, where, "valid_to");
  if (raw->valid_to != NULL) (void)conf_read_date(raw->valid_to, path, &basis->day_to, faults);
  if (raw->valid_to != NULL && basis->day_from > basis->day_to)
    conf_faults_add(faults, raw->valid_to->file, raw->valid_to->line, raw->valid_to->column, "",
                    "%s ends before it begins", where);
}

static void copy_raw(const struct raw *raw, struct law_basis *basis) {
  basis->id = raw->id;
  basis->statute = raw->statute;
  basis->section = raw->section;
  basis->text = raw->text;
  basis->english = raw->english;
  basis->threshold = raw->threshold;
  basis->threshold_english = raw->threshold_english;
  basis->way_out = raw->way_out;
  basis->way_out_english = raw->way_out_english;
  basis->verified = raw->verified;
  basis->from_kinds = kinds_of(raw->from);
  basis->to_kinds = kinds_of(raw->to);
  basis->opens = basis->from_kinds != 0 && basis->to_kinds != 0;
  basis->trigger = LAW_EITHER;
  for (size_t i = 0; raw->trigger != NULL && triggers[i] != NULL; i++)
    if (strcmp(triggers[i], raw->trigger) == 0) basis->trigger = (enum law_trigger)(i + 1);
  basis->weighing = raw->weighing != NULL && strcmp(raw->weighing, "case-by-case") == 0;
  basis->duty = raw->duty;
  basis->urgent = raw->urgent;
  basis->counts = raw->counts;
  basis->reveals =
      raw->reveals == 0 ? UINT16_MAX : (uint16_t)(raw->reveals << 1 | 2U);  // open is always there
  basis->excludes = (const char *const *)raw->excludes;
  basis->excludes_count = raw->excludes_count;
}

static void read_conditions(struct conf_node *node, const char *where, struct nav_arena *arena,
                            struct law_basis *basis, struct conf_faults *faults) {
  char path[CONF_WHERE_SIZE];
  size_t count = 0;
  (void)path_join(path, where, "conditions");
  if (!conf_read_list(node, path, false, LAW_CONDITIONS_MAX, &count, faults)) return;
  struct law_condition *conditions = nav_arena_zalloc(arena, count + 1, sizeof *conditions);
  for (size_t i = 0; conditions != NULL && i < count; i++) {
    (void)conf_read_map(node->items[i], path, condition_keys, COUNT(condition_keys), arena, &conditions[i],
                        faults);
    for (size_t k = 0; conditions[i].id != NULL && k < i; k++)
      if (conditions[k].id != NULL && strcmp(conditions[k].id, conditions[i].id) == 0)
        conf_faults_add(faults, node->items[i]->file, node->items[i]->line, node->items[i]->column,
                        "remove one of them", "%s: '%s' stands twice", path, conditions[i].id);
  }
  basis->conditions = conditions;
  basis->conditions_count = conditions == NULL ? 0 : count;
}

static void read_basis(const struct conf_node *node, const char *where, struct nav_arena *arena,
                       struct law_basis *basis, struct conf_faults *faults) {
  struct raw raw = {0};
  (void)conf_read_map(node, where, basis_keys, COUNT(basis_keys), arena, &raw, faults);
  copy_raw(&raw, basis);
  read_dates(&raw, where, basis, faults);
  basis->node = node;
  if ((conf_get(node, "from") == NULL) != (conf_get(node, "to") == NULL))
    conf_faults_add(faults, node->file, node->line, node->column,
                    "give both, or neither where nothing is opened", "%s has only one of 'from' and 'to'",
                    where);
  char path[CONF_WHERE_SIZE];
  if (raw.conditions != NULL) read_conditions(raw.conditions, where, arena, basis, faults);
  (void)path_join(path, where, "answer_within");
  if (raw.answer_within != NULL)
    (void)conf_read_duration(raw.answer_within, path, ANSWER_MS_MAX, &basis->answer_ms, faults);
  if (raw.presupposes == NULL) return;
  struct raw_presupposes presupposes = {0};
  (void)path_join(path, where, "presupposes");
  (void)conf_read_map(raw.presupposes, path, presupposes_keys, COUNT(presupposes_keys), arena, &presupposes,
                      faults);
  basis->age_below = (int)presupposes.age_below;
  basis->assessed = presupposes.assessed;
  basis->consent = presupposes.consent;
}

static void check_twice(const struct law *law, const struct law_basis *basis, struct conf_faults *faults) {
  if (basis->id == NULL) return;
  const struct law_basis *other = law_find(law, basis->id);
  if (other == NULL) return;
  conf_faults_add(faults, basis->node->file, basis->node->line, basis->node->column, "remove one of them",
                  "basis '%s' stands twice, first at line %d", basis->id, other->node->line);
}

bool law_load(const struct conf_node *root, struct nav_arena *arena, struct law *law,
              struct conf_faults *faults) {
  static const char *const names[] = {"bases", NULL};
  size_t before = faults->count + faults->dropped;
  *law = (struct law){NULL, 0, NULL};
  law->ids = nav_arena_zalloc(arena, LAW_BASES_MAX + 1, sizeof *law->ids);
  law->items = nav_arena_zalloc(arena, LAW_BASES_MAX, sizeof *law->items);
  if (law->ids == NULL || law->items == NULL) return false;
  if (!conf_expect_map(root, "law.yaml", faults)) return false;
  conf_check_keys(root, names, "law.yaml", faults);
  struct conf_node *list = conf_get(root, "bases");
  size_t count = 0;
  if (list == NULL) {
    conf_faults_add(faults, root->file, root->line, root->column,
                    "begin with bases:", "law.yaml lacks 'bases'");
    return false;
  }
  if (!conf_read_list(list, "bases", false, LAW_BASES_MAX, &count, faults)) return false;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "bases[%zu]", i);
    struct law_basis basis = {0};
    read_basis(list->items[i], where, arena, &basis, faults);
    check_twice(law, &basis, faults);
    if (basis.id == NULL) continue;
    law->ids[law->count] = basis.id;
    law->items[law->count++] = basis;
  }
  return faults->count + faults->dropped == before;
}

const struct law_basis *law_find(const struct law *law, const char *id) {
  for (size_t i = 0; i < law->count; i++)
    if (strcmp(law->items[i].id, id) == 0) return &law->items[i];
  return NULL;
}
