// What `navctl status` shows. Called by: control_port. Must never: hold anything about a person.
#ifndef NAV_CORE_STATUS_H
#define NAV_CORE_STATUS_H

#include <jansson.h>

#include "hub/core/core.h"

// A new reference; {"ok":true,"rules":…,"ledger":…,"agencies":[…],"lanes":[…],"memory_kb":n}.
json_t *status_json(struct core *core);

#endif
