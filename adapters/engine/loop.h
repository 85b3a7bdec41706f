// The run of an adapter: outbox to hub, hub to inbox, until it is stopped or, with --once, until all has
// flowed. Called by: main. Must never: move a file to done/ before the receipts of its events are on disk.
#ifndef NAV_ADAPTERS_ENGINE_LOOP_H
#define NAV_ADAPTERS_ENGINE_LOOP_H

#include "adapters/engine/adapter.h"
#include "adapters/engine/options.h"
#include "adapters/engine/settings.h"
#include "adapters/engine/summary.h"

enum {
  // --once and - give up when the hub has not been there for so long, or has told us to wait for so long
  // without
  // a receipt or a delivery in between.
  LOOP_UNREACHABLE_MS = 30000,
  LOOP_WAIT_MS = 200,
  LOOP_SCAN_EVERY_MS = 500,
};

enum loop_result { LOOP_DONE, LOOP_FAILED, LOOP_UNREACHABLE, LOOP_ALARM };

// Faults have been logged when it returns.
enum loop_result loop_run(const struct nav_mapping *mapping, const struct engine_settings *settings,
                          const struct options *options, struct summary *summary);

#endif
