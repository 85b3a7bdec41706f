// Agencies as witnesses: to each session that asked, every newly shown checkpoint with the proof that it
// extends the one that the session has, and the cosignatures that have come for the one before; and what it
// answers, its own cosignature. All are shown the same checkpoint (core/cosigners). The proof is made of rows
// read from the store, a tile at a time, never waited for. What a witness holds and this ledger cannot extend
// is refused and noted. Called by: deliver (a session's start, each step), start (free). Must never: send a
// checkpoint that is not noted in state/seen, or hold more than WITNESS_TILES_MAX tiles.
#ifndef NAV_CORE_WITNESS_H
#define NAV_CORE_WITNESS_H

#include "hub/core/core.h"

enum { WITNESS_TILES_MAX = 24 };

// A session has started: notes whether it is a witness, and of what. One whose note this ledger does not
// reach is shown what there is here, and ended.
void witness_start(struct core *core, struct session *session, const Nav__V1__Start *start);
// Sends what can be proven with the rows that are here, and asks for the next ones.
void witness_step(struct core *core);
// A cosignature of what the session was shown. One that does not hold is refused on the record, once a
// session; the session goes on.
void witness_cosignature(struct core *core, struct session *session, const Nav__V1__Cosignature *cosignature);
void witness_free(struct core *core);

#endif
