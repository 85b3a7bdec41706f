// Reasons on their way into records, and the keys by which nav-desk opens them. Called by: control_port,
// hold_decide, recalls. Must never: stage a reason in clear, or hand out a key that no recorded reading asked
// for.
#ifndef NAV_CORE_REASONS_H
#define NAV_CORE_REASONS_H

#include <jansson.h>

#include "hub/core/core.h"

enum { REASONS_ASKED_MAX = 5000 };

// Seals the record's reason, if it has one, under the number that it will have, and stages it; *seq gets that
// number. False: nothing is staged (the text is too long, or its key cannot be written).
NAV_MUST_USE bool reasons_stage(struct core *core, Nav__V1__Record *record, uint64_t *seq,
                                struct nav_error *err);

// {"command":"reason-keys","under":seq,"asked":[[seq, class, day], …]} → {"ok":true,"keys":[64 hexadecimal
// digits, or null where it was erased]}. under: an AuditRead that reasons_noted was told of, and that is
// committed. NULL: *err.
json_t *reasons_keys(const struct core *core, const json_t *request, struct nav_error *err);
// An AuditRead was staged: under it keys may be asked for.
void reasons_noted(struct core *core, uint64_t audit_seq);

#endif
