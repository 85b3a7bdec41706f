// One rule of each sort that a hold can rest on, and one that releases; for the agencies of made_core.
// Called by: made_core. Must never: be taken for rules that make sense.
#ifndef TESTS_UNIT_CORE_MADE_CORE_RULES_H
#define TESTS_UNIT_CORE_MADE_CORE_RULES_H

#include "hub/access/access.h"

// Ends the program where they do not load.
struct access_rules *made_core_rules(const struct conf_agencies *agencies);

#endif
