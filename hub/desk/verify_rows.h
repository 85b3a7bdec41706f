// The database as a source of hub/ledger/verify: the rows of one snapshot, each table in order. The large
// ones are streams, each on a connection of its own (stream.h), five beside the request's. Called by:
// audit_verify, tests/ledger/tamper_driver, tests/bench/verify_bench. Must never: hold more than a row of
// those, or a page of the others.
#ifndef NAV_DESK_VERIFY_ROWS_H
#define NAV_DESK_VERIFY_ROWS_H

#include "hub/desk/database.h"
#include "hub/ledger/verify.h"

struct desk_verifying {
  const char *hub;            // nav.yaml's
  const uint8_t *key;         // 32 bytes: the hub's public checkpoint key
  verify_progress *progress;  // NULL: nobody asks
  void *progress_context;
};

// Verifies what the connection's snapshot shows; what its own transaction has written is not in it. False:
// the database failed, and nothing is known; faults found are no failure.
NAV_MUST_USE bool desk_verify(struct desk_database *database, const struct desk_verifying *verifying,
                              verify_fault *fault, void *fault_context, struct verify_report *report,
                              struct nav_error *err);

// Of which records, and what was found to cover them.
struct desk_range {
  uint64_t first, last;
  uint64_t covering;  // the newest checkpoint's size; 0: it covers none of them
};

// The same of those records alone (hub/ledger/verify_range.h); covering is set. Class PEER where there is no
// such range.
NAV_MUST_USE bool desk_verify_range(struct desk_database *database, const struct desk_verifying *verifying,
                                    struct desk_range *asked, verify_fault *fault, void *fault_context,
                                    struct verify_report *report, struct nav_error *err);

#endif
