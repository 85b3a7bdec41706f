// What tells one bench event from every other: run, publisher, number and the moment it was due, in twelve
// bytes that look like chance. They are the last twelve of a hub event's id, and the first of a peer's
// payload, so that recipients need no table. Scattered, because an adapter's own ids are (keyed BLAKE2b), and
// ordered ones would spare the hub's indexes what they have to bear.
// Called by: the load programs. Must never: stand for a real event's id.
#ifndef NAV_TESTS_BENCH_LOAD_MARK_H
#define NAV_TESTS_BENCH_LOAD_MARK_H

#include <stdint.h>

enum { MARK_SIZE = 12 };

struct mark {
  uint16_t run;        // one start of a load program
  uint16_t publisher;  // from 0
  uint32_t number;     // from 1, of its publisher
  uint32_t due_us;     // microseconds since the run's start; 71 minutes at most
};

void mark_write(uint8_t out[MARK_SIZE], const struct mark *mark);
// Any twelve bytes give some mark; the run's number tells whether it is ours.
struct mark mark_read(const uint8_t bytes[MARK_SIZE]);

#endif
