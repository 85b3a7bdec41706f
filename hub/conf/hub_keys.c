// See hub_keys.h.
#include "hub/conf/hub_keys.h"

#include <stdio.h>

#include "hub/conf/check.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024, PATH_SIZE = 4096 };

static const char *const names[] = {"curve", "session", "checkpoint", NULL};

static bool read_keys(const struct conf_node *map, struct conf_hub_keys *keys, struct conf_faults *faults) {
  uint8_t *const out[] = {keys->curve, keys->session, keys->checkpoint};
  size_t before = faults->count;
  conf_check_keys(map, names, "the file", faults);
  for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
    const struct conf_node *node = conf_get(map, names[i]);
    if (node == NULL) {
      conf_faults_add(faults, map->file, map->line, map->column, "write all three with 'navctl keys new hub'",
                      "lacks '%s'", names[i]);
    } else {
      (void)conf_read_hex(node, names[i], out[i], 32, faults);
    }
  }
  return faults->count == before;
}

static bool load(const char *path, const char *name, struct conf_hub_keys *keys, struct conf_faults *faults) {
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  const struct conf_node *map = arena == NULL ? NULL : conf_tree_load(path, name, arena, faults);
  bool ok = map != NULL && conf_expect_map(map, "the file", faults) && read_keys(map, keys, faults);
  nav_arena_free(arena);
  return ok;
}

bool conf_hub_keys_load(const char *config_folder, struct conf_hub_keys *keys, struct conf_faults *faults) {
  char path[PATH_SIZE];
  (void)snprintf(path, sizeof path, "%s/keys/hub.yaml", config_folder);
  return load(path, "keys/hub.yaml", keys, faults);
}

bool conf_hub_keys_load_file(const char *path, struct conf_hub_keys *keys, struct conf_faults *faults) {
  return load(path, path, keys, faults);
}
