// The events of before this start, newest first: their ids (known.h), and what they count for (status.h,
// due.h). The newest are read at the start, the rest in the background, so that a start takes no longer the
// more events there are; until all are read the counts are of those that are. Called by: start, the loop (a
// step each turn), status. Must never: hold up whoever waits for a commit, or count an event twice.
#ifndef NAV_CORE_PAST_H
#define NAV_CORE_PAST_H

#include "hub/core/core.h"

struct past *past_new(void);        // NULL: no memory
void past_free(struct past *past);  // takes NULL
// Blocking, at a start, after definitions and cursors: the first pages. False: *err.
NAV_MUST_USE bool past_begin(struct core *core, struct nav_error *err);
// Asks for the next page where the reader has nothing else to do.
void past_step(struct core *core);
// Whether it has waited so long for its turn that lanes which lag, and ask all the time, are to wait.
bool past_waits(const struct core *core);
// Whether all are read: counts are right from then on.
bool past_is_whole(const struct past *past);

#endif
