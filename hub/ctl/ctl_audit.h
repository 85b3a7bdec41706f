// What the audit commands share. Called by: hub/ctl/audit*.c. Must never: be included elsewhere.
#ifndef NAV_CTL_CTL_AUDIT_H
#define NAV_CTL_CTL_AUDIT_H

#include "hub/ctl/ctl.h"

// The option as milliseconds into the request, where it was given. False: said, and *code set.
bool ctl_audit_time(struct ctl *ctl, json_t *request, const char *option, const char *key,
                    enum ctl_exit *code);
bool ctl_audit_limit(struct ctl *ctl, long *limit, enum ctl_exit *code);
void ctl_audit_left_out(json_int_t lines);  // says so where some are outside the mandate

// Prints a verification's report in the format asked for, and releases it. CTL_FINDINGS where it has faults.
enum ctl_exit audit_print_report(struct ctl *ctl, json_t *report);
// navctl audit verify --offline path.
enum ctl_exit audit_verify_offline(struct ctl *ctl, const char *path);

#endif
