// Runs an adapter's mapping over one file with its shipped adapter.yaml, and writes down what came of it:
// what --dry-run would show, with skips, notes and the file's error in their places. Called by: tests of the
// mappings. Must never: hide an event or a skip.
#ifndef NAV_TESTS_MAP_RUN_H
#define NAV_TESTS_MAP_RUN_H

#include "adapters/engine/adapter.h"
#include "hub/base/buffer.h"

struct map_result {
  bool mapped;  // false: the file as a whole was refused
  size_t events;
  size_t skips;
  size_t notes;
  struct nav_buffer text;  // a line each: "event {…}", "skip place: reason", "note …", "error place: text"
};

// "Now" is 2026-11-22 12:00 in Sweden.
struct map_result map_run_bytes(const struct nav_mapping *mapping, const char *adapter_yaml, const char *name,
                                const uint8_t *bytes, size_t length);
struct map_result map_run_text(const struct nav_mapping *mapping, const char *adapter_yaml, const char *text);
struct map_result map_run_file(const struct nav_mapping *mapping, const char *adapter_yaml, const char *path);
void map_result_free(struct map_result *result);
// The whole of it, as text.
const char *map_result_text(struct map_result *result);

// Every file of `folder` but *.expected is mapped; what comes of it must be what FILE.expected says, byte for
// byte. With NAV_TEST_WRITE set, writes the .expected files instead, to be read before they are committed.
// Returns how many files there were.
size_t map_run_folder(const struct nav_mapping *mapping, const char *adapter_yaml, const char *folder);

#endif
