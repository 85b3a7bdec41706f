// Housing companies' cases (FI2XML over fastAPI, as JSON) as events.
// Called by: nav-housing's main.c, tests. Must never: let a notifier's name, number or telephone through.
#ifndef NAV_ADAPTERS_HOUSING_MAP_IN_H
#define NAV_ADAPTERS_HOUSING_MAP_IN_H

#include "adapters/engine/adapter.h"

extern const struct nav_mapping housing_mapping;

#endif
