// What records say of holds that are over, or were escalated: gathered while the ledger's rare records are
// read at start, asked while its holds are loaded, and thrown away. Called by: start (definitions),
// holds_load. Must never: outlive the start.
#ifndef NAV_CORE_HOLDS_ENDED_H
#define NAV_CORE_HOLDS_ENDED_H

#include "hub/core/holds.h"

struct holds_ended;

struct holds_ended *holds_ended_new(void);
void holds_ended_free(struct holds_ended *ended);  // takes NULL
// Takes what a record says of a hold, and notes releases in holds; other records are passed over.
void holds_ended_take(struct core *core, uint64_t seq, const Nav__V1__Record *record);
// Whether it was decided, lapsed or was closed. Sorts at the first question: take nothing after it.
bool holds_ended_has(struct holds_ended *ended, uint64_t event_seq, uint32_t lane);
// Sets level and deadline as last recorded.
void holds_ended_level(struct holds_ended *ended, struct hold *hold);

#endif
