// What was erased, whole buckets by retention and single events by order: the record, and what follows once
// it is committed: the keys destroyed, the lanes that had not had the events told. A cache of the ledger's
// Erased and EventsErased records. Called by: retention and erase (stage), the loop (committed, step), start
// (load), deliver (a session's start). Must never: destroy a key before its record is committed, or let a
// lane be sent what was erased after it.
#ifndef NAV_CORE_ERASURES_H
#define NAV_CORE_ERASURES_H

#include "hub/core/core.h"

enum {
  ERASURES_PENDING_MAX = 64,
  ERASURES_TOLD_MAX = 65536,
  ERASURES_EVENTS_MAX = 1024,  // of one order: until their keys are destroyed there is no other
};

// What an Erased record says. undelivered: by lane, NUMBERS_LANES_MAX of them.
struct erasure {
  struct bucket_place place;
  uint64_t events, first_seq, last_seq;
  const uint64_t *undelivered;
  const char *person, *agency, *reason;
};

struct erasures *erasures_new(void);
void erasures_free(struct erasures *erasures);  // takes NULL

// Whether one more may be staged: its key is yet to be destroyed until then.
bool erasures_have_room(const struct erasures *erasures);
// Stages the record; from then on nothing of the bucket is opened, sealed or sent. False: *err.
NAV_MUST_USE bool erasures_stage(struct core *core, const struct erasure *erasure, uint64_t *seq,
                                 struct nav_error *err);
// Events of one agency, as an EventsErased record names them: ascending, ERASURES_EVENTS_MAX at the most.
struct events_erasure {
  const char *source;
  Nav__V1__ErasedEvent **events;
  size_t count;
  const char *basis, *person, *agency, *reason;
};
// Whether so many more may be staged.
bool erasures_have_room_for(const struct erasures *erasures, size_t events);
// Stages the record; from then on none of them is opened or sent. False: *err, and nothing was staged.
NAV_MUST_USE bool erasures_stage_events(struct core *core, const struct events_erasure *order, uint64_t *seq,
                                        struct nav_error *err);
// A bucket that a record erased, but whose key file is there again: only destroys it.
void erasures_again(struct core *core, const struct bucket_place *place);
// Whether keys are yet to be destroyed; those that could not be are left to the next run or start.
bool erasures_pending(const struct erasures *erasures);
size_t erasures_keys_left(const struct erasures *erasures);

// After a commit: forgets what it brought of erased buckets, and tells sessions.
void erasures_committed(struct core *core);
// Once a turn: destroys a few of the keys whose record is committed.
void erasures_step(struct core *core);
// One stored record at start, before sessions: takes away at once what keys the end of the program left.
void erasures_load(struct core *core, uint64_t seq, const Nav__V1__Erased *erased);
void erasures_load_events(struct core *core, uint64_t seq, const Nav__V1__EventsErased *erased);
// Tells a new session what its lanes will never get.
void erasures_notify_session(struct core *core, struct session *session);

#endif
