// See agencies.h. Reads agencies.yaml, persons.yaml if it is there, and each agency's public keys; then what
// only the whole can tell: ids that stand twice, a person of an agency that is not there, an assessor who may
// not assess.
#include "hub/conf/agencies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/conf/check.h"

enum {
  ARENA_BYTES_MAX = 64 * 1024 * 1024,
  PERSONS_MAX = 5000,
  AREAS_MAX = 1000,
  SMALL_LIST_MAX = 64,
  TITLE_LENGTH_MAX = 200,
};

struct loaded {
  struct conf_agencies all;  // first: conf_agencies_free is given its address
  struct nav_arena *arena;
};

struct loading {
  struct loaded *loaded;
  const char *config_folder;       // NULL: from texts
  const struct conf_texts *texts;  // NULL: from config_folder
  struct conf_faults *faults;
  struct conf_node **agency_nodes;  // beside all.agencies and all.persons: the places for faults
  struct conf_node **person_nodes;
};

static const char *const kinds[] = {"police", "social",    "school",    "housing", "city",  "region",
                                    "rescue", "probation", "insurance", "jobs",    "civil", NULL};
static const char *const forms[] = {"authority", "municipal-company", "private", "association", NULL};
static const char *const roles[] = {"reader", "chair", "assessor", "auditor", "operator", NULL};
_Static_assert(CONF_ROLE_READER == 1 && CONF_ROLE_CHAIR == 2 && CONF_ROLE_ASSESSOR == 4 &&
                   CONF_ROLE_AUDITOR == 8 && CONF_ROLE_OPERATOR == 16,
               "bit n of a person's roles is roles[n]");

#define AGENCY(field) .offset = offsetof(struct conf_agency, field)
#define AGENCY_IDS(field, most)                                                       \
  .kind = CONF_KEY_IDS, .max = (most), .offset = offsetof(struct conf_agency, field), \
  .count_offset = offsetof(struct conf_agency, field##_count)

static const struct conf_key agency_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, AGENCY(id), .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, AGENCY(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "kind", .kind = CONF_KEY_WORD, AGENCY(kind), .words = kinds, .required = true},
    {.name = "form", .kind = CONF_KEY_WORD, AGENCY(form), .words = forms, .required = true},
    {.name = "secrecy", AGENCY_IDS(secrecy, SMALL_LIST_MAX)},
    {.name = "groups", AGENCY_IDS(groups, SMALL_LIST_MAX)},
    {.name = "areas", AGENCY_IDS(areas, AREAS_MAX)},
    {.name = "purposes", AGENCY_IDS(purposes, CONF_PURPOSES_MAX)},
    {.name = "assessors", AGENCY_IDS(assessors, SMALL_LIST_MAX)},
    {.name = "on_call", .kind = CONF_KEY_TEXT, AGENCY(on_call), .max = TITLE_LENGTH_MAX},
};

#define PERSON(field) .offset = offsetof(struct conf_person, field)

static const struct conf_key person_keys[] = {
    {.name = "id", .kind = CONF_KEY_ID, PERSON(id), .required = true},
    {.name = "title", .kind = CONF_KEY_TEXT, PERSON(title), .max = TITLE_LENGTH_MAX, .required = true},
    {.name = "agency", .kind = CONF_KEY_ID, PERSON(agency), .required = true},
    {.name = "system_user", .kind = CONF_KEY_TEXT, PERSON(system_user), .max = 64},
    {.name = "roles", .kind = CONF_KEY_WORD_BITS, PERSON(roles), .words = roles, .required = true},
    {.name = "mandate", .kind = CONF_KEY_NODE, PERSON(mandate_node)},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

#define FAULT(node, hint, ...) \
  conf_faults_add(loading->faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

// Where a fault of a key is shown: at its value, else at the map.
static const struct conf_node *place(const struct conf_node *map, const char *key) {
  const struct conf_node *node = conf_get(map, key);
  return node != NULL ? node : map;
}

static bool same(const char *a, const char *b) { return a != NULL && b != NULL && strcmp(a, b) == 0; }

static const struct conf_person *find_person(const struct loading *loading, const char *id) {
  const struct conf_agencies *all = &loading->loaded->all;
  for (size_t i = 0; i < all->persons_count; i++) {
    if (same(all->persons[i].id, id)) return &all->persons[i];
  }
  return NULL;
}

// ---- agencies ----

static bool all_zero(const uint8_t key[32]) {
  static const uint8_t zero[32];
  return memcmp(key, zero, sizeof zero) == 0;
}

static bool exists(const struct loading *loading, const char *name) {
  if (loading->texts != NULL) return conf_texts_find(loading->texts, name) != NULL;
  const char *path = nav_arena_printf(loading->loaded->arena, "%s/%s", loading->config_folder, name);
  return path != NULL && access(path, F_OK) == 0;
}

static struct conf_node *load_tree(const struct loading *loading, const char *name) {
  struct nav_arena *arena = loading->loaded->arena;
  if (loading->texts == NULL) {
    const char *path = nav_arena_printf(arena, "%s/%s", loading->config_folder, name);
    return path != NULL ? conf_tree_load(path, name, arena, loading->faults) : NULL;
  }
  const struct conf_text *text = conf_texts_find(loading->texts, name);
  if (text != NULL) return conf_tree_parse(text->text, text->length, name, arena, loading->faults);
  conf_faults_add(loading->faults, name, 0, 0, "", "is not there");
  return NULL;
}

static void read_key(const struct loading *loading, const struct conf_node *node, const char *name,
                     uint8_t key[32]) {
  if (conf_read_hex(node, name, key, 32, loading->faults) && all_zero(key))
    FAULT(node, "write all with 'navctl keys new'", "%s is all zeros: not a key", name);
}

// keys/<agency>.yaml, where it is: an agency without keys can be sent nothing yet, and that is not a fault.
static void read_keys(const struct loading *loading, struct conf_agency *agency) {
  static const char *const names[] = {"curve", "signing", "witness", NULL};
  struct nav_arena *arena = loading->loaded->arena;
  size_t before = loading->faults->count + loading->faults->dropped;
  const char *name = nav_arena_printf(arena, "keys/%s.yaml", agency->id);
  if (name == NULL || !exists(loading, name)) return;
  struct conf_node *map = load_tree(loading, name);
  if (map == NULL || !conf_expect_map(map, "the file", loading->faults)) return;
  conf_check_keys(map, names, "the file", loading->faults);
  uint8_t *const keys[] = {agency->curve_key, agency->signing_key};
  for (size_t i = 0; i < COUNT(keys); i++) {
    const struct conf_node *node = conf_get(map, names[i]);
    if (node == NULL) {
      FAULT(map, "write all with 'navctl keys new'", "lacks '%s'", names[i]);
    } else {
      read_key(loading, node, names[i], keys[i]);
    }
  }
  const struct conf_node *witness = conf_get(map, "witness");
  if (witness != NULL) read_key(loading, witness, "witness", agency->witness_key);
  agency->has_keys = loading->faults->count + loading->faults->dropped == before;
  agency->has_witness_key = agency->has_keys && witness != NULL;
}

static void read_agencies(struct loading *loading, struct conf_node *list) {
  struct conf_agencies *all = &loading->loaded->all;
  size_t count = 0;
  if (!conf_read_list(list, "agencies", false, CONF_AGENCIES_MAX, &count, loading->faults)) return;
  all->agencies = nav_arena_zalloc(loading->loaded->arena, count + 1, sizeof *all->agencies);
  if (all->agencies == NULL) {
    FAULT(list, "", "needs too much memory to read");
    return;
  }
  loading->agency_nodes = list->items;
  all->agencies_count = count;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "agencies[%zu]", i);
    struct conf_agency *agency = &all->agencies[i];
    (void)conf_read_map(list->items[i], where, agency_keys, COUNT(agency_keys), loading->loaded->arena,
                        agency, loading->faults);
    agency->line = list->items[i]->line;
    agency->column = list->items[i]->column;
    if (agency->id != NULL && !same(agency->id, "hub")) read_keys(loading, agency);  // the hub's are others
  }
}

static void check_same_agency(const struct loading *loading, size_t later, size_t earlier) {
  const struct conf_agency *a = &loading->loaded->all.agencies[later];
  const struct conf_agency *b = &loading->loaded->all.agencies[earlier];
  const struct conf_node *node = place(loading->agency_nodes[later], "id");
  if (same(a->id, b->id)) {
    FAULT(node, "give each agency its own id", "agency '%s' stands twice: first in line %d", a->id,
          loading->agency_nodes[earlier]->line);
  } else if (a->has_keys && b->has_keys && memcmp(a->curve_key, b->curve_key, sizeof a->curve_key) == 0) {
    FAULT(node, "make new keys for one of them with 'navctl keys new'",
          "'%s' and '%s' have the same curve key", a->id, b->id);
  } else if (a->has_keys && b->has_keys &&
             memcmp(a->signing_key, b->signing_key, sizeof a->signing_key) == 0) {
    FAULT(node, "make new keys for one of them with 'navctl keys new'",
          "'%s' and '%s' have the same signing key", a->id, b->id);
  } else if (a->has_witness_key && b->has_witness_key &&
             memcmp(a->witness_key, b->witness_key, sizeof a->witness_key) == 0) {
    FAULT(node, "make new keys for one of them with 'navctl keys new'",
          "'%s' and '%s' have the same witness key", a->id, b->id);
  }
}

static void check_assessors(const struct loading *loading, size_t index) {
  const struct conf_agency *agency = &loading->loaded->all.agencies[index];
  const struct conf_node *node = place(loading->agency_nodes[index], "assessors");
  for (size_t i = 0; i < agency->assessors_count; i++) {
    const struct conf_person *person = find_person(loading, agency->assessors[i]);
    if (person == NULL) {
      FAULT(node, "add the person to persons:", "assessor '%s' is not one of persons", agency->assessors[i]);
    } else if (!same(person->agency, agency->id)) {
      FAULT(node, "only its own people assess what an agency holds", "assessor '%s' belongs to '%s'",
            agency->assessors[i], person->agency != NULL ? person->agency : "");
    } else if ((person->roles & CONF_ROLE_ASSESSOR) == 0) {
      FAULT(node, "add assessor to the person's roles", "assessor '%s' does not have that role",
            agency->assessors[i]);
    }
  }
}

// keys/hub.yaml holds the hub's own public keys.
static void check_reserved(const struct loading *loading, size_t index) {
  if (!same(loading->loaded->all.agencies[index].id, "hub")) return;
  FAULT(place(loading->agency_nodes[index], "id"), "give it another id", "'hub' is the hub's own id");
}

static void check_agencies(const struct loading *loading) {
  for (size_t i = 0; i < loading->loaded->all.agencies_count; i++) {
    for (size_t j = 0; j < i; j++) check_same_agency(loading, i, j);
    check_assessors(loading, i);
    check_reserved(loading, i);
  }
}

// ---- persons ----

static void read_persons(struct loading *loading, const struct conf_node *list, size_t count) {
  if (list == NULL) return;
  struct conf_agencies *all = &loading->loaded->all;
  for (size_t i = 0; i < count; i++) {
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "persons[%zu]", i);
    loading->person_nodes[all->persons_count] = list->items[i];
    (void)conf_read_map(list->items[i], where, person_keys, COUNT(person_keys), loading->loaded->arena,
                        &all->persons[all->persons_count++], loading->faults);
  }
}

static void read_both_persons(struct loading *loading, struct conf_node *const lists[2]) {
  struct conf_agencies *all = &loading->loaded->all;
  size_t counts[2] = {0, 0};
  for (size_t i = 0; i < 2; i++) {
    if (lists[i] != NULL) {
      (void)conf_read_list(lists[i], "persons", false, PERSONS_MAX, &counts[i], loading->faults);
    }
  }
  size_t count = counts[0] + counts[1];
  all->persons = nav_arena_zalloc(loading->loaded->arena, count + 1, sizeof *all->persons);
  loading->person_nodes = nav_arena_zalloc(loading->loaded->arena, count + 1, sizeof *loading->person_nodes);
  if (all->persons == NULL || loading->person_nodes == NULL) {
    conf_faults_add(loading->faults, "agencies.yaml", 0, 0, "", "needs too much memory to read");
    return;
  }
  for (size_t i = 0; i < 2; i++) read_persons(loading, lists[i], counts[i]);
}

static void check_same_person(const struct loading *loading, size_t later, size_t earlier) {
  const struct conf_person *a = &loading->loaded->all.persons[later];
  const struct conf_person *b = &loading->loaded->all.persons[earlier];
  const struct conf_node *node = loading->person_nodes[later], *first = loading->person_nodes[earlier];
  if (same(a->id, b->id)) {
    FAULT(place(node, "id"), "give each person their own id", "person '%s' stands twice: first in %s:%d",
          a->id, first->file, first->line);
  }
  if (same(a->system_user, b->system_user)) {
    FAULT(place(node, "system_user"), "a system user is one person, with all their roles",
          "system_user '%s' is already %s's", a->system_user, b->id != NULL ? b->id : "another person");
  }
}

// "all", or ids of agencies; by default the person's own.
static void read_mandate(const struct loading *loading, struct conf_person *person, size_t index,
                         const char *const *ids) {
  struct conf_node *node = person->mandate_node;
  char where[CONF_WHERE_SIZE];
  size_t count = 1;
  (void)snprintf(where, sizeof where, "persons[%zu].mandate", index);
  if (node != NULL && (person->roles & CONF_ROLE_AUDITOR) == 0)
    FAULT(node, "remove it, or add auditor to the roles", "%s: only an auditor has a mandate", where);
  person->mandate_all = node != NULL && node->kind == CONF_SCALAR && same(node->text, "all");
  if (person->mandate_all) return;
  if (node != NULL && !conf_read_list(node, where, false, CONF_AGENCIES_MAX, &count, loading->faults)) return;
  person->mandate = nav_arena_zalloc(loading->loaded->arena, count + 1, sizeof *person->mandate);
  for (size_t i = 0; person->mandate != NULL && i < count; i++) {
    const struct conf_node *item = node == NULL ? NULL : conf_list_item(node, i);
    const char *text = node == NULL ? person->agency : conf_read_text(item, where, loading->faults);
    char *id = text == NULL ? NULL : nav_arena_strdup(loading->loaded->arena, text);
    if (id == NULL) continue;
    if (node != NULL && conf_agency_find(&loading->loaded->all, id) == NULL)
      conf_fault_unknown(item, where, "agency", id, ids, loading->faults);
    person->mandate[person->mandate_count++] = id;
  }
}

static void check_persons(const struct loading *loading) {
  const struct conf_agencies *all = &loading->loaded->all;
  const char *ids[CONF_AGENCIES_MAX + 1] = {NULL};
  size_t count = 0;
  for (size_t i = 0; i < all->agencies_count; i++) {
    if (all->agencies[i].id != NULL) ids[count++] = all->agencies[i].id;
  }
  for (size_t i = 0; i < all->persons_count; i++) {
    for (size_t j = 0; j < i; j++) check_same_person(loading, i, j);
    read_mandate(loading, &all->persons[i], i, ids);
    const char *agency = all->persons[i].agency;
    if (agency == NULL || conf_agency_find(all, agency) != NULL) continue;
    char where[CONF_WHERE_SIZE];
    (void)snprintf(where, sizeof where, "persons[%zu].agency", i);
    conf_fault_unknown(place(loading->person_nodes[i], "agency"), where, "agency", agency, ids,
                       loading->faults);
  }
}

// ---- the whole ----

static struct conf_node *load_file(const struct loading *loading, const char *name, const char *const *keys) {
  struct conf_node *root = load_tree(loading, name);
  if (root == NULL || !conf_expect_map(root, name, loading->faults)) return NULL;
  conf_check_keys(root, keys, name, loading->faults);
  return root;
}

static void read_all(struct loading *loading) {
  static const char *const both[] = {"agencies", "persons", NULL};
  static const char *const persons[] = {"persons", NULL};
  struct conf_node *root = load_file(loading, "agencies.yaml", both);
  struct conf_node *extra =
      exists(loading, "persons.yaml") ? load_file(loading, "persons.yaml", persons) : NULL;
  if (root == NULL) return;
  struct conf_node *agencies = conf_get(root, "agencies");
  if (agencies == NULL) {
    FAULT(root, "", "agencies.yaml lacks 'agencies'");
    return;
  }
  struct conf_node *const lists[] = {conf_get(root, "persons"), conf_get(extra, "persons")};
  read_agencies(loading, agencies);
  read_both_persons(loading, lists);
  check_agencies(loading);
  check_persons(loading);
}

static struct conf_agencies *load(const char *config_folder, const struct conf_texts *texts,
                                  struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (loaded == NULL || (loaded->arena = nav_arena_new(ARENA_BYTES_MAX)) == NULL) {
    conf_faults_add(faults, "agencies.yaml", 0, 0, "", "needs too much memory to read");
    free(loaded);
    return NULL;
  }
  struct loading loading = {
      .loaded = loaded, .config_folder = config_folder, .texts = texts, .faults = faults};
  read_all(&loading);
  if (faults->count + faults->dropped == before) return &loaded->all;
  conf_faults_sort(faults);
  conf_agencies_free(&loaded->all);
  return NULL;
}

struct conf_agencies *conf_agencies_load(const char *config_folder, struct conf_faults *faults) {
  return load(config_folder, NULL, faults);
}

struct conf_agencies *conf_agencies_load_texts(const struct conf_texts *texts, struct conf_faults *faults) {
  return load(NULL, texts, faults);
}

void conf_agencies_free(struct conf_agencies *agencies) {
  if (agencies == NULL) return;
  struct loaded *loaded = (struct loaded *)(void *)agencies;
  nav_arena_free(loaded->arena);
  free(loaded);
}

const struct conf_agency *conf_agency_find(const struct conf_agencies *agencies, const char *id) {
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    if (same(agencies->agencies[i].id, id)) return &agencies->agencies[i];
  }
  return NULL;
}

const struct conf_agency *conf_agency_by_curve_key(const struct conf_agencies *agencies,
                                                   const uint8_t key[32]) {
  for (size_t i = 0; i < agencies->agencies_count; i++) {
    const struct conf_agency *agency = &agencies->agencies[i];
    if (agency->has_keys && memcmp(agency->curve_key, key, sizeof agency->curve_key) == 0) return agency;
  }
  return NULL;
}
