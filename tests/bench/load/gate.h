// What a broker needs before it so that nothing leaves without a record: a gate that commits each message,
// and what was decided of it for each recipient, to PostgreSQL before it publishes. It takes what is due
// while the last commit ran, writes it by binary COPY in one transaction and publishes when that is on disk,
// as nav-core does; it neither signs, seals nor chains anything. Gate and publisher are one process, which
// spares the broker a hop. Called by: redis.c, rabbit.c. Must never: publish what is not committed.
#ifndef NAV_TESTS_BENCH_LOAD_GATE_H
#define NAV_TESTS_BENCH_LOAD_GATE_H

#include "tests/bench/load/load.h"

enum { GATE_BATCH_MAX = 1024 };  // messages of one transaction

// Messages in the order of their numbers, each of load_options->bytes, the mark first.
struct gate_batch {
  uint32_t numbers[GATE_BATCH_MAX];
  uint8_t *bytes;
  size_t count;
};

struct gate;

// Makes the tables anew, where load_options->database names a database. False: it has said why.
bool gate_prepare(void);
// Without a database too: then gate_take takes messages and commits nothing. NULL: it has said why.
struct gate *gate_open(unsigned publisher);
void gate_close(struct gate *gate);  // takes NULL
// All that may be sent now, up to GATE_BATCH_MAX, committed. The batch lives until the next call. NULL: it
// could not be committed, and it has said why; nothing of it may be published.
const struct gate_batch *gate_take(struct gate *gate, struct load_pace *pace);
const uint8_t *gate_message(const struct gate_batch *batch, size_t index);

#endif
