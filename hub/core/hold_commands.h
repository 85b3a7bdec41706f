// navctl's commands on the assessment queue, and nav-desk's questions. Called by: control_commands,
// control_port. Must never: show a hold to anybody but the agency that decides, its auditors and operators.
#ifndef NAV_CORE_HOLD_COMMANDS_H
#define NAV_CORE_HOLD_COMMANDS_H

#include "hub/core/control_commands.h"

// Whether this person may know that something of the agency waits for assessment: its own assessors, and who
// audits or runs the hub. person: NULL for one whom agencies.yaml does not name, who may not.
bool hold_seen_by(const struct conf_person *person, const char *agency);

// {"command":"hold-list"} → {"ok":true,"holds":[…]}
json_t *hold_command_list(struct control_request *request, struct nav_error *err);
// {"command":"hold-get","hold":"SEQ-LANE"} → {"ok":true,"hold":{…}}
json_t *hold_command_get(struct control_request *request, struct nav_error *err);
// {"command":"hold-decide","hold":"SEQ-LANE","release":bool,"reason":"…","conditions":["id",…]?,"reveal":["class",…]?,
// "subjects":[n,…]?} → {"ok":true,"seq":n,"outcome":"release|refuse","reveal":[…]}, once it is durable
json_t *hold_command_decide(struct control_request *request, struct nav_error *err);

// What nav-desk alone asks (control_port), of {"seq", "lane"}. Whose case it is, before anything of it is
// opened to "person" (an id): {"ok":true,"kind":"event|sealed|request","agency":"…"} (a new reference). NULL:
// *err, NOT_FOUND where none waits, and as well where that person may not know of it.
json_t *hold_owner(const struct core *core, const json_t *request, struct nav_error *err);
// What a release would tell at this moment, of those, "event": base64 of the bytes that nav-desk has read,
// "reveal" and "subjects" as in hold-decide, "english" (else Swedish; explain is access_explain's):
// {"ok":true,"leaves":true,"reveal":bits,"subjects":"hexadecimal bits", "narrative_edited":bool,
// "explain":{…}}; "leaves":false: nothing (a new reference). NULL: *err.
json_t *hold_preview(const struct core *core, const json_t *request, struct nav_error *err);

#endif
