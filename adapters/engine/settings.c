// See settings.h.
#include "adapters/engine/settings.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/endpoint.h"
#include "hub/base/id.h"

enum { SETTINGS_BYTES_MAX = 8 * 1024 * 1024 };

static const char *const top_keys[] = {"program", "agency", "hub", "keys",   "purposes", "outbox",
                                       "inbox",   "state",  "map", "places", NULL};
static const char *const hub_keys[] = {"endpoint", "keys", NULL};
static const char *const key_file_keys[] = {"curve", "session", "checkpoint", NULL};

static void fault_at(struct conf_faults *faults, const struct conf_node *node, const char *hint,
                     const char *what) {
  conf_faults_add(faults, node->file, node->line, node->column, hint, "%s", what);
}

// A scalar that is not empty, or the default; a fault where it is another kind of node.
static const char *take_text(const struct conf_node *map, const char *key, const char *otherwise,
                             struct conf_faults *faults) {
  const struct conf_node *node = conf_get(map, key);
  if (node == NULL) return otherwise;
  if (node->kind != CONF_SCALAR || *node->text == '\0') {
    conf_faults_add(faults, node->file, node->line, node->column, "", "'%s' is to be a text", key);
    return otherwise;
  }
  return node->text;
}

static const char *need_text(const struct conf_node *map, const char *key, const char *hint,
                             struct conf_faults *faults) {
  if (conf_get(map, key) == NULL) {
    conf_faults_add(faults, map->file, map->line, map->column, hint, "'%s' is missing", key);
    return NULL;
  }
  return take_text(map, key, NULL, faults);
}

// A path of the file, relative to the file's own folder.
static const char *beside(struct engine_settings *settings, const char *path) {
  const char *slash = strrchr(settings->path, '/');
  if (path == NULL || *path == '/' || slash == NULL) return path;
  return nav_arena_printf(settings->arena, "%.*s%s", (int)(slash - settings->path + 1), settings->path, path);
}

static bool is_id(const char *text) {
  return *text != '\0' && strlen(text) <= 64 &&
         text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void take_key(const struct conf_node *file, const char *name, uint8_t key[32],
                     struct conf_faults *faults) {
  const char *text = need_text(file, name, "navctl writes the hub's public keys to this file", faults);
  if (text != NULL && !nav_unhex(key, 32, text)) {
    fault_at(faults, conf_get(file, name), "", "a public key is 64 hexadecimal digits");
  }
}

// One text, or a list of them; each at its place of the list.
static size_t take_texts(const struct conf_node *map, const char *key, const char *hint, const char **out,
                         struct conf_faults *faults) {
  const struct conf_node *node = conf_get(map, key);
  if (node == NULL || node->kind != CONF_LIST) {
    out[0] = need_text(map, key, hint, faults);
    return out[0] != NULL ? 1 : 0;
  }
  if (node->count == 0 || node->count > NAV_CLIENT_NODES_MAX) {
    conf_faults_add(faults, node->file, node->line, node->column, hint, "'%s' has 1 to %d items", key,
                    NAV_CLIENT_NODES_MAX);
    return 0;
  }
  for (size_t i = 0; i < node->count; i++) {
    const struct conf_node *item = node->items[i];
    if (item->kind != CONF_SCALAR || *item->text == '\0') {
      fault_at(faults, item, hint, "is to be a text");
      return 0;
    }
    out[i] = item->text;
  }
  return node->count;
}

// The hub is one: its nodes share the keys that it signs with, and only the doors differ.
static void take_shared_key(struct engine_settings *settings, const struct conf_node *file, const char *name,
                            uint8_t key[32], struct conf_faults *faults) {
  uint8_t other[32] = {0};
  bool first = settings->nodes_count == 0;
  take_key(file, name, first ? key : other, faults);
  if (!first && conf_get(file, name) != NULL && memcmp(key, other, sizeof other) != 0)
    conf_faults_add(faults, file->file, file->line, file->column,
                    "the hub's nodes have one key to sign with, and may differ in curve alone",
                    "'%s' is another than in the first file", name);
}

static void load_hub_keys(struct engine_settings *settings, const char *path, struct conf_faults *faults) {
  struct conf_node *file = conf_tree_load(beside(settings, path), path, settings->arena, faults);
  if (file == NULL) return;
  if (file->kind != CONF_MAP) {
    fault_at(faults, file, "", "is to be a map of curve and session");
    return;
  }
  conf_check_keys(file, key_file_keys, "the hub's keys", faults);
  take_key(file, "curve", settings->curve_keys[settings->nodes_count], faults);
  take_shared_key(settings, file, "session", settings->hub_session_key, faults);
  take_shared_key(settings, file, "checkpoint", settings->hub_checkpoint_key, faults);
}

static void check_endpoints(const struct conf_node *hub, struct conf_faults *faults) {
  const struct conf_node *node = conf_get(hub, "endpoint");
  bool list = node->kind == CONF_LIST;
  for (size_t i = 0; i < (list ? node->count : 1); i++) {
    const struct conf_node *item = list ? node->items[i] : node;
    if (!nav_endpoint_connects(item->text))
      conf_faults_add(faults, item->file, item->line, item->column, "write it as tcp://10.0.0.2:7700",
                      "'%.120s' is no address of a hub", item->text);
  }
}

// keys: one file for all endpoints, or one for each.
static void load_hub(struct engine_settings *settings, const struct conf_node *root,
                     struct conf_faults *faults) {
  const char *endpoints[NAV_CLIENT_NODES_MAX];
  const char *keys[NAV_CLIENT_NODES_MAX];
  const struct conf_node *hub = conf_get(root, "hub");
  if (hub == NULL || hub->kind != CONF_MAP) {
    const struct conf_node *at = hub != NULL ? hub : root;
    fault_at(faults, at, "hub: {endpoint: tcp://host:7700, keys: …/hub.yaml}",
             "'hub' is missing or not a map");
    return;
  }
  conf_check_keys(hub, hub_keys, "hub", faults);
  size_t count = take_texts(hub, "endpoint", "tcp://host:7700", endpoints, faults);
  if (count > 0) check_endpoints(hub, faults);
  size_t files = take_texts(hub, "keys", "the path of hub.yaml, with the hub's public keys", keys, faults);
  if (count == 0 || files == 0) return;
  if (files != 1 && files != count) {
    fault_at(faults, conf_get(hub, "keys"), "", "'keys' is one file for all endpoints, or one for each");
    return;
  }
  while (settings->nodes_count < count) {
    size_t i = settings->nodes_count;
    if (i < files) {
      load_hub_keys(settings, keys[i], faults);
    } else {
      memcpy(settings->curve_keys[i], settings->curve_keys[0], sizeof settings->curve_keys[i]);
    }
    settings->nodes[i] = (struct nav_client_node){endpoints[i], settings->curve_keys[i]};
    settings->nodes_count++;
  }
}

static void load_purposes(struct engine_settings *settings, const struct conf_node *root,
                          struct conf_faults *faults) {
  const struct conf_node *list = conf_get(root, "purposes");
  if (list == NULL) return;
  if (list->kind != CONF_LIST || list->count > SETTINGS_PURPOSES_MAX) {
    fault_at(faults, list, "", "'purposes' is to be a list of at most 64 names");
    return;
  }
  const char **purposes = nav_arena_zalloc(settings->arena, list->count + 1, sizeof *purposes);
  for (size_t i = 0; purposes != NULL && i < list->count; i++) {
    const struct conf_node *item = list->items[i];
    if (item->kind != CONF_SCALAR || !is_id(item->text)) {  // it becomes a file's name in the inbox
      fault_at(faults, item, "", "a purpose is a name of a-z, 0-9 and '-'");
      continue;
    }
    purposes[settings->purposes_count++] = item->text;
  }
  settings->purposes = purposes;
}

static void load_options(struct engine_settings *settings, const struct conf_node *root,
                         struct conf_faults *faults) {
  const struct conf_node *map = conf_get(root, "map");
  if (map == NULL) return;
  if (map->kind != CONF_MAP || map->count > SETTINGS_OPTIONS_MAX) {
    fault_at(faults, map, "", "'map' is to be a map of at most 1000 options");
    return;
  }
  settings->options = nav_arena_zalloc(settings->arena, map->count + 1, sizeof *settings->options);
  for (size_t i = 0; settings->options != NULL && i < map->count; i++) {
    if (map->items[i]->kind != CONF_SCALAR) {
      fault_at(faults, map->items[i], "", "an option of the mapping is a text");
      continue;
    }
    settings->options[settings->options_count++] =
        (struct run_option){.key = map->keys[i]->text, .value = map->items[i]->text};
  }
}

static void add_place(struct engine_settings *settings, const char *area, const struct conf_node *name,
                      struct conf_faults *faults) {
  if (name->kind != CONF_SCALAR) {
    fault_at(faults, name, "", "a place's name is a text");
  } else if (!gazetteer_add(settings->places, area, name->text)) {
    fault_at(faults, name, "", "a place's name is words of at most 126 bytes, and there are at most 10000");
  }
}

static void load_places(struct engine_settings *settings, const struct conf_node *root,
                        struct conf_faults *faults) {
  const struct conf_node *map = conf_get(root, "places");
  settings->places = gazetteer_new();
  if (map == NULL || settings->places == NULL) return;
  if (map->kind != CONF_MAP) {
    fault_at(faults, map, "places: {bromma: [Bromma, Brommaplan]}", "'places' is to be a map of areas");
    return;
  }
  for (size_t i = 0; i < map->count; i++) {
    const struct conf_node *names = map->items[i];
    if (!is_id(map->keys[i]->text) || names->kind != CONF_LIST) {
      fault_at(faults, map->keys[i], "bromma: [Bromma, Brommaplan]", "an area is an id and a list of names");
      continue;
    }
    for (size_t j = 0; j < names->count; j++)
      add_place(settings, map->keys[i]->text, names->items[j], faults);
  }
}

static void load_folders(struct engine_settings *settings, const struct conf_node *root,
                         struct conf_faults *faults) {
  settings->keys = beside(settings, take_text(root, "keys", "keys", faults));
  settings->outbox = beside(settings, take_text(root, "outbox", "outbox", faults));
  settings->inbox = beside(settings, take_text(root, "inbox", "inbox", faults));
  settings->state = beside(settings, take_text(root, "state", "state", faults));
}

static void load_root(struct engine_settings *settings, const struct conf_node *root, const char *program,
                      bool with_hub, struct conf_faults *faults) {
  conf_check_keys(root, top_keys, "adapter.yaml", faults);
  settings->program = take_text(root, "program", program, faults);
  if (strcmp(settings->program, program) != 0) {
    conf_faults_add(faults, root->file, conf_get(root, "program")->line, conf_get(root, "program")->column,
                    "", "this file is of %s, not of %s", settings->program, program);
  }
  settings->agency = need_text(root, "agency", "the agency's id in agencies.yaml", faults);
  if (settings->agency != NULL && !is_id(settings->agency)) {
    fault_at(faults, conf_get(root, "agency"), "", "an agency's id is a-z, 0-9 and '-', at most 64");
  }
  if (with_hub) load_hub(settings, root, faults);
  if (with_hub && settings->agency != NULL)
    (void)witnesses_load(beside(settings, "witnesses.yaml"), settings->agency, &settings->others, faults);
  load_purposes(settings, root, faults);
  load_options(settings, root, faults);
  load_places(settings, root, faults);
  load_folders(settings, root, faults);
}

struct engine_settings *settings_load(const char *path, const char *program, bool with_hub,
                                      struct conf_faults *faults) {
  struct nav_arena *arena = nav_arena_new(SETTINGS_BYTES_MAX);
  struct engine_settings *settings = arena != NULL ? nav_arena_zalloc(arena, 1, sizeof *settings) : NULL;
  if (settings == NULL) {
    nav_arena_free(arena);
    conf_faults_add(faults, path, 0, 0, "", "no memory");
    return NULL;
  }
  settings->arena = arena;
  settings->path = nav_arena_strdup(arena, path);
  struct conf_node *root = conf_tree_load(path, path, arena, faults);
  if (root != NULL && root->kind != CONF_MAP) fault_at(faults, root, "", "is to be a map");
  if (root != NULL && root->kind == CONF_MAP) load_root(settings, root, program, with_hub, faults);
  if (root == NULL || faults->count > 0) {
    settings_free(settings);
    return NULL;
  }
  return settings;
}

void settings_free(struct engine_settings *settings) {
  if (settings == NULL) return;
  gazetteer_free(settings->places);
  nav_arena_free(settings->arena);
}
