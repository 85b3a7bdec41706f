// `audit prove`: that a record is in the ledger, or that a checkpoint somebody kept is of this same ledger.
// Recorded first like every reading. Called by: request. Must never: give out a proof that does not hold, or
// anything of a record but its hash.
#ifndef NAV_DESK_AUDIT_PROVE_H
#define NAV_DESK_AUDIT_PROVE_H

#include "hub/desk/request.h"

// {"seq":n}: {"ok":true,"proof":{"seq","index","leaf","size","root","hashes":[hex],"note","file"}}, file
// being the tlog-proof for the newest checkpoint.
// {"from":size}: {"ok":true,"proof":{"old_size","old_root","size","root","hashes":[hex],"note"}}, by RFC 6962
// §2.1.2 from that size to the newest checkpoint.
json_t *audit_prove(const struct desk_request *request, struct nav_error *err);

#endif
