// Social services' forms (Open ePlattform flow instances) as events.
// Called by: nav-social's main.c, tests. Must never: share a flow that adapter.yaml does not name, or who
// filled it in.
#ifndef NAV_ADAPTERS_SOCIAL_MAP_IN_H
#define NAV_ADAPTERS_SOCIAL_MAP_IN_H

#include "adapters/engine/adapter.h"

extern const struct nav_mapping social_mapping;

#endif
