// See witnesses.h.
#include "adapters/engine/witnesses.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hub/conf/check.h"
#include "hub/conf/tree.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024 };

static const char *const top_keys[] = {"quorum", "witnesses", NULL};
static const char *const item_keys[] = {"agency", "key", NULL};

#define FAULT(node, hint, ...) \
  conf_faults_add(faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

static const struct conf_node *need(const struct conf_node *map, const char *key, const char *hint,
                                    struct conf_faults *faults) {
  const struct conf_node *node = conf_get(map, key);
  if (node == NULL) FAULT(map, hint, "'%s' is missing", key);
  return node;
}

static void check_new(const struct others *others, const struct conf_node *node, const char *own,
                      struct conf_faults *faults) {
  static const uint8_t zeros[KEY_ED25519_PUBLIC_SIZE];
  const struct other *last = &others->list[others->count];
  if (strcmp(last->agency, own) == 0)
    FAULT(node, "name the other agencies alone", "'%s' is this agency itself", own);
  if (memcmp(last->key, zeros, sizeof zeros) == 0)
    FAULT(node, "the key stands in their config/keys/AGENCY.yaml as witness", "the key is all zeros");
  for (size_t i = 0; i < others->count; i++) {
    if (strcmp(others->list[i].agency, last->agency) == 0)
      FAULT(node, "name each agency once", "'%s' stands twice", last->agency);
    if (memcmp(others->list[i].key, last->key, sizeof last->key) == 0)
      FAULT(node, "each agency has a key of its own", "'%s' has the same key as '%s'", last->agency,
            others->list[i].agency);
  }
}

static void read_one(const struct conf_node *item, const char *own, struct others *others,
                     struct conf_faults *faults) {
  static const char hint[] = "- {agency: skolan, key: 64 hexadecimal digits}";
  size_t before = faults->count;
  if (!conf_expect_map(item, "a witness", faults)) return;
  conf_check_keys(item, item_keys, "a witness", faults);
  const struct conf_node *agency = need(item, "agency", hint, faults);
  const struct conf_node *key = need(item, "key", hint, faults);
  const char *id = agency == NULL ? NULL : conf_read_id(agency, "agency", faults);
  struct other *other = &others->list[others->count];
  if (key != NULL) (void)conf_read_hex(key, "key", other->key, sizeof other->key, faults);
  if (id == NULL || faults->count != before) return;
  (void)snprintf(other->agency, sizeof other->agency, "%s", id);
  check_new(others, item, own, faults);
  others->count++;
}

static void read_quorum(const struct conf_node *root, struct others *others, struct conf_faults *faults) {
  int64_t quorum = 0;
  const struct conf_node *node =
      need(root, "quorum", "quorum: 1, the number of them that must have confirmed", faults);
  if (node == NULL || !conf_read_integer(node, "quorum", 0, OTHERS_MAX, &quorum, faults)) return;
  if ((size_t)quorum > others->count && faults->count == 0)
    FAULT(node, "at most as many as are listed", "quorum is %d and %zu agencies are listed", (int)quorum,
          others->count);
  others->quorum = (unsigned)quorum;
}

static void read_root(struct conf_node *root, const char *own, struct others *others,
                      struct conf_faults *faults) {
  size_t count = 0;
  if (!conf_expect_map(root, "witnesses.yaml", faults)) return;
  conf_check_keys(root, top_keys, "witnesses.yaml", faults);
  const struct conf_node *list =
      need(root, "witnesses", "- {agency: skolan, key: 64 hexadecimal digits}", faults);
  if (list == NULL || !conf_read_list(list, "witnesses", false, OTHERS_MAX, &count, faults)) return;
  for (size_t i = 0; i < count; i++) read_one(list->items[i], own, others, faults);
  read_quorum(root, others, faults);
}

bool witnesses_load(const char *path, const char *agency, struct others *others, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  *others = (struct others){0};
  if (access(path, F_OK) != 0 && errno == ENOENT) return true;
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  struct conf_node *root = arena == NULL ? NULL : conf_tree_load(path, path, arena, faults);
  if (arena == NULL) conf_faults_add(faults, path, 0, 0, "", "no memory");
  if (root != NULL) read_root(root, agency, others, faults);
  nav_arena_free(arena);
  return faults->count + faults->dropped == before;
}
