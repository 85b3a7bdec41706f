// The mapping's memory (adapter.h) on disk: state/memory, written in one step when a file is done.
// Called by: loop. Must never: keep half of a memory.
#ifndef NAV_ADAPTERS_ENGINE_MEMORY_FILE_H
#define NAV_ADAPTERS_ENGINE_MEMORY_FILE_H

#include "adapters/engine/run.h"

// No file: nothing is remembered.
NAV_MUST_USE bool memory_file_load(const char *folder, struct nav_mapping_run *run, struct nav_error *err);
// Writes it if it has changed.
NAV_MUST_USE bool memory_file_save(const char *folder, struct nav_mapping_run *run, struct nav_error *err);

#endif
