// See edge_rules.h.
#include "adapters/engine/edge_rules.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/engine/input.h"
#include "hub/base/disk.h"
#include "hub/base/id.h"

enum { HASH_TEXT = 2 * NAV_SHA256_SIZE + 1, NAME_LENGTH_MAX = 200, ENTRIES_MAX = 4096 };

static const char in_force[] = "in-force";
static const char *const folders[] = {"access", "areas"};

void edge_rules_free(struct edge_rules *rules) {
  access_rules_free(rules->rules);
  conf_agencies_free(rules->agencies);
  *rules = (struct edge_rules){0};
}

static bool load_folder(const char *folder, struct edge_rules *out, struct nav_error *err) {
  struct conf_faults faults = {0};
  out->agencies = conf_agencies_load(folder, &faults);
  out->rules = out->agencies == NULL ? NULL : access_rules_load(folder, out->agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (out->rules != NULL) return true;
  edge_rules_free(out);
  return nav_fail(err, NAV_ERROR_LOCAL, 0, folder, "the hub's rules cannot be read here");
}

static bool rules_folder(char out[PATH_MAX], const char *state, struct nav_error *err) {
  return nav_disk_join(out, state, "rules", err);
}

bool edge_rules_load(const char *state, struct edge_rules *out, struct nav_error *err) {
  char root[PATH_MAX];
  char path[PATH_MAX];
  char text[HASH_TEXT];
  struct input input;
  *out = (struct edge_rules){0};
  if (!rules_folder(root, state, err) || !nav_disk_join(path, root, in_force, err)) return false;
  if (access(path, F_OK) != 0 && errno == ENOENT) return true;
  if (!input_read(&input, path, err)) return false;
  (void)snprintf(text, sizeof text, "%.*s", (int)(input.length < HASH_TEXT ? input.length : HASH_TEXT - 1),
                 (const char *)input.bytes);
  input_free(&input);
  uint8_t hash[NAV_SHA256_SIZE];
  if (!nav_unhex(hash, sizeof hash, text)) return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "names no rules");
  if (!nav_disk_join(path, root, text, err) || !load_folder(path, out, err)) return false;
  memcpy(out->hash, hash, sizeof hash);
  return true;
}

// ---- storing ----

// "law.yaml", "agencies.yaml", or one *.yaml of access/ or areas/. Gives where its own name begins.
static const char *own_name(const char *name, const char **folder) {
  *folder = NULL;
  if (name == NULL || strlen(name) > NAME_LENGTH_MAX) return NULL;
  if (strcmp(name, "law.yaml") == 0 || strcmp(name, "agencies.yaml") == 0) return name;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    size_t length = strlen(folders[i]);
    if (strncmp(name, folders[i], length) != 0 || name[length] != '/') continue;
    const char *own = name + length + 1;
    size_t own_length = strlen(own);
    bool good = own_length > 5 && own[0] != '.' && strchr(own, '/') == NULL &&
                strcmp(own + own_length - 5, ".yaml") == 0;
    *folder = folders[i];
    return good ? own : NULL;
  }
  return NULL;
}

static bool write_file(const char *root, const Nav__V1__RulesBundleFile *file, struct nav_error *err) {
  char path[PATH_MAX];
  const char *folder = NULL;
  const char *own = own_name(file->name, &folder);
  if (own == NULL)
    return nav_fail(err, NAV_ERROR_PEER, 0, "rules", "a file that the hub sends has a name that is none");
  if (folder == NULL) return nav_disk_replace(root, own, file->text.data, file->text.len, err);
  return nav_disk_join(path, root, folder, err) && nav_disk_make_folder(path, err) &&
         nav_disk_replace(path, own, file->text.data, file->text.len, err);
}

static bool skip_dots(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

// A folder of files alone.
static void remove_flat(const char *path) {
  char file[PATH_MAX];
  struct nav_error ignored;
  DIR *folder = opendir(path);
  if (folder == NULL) return;
  const struct dirent *entry = NULL;
  for (int i = 0; i < ENTRIES_MAX && (entry = readdir(folder)) != NULL; i++)
    if (!skip_dots(entry->d_name) && nav_disk_join(file, path, entry->d_name, &ignored)) (void)unlink(file);
  (void)closedir(folder);
  (void)rmdir(path);
}

static void remove_rules(const char *path) {
  char inner[PATH_MAX];
  struct nav_error ignored;
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
    if (nav_disk_join(inner, path, folders[i], &ignored)) remove_flat(inner);
  remove_flat(path);
}

// All but the rules in force, whose name is kept.
static void remove_others(const char *root, const char *kept) {
  char path[PATH_MAX];
  struct nav_error ignored;
  DIR *folder = opendir(root);
  if (folder == NULL) return;
  const struct dirent *entry = NULL;
  for (int i = 0; i < ENTRIES_MAX && (entry = readdir(folder)) != NULL; i++) {
    if (skip_dots(entry->d_name) || strcmp(entry->d_name, kept) == 0 || strcmp(entry->d_name, in_force) == 0)
      continue;
    if (nav_disk_join(path, root, entry->d_name, &ignored)) remove_rules(path);
  }
  (void)closedir(folder);
}

static bool write_all(const char *root, const char *fresh, const Nav__V1__RulesBundle *bundle,
                      struct nav_error *err) {
  if (!nav_disk_make_folder(root, err)) return false;
  remove_rules(fresh);
  if (!nav_disk_make_folder(fresh, err)) return false;
  for (size_t i = 0; i < bundle->n_files; i++)
    if (!write_file(fresh, bundle->files[i], err)) return false;
  return true;
}

// The files under their name, and that name in force.
static bool put_in_force(const char *root, const char *fresh, const char *path, const char *name,
                         struct nav_error *err) {
  remove_rules(path);  // left from a crash, or the same that could not be read
  if (rename(fresh, path) != 0) return nav_fail_errno(err, path, "cannot be put in its place");
  if (!nav_disk_sync_folder(root)) return nav_fail_errno(err, root, "cannot sync");
  return nav_disk_replace(root, in_force, (const uint8_t *)name, strlen(name), err);
}

// Loaded before they take their place: files under the name of those in force must not spoil them.
bool edge_rules_replace(const char *state, const Nav__V1__RulesBundle *bundle, struct edge_rules *out,
                        struct nav_error *err) {
  char root[PATH_MAX];
  char path[PATH_MAX];
  char fresh[PATH_MAX];
  char name[HASH_TEXT];
  struct edge_rules loaded = {0};
  (void)nav_hex(name, bundle->hash.data, NAV_SHA256_SIZE);
  if (!rules_folder(root, state, err) || !nav_disk_join(path, root, name, err) ||
      !nav_disk_join(fresh, root, "new", err) || !write_all(root, fresh, bundle, err) ||
      !load_folder(fresh, &loaded, err)) {
    return false;
  }
  memcpy(loaded.hash, bundle->hash.data, NAV_SHA256_SIZE);
  if (!put_in_force(root, fresh, path, name, err)) {
    edge_rules_free(&loaded);
    return false;
  }
  edge_rules_free(out);
  *out = loaded;
  remove_others(root, name);
  return true;
}
