// Faults of configuration files as data: [{"file","line","column","what","hint"}], or for people each with
// its line of the file and a mark under the place. Called by: access check, load and rehearse, config check.
// Must never: leave out a fault.
#ifndef NAV_CTL_FAULTS_H
#define NAV_CTL_FAULTS_H

#include <jansson.h>

#include "hub/conf/faults.h"
#include "hub/ctl/ctl.h"

// folder: what the faults' file names are relative to. CTL_DONE where there are none, CTL_FINDINGS where
// there are.
enum ctl_exit faults_print(const struct ctl *ctl, const char *folder, const struct conf_faults *faults);
// The same of the "faults" and "faults_dropped" of an answer.
enum ctl_exit faults_print_json(const struct ctl *ctl, const char *folder, const json_t *answer);

#endif
