// One redaction of one event, encoded as all lanes share it: a nav.v1.Delivery without verdict and replay.
// Made when the event is accepted, since it stands decoded then, for what lanes at the head are about to be
// sent; else when a lane first needs it. Called by: intake, deliver_frame. Must never: put in a field that
// the lane's reveal does not name.
#ifndef NAV_CORE_DELIVER_COPY_H
#define NAV_CORE_DELIVER_COPY_H

#include "hub/core/core.h"

enum {
  COPY_WITHHELD_BYTES_MAX = 6 * 1024,         // of the paths withheld
  COPIES_AHEAD_BYTES_MAX = 16 * 1024 * 1024,  // of a batch's events; the rest when a lane needs it
};

// What the lane gets of a stored or decided verdict.
struct head_copy copy_wanted(const struct core *core, const Nav__V1__LaneVerdict *lane);
// Whether what the copy says of the event is the same for all lanes, or has pseudonyms of each recipient's.
bool copy_is_for_all(const struct core *core, const Nav__V1__Event *event, const struct head_copy *copy);
// Fills copy->bytes, which are then the caller's, of the event redacted for the lane to what the copy says.
// Uses the arena. False: it cannot be redacted or encoded.
NAV_MUST_USE bool copy_make(const struct core *core, uint32_t lane, const struct head_entry *entry,
                            const Nav__V1__Event *event, struct nav_arena *arena, struct head_copy *copy);
// The event as it stands, under the entry's numbers; the bytes are the caller's.
NAV_MUST_USE bool copy_encode(const struct head_entry *entry, const Nav__V1__Event *event,
                              const struct access_paths *withheld, struct head_copy *copy);
// Of an entry just staged, each redaction that a lane waits for at the head.
void copy_ahead(struct core *core, struct head_entry *entry, const Nav__V1__Event *event);

#endif
