// See nav.h. Tables of keys, one a map; then paths are made absolute, and what cannot work is refused here at
// its place, and not by bind() or libpq later.
#include "hub/conf/nav.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hub/base/endpoint.h"
#include "hub/base/error.h"
#include "hub/conf/check.h"

enum {
  ARENA_BYTES_MAX = 32 * 1024 * 1024,
  HUB_LENGTH_MAX = 128,
  FOLDER_LENGTH_MAX = 1024,
  NODE_LENGTH_MAX = 64,
};

struct loaded {
  struct conf_nav nav;  // first: conf_nav_free is given its address
  struct conf_node *others_node;
  struct nav_arena *arena;
};

struct parts {
  struct conf_node *hub, *endpoint, *sockets, *database, *folders, *limits, *checkpoint, *holds, *standby;
};

#define PART(field) .kind = CONF_KEY_NODE, .offset = offsetof(struct parts, field)
#define NAV(field) .offset = offsetof(struct conf_nav, field)

static const struct conf_key top_keys[] = {
    {.name = "hub", PART(hub), .required = true}, {.name = "endpoint", PART(endpoint), .required = true},
    {.name = "sockets", PART(sockets)},           {.name = "database", PART(database), .required = true},
    {.name = "folders", PART(folders)},           {.name = "limits", PART(limits)},
    {.name = "checkpoint", PART(checkpoint)},     {.name = "holds", PART(holds)},
    {.name = "standby", PART(standby)},
};

static const struct conf_key socket_keys[] = {
    {.name = "gate", .kind = CONF_KEY_TEXT, NAV(gate_socket), .fallback = "run/gate.sock"},
    {.name = "core", .kind = CONF_KEY_TEXT, NAV(core_socket), .fallback = "run/core.sock"},
    {.name = "desk", .kind = CONF_KEY_TEXT, NAV(desk_socket), .fallback = "run/desk.sock"},
};

static const struct conf_key database_keys[] = {
    {.name = "core", .kind = CONF_KEY_TEXT, NAV(database_core), .required = true},
    {.name = "desk", .kind = CONF_KEY_TEXT, NAV(database_desk), .required = true},
    {.name = "owner", .kind = CONF_KEY_TEXT, NAV(database_owner), .required = true},
};

static const struct conf_key folder_keys[] = {
    {.name = "keys", .kind = CONF_KEY_TEXT, NAV(keys_folder), .max = FOLDER_LENGTH_MAX, .fallback = "keys"},
    {.name = "buckets",
     .kind = CONF_KEY_TEXT,
     NAV(buckets_folder),
     .max = FOLDER_LENGTH_MAX,
     .fallback = "buckets"},
    {.name = "config",
     .kind = CONF_KEY_TEXT,
     NAV(config_folder),
     .max = FOLDER_LENGTH_MAX,
     .fallback = "config"},
    {.name = "state",
     .kind = CONF_KEY_TEXT,
     NAV(state_folder),
     .max = FOLDER_LENGTH_MAX,
     .fallback = "state"},
    // As state, where it is left out: the folder that core is let write.
    {.name = "seen", .kind = CONF_KEY_TEXT, NAV(seen_folder), .max = FOLDER_LENGTH_MAX},
};

static const struct conf_key limit_keys[] = {
    {.name = "connections",
     .kind = CONF_KEY_UINT32,
     NAV(connections_max),
     .min = 1,
     .max = 10000,
     .fallback = "256"},
    {.name = "frames_a_second",
     .kind = CONF_KEY_UINT32,
     NAV(frames_a_second_max),
     .min = 1,
     .max = 100000,
     .fallback = "2000"},
    {.name = "rejections_a_minute",
     .kind = CONF_KEY_UINT32,
     NAV(rejections_a_minute_max),
     .min = 1,
     .max = 10000,
     .fallback = "60"},
};

static const struct conf_key checkpoint_keys[] = {
    {.name = "records",
     .kind = CONF_KEY_UINT32,
     NAV(checkpoint_records),
     .min = 1,
     .max = 10000000,
     .fallback = "4096"},
    {.name = "every",
     .kind = CONF_KEY_MS,
     NAV(checkpoint_ms),
     .min = 1000,
     .max = 86400000,
     .fallback = "60s"},
};

static const struct conf_key hold_keys[] = {
    {.name = "answer_within",
     .kind = CONF_KEY_MS,
     NAV(hold_answer_ms),
     .min = 1000,
     .max = INT64_C(45) * 86400000,
     .fallback = "72h"},
    {.name = "urgent_within",
     .kind = CONF_KEY_MS,
     NAV(hold_urgent_ms),
     .min = 1000,
     .max = INT64_C(45) * 86400000,
     .fallback = "2h"},
};

// `others` is read by itself: check_others.
static const struct conf_key standby_keys[] = {
    {.name = "node", .kind = CONF_KEY_TEXT, NAV(node), .max = NODE_LENGTH_MAX},
    {.name = "lease", .kind = CONF_KEY_MS, NAV(lease_ms), .min = 2000, .max = 60000, .fallback = "3s"},
    {.name = "starting",
     .kind = CONF_KEY_MS,
     NAV(lease_starting_ms),
     .min = 2000,
     .max = 3600000,
     .fallback = "60s"},
    {.name = "others", .kind = CONF_KEY_NODE, .offset = offsetof(struct loaded, others_node)},
};

struct loading {
  struct loaded *loaded;
  struct conf_faults *faults;
  struct conf_node *root;
  struct parts parts;
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void fault(const struct loading *loading, const struct conf_node *node, const char *hint,
                  const char *what) {
  conf_faults_add(loading->faults, node->file, node->line, node->column, hint, "%s", what);
}

// The defaults of a map that is left out stand at the top of the file.
static struct conf_node *map_or_empty(const struct loading *loading, struct conf_node *map) {
  if (map != NULL) return map;
  struct conf_node *empty = nav_arena_zalloc(loading->loaded->arena, 1, sizeof *empty);
  if (empty == NULL) return NULL;
  *empty = (struct conf_node){.kind = CONF_MAP,
                              .file = loading->root->file,
                              .line = loading->root->line,
                              .column = loading->root->column};
  return empty;
}

static void read_part(const struct loading *loading, struct conf_node *map, const char *where,
                      const struct conf_key *keys, size_t count) {
  struct conf_node *part = map_or_empty(loading, map);
  if (part == NULL) {
    fault(loading, loading->root, "", "needs too much memory to read");
    return;
  }
  (void)conf_read_map(part, where, keys, count, loading->loaded->arena, &loading->loaded->nav,
                      loading->faults);
}

static void make_absolute(const struct loading *loading, char **path) {
  if (*path == NULL || (*path)[0] == '/') return;
  *path = nav_arena_printf(loading->loaded->arena, "%s/%s", loading->loaded->nav.home, *path);
  if (*path == NULL) fault(loading, loading->root, "", "needs too much memory to read");
}

static void check_socket(const struct loading *loading, const char *key, char **path) {
  make_absolute(loading, path);
  if (*path == NULL || strlen(*path) <= NAV_SOCKET_PATH_MAX) return;
  const struct conf_node *node = conf_get(loading->parts.sockets, key);
  if (node == NULL) node = loading->root;
  conf_faults_add(loading->faults, node->file, node->line, node->column,
                  "use a shorter home folder, or a short absolute path such as /run/nav/core.sock",
                  "sockets.%s: the path is %zu bytes long and a unix socket's is at most %d: %s", key,
                  strlen(*path), NAV_SOCKET_PATH_MAX, *path);
}

static void check_sockets(const struct loading *loading) {
  struct conf_nav *nav = &loading->loaded->nav;
  char **paths[] = {&nav->gate_socket, &nav->core_socket, &nav->desk_socket};
  for (size_t i = 0; i < COUNT(paths); i++) {
    check_socket(loading, socket_keys[i].name, paths[i]);
    for (size_t j = 0; j < i; j++) {
      if (*paths[i] == NULL || *paths[j] == NULL || strcmp(*paths[i], *paths[j]) != 0) continue;
      const struct conf_node *node = conf_get(loading->parts.sockets, socket_keys[i].name);
      conf_faults_add(loading->faults, loading->root->file, node != NULL ? node->line : loading->root->line,
                      node != NULL ? node->column : loading->root->column, "give each its own",
                      "sockets.%s and sockets.%s are the same path", socket_keys[j].name,
                      socket_keys[i].name);
    }
  }
}

// The name stands in every checkpoint's first line, so it has no blanks or '+' (C2SP signed-note).
static void check_hub(const struct loading *loading) {
  const struct conf_node *node = loading->parts.hub;
  const char *text = node != NULL ? conf_read_text(node, "hub", loading->faults) : NULL;
  if (text == NULL) return;
  if (strlen(text) > HUB_LENGTH_MAX || text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-")] != '\0' ||
      text[0] == '.' || text[0] == '-') {
    conf_faults_add(loading->faults, node->file, node->line, node->column,
                    "a name such as nav.example.se: a-z, 0-9, '.' and '-', at most 128 long",
                    "hub: '%.80s' cannot be a hub's name", text);
    return;
  }
  loading->loaded->nav.hub = nav_arena_strdup(loading->loaded->arena, text);
}

static void check_endpoint(const struct loading *loading) {
  const struct conf_node *node = loading->parts.endpoint;
  const char *text = node != NULL ? conf_read_text(node, "endpoint", loading->faults) : NULL;
  if (text == NULL) return;
  if (!nav_endpoint_opens(text)) {
    conf_faults_add(
        loading->faults, node->file, node->line, node->column,
        "write it as tcp://127.0.0.1:7700, tcp://*:7700 or ipc:///absolute/path (at most 107 bytes)",
        "endpoint: '%.120s' is not an address that the gate can open", text);
    return;
  }
  loading->loaded->nav.endpoint = nav_arena_strdup(loading->loaded->arena, text);
}

// The hub's other nodes: where clients that this one cannot serve are told to go.
static void check_others(const struct loading *loading) {
  struct conf_nav *nav = &loading->loaded->nav;
  struct conf_node *list = loading->loaded->others_node;
  size_t count = 0;
  if (list == NULL || !conf_read_list(list, "standby.others", true, NAV_OTHERS_MAX, &count, loading->faults))
    return;
  nav->others = nav_arena_zalloc(loading->loaded->arena, count + 1, sizeof *nav->others);
  for (size_t i = 0; nav->others != NULL && i < count; i++) {
    const struct conf_node *item = conf_list_item(list, i);
    const char *text = conf_read_text(item, "standby.others", loading->faults);
    if (text == NULL) continue;
    if (!nav_endpoint_connects(text)) {
      conf_faults_add(loading->faults, item->file, item->line, item->column,
                      "write it as agencies reach that node: tcp://10.0.0.2:7700",
                      "standby.others: '%.120s' is not an address that can be connected to", text);
      continue;
    }
    nav->others[nav->others_count++] = nav_arena_strdup(loading->loaded->arena, text);
  }
}

// '{home}' in a connection string is the home folder, with libpq's escapes where it holds blanks or quotes.
static char *with_home(const struct loading *loading, const char *text) {
  static const char mark[] = "{home}";
  char escaped[FOLDER_LENGTH_MAX * 2 + 1];
  size_t used = 0;
  for (const char *at = loading->loaded->nav.home; *at != '\0' && used + 2 < sizeof escaped; at++) {
    if (strchr(" '\\", *at) != NULL) escaped[used++] = '\\';
    escaped[used++] = *at;
  }
  escaped[used] = '\0';
  char *result = nav_arena_strdup(loading->loaded->arena, text);
  for (char *found; result != NULL && (found = strstr(result, mark)) != NULL;) {
    result = nav_arena_printf(loading->loaded->arena, "%.*s%s%s", (int)(found - result), result, escaped,
                              found + sizeof mark - 1);
    if (strstr(loading->loaded->nav.home, mark) != NULL) break;  // a folder of that very name: once is enough
  }
  return result;
}

static void check_database(const struct loading *loading) {
  struct conf_nav *nav = &loading->loaded->nav;
  char **texts[] = {&nav->database_core, &nav->database_desk, &nav->database_owner};
  for (size_t i = 0; i < COUNT(texts); i++) {
    if (*texts[i] == NULL) continue;
    const struct conf_node *node = conf_get(loading->parts.database, database_keys[i].name);
    if (node == NULL) node = loading->root;
    if (strstr(*texts[i], "password") != NULL) {
      fault(loading, node,
            "use peer authentication, or passfile= with a file that only this program can read",
            "a password may not stand in nav.yaml");
    }
    *texts[i] = with_home(loading, *texts[i]);
    if (*texts[i] == NULL) fault(loading, node, "", "needs too much memory to read");
  }
}

static void read_all(struct loading *loading) {
  if (!conf_expect_map(loading->root, "nav.yaml", loading->faults)) return;
  struct parts *parts = &loading->parts;
  (void)conf_read_map(loading->root, "nav.yaml", top_keys, COUNT(top_keys), loading->loaded->arena, parts,
                      loading->faults);
  check_hub(loading);
  check_endpoint(loading);
  read_part(loading, parts->sockets, "sockets", socket_keys, COUNT(socket_keys));
  if (parts->database != NULL) {
    read_part(loading, parts->database, "database", database_keys, COUNT(database_keys));
  }
  read_part(loading, parts->folders, "folders", folder_keys, COUNT(folder_keys));
  read_part(loading, parts->limits, "limits", limit_keys, COUNT(limit_keys));
  read_part(loading, parts->checkpoint, "checkpoint", checkpoint_keys, COUNT(checkpoint_keys));
  read_part(loading, parts->holds, "holds", hold_keys, COUNT(hold_keys));
  read_part(loading, parts->standby, "standby", standby_keys, COUNT(standby_keys));
  check_others(loading);
  check_sockets(loading);
  check_database(loading);
  struct conf_nav *nav = &loading->loaded->nav;
  make_absolute(loading, &nav->keys_folder);
  make_absolute(loading, &nav->buckets_folder);
  make_absolute(loading, &nav->config_folder);
  make_absolute(loading, &nav->state_folder);
  if (nav->seen_folder == NULL) nav->seen_folder = nav->state_folder;
  make_absolute(loading, &nav->seen_folder);
}

static const char *choose_home(const char *home) {
  if (home != NULL) return home;
  const char *set = getenv("NAV_HOME");
  if (set != NULL && set[0] != '\0') return set;
  struct stat status;
  return stat(".nav", &status) == 0 && S_ISDIR(status.st_mode) ? ".nav" : "/etc/nav";
}

static bool find_home(struct loaded *loaded, const char *home, struct conf_faults *faults) {
  const char *chosen = choose_home(home);
  char *absolute = realpath(chosen, NULL);
  if (absolute == NULL) {
    conf_faults_add(faults, chosen, 0, 0,
                    "name the home folder with --home or NAV_HOME, or run deploy/quickstart",
                    "the home folder cannot be opened: %s", strerror(errno));
    return false;
  }
  bool good = strlen(absolute) <= FOLDER_LENGTH_MAX;
  if (!good)
    conf_faults_add(faults, chosen, 0, 0, "", "the home folder's path is longer than %d", FOLDER_LENGTH_MAX);
  loaded->nav.home = nav_arena_strdup(loaded->arena, absolute);
  free(absolute);
  return good && loaded->nav.home != NULL;
}

struct conf_nav *conf_nav_load(const char *home, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct loaded *loaded = calloc(1, sizeof *loaded);
  if (loaded == NULL || (loaded->arena = nav_arena_new(ARENA_BYTES_MAX)) == NULL) {
    conf_faults_add(faults, "nav.yaml", 0, 0, "", "needs too much memory to read");
    free(loaded);
    return NULL;
  }
  struct loading loading = {.loaded = loaded, .faults = faults};
  if (find_home(loaded, home, faults)) {
    const char *path = nav_arena_printf(loaded->arena, "%s/nav.yaml", loaded->nav.home);
    if (path != NULL) loading.root = conf_tree_load(path, "nav.yaml", loaded->arena, faults);
    if (loading.root != NULL) read_all(&loading);
  }
  if (loading.root != NULL && faults->count + faults->dropped == before) return &loaded->nav;
  conf_faults_sort(faults);
  conf_nav_free(&loaded->nav);
  return NULL;
}

void conf_nav_free(struct conf_nav *nav) {
  if (nav == NULL) return;
  struct loaded *loaded = (struct loaded *)(void *)nav;
  nav_arena_free(loaded->arena);
  free(loaded);
}
