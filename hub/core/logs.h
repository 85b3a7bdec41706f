// Which log id held from which record on: a ledger that was put back to an earlier state goes on under a new
// one, since what was sealed and signed later under the old numbers may still be held by others. Also which
// shown checkpoint its records say was given up. Filled while starting, from the ledger. Called by: start
// (load), tree_load, restore, stored, witness. Must never: forget an id, since content is sealed under it.
#ifndef NAV_CORE_LOGS_H
#define NAV_CORE_LOGS_H

#include "hub/base/error.h"
#include "hub/wire/keys.h"
#include "nav/v1/ledger.pb-c.h"

enum { LOGS_MAX = 64 };

struct logs {
  struct {
    uint64_t since;  // the Started record that began it
    uint8_t id[KEY_LOG_ID_SIZE];
  } items[LOGS_MAX];
  size_t count;
  uint64_t restored_seq;              // of the last Restored; 0: none
  uint8_t given_up[NAV_SHA256_SIZE];  // hash of the note that it gave up
};

// In the ledger's order. False: *err, it was restored more than LOGS_MAX times.
NAV_MUST_USE bool logs_take_started(struct logs *logs, uint64_t seq, const Nav__V1__Started *started,
                                    struct nav_error *err);
void logs_take_restored(struct logs *logs, uint64_t seq, const Nav__V1__Restored *restored);
// The id under which the record seq was written; current where no record says.
const uint8_t *logs_of(const struct logs *logs, uint64_t seq, const uint8_t *current);
// Whether a checkpoint of that origin, "<hub>/<id>", is of this ledger, now or before.
bool logs_know(const struct logs *logs, const char *hub, const char *origin);
// Whether the last Restored gave up that very note.
bool logs_gave_up(const struct logs *logs, const char *note);

#endif
