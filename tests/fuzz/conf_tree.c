// Any bytes as a configuration file: a tree within its limits or faults, soon and within its memory.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "hub/base/error.h"
#include "hub/conf/check.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024, DEPTH_MAX = 32 };

static void walk(const struct conf_node *node, int depth, struct conf_faults *faults) {
  static const char *const names[] = {"purpose", "rules", "id", NULL};
  NAV_ASSERT(depth <= DEPTH_MAX && node->line >= 1 && node->column >= 1 && node->text != NULL);
  if (node->kind == CONF_SCALAR) {
    int64_t value = 0;
    (void)conf_read_duration(node, "x", INT64_MAX, &value, faults);
    (void)conf_read_id(node, "x", faults);
    return;
  }
  if (node->kind == CONF_MAP) conf_check_keys(node, names, "x", faults);
  for (size_t i = 0; i < node->count; i++) {
    if (node->kind == CONF_MAP) NAV_ASSERT(conf_get(node, node->keys[i]->text) == node->items[i]);
    walk(node->items[i], depth + 1, faults);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct conf_faults faults = {0};
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  if (arena == NULL) return 0;
  const struct conf_node *root = conf_tree_parse((const char *)data, size, "fuzz.yaml", arena, &faults);
  NAV_ASSERT(root != NULL || faults.count > 0);
  if (root != NULL) walk(root, 0, &faults);
  conf_faults_sort(&faults);
  conf_faults_free(&faults);
  nav_arena_free(arena);
  return 0;
}
