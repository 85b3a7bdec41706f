// See scratch.h.
#include "tests/unit/engine/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void scratch_make(char folder[SCRATCH_PATH]) {
  (void)snprintf(folder, SCRATCH_PATH, "/tmp/nav-test-XXXXXX");
  if (mkdtemp(folder) == NULL) abort();
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk) {
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

void scratch_remove(const char *folder) {
  if (strncmp(folder, "/tmp/nav-test-", 14) == 0) (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_path(char out[SCRATCH_PATH], const char *folder, const char *name) {
  if (snprintf(out, SCRATCH_PATH, "%s/%s", folder, name) >= SCRATCH_PATH) abort();
  return out;
}

void scratch_write(const char *folder, const char *name, const char *text) {
  char path[SCRATCH_PATH];
  FILE *file = fopen(scratch_path(path, folder, name), "wb");
  if (file == NULL || fwrite(text, 1, strlen(text), file) != strlen(text) || fclose(file) != 0) abort();
}

char *scratch_read(const char *folder, const char *name, size_t *length) {
  char path[SCRATCH_PATH];
  FILE *file = fopen(scratch_path(path, folder, name), "rb");
  if (file == NULL) return NULL;
  (void)fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = calloc(1, size + 1);
  if (text == NULL || fread(text, 1, size, file) != size) abort();
  (void)fclose(file);
  if (length != NULL) *length = size;
  return text;
}

bool scratch_exists(const char *folder, const char *name) {
  char path[SCRATCH_PATH];
  return access(scratch_path(path, folder, name), F_OK) == 0;
}
