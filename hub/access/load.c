// Reads the files that decide, each once: what is hashed is what is parsed. Called by: core (start and
// reload), desk, navctl, tests. Must never: bring a part of a configuration into force.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/access/build.h"
#include "hub/conf/folder.h"
#include "hub/wire/sha256.h"

enum { FILE_MAX = ACCESS_FILE_BYTES_MAX, READING_MEMORY_MAX = 512 * 1024 * 1024 };

struct reading {
  struct nav_arena *arena;
  struct conf_faults *faults;
  struct rules_source sources[RULES_FILES_MAX];  // agencies.yaml, law.yaml, areas/*, access/*
  size_t count;
};

static void fault_errno(struct reading *reading, const char *name) {
  conf_faults_add(reading->faults, name, 0, 0, "", "cannot be read: %s", strerror(errno));
}

static char *too_large(struct reading *reading, const char *name) {
  conf_faults_add(reading->faults, name, 0, 0, "split the file", "is larger than %d KiB", FILE_MAX / 1024);
  return NULL;
}

static char *read_open_file(struct reading *reading, int fd, const char *name, size_t *length) {
  struct stat status;
  if (fstat(fd, &status) != 0) {
    fault_errno(reading, name);
    return NULL;
  }
  if (!S_ISREG(status.st_mode)) {
    conf_faults_add(reading->faults, name, 0, 0, "", "is not an ordinary file");
    return NULL;
  }
  if (status.st_size > FILE_MAX) return too_large(reading, name);
  char *text = nav_arena_alloc(reading->arena, FILE_MAX + 1);
  size_t used = 0;
  while (text != NULL && used <= FILE_MAX) {
    ssize_t got = read(fd, text + used, FILE_MAX + 1 - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      fault_errno(reading, name);
      return NULL;
    }
    if (got == 0) break;
    used += (size_t)got;
  }
  if (text == NULL) conf_faults_add(reading->faults, name, 0, 0, "", "needs too much memory to read");
  if (used > FILE_MAX) return too_large(reading, name);
  *length = used;
  return text;
}

// optional: no fault where the file is not there.
static const struct rules_source *add_file(struct reading *reading, const char *path, const char *name,
                                           bool optional) {
  if (reading->count == RULES_FILES_MAX) {
    conf_faults_add(reading->faults, name, 0, 0, "", "more than %d files", RULES_FILES_MAX);
    return NULL;
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);  // a FIFO must not hang the program
  if (fd < 0) {
    if (!optional || errno != ENOENT) fault_errno(reading, name);
    return NULL;
  }
  size_t length = 0;
  char *text = read_open_file(reading, fd, name, &length);
  (void)close(fd);
  if (text == NULL) return NULL;
  struct rules_source *source = &reading->sources[reading->count++];
  *source = (struct rules_source){name, text, length};
  return source;
}

static const struct rules_source *add_named(struct reading *reading, const char *folder, const char *name,
                                            bool optional) {
  const char *path = nav_arena_printf(reading->arena, "%s/%s", folder, name);
  return path == NULL ? NULL : add_file(reading, path, name, optional);
}

static void add_folder(struct reading *reading, const char *config_folder, const char *folder,
                       bool required) {
  struct conf_files files = {NULL, NULL, 0};
  if (!conf_folder_list(config_folder, folder, required, reading->arena, &files, reading->faults)) return;
  for (size_t i = 0; i < files.count; i++) (void)add_file(reading, files.paths[i], files.names[i], false);
}

static bool hash_files(struct access_rules *rules, const struct reading *reading) {
  rules->files = nav_arena_zalloc(rules->arena, reading->count + 1, sizeof *rules->files);
  struct nav_bytes *parts = nav_arena_zalloc(rules->arena, 2 * reading->count + 1, sizeof *parts);
  if (rules->files == NULL || parts == NULL) return false;
  for (size_t i = 0; i < reading->count; i++) {
    const struct rules_source *source = &reading->sources[i];
    struct rules_file *file = &rules->files[i];
    file->name = nav_arena_strdup(rules->arena, source->name);
    if (file->name == NULL) return false;
    nav_sha256(file->sha256, &(struct nav_bytes){source->text, source->length}, 1);
    file->text = nav_arena_strndup(rules->arena, source->text, source->length);
    file->length = source->length;
    if (file->text == NULL) return false;
    parts[2 * i] = (struct nav_bytes){file->name, strlen(file->name) + 1};
    parts[2 * i + 1] = (struct nav_bytes){file->sha256, sizeof file->sha256};
  }
  rules->files_count = reading->count;
  nav_sha256(rules->hash, parts, 2 * reading->count);
  return true;
}

static const struct rules_source *take_text(struct reading *reading, const struct conf_text *text) {
  if (reading->count == RULES_FILES_MAX) {
    conf_faults_add(reading->faults, text->name, 0, 0, "", "more than %d files", RULES_FILES_MAX);
    return NULL;
  }
  struct rules_source *source = &reading->sources[reading->count++];
  *source = (struct rules_source){text->name, text->text, text->length};
  return source;
}

static const struct rules_source *take_named(struct reading *reading, const struct conf_texts *texts,
                                             const char *name, bool optional) {
  const struct conf_text *text = conf_texts_find(texts, name);
  if (text != NULL) return take_text(reading, text);
  if (!optional) conf_faults_add(reading->faults, name, 0, 0, "", "is not there");
  return NULL;
}

static void take_folder(struct reading *reading, const struct conf_texts *texts, const char *folder) {
  for (size_t i = 0; i < texts->count; i++) {
    if (conf_text_is_in(&texts->items[i], folder)) (void)take_text(reading, &texts->items[i]);
  }
}

// In the order that the hash goes by: agencies.yaml, law.yaml, areas/, access/. What is parsed are the very
// bytes that are hashed, of the areas too.
struct placed {
  const struct rules_source *law;
  size_t areas, access;  // where they begin
  bool areas_are_bad;    // a file of them could not be read, which is told
};

static struct placed read_folder(struct reading *reading, const char *config_folder) {
  struct placed placed = {0};
  (void)add_named(reading, config_folder, "agencies.yaml", true);
  placed.law = add_named(reading, config_folder, "law.yaml", false);
  placed.areas = reading->count;
  size_t before = reading->faults->count + reading->faults->dropped;
  add_folder(reading, config_folder, "areas", false);
  placed.areas_are_bad = reading->faults->count + reading->faults->dropped > before;
  placed.access = reading->count;
  add_folder(reading, config_folder, "access", true);
  return placed;
}

static struct placed read_texts(struct reading *reading, const struct conf_texts *texts) {
  struct placed placed = {0};
  (void)take_named(reading, texts, "agencies.yaml", true);
  placed.law = take_named(reading, texts, "law.yaml", false);
  placed.areas = reading->count;
  take_folder(reading, texts, "areas");
  placed.access = reading->count;
  take_folder(reading, texts, "access");
  return placed;
}

static struct nav_areas *load_areas(struct reading *reading, const struct placed *placed) {
  size_t count = placed->access - placed->areas;
  if (placed->areas_are_bad) return NULL;
  struct conf_text *items = nav_arena_zalloc(reading->arena, count + 1, sizeof *items);
  if (items == NULL) {
    conf_faults_add(reading->faults, "areas", 0, 0, "", "no memory for the areas");
    return NULL;
  }
  for (size_t i = 0; i < count; i++) {
    const struct rules_source *source = &reading->sources[placed->areas + i];
    items[i] = (struct conf_text){.name = source->name, .text = source->text, .length = source->length};
  }
  return nav_areas_load_texts(&(struct conf_texts){.items = items, .count = count}, reading->faults);
}

static bool is_too_much(const struct reading *reading) {
  size_t bytes = 0;
  for (size_t i = 0; i < reading->count; i++) bytes += reading->sources[i].length;
  if (bytes <= ACCESS_TEXTS_BYTES_MAX) return false;
  conf_faults_add(reading->faults, "access", 0, 0, "simplify the areas' shapes, or split the collaboration",
                  "the files are more than %d MiB together, which the ledger keeps for ever",
                  ACCESS_TEXTS_BYTES_MAX / 1024 / 1024);
  return true;
}

static struct access_rules *read_and_build(struct reading *reading, const char *config_folder,
                                           const struct conf_texts *texts,
                                           const struct conf_agencies *agencies) {
  const struct placed placed =
      texts == NULL ? read_folder(reading, config_folder) : read_texts(reading, texts);
  const struct rules_source *law = placed.law;
  size_t first = placed.access;
  if (is_too_much(reading)) return NULL;
  struct nav_areas *areas = load_areas(reading, &placed);
  if (areas != NULL) nav_areas_check_agencies(areas, agencies, reading->faults);
  static const struct rules_source no_law = {"law.yaml", "bases: []\n", 10};
  struct access_rules *rules = rules_build(law == NULL ? &no_law : law, reading->sources + first,
                                           reading->count - first, agencies, areas, reading->faults);
  if (rules == NULL || hash_files(rules, reading)) return rules;
  conf_faults_add(reading->faults, "access", 0, 0, "", "no memory for the rules");
  access_rules_free(rules);
  return NULL;
}

static struct access_rules *load(const char *config_folder, const struct conf_texts *texts,
                                 const struct conf_agencies *agencies, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  struct reading *reading = calloc(1, sizeof *reading);
  struct nav_arena *arena = nav_arena_new(READING_MEMORY_MAX);
  if (reading == NULL || arena == NULL) {
    free(reading);
    nav_arena_free(arena);
    conf_faults_add(faults, "access", 0, 0, "", "no memory for the rules");
    return NULL;
  }
  reading->arena = arena;
  reading->faults = faults;
  struct access_rules *rules = read_and_build(reading, config_folder, texts, agencies);
  nav_arena_free(arena);
  free(reading);
  if (rules != NULL && faults->count + faults->dropped == before) return rules;
  access_rules_free(rules);
  conf_faults_sort(faults);
  return NULL;
}

struct access_rules *access_rules_load(const char *config_folder, const struct conf_agencies *agencies,
                                       struct conf_faults *faults) {
  return load(config_folder, NULL, agencies, faults);
}

struct access_rules *access_rules_load_texts(const struct conf_texts *texts,
                                             const struct conf_agencies *agencies,
                                             struct conf_faults *faults) {
  return load(NULL, texts, agencies, faults);
}

const uint8_t *access_rules_hash(const struct access_rules *rules) { return rules->hash; }
size_t access_rules_memory(const struct access_rules *rules) { return nav_arena_used(rules->arena); }
size_t access_rules_file_count(const struct access_rules *rules) { return rules->files_count; }

const char *access_rules_file(const struct access_rules *rules, size_t index, uint8_t sha256[32]) {
  if (index >= rules->files_count) return NULL;
  memcpy(sha256, rules->files[index].sha256, 32);
  return rules->files[index].name;
}

const char *access_rules_text(const struct access_rules *rules, size_t index, size_t *length) {
  if (index >= rules->files_count || strcmp(rules->files[index].name, "agencies.yaml") == 0) return NULL;
  return access_rules_kept_text(rules, index, length);
}

const char *access_rules_kept_text(const struct access_rules *rules, size_t index, size_t *length) {
  if (index >= rules->files_count) return NULL;
  *length = rules->files[index].length;
  return rules->files[index].text;
}

const struct nav_areas *access_rules_areas(const struct access_rules *rules) { return rules->areas; }
const struct conf_agencies *access_rules_agencies(const struct access_rules *rules) {
  return rules->agencies;
}
size_t access_lane_count(const struct access_rules *rules) { return rules->lanes_count; }

const struct access_lane *access_lane(const struct access_rules *rules, size_t index) {
  return index < rules->lanes_count ? &rules->lanes[index].info : NULL;
}

const struct access_rule_info *access_rule(const struct access_rules *rules, uint16_t index) {
  return index < rules->rules_count ? &rules->rules[index].info : NULL;
}

size_t access_rule_count(const struct access_rules *rules) { return rules->rules_count; }
