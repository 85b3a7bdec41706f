// This node among the hub's: waits for the lease, keeps it, and steps down when it is another's. STANDBY.md
// says how it looks from outside, lease.h when what is allowed. While it waits, clients are refused with
// CODE_STANDBY, navctl gets a status, and nothing else is answered.
// Called by: start (take), the loop (keep), sessions (may it be sent), control_port (may it be answered),
// status.
// Must never: let anything leave, or a file be written, after the lease has run out by this node's own clock.
#ifndef NAV_CORE_STANDBY_H
#define NAV_CORE_STANDBY_H

#include <jansson.h>

#include "hub/core/core.h"

// Locks the state folder and learns which node this is. False: *err.
NAV_MUST_USE bool standby_open(struct core *core, struct nav_error *err);
void standby_close(struct core *core);  // gives the lease back, where it is ours and all is committed

// Takes the lease, or stands by until it is free; fills core->sequence's log id, epoch and last_seq. With
// --restored it does not wait for a node that lives. False: *err, or core_told_to_stop().
NAV_MUST_USE bool standby_take_lease(struct core *core, struct nav_error *err);
// What the Started record says of the node and of whom it took over from; texts live as long as the core.
void standby_fill_started(const struct core *core, Nav__V1__Started *started);
// The ledger is read: from now on the lease has its ordinary length.
void standby_started(struct core *core);

// ---- the loop ----

// Before store_commit.
void standby_commits(struct core *core);
// At STORE_COMMITTED. True: the batch that was under way is done, and may be told. False: it was a renewal;
// or it is done, and whether the lease is still ours is asked first (what was frozen may have been replaced).
bool standby_committed(struct core *core);
// At STORE_FAILED and STORE_LOST: what was asked is not known.
void standby_failed(struct core *core);
// While the store is idle. True: it is not any more, or must not be used for a commit now.
bool standby_renews(struct core *core);
bool standby_is_renewing(const struct core *core);
// After STORE_LOST, once and again: as store_reopen and store_reopened, of the lease that was ours; steps
// down where it is another's (and gives false). False: not yet.
NAV_MUST_USE bool standby_reopen(struct core *core, struct lease_taken *taken);
// Once a turn: where others may serve and the lease has run out, clients are let go; where the database only
// is silent this node steps down after two leases more.
void standby_watch(struct core *core);
// At STORE_FENCED, or where standby_reopen found it so: says so once. The loop then ends.
void standby_step_down(struct core *core);
bool standby_has_stepped_down(const struct core *core);

// ---- what may leave ----

// Whether deliveries, receipts, rules and checkpoints may: the lease is ours now by our own clock, and the
// database is there, so that what is in memory is what holds.
bool standby_may_deliver(const struct core *core);
// Whether clients are heard and spoken to at all, for sessions. A node without others goes on while its
// database is away.
bool standby_may_send(void *core);
// Whether requests of navctl and nav-desk other than status are answered. False: *err says why not.
NAV_MUST_USE bool standby_may_answer(const struct core *core, struct nav_error *err);
bool standby_waits(const struct core *core);
// {"name","state":"active"|"stands by","active":name,"since":time}, for status. A new reference.
json_t *standby_json(const struct core *core);

#endif
