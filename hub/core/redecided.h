// What deliveries decided anew and found to be less than the stored verdict: kept until the lane has passed
// it, so that neither a later reload nor a reconnect releases it again, and so that one change is recorded
// once. A cache of Redecided records. Called by: deliver_frame (ask, note), deliver (pass), start (load).
// Must never: forget what a lane has not passed.
#ifndef NAV_CORE_REDECIDED_H
#define NAV_CORE_REDECIDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nav/v1/ledger.pb-c.h"

enum { REDECIDED_MAX = 4 * 1024 * 1024 };  // of all lanes; past it deliveries that need one more wait

struct redecided;

// What one position of one lane may still give.
struct narrowed {
  uint64_t position;
  uint32_t lane;
  bool released;
  bool narrative_edited;
  uint16_t reveal;
  uint64_t subjects;
};

// As a Redecided record says it of a lane.
struct narrowed redecided_of(const Nav__V1__LaneVerdict *lane, uint64_t position);

struct redecided *redecided_new(void);
void redecided_free(struct redecided *redecided);  // takes NULL
bool redecided_has_room(const struct redecided *redecided);
// Keeps it, in place of what was kept of the same position and lane. There must be room.
void redecided_note(struct redecided *redecided, const struct narrowed *narrowed);
const struct narrowed *redecided_find(const struct redecided *redecided, uint32_t lane,
                                      uint64_t position);  // NULL
// The lane has acknowledged everything up to here.
void redecided_pass(struct redecided *redecided, uint32_t lane, uint64_t position);

#endif
