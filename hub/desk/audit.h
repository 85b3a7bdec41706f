// The auditor's commands. Each records an AuditRead before it answers.
// Called by: request. Must never: show content.
#ifndef NAV_DESK_AUDIT_H
#define NAV_DESK_AUDIT_H

#include "hub/desk/request.h"

// {"ok":true,"result":{"ok":bool,"records":n,"events":n,"checkpoints":n,"root":"hex","faults":[…]},"recorded":bool}.
// The one reading that is answered although nav-core is away ("recorded":false): it shows no event, and a
// core that does not start is when it is needed.
json_t *audit_verify(const struct desk_request *request, struct nav_error *err);
// {"ok":true,"lines":[{seq, at, kind, …}],"next":seq?}: newest first; next: ask again with "before":next for
// what is older.
json_t *audit_search(const struct desk_request *request, struct nav_error *err);
// {"ok":true,"record":{…}}
json_t *audit_show(const struct desk_request *request, struct nav_error *err);
// A page of what comes after "after" up to "until" (0: the last checkpoint):
// {"ok":true,"hub":…,"log_id":hex,"until":n,"last":n,"done":bool,"records":base64 of records.bin's form,
// "checkpoints":[{"size":n,"note":…}]}; ask again with "after":last and the same "until".
json_t *audit_export(const struct desk_request *request, struct nav_error *err);

#endif
