// How evenly the machine itself goes while a load runs. A process of its own does the same small piece of
// work each millisecond and notes the processor time that it took: its own time, so that waiting for a
// processor does not count. (A kernel may bill it for an interrupt that struck it; that is one work, and
// short.) Where three works one after the other took several times what they mostly take, the machine was
// slow, as one is whose host has other things to do, and which no counter of a guest tells of. Any program's
// events wait then, so latencies are told twice: of all events, and of those that were not due around such a
// moment, whatever they waited. Called by: load.c (the process), report.c. Must never: take the place of the
// figure for all.
#ifndef NAV_TESTS_BENCH_LOAD_STEADY_H
#define NAV_TESTS_BENCH_LOAD_STEADY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  STEADY_WORKS_MAX = 1 << 17,  // two minutes; of a longer run nothing is told
  STEADY_SPANS_MAX = 1 << 14,
  STEADY_TIMES_SLOW = 3,  // … as long as it mostly takes
  STEADY_IN_A_ROW = 3,    // works that are slow
  STEADY_BEFORE_MS = 20,  // what was due so shortly before is still on its way
  STEADY_AFTER_MS = 50,   // so long afterwards there is still what had piled up
};

struct steady_work {
  uint64_t begin_ns, end_ns;  // monotonic
  uint32_t took_ns;           // of processor time
};

// Shared by processes: one writes.
struct steady {
  _Atomic uint32_t count;  // past STEADY_WORKS_MAX: so many there would have been
  struct steady_work works[STEADY_WORKS_MAX];
};

struct steady_spans {
  size_t count;
  struct steady_span {
    uint64_t from_ns, to_ns;
  } list[STEADY_SPANS_MAX];  // in order, apart from each other
};

// Works until it is told to quit.
void steady_run(struct steady *steady, const _Atomic bool *quit);
// When the machine was slow. False: nothing is known, too much or too little was noted.
bool steady_find(const struct steady *steady, struct steady_spans *spans);
// Whether something that was due then may have waited for the machine. How long it waited does not matter.
bool steady_touches(const struct steady_spans *spans, uint64_t due_ns);
// The part (0 to 1) of that time in which the machine was slow.
double steady_slow_part(const struct steady_spans *spans, uint64_t from_ns, uint64_t to_ns);

#endif
