// The command line of every adapter.
// Called by: main. Must never: open a file.
#ifndef NAV_ADAPTERS_ENGINE_OPTIONS_H
#define NAV_ADAPTERS_ENGINE_OPTIONS_H

#include "adapters/engine/adapter.h"

enum options_result { OPTIONS_RUN, OPTIONS_SHOWN, OPTIONS_WRONG };

struct options {
  const char *home;
  const char *config;  // NULL: looked for under home
  bool once;
  bool dry_run;
  bool standard_input;  // "-" without --dry-run
  bool json;
  // All that was delivered since a time (0: none), or else after a position, is asked for once more.
  bool replays;
  int64_t replay_since_ms;
  uint64_t replay_after;
  bool has_now;
  int64_t now_ms;
  char **files;  // of --dry-run; "-" is standard input
  size_t files_count;
};

// SHOWN: help or version has been printed. WRONG: the fault has been told on standard error.
enum options_result options_read(struct options *options, const struct nav_mapping *mapping, int argc,
                                 char **argv);

#endif
