// A set of ledger numbers that only grows: what was taken back, what was erased. Twice as many words as
// numbers, at the most four times. Called by: core/recalls, core/buckets, ledger/verify. Must never: forget
// one.
#ifndef NAV_BASE_SEQS_H
#define NAV_BASE_SEQS_H

#include <stdint.h>

#include "hub/base/error.h"

struct seqs;

struct seqs *seqs_new(void);        // NULL: no memory
void seqs_free(struct seqs *seqs);  // takes NULL
bool seqs_has(const struct seqs *seqs, uint64_t seq);
// seq: never 0. Again: nothing. False: no memory, and it is not in.
NAV_MUST_USE bool seqs_add(struct seqs *seqs, uint64_t seq);
size_t seqs_count(const struct seqs *seqs);

#endif
