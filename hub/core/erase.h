// Erasing single events' content because somebody ordered it (article 17 of the GDPR, where no duty to keep
// stands against it): finds the events by their ids or by the person they are about, says of each which lanes
// had it and what stands against, records the order (erasures.h) and closes what waited of them. What
// recipients have already is theirs to erase: a recall tells them. Called by: control_commands
// (retention-erase), the loop (a step each turn). Must never: wait, keep or log a number, or erase a Consent
// (the register rests on its text) or what somebody must yet answer.
#ifndef NAV_CORE_ERASE_H
#define NAV_CORE_ERASE_H

#include "hub/core/control_commands.h"
#include "hub/core/core.h"

enum {
  ERASE_NAMES_MAX = 64,     // ids of one order
  ERASE_BASIS_MAX = 200,    // bytes; stands in the record in clear
  ERASE_REASON_MAX = 2000,  // bytes; sealed
};

// {"command":"retention-erase","events":[{"agency","id"},…] or "number":text,"basis":text,"reason":text,
//  "dry":bool}. Answered when it is done:
// {"ok":true,"events":[{"agency","id","revision","seq","type","class","day","lanes":[{"agency","purpose",
//  "state":"had"|"missed"|"set_aside"}],"holds_closed","state":"erased"|"kept","against":text or null,
//  "record"}],"erased","kept","already","lanes":[{"agency","purpose","had","missed"}],"keys_left","more",
//  "failed":text or null}; of a preview (dry), what would be: record is 0. "already": how many of those asked
// for have no content any more. "failed": part of the order could not be carried out, and why: the events of
// which that is true are "kept", against them the same text.
// A question by number is an AuditRead in the ledger before it is answered.
json_t *erase_command(struct control_request *request, struct nav_error *err);
// Once a turn: one query, a few buckets, or the whole of the record.
void erase_step(struct core *core);
void erase_free(struct core *core);

#endif
