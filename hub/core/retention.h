// Retention when somebody asks for it: finds the buckets whose time is up, records each as erased
// (erasures.h), closes what waited of their events, and drops the partitions of months that are erased whole.
// Called by: control_commands (retention-preview, retention-run), the loop (a step each turn). Must never:
// wait, or erase what the Swedish date by nav-core's clock says is to be kept.
#ifndef NAV_CORE_RETENTION_H
#define NAV_CORE_RETENTION_H

#include "hub/core/control_commands.h"
#include "hub/core/core.h"

enum { RETENTION_BUCKETS_MAX = 10000, RETENTION_REASON_MAX = 2000 };

// {"command":"retention-preview"}; {"command":"retention-run","reason":text}. Answered when it is done:
// {"ok":true,"buckets":[{"class","days","day","events","erased_before","first_seq","last_seq","undelivered",
//  "lanes":[{"agency","purpose","events"}],"holds_closed","holds_kept","seq"}],"events","erased_before","parts",
//  "keys_left","more"}; of a preview, what would be: seq is 0. "erased_before": how many of the events had
//  been erased singly, by order.
json_t *retention_preview(struct control_request *request, struct nav_error *err);
json_t *retention_run(struct control_request *request, struct nav_error *err);
// Once a turn: one query, or one bucket.
void retention_step(struct core *core);
void retention_free(struct core *core);

// parts_ahead.c: once a turn: the partitions of this month and the next, once a day.
void parts_ahead_step(struct core *core);

#endif
