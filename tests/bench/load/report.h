// A run's line of JSON.
// Called by: load.c. Must never: leave out what went wrong.
#ifndef NAV_TESTS_BENCH_LOAD_REPORT_H
#define NAV_TESTS_BENCH_LOAD_REPORT_H

#include "tests/bench/load/load.h"

// What is read at the window's beginning and end.
struct report_sample {
  uint64_t at_ns;
  uint64_t accepted, received;
  double server_s[LOAD_SERVERS_MAX];
  double clients_s, machine_s;
};

// begin and end: the window's; drained_ns: when the last event had come, or the run gave up.
void report_print(const struct report_sample *begin, const struct report_sample *end, uint64_t drained_ns);

uint64_t report_accepted(void);
uint64_t report_received(void);

#endif
