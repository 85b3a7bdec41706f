// See check.h: a map into a struct, by a table of its keys.
#include <stdio.h>
#include <string.h>

#include "hub/base/error.h"
#include "hub/conf/check.h"

enum { KEYS_MAX = 32 };

struct target {
  struct nav_arena *arena;
  struct conf_faults *faults;
  void *out;
};

static void *field(const struct target *target, size_t offset) { return (char *)target->out + offset; }

static void store_pointer(const struct target *target, size_t offset, const void *pointer) {
  memcpy(field(target, offset), &pointer, sizeof pointer);  // whatever the pointer's type
}

static void no_memory(const struct target *target, const struct conf_node *node) {
  conf_faults_add(target->faults, node->file, node->line, node->column, "split the file",
                  "needs too much memory to read");
}

static void store_text(const struct target *target, const struct conf_key *key, const struct conf_node *node,
                       const char *text) {
  if (text == NULL) return;
  char *copy = nav_arena_strdup(target->arena, text);
  if (copy == NULL) no_memory(target, node);
  store_pointer(target, key->offset, copy);
}

static void read_text(const struct target *target, const struct conf_key *key, const struct conf_node *node,
                      const char *where) {
  const char *text = conf_read_text(node, where, target->faults);
  if (text == NULL) return;
  if (key->max > 0 && strlen(text) > (size_t)key->max) {
    conf_faults_add(target->faults, node->file, node->line, node->column, "shorten it",
                    "%s is longer than %lld bytes", where, (long long)key->max);
    return;
  }
  store_text(target, key, node, text);
}

static void read_uint32(const struct target *target, const struct conf_key *key, const struct conf_node *node,
                        const char *where) {
  NAV_ASSERT(key->min >= 0 && key->max <= UINT32_MAX);
  int64_t value = 0;
  if (!conf_read_integer(node, where, key->min, key->max, &value, target->faults)) return;
  *(uint32_t *)field(target, key->offset) = (uint32_t)value;
}

static void read_ms(const struct target *target, const struct conf_key *key, const struct conf_node *node,
                    const char *where) {
  NAV_ASSERT(key->min >= 0 && key->max <= UINT32_MAX);
  int64_t ms = 0;
  if (!conf_read_duration(node, where, key->max, &ms, target->faults)) return;
  if (ms < key->min) {
    conf_faults_add(target->faults, node->file, node->line, node->column, "", "%s: %s is shorter than %lldms",
                    where, node->text, (long long)key->min);
    return;
  }
  *(uint32_t *)field(target, key->offset) = (uint32_t)ms;
}

static bool stands_twice(char *const *ids, size_t count, const char *id) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(ids[i], id) == 0) return true;
  }
  return false;
}

static void read_ids(const struct target *target, const struct conf_key *key, struct conf_node *node,
                     const char *where) {
  size_t count = 0, good = 0;
  size_t max = key->max > 0 ? (size_t)key->max : (size_t)CONF_LIST_MAX;
  if (!conf_read_list(node, where, false, max, &count, target->faults)) return;
  char **ids = nav_arena_zalloc(target->arena, count + 1, sizeof *ids);
  if (ids == NULL) {
    no_memory(target, node);
    return;
  }
  for (size_t i = 0; i < count; i++) {
    const struct conf_node *item = conf_list_item(node, i);
    const char *id = conf_read_id(item, where, target->faults);
    if (id == NULL) continue;
    if (stands_twice(ids, good, id)) {
      conf_faults_add(target->faults, item->file, item->line, item->column, "remove one of them",
                      "%s: '%s' stands twice", where, id);
      continue;
    }
    ids[good] = nav_arena_strdup(target->arena, id);
    if (ids[good] == NULL) {
      no_memory(target, item);
      return;
    }
    good++;
  }
  store_pointer(target, key->offset, ids);
  memcpy(field(target, key->count_offset), &good, sizeof good);
}

static void read_word_bits(const struct target *target, const struct conf_key *key, struct conf_node *node,
                           const char *where) {
  size_t count = 0;
  unsigned bits = 0;
  if (!conf_read_list(node, where, false, CONF_LIST_MAX, &count, target->faults)) return;
  for (size_t i = 0; i < count; i++) {
    size_t index = 0;
    if (conf_read_word(conf_list_item(node, i), where, key->words, &index, target->faults))
      bits |= 1u << index;
  }
  *(unsigned *)field(target, key->offset) = bits;
}

static void read_key(const struct target *target, const struct conf_key *key, struct conf_node *node,
                     const char *where) {
  size_t index = 0;
  switch (key->kind) {
    case CONF_KEY_TEXT:
      read_text(target, key, node, where);
      return;
    case CONF_KEY_ID:
      store_text(target, key, node, conf_read_id(node, where, target->faults));
      return;
    case CONF_KEY_WORD:
      if (conf_read_word(node, where, key->words, &index, target->faults)) {
        store_text(target, key, node, key->words[index]);
      }
      return;
    case CONF_KEY_UINT32:
      read_uint32(target, key, node, where);
      return;
    case CONF_KEY_BOOL:
      (void)conf_read_bool(node, where, field(target, key->offset), target->faults);
      return;
    case CONF_KEY_MS:
      read_ms(target, key, node, where);
      return;
    case CONF_KEY_IDS:
      read_ids(target, key, node, where);
      return;
    case CONF_KEY_WORD_BITS:
      read_word_bits(target, key, node, where);
      return;
    case CONF_KEY_NODE:
      store_pointer(target, key->offset, node);
      return;
  }
}

static void read_fallback(const struct target *target, const struct conf_key *key,
                          const struct conf_node *map, const char *where) {
  struct conf_node node = {.kind = CONF_SCALAR,
                           .file = map->file,
                           .line = map->line,
                           .column = map->column,
                           .text = key->fallback};
  NAV_ASSERT(key->kind != CONF_KEY_NODE && key->kind != CONF_KEY_IDS && key->kind != CONF_KEY_WORD_BITS);
  read_key(target, key, &node, where);
}

bool conf_read_map(const struct conf_node *map, const char *where, const struct conf_key *keys, size_t count,
                   struct nav_arena *arena, void *out, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct target target = {.arena = arena, .faults = faults, .out = out};
  if (!conf_expect_map(map, where, faults)) return false;
  const char *names[KEYS_MAX + 1] = {NULL};
  NAV_ASSERT(count <= KEYS_MAX);
  for (size_t i = 0; i < count; i++) names[i] = keys[i].name;
  conf_check_keys(map, names, where, faults);
  for (size_t i = 0; i < count; i++) {
    char path[CONF_WHERE_SIZE];
    (void)snprintf(path, sizeof path, "%s.%s", where, keys[i].name);
    struct conf_node *node = conf_get(map, keys[i].name);
    if (node != NULL) {
      read_key(&target, &keys[i], node, path);
    } else if (keys[i].required) {
      conf_faults_add(faults, map->file, map->line, map->column, "", "%s lacks '%s'", where, keys[i].name);
    } else if (keys[i].fallback != NULL) {
      read_fallback(&target, &keys[i], map, path);
    }
  }
  return faults->count + faults->dropped == before;
}
