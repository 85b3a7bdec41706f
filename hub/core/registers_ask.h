// nav-desk's question to the register of consent: it has opened events under a recorded Read, and must decide
// by the rules what of them may be shown now. Called by: control_port, for nav-desk's system user alone. Must
// never: answer anybody else, or tell more than yes, no or not known of what was asked.
#ifndef NAV_CORE_REGISTERS_ASK_H
#define NAV_CORE_REGISTERS_ASK_H

#include <jansson.h>

#include "hub/core/core.h"

// Of {"asked":[[source, personal number, recipient, purpose, message], …]}, at most 5,000 of them:
// {"ok":true,"answers":[1, 0 or -1, …]} in the same order (a new reference). NULL: *err.
json_t *registers_ask(const struct core *core, const json_t *request, struct nav_error *err);

#endif
