// What recipients could not take. A lane is sent such a delivery again, with growing pauses; after
// NACKS_TRIES_MAX refusals in a row, or one that is final, it is set aside with the reason, and the lane goes
// on past it. It stays in the ledger, shows in status, and can be redelivered (redeliver.h). A cache of
// Nacked and Redelivered records. Called by: start (load, frames), deliver (may a lane send), deliver_frame
// (what it goes past), redeliver, status. Must never: send past a delivery before the record that sets it
// aside is committed.
#ifndef NAV_CORE_NACKS_H
#define NAV_CORE_NACKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nav/v1/ledger.pb-c.h"
#include "nav/v1/session.pb-c.h"

struct core;
struct lane;
struct session;
struct control_request;
struct nav_error;

enum {
  NACKS_TRIES_MAX = 5,
  NACKS_ASIDE_MAX = 256,   // of one lane; then it waits, and tries the next again each NACKS_FULL_MS
  NACKS_PAUSE_MS = 1000,   // before the second try; doubled with each
  NACKS_FULL_MS = 8000,    // shorter than what a client takes for silence
  NACKS_REASON_MAX = 512,  // bytes of what the recipient says
};

struct nack_aside {
  uint64_t position;
  uint64_t record_seq;  // of the Nacked record
  int64_t time_ms;
};

// Part of a lane.
struct lane_nacks {
  uint64_t position;  // the one that was refused last; 0: none
  uint32_t tries;
  int64_t pause_until_ms;    // monotonic
  struct nack_aside *aside;  // NACKS_ASIDE_MAX, in order of position; NULL: none yet
  size_t aside_count;
};

void nacks_free(struct lane *lane);
// A stored record at start.
void nacks_load(struct core *core, const Nav__V1__Record *record);
// A client's Nack, of a lane that is its own.
void nacks_take(struct core *core, struct session *session, const Nav__V1__Nack *nack);
// Whether a refused delivery waits to be sent again.
bool nacks_pause(const struct lane *lane);
// Nothing more can be set aside: the lane stands still at the next that is refused.
bool nacks_are_full(const struct lane *lane);
// Whether the lane goes past this position.
bool nacks_has(const struct lane *lane, uint64_t position);
// NULL: it was not set aside.
const struct nack_aside *nacks_find(const struct lane *lane, uint64_t position);
// It is the lane's again, or nothing is left of it: a Redelivered record is staged.
void nacks_take_back(struct lane *lane, uint64_t position);

// {"command":"lane-list"} → {"ok":true,"lanes":[{"agency","purpose","position","seq","since_ms"}]}: what is
// set aside.
json_t *nacks_command_list(struct control_request *request, struct nav_error *err);

#endif
