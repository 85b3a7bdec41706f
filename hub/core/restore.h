// A start on purpose from a database that was put back to an earlier state (nav-core --restored REASON): the
// ledger goes on under a new log id, and its first record after Started says so, why, and what was given up.
// Called by: start. Must never: write the new id without that record; both are one commit.
#ifndef NAV_CORE_RESTORE_H
#define NAV_CORE_RESTORE_H

#include "hub/core/core.h"

// Before anything else. False: *err, the reason is empty, too long or no UTF-8.
NAV_MUST_USE bool restore_check_reason(const char *reason, struct nav_error *err);
// After the ledger is loaded, before the first record: from now on this is another log.
void restore_begin(struct core *core);
// After Started. False: *err, its reason cannot be sealed.
NAV_MUST_USE bool restore_stage(struct core *core, struct nav_error *err);

#endif
