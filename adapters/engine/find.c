// The default adapter.yaml of a program in an installation: agencies/<agency>/adapter.yaml with its
// `program:`. See settings.h.
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adapters/engine/settings.h"

enum { TREE_BYTES_MAX = 8 * 1024 * 1024 };

// Whether the file names the program; a file that cannot be read is another program's, or its own start
// tells.
static bool is_of_program(const char *path, const char *program) {
  struct conf_faults faults = {0};
  struct nav_arena *arena = nav_arena_new(TREE_BYTES_MAX);
  struct conf_node *root = arena != NULL ? conf_tree_load(path, path, arena, &faults) : NULL;
  const char *named = root != NULL ? conf_get_text(root, "program") : NULL;
  bool is = named != NULL && strcmp(named, program) == 0;
  conf_faults_free(&faults);
  nav_arena_free(arena);
  return is;
}

// Looks into one agency's folder. False: two files are the program's.
static bool look_into(const char *folder, const char *agency, const char *program, char *out, size_t size,
                      struct nav_error *err) {
  char path[PATH_MAX];
  struct stat status;
  int length = snprintf(path, sizeof path, "%s/%s/adapter.yaml", folder, agency);
  if (length < 0 || (size_t)length >= sizeof path || (size_t)length >= size) return true;
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || !is_of_program(path, program)) return true;
  if (out[0] != '\0') {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, path, "%s and this are both of %s: choose one with --config",
                    out, program);
  }
  (void)snprintf(out, size, "%s", path);
  return true;
}

bool settings_find(const char *home, const char *program, char *out, size_t size, struct nav_error *err) {
  char folder[PATH_MAX];
  (void)snprintf(folder, sizeof folder, "%s/agencies", home);
  out[0] = '\0';
  DIR *handle = opendir(folder);
  if (handle == NULL) return nav_fail_errno(err, folder, "cannot look for adapter.yaml (--config names one)");
  bool ok = true;
  struct dirent *entry = NULL;
  for (int i = 0; ok && i < SETTINGS_AGENCIES_MAX && (entry = readdir(handle)) != NULL; i++) {
    if (entry->d_name[0] != '.') ok = look_into(folder, entry->d_name, program, out, size, err);
  }
  (void)closedir(handle);
  if (!ok || out[0] != '\0') return ok;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, folder,
                  "no agency's adapter.yaml here says 'program: %s' (--config names a file)", program);
}
