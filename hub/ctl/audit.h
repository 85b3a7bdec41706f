// What the auditor's commands share. Called by: audit, audit_offline. Must never: be included elsewhere.
#ifndef NAV_CTL_AUDIT_H
#define NAV_CTL_AUDIT_H

#include "hub/ctl/ctl.h"

// Prints a verification's report in the format asked for, and releases it. CTL_FINDINGS where it has faults.
enum ctl_exit audit_print_report(struct ctl *ctl, json_t *report);
// navctl audit verify --offline path.
enum ctl_exit audit_verify_offline(struct ctl *ctl, const char *path);

#endif
