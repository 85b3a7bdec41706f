// A small adapter for tests of the engine: its home with keys and adapter.yaml, and a mapping of lines
// "id;text". A line "skip" makes no event, a file that begins with "unreadable" is refused, one that begins
// with "remember" counts up its memory. Called by: adapter_test, kill_test. Must never: run without a folder
// of its own.
#ifndef NAV_TESTS_ENGINE_SAMPLE_ADAPTER_H
#define NAV_TESTS_ENGINE_SAMPLE_ADAPTER_H

#include "adapters/engine/adapter.h"
#include "tests/unit/engine/scratch.h"

extern const struct nav_mapping sample_mapping;

// Makes home/agencies/polisen with keys, the hub's public keys and adapter.yaml (purposes: "[…]", or NULL for
// none).
void sample_make(const char *home, const char *purposes);
// Runs nav_adapter_main with --home HOME and further arguments (NULL-terminated).
int sample_run(const struct nav_mapping *mapping, const char *home, ...);
// A path below the agency's folder: "outbox/done".
const char *sample_path(char out[SCRATCH_PATH], const char *home, const char *name);

#endif
