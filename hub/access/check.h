// What is wrong with rules that load: rules that can never match, that another shadows, that contradict a
// forbid, and words that mean something else than they seem to. Called by: navctl access check, reload. Must
// never: change what the rules do.
#ifndef NAV_ACCESS_CHECK_H
#define NAV_ACCESS_CHECK_H

#include <jansson.h>

#include "hub/access/access.h"

// Adds what is found at its place. Gives how much.
size_t access_check(const struct access_rules *rules, int64_t now_ms, struct conf_faults *findings);
// [{"file":…,"line":n,"column":n,"what":…,"hint":…}], of load's faults or of findings. A new reference.
json_t *access_faults_json(const struct conf_faults *faults);

#endif
