// The checkpoint that the hub shows: a new one is first noted outside the database (seen.h), by a thread of
// its own, since that waits for the disk twice and the folder may be another machine's; until then the one
// before is shown. Called by: start, the loop (give, step), witness (before it notes what somebody else has
// seen). Must never: show what is not noted.
#ifndef NAV_CORE_SHOWN_H
#define NAV_CORE_SHOWN_H

#include "hub/core/core.h"

// Once core->seen is loaded.
NAV_MUST_USE bool shown_open(struct core *core, struct nav_error *err);
// Finishes first, but for what a node that has stepped down had not begun: the note is another's now. Takes a
// core that has none.
void shown_close(struct core *core);
// The batch's checkpoint, which is committed. One that was given before and has not begun is passed over: no
// more than five a second are noted.
void shown_give(struct core *core, const struct batch *batch);
int shown_fd(const struct core *core);  // readable once there is something to be taken by shown_step
void shown_step(struct core *core);
// Waits until all that was given is noted, or has failed; for five seconds at the most. False: it is not, and
// that is logged.
bool shown_finish(struct core *core);

#endif
