// From a time to a place in the ledger. Called by: audit_search, follow_up. Must never: scan.
#ifndef NAV_DESK_AUDIT_SEQ_H
#define NAV_DESK_AUDIT_SEQ_H

#include "hub/desk/database.h"

// The first record at or after the time; end_seq where there is none before that.
NAV_MUST_USE bool audit_seq_at(struct desk_database *database, int64_t time_ms, uint64_t end_seq,
                               uint64_t *seq, struct nav_error *err);

#endif
