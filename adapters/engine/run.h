// What a mapping sees of the engine while it maps one file (adapter.h), and where its events and skips go.
// Pure: no files, sockets or clock, so that a mapping can be tested and fuzzed with a sink of its own. Called
// by: dry, loop, tests, fuzz targets. Must never: send or store anything.
#ifndef NAV_ADAPTERS_ENGINE_RUN_H
#define NAV_ADAPTERS_ENGINE_RUN_H

#include "adapters/engine/adapter.h"
#include "adapters/engine/gazetteer.h"

// Where the mapping's results go. event: complete but for its revision, and valid; it lives until the call
// returns.
struct run_sink {
  void *context;
  void (*event)(void *context, const char *source_id, const Nav__V1__Event *event);
  void (*skip)(void *context, const char *place, const char *reason);
  void (*note)(void *context, const char *place, const char *text);
};

struct run_option {
  const char *key;
  const char *value;
};

struct run_settings {
  const char *agency;
  const uint8_t *id_key;  // NAV_ID_KEY_SIZE bytes
  const struct run_option *options;
  size_t options_count;
  const struct gazetteer *places;  // may be NULL
  int64_t now_ms;
  struct run_sink sink;
};

// Copies settings, not what they point to. NULL: no memory.
struct nav_mapping_run *run_new(const struct run_settings *settings);
void run_free(struct nav_mapping_run *run);  // takes NULL
// The mapping's memory: what it remembered, or was given. Gives false past NAV_MAPPING_MEMORY_MAX.
NAV_MUST_USE bool run_set_memory(struct nav_mapping_run *run, const uint8_t *bytes, size_t length);
// Whether the mapping has remembered something since run_set_memory or run_memory_saved.
bool run_memory_changed(const struct nav_mapping_run *run);
void run_memory_saved(struct nav_mapping_run *run);
void run_set_now(struct nav_mapping_run *run, int64_t now_ms);

#endif
