// Whether two counts differ by more than chance: rate ratio with its exact 95 % interval (Clopper–Pearson on
// the share of the sum, given the sum), exact two-sided p (twice the smaller tail), and Benjamini–Hochberg
// over many comparisons. Counts are taken as Poisson: independent events. Called by: count. Must never: call
// a change what was not compared.
#ifndef NAV_DESK_BRIEFING_RATIO_H
#define NAV_DESK_BRIEFING_RATIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate_ratio {
  double ratio;  // INFINITY where the earlier count is 0; NAN where both are
  double low;    // of the 95 % interval
  double high;   // INFINITY where the earlier count is 0
  double p;      // 1 where both are 0
};

// Counts of two periods of `now_days` and `then_days` (both above 0).
struct rate_ratio rate_ratio(uint64_t now, uint64_t then, double now_days, double then_days);

// The regularised incomplete beta function I_x(a, b), for tests and for the above.
double ratio_beta(double a, double b, double x);

// Fewest events of both periods together that could ever be called a change at the level (equal periods):
// fewer are not tested, so that they do not weaken the rest.
enum { RATIO_EVENTS_MIN = 6 };

// Marks which of `count` p values stand at false discovery rate `level`. order: scratch of count elements.
void ratio_discover(const double *p, bool *found, size_t *order, size_t count, double level);

#endif
