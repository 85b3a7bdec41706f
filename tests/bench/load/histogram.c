// See histogram.h.
#include "tests/bench/load/histogram.h"

enum { STEP_BITS = 6 };

// Values below 64 have a cell each; above, the six bits after the highest one choose the step of its octave.
static unsigned cell_of(uint64_t ns) {
  if (ns < HISTOGRAM_STEPS) return (unsigned)ns;
  unsigned top = 63 - (unsigned)__builtin_clzll(ns);
  unsigned step = (unsigned)(ns >> (top - STEP_BITS)) & (HISTOGRAM_STEPS - 1);
  return (top - STEP_BITS + 1) * HISTOGRAM_STEPS + step;
}

// The middle of a cell.
static double value_of(unsigned cell) {
  if (cell < HISTOGRAM_STEPS) return cell;
  unsigned shift = cell / HISTOGRAM_STEPS - 1;
  return ((double)(HISTOGRAM_STEPS + cell % HISTOGRAM_STEPS) + 0.5) * (double)(UINT64_C(1) << shift);
}

void histogram_add(struct histogram *histogram, uint64_t ns) {
  histogram->count++;
  if (ns > histogram->max_ns) histogram->max_ns = ns;
  histogram->cells[cell_of(ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  into->count += from->count;
  if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
  for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) into->cells[i] += from->cells[i];
}

double histogram_part(const struct histogram *histogram, double part) {
  uint64_t wanted = (uint64_t)((double)histogram->count * part);
  uint64_t passed = 0;
  if (histogram->count == 0) return 0;
  for (unsigned i = 0; i < HISTOGRAM_CELLS; i++) {
    passed += histogram->cells[i];
    if (passed > wanted) return value_of(i);
  }
  return (double)histogram->max_ns;
}
