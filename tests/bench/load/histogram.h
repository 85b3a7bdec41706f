// A histogram of nanoseconds with 64 steps an octave: what it gives back is at most 1.6 percent off, from 1
// ns to hours, in a fixed size that processes can share. Called by: the load programs. Must never: allocate.
#ifndef NAV_TESTS_BENCH_LOAD_HISTOGRAM_H
#define NAV_TESTS_BENCH_LOAD_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_STEPS = 64, HISTOGRAM_OCTAVES = 59, HISTOGRAM_CELLS = HISTOGRAM_STEPS * HISTOGRAM_OCTAVES };

struct histogram {
  uint64_t count, max_ns;
  uint32_t cells[HISTOGRAM_CELLS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *into, const struct histogram *from);
// The value that `part` (0 to 1) of all lie at or below, in nanoseconds; 0 where there are none.
double histogram_part(const struct histogram *histogram, double part);

#endif
