// See folder.h.
#include "hub/conf/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static int by_bytes(const void *a, const void *b) {
  const char *const *left = a, *const *right = b;
  return strcmp(*left, *right);
}

static bool take_name(const char *folder, const char *name, struct nav_arena *arena, struct conf_files *files,
                      struct conf_faults *faults) {
  if (name[0] == '.') return true;
  if (ends_with(name, ".yml")) {
    conf_faults_add(faults, nav_arena_printf(arena, "%s/%s", folder, name), 0, 0, "name it .yaml",
                    "ends in .yml and would not be read");
    return true;
  }
  if (!ends_with(name, ".yaml")) return true;
  if (files->count == CONF_FOLDER_FILES_MAX) {
    conf_faults_add(faults, folder, 0, 0, "", "has more than %d files", CONF_FOLDER_FILES_MAX);
    return false;
  }
  char *path = nav_arena_printf(arena, "%s/%s", folder, name);
  if (path != NULL) files->names[files->count++] = path;
  return path != NULL;
}

static bool list_open(DIR *directory, const char *folder, struct nav_arena *arena, struct conf_files *files,
                      struct conf_faults *faults) {
  errno = 0;
  for (const struct dirent *entry; (entry = readdir(directory)) != NULL; errno = 0) {
    if (!take_name(folder, entry->d_name, arena, files, faults)) return false;
  }
  if (errno != 0) conf_faults_add(faults, folder, 0, 0, "", "cannot be read: %s", strerror(errno));
  return errno == 0;
}

bool conf_folder_list(const char *config_folder, const char *folder, bool required, struct nav_arena *arena,
                      struct conf_files *files, struct conf_faults *faults) {
  size_t before = faults->count + faults->dropped;
  *files = (struct conf_files){0};
  files->names = nav_arena_zalloc(arena, CONF_FOLDER_FILES_MAX, sizeof *files->names);
  files->paths = nav_arena_zalloc(arena, CONF_FOLDER_FILES_MAX, sizeof *files->paths);
  const char *path = nav_arena_printf(arena, "%s/%s", config_folder, folder);
  if (files->names == NULL || files->paths == NULL || path == NULL) {
    conf_faults_add(faults, folder, 0, 0, "", "needs too much memory to read");
    return false;
  }
  DIR *directory = opendir(path);
  if (directory == NULL) {
    if (errno == ENOENT && !required) return true;
    conf_faults_add(faults, folder, 0, 0, path, "cannot be opened: %s", strerror(errno));
    return false;
  }
  bool good = list_open(directory, folder, arena, files, faults);
  (void)closedir(directory);
  if (files->count > 1) qsort(files->names, files->count, sizeof *files->names, by_bytes);
  for (size_t i = 0; i < files->count && good; i++) {
    files->paths[i] = nav_arena_printf(arena, "%s/%s", config_folder, files->names[i]);
    good = files->paths[i] != NULL;
  }
  if (!good && faults->count + faults->dropped == before) {
    conf_faults_add(faults, folder, 0, 0, "", "needs too much memory to read");
  }
  return faults->count + faults->dropped == before;
}

const struct conf_text *conf_texts_find(const struct conf_texts *texts, const char *name) {
  for (size_t i = 0; i < texts->count; i++) {
    if (strcmp(texts->items[i].name, name) == 0) return &texts->items[i];
  }
  return NULL;
}

bool conf_text_is_in(const struct conf_text *text, const char *folder) {
  size_t length = strlen(folder);
  if (strncmp(text->name, folder, length) != 0 || text->name[length] != '/') return false;
  const char *name = text->name + length + 1;
  return strchr(name, '/') == NULL && name[0] != '.' && ends_with(name, ".yaml");
}
