// What the desk asks of nav-core: to record a reading, and for the keys of just the events read. No record,
// no reading. Called by: reader, audit commands. Must never: go on where the record was not committed.
#ifndef NAV_DESK_CORE_LINK_H
#define NAV_DESK_CORE_LINK_H

#include <jansson.h>
#include <stdint.h>

#include "hub/base/error.h"
#include "hub/conf/nav.h"

// message: Read, BriefingCompiled or AuditRead; kind: its name in nav.v1.Record ("audit_read"). contents:
// [[seq, class, day], …] whose keys are wanted (taken over), or NULL; then *keys gets a list of 64
// hexadecimal digits each, in the same order (new reference). False: *err, class RETRY where nav-core cannot
// be reached.
NAV_MUST_USE bool core_link_record(const struct conf_nav *nav, const char *kind, const void *message,
                                   json_t *contents, uint64_t *seq, json_t **keys, struct nav_error *err);

#endif
