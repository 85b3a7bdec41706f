// Between made.c (a ledger as a hub would write it) and made_erase.c (what is then erased of it). Called by:
// those two. Must never: be included elsewhere.
#ifndef TESTS_UNIT_LEDGER_MADE_PRIVATE_H
#define TESTS_UNIT_LEDGER_MADE_PRIVATE_H

#include "tests/unit/ledger/made.h"

// Gives the record its seq, time and epoch and adds its row, with what stands beside it. Returns the seq.
uint64_t made_stage(struct made *made, Nav__V1__Record *record);
// A checkpoint over all records, where there is none.
void made_sign_end(struct made *made);

#endif
