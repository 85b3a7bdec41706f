// What retention has erased: the record of a bucket, and what follows once it is committed: its key
// destroyed, the lanes that had not had its events told. A cache of the ledger's Erased records. Called by:
// retention (stage), the loop (committed, step), start (load), deliver (a session's start). Must never:
// destroy a key before its record is committed, or let a lane be sent what was erased after it.
#ifndef NAV_CORE_ERASURES_H
#define NAV_CORE_ERASURES_H

#include "hub/core/core.h"

enum { ERASURES_PENDING_MAX = 64, ERASURES_TOLD_MAX = 65536 };

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
// A bucket that a record erased, but whose key file is there again: only destroys it.
void erasures_again(struct core *core, const struct bucket_place *place);
// Whether keys are yet to be destroyed; those that could not be are left to the next run or start.
bool erasures_pending(const struct erasures *erasures);
size_t erasures_keys_left(const struct erasures *erasures);

// After a commit: forgets what it brought of erased buckets, and tells sessions.
void erasures_committed(struct core *core);
// Once a turn: destroys a few of the keys whose record is committed.
void erasures_step(struct core *core);
// One stored record at start, before sessions.
void erasures_load(struct core *core, uint64_t seq, const Nav__V1__Erased *erased);
// Tells a new session what its lanes will never get.
void erasures_notify_session(struct core *core, struct session *session);

#endif
