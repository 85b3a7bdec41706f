// The auditor's commands. Each records an AuditRead before it answers.
// Called by: request. Must never: show content.
#ifndef NAV_DESK_AUDIT_H
#define NAV_DESK_AUDIT_H

#include "hub/desk/request.h"

// {"ok":true,"result":{"ok":bool,"records":n,"events":n,"checkpoints":n,"root":"hex","faults":[…]},"recorded":bool}.
// The one reading that is answered although nav-core is away ("recorded":false): it shows no event, and a
// core that does not start is when it is needed.
json_t *audit_verify(const struct desk_request *request, struct nav_error *err);
// {"ok":true,"lines":[{seq, at, kind, …}],"mandate":"all" or [agency,…],"next":seq?}: newest first, of what
// the auditor's mandate has; next: ask again with "before":next for what is older.
json_t *audit_search(const struct desk_request *request, struct nav_error *err);
// {"ok":true,"record":{"seq","at","kind","epoch","bytes","leaf","leaf_agrees","record","meaning":[lines of
// search],"mandate","checkpoint","words":{"sv":[sentence,…],"en":[…]}}}; record is null where something of it
// is outside the mandate.
json_t *audit_show(const struct desk_request *request, struct nav_error *err);
// {"seq":n} → {"ok":true,"proof":{seq, size, root, hashes, file}}: file is a C2SP tlog-proof; or
// {"from":size} → {"ok":true,"proof":{from, size, root, hashes, note}}: PROOF(from, D[size]) of RFC 6962.
// The first holds the record, and so is refused where something of it is outside the mandate.
json_t *audit_prove(const struct desk_request *request, struct nav_error *err);
// Asks the database once what a proof asks it, and gives nothing of it to anybody: a new connection is slow.
void audit_prove_make_ready(const struct desk_request *request);
// {"number", "reason", "until_ms"?, "before"?, "limit"?, "extract"?: true} → {"ok":true,"lines":[{event_seq,
// …as of search…, delivered, acknowledged_seq, acknowledged_at, erased}],"events":n,"mandate","next":seq?}:
// the events about a person of which the mandate has something, newest first, each with everything that
// became of it, oldest first. limit and next are of events. extract: the same in words, for the person, as
// "extract":[{"event_seq","erased","sv":[sentence,…],"en":[…]}].
json_t *audit_person(const struct desk_request *request, struct nav_error *err);
// {"since_ms"?} → {"ok":true,"since":…,"complete":bool,"records":n,"findings":[{what, title, who, count,
// detail, seqs, …numbers}]}
json_t *audit_follow_up(const struct desk_request *request, struct nav_error *err);
// Of an auditor whose mandate is all. A page of what comes after "after" up to "until" (0: the last
// checkpoint):
// {"ok":true,"hub":…,"log_id":hex,"until":n,"last":n,"done":bool,"records":base64 of records.bin's form,
// "checkpoints":[{"size":n,"note":…}]}; ask again with "after":last and the same "until".
json_t *audit_export(const struct desk_request *request, struct nav_error *err);
// The kept texts of rules that go with it: {"after":n,"sha256"?,"until":n} →
// {"ok":true,"done":bool,"texts":[{"seq","sha256","text":base64}]}; ask again with the last one's seq in
// after and its sha256.
json_t *audit_export_rules(const struct desk_request *request, struct nav_error *err);
// {"before"?, "limit"?} → {"ok":true,"lines":[{seq, at, person, agency, hash, rules, files, kept,
// names}],"mandate", "next":seq?}: every change of rules, newest first. {"seq":n,"file"?,"from"?} →
// {"ok":true,"change":{…},"texts":[{"name","sha256","text":base64}],"next":place?}: what was in force at that
// record; ask again with "from":next.
json_t *audit_rules(const struct desk_request *request, struct nav_error *err);

#endif
