// A folder of its own for a test, removed with all that is in it; and files in it by one call.
// Called by: tests of the engine and of adapters. Must never: remove anything outside /tmp.
#ifndef NAV_TESTS_ENGINE_SCRATCH_H
#define NAV_TESTS_ENGINE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

enum { SCRATCH_PATH = 512 };

// Makes /tmp/nav-test-XXXXXX.
void scratch_make(char folder[SCRATCH_PATH]);
void scratch_remove(const char *folder);
// out: folder/name. Returns out.
const char *scratch_path(char out[SCRATCH_PATH], const char *folder, const char *name);
// Writes folder/name anew.
void scratch_write(const char *folder, const char *name, const char *text);
// The whole file, NUL after it; NULL: no such file. The caller frees it.
char *scratch_read(const char *folder, const char *name, size_t *length);
bool scratch_exists(const char *folder, const char *name);

#endif
