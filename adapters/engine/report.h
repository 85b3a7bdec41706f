// How skips, notes and faults of files are told on standard error: one line each, control characters taken
// out. Called by: dry, loop. Must never: print more than REPORT_LINES_MAX lines a file.
#ifndef NAV_ADAPTERS_ENGINE_REPORT_H
#define NAV_ADAPTERS_ENGINE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "hub/base/error.h"

enum { REPORT_LINES_MAX = 10000 };

struct report {
  const char *file;  // now being mapped
  size_t lines;      // printed about it
  size_t unsaid;
};

void report_begin(struct report *report, const char *file);
// "skipped FILE: PLACE: REASON"; what: "skipped", "note".
void report_line(struct report *report, const char *what, const char *place, const char *text);
void report_failure(const char *what, const struct nav_error *err);
// "edge FILE: 3 stayed home, 1 sealed, 5 stripped"; nothing where there were none.
void report_edge(const struct report *report, uint64_t stayed_home, uint64_t sealed, uint64_t stripped);
// Says how many lines were left out, if any.
void report_end(struct report *report);

#endif
