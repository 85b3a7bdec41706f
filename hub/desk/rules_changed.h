// Which rules were in force at a record of the ledger: the newest RulesChanged up to it.
// Called by: reader, follow_up, audit_show_words, audit_rules. Must never: read the rules themselves.
#ifndef NAV_DESK_RULES_CHANGED_H
#define NAV_DESK_RULES_CHANGED_H

#include "hub/desk/request.h"
#include "nav/v1/ledger.pb-c.h"

// In the request's arena; *found NULL: there is none. up_to: a record's number, UINT64_MAX for the newest.
NAV_MUST_USE bool rules_changed_read(const struct desk_request *request, uint64_t up_to,
                                     const Nav__V1__Record **found, struct nav_error *err);

#endif
