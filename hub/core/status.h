// What `navctl status` shows. Called by: control_port. Must never: hold anything about a person; tell one who
// would receive that something waits or was withheld.
#ifndef NAV_CORE_STATUS_H
#define NAV_CORE_STATUS_H

#include <jansson.h>

#include "hub/core/core.h"

// A new reference; {"ok":true,"rules":…,"ledger":…,"agencies":[…],"lanes":[…],"holds":{…},"memory_kb":n}.
// person: who asks, or NULL; holds, and an agency's `held` and `withheld`, are of those whose holds the
// person may see (hold_seen_by).
json_t *status_json(struct core *core, const struct conf_person *person);

#endif
