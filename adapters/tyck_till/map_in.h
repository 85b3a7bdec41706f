// The mapping of citizens' reports: Open311 GeoReport v2 in JSON, in all the forms that servers give it.
// Called by: main, tests. Must never: let who reported past it.
#ifndef NAV_ADAPTERS_TYCK_TILL_MAP_IN_H
#define NAV_ADAPTERS_TYCK_TILL_MAP_IN_H

#include "adapters/engine/adapter.h"

extern const struct nav_mapping tyck_till_mapping;

#endif
