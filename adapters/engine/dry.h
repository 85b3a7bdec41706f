// --dry-run: maps files and prints the events as CloudEvents JSON, a line each. Sends and stores nothing.
// Called by: main. Must never: open a socket or the state folder.
#ifndef NAV_ADAPTERS_ENGINE_DRY_H
#define NAV_ADAPTERS_ENGINE_DRY_H

#include "adapters/engine/adapter.h"
#include "adapters/engine/settings.h"
#include "adapters/engine/summary.h"

// settings may be NULL: no adapter.yaml, no options, no places. Files "-": standard input. Revisions and the
// mapping's memory go from file to file as in earnest. False: a file could not be read at all, or standard
// output not written; it has been told.
bool dry_run(const struct nav_mapping *mapping, const struct engine_settings *settings, char **files,
             size_t count, int64_t now_ms, struct summary *summary);

#endif
