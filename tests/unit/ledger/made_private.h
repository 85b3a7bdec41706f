// Between made.c (a ledger as a hub would write it), made_define.c (what it defines first) and made_erase.c
// (what is then erased of it). Called by: those three. Must never: be included elsewhere.
#ifndef TESTS_UNIT_LEDGER_MADE_PRIVATE_H
#define TESTS_UNIT_LEDGER_MADE_PRIVATE_H

#include "tests/unit/ledger/made.h"

enum { MADE_EPOCH = 3, MADE_LANES = 4 };

struct made_lane {
  unsigned agency;
  const char *purpose;
};
extern const struct made_lane made_lanes[MADE_LANES];  // by number, from 1

// A record of that kind, and a checkpoint where one is due.
#define STAGE(made, name, NAME, message)                  \
  do {                                                    \
    Nav__V1__Record record_ = NAV__V1__RECORD__INIT;      \
    record_.record_case = NAV__V1__RECORD__RECORD_##NAME; \
    record_.name = (message);                             \
    (void)made_stage((made), &record_);                   \
    made_checkpoint_if_due(made);                         \
  } while (0)

// protobuf-c's fields are not const.
char *made_text(const char *constant);
// A copy in the ledger's own memory, with a NUL behind it.
const uint8_t *made_keep(struct made *made, const void *bytes, size_t length);

void made_define(struct made *made);
void made_define_verdict(struct made *made, uint32_t number);
void made_change_rules(struct made *made, const char *law, const char *access);

// Gives the record its seq, time and epoch and adds its row, with what stands beside it. Returns the seq.
uint64_t made_stage(struct made *made, Nav__V1__Record *record);
// After every so many records, in the middle of a publication as well as between them.
void made_checkpoint_if_due(struct made *made);
// A checkpoint over all records, where there is none.
void made_sign_end(struct made *made);

#endif
