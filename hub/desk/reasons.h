// The reasons that people wrote, for an auditor: sealed in the records, opened with keys that nav-core gives
// under the request's own AuditRead. Used in two passes over the same records in the same order: note each,
// fetch, fill each. Called by: audit_search, audit_show. Must never: keep a key longer than the answer takes.
#ifndef NAV_DESK_REASONS_H
#define NAV_DESK_REASONS_H

#include "hub/desk/request.h"
#include "nav/v1/ledger.pb-c.h"

struct desk_reasons {
  json_t *asked;  // [[seq, class, day], …]
  json_t *keys;
  size_t next;
};

void desk_reasons_note(struct desk_reasons *reasons, const Nav__V1__Record *record);
// Asks nav-core, if anything was noted. False: *err.
NAV_MUST_USE bool desk_reasons_fetch(struct desk_reasons *reasons, const struct desk_request *request,
                                     struct nav_error *err);
// Puts the reason into its field of the record, or why it cannot be read. What is there in clear stays.
void desk_reasons_fill(struct desk_reasons *reasons, Nav__V1__Record *record, struct nav_arena *arena);
void desk_reasons_free(struct desk_reasons *reasons);

#endif
