// Schools' absence (SS 12000:2020) as events.
// Called by: nav-school's main.c, tests. Must never: make a ConcernReport, or let a guardian's data through.
#ifndef NAV_ADAPTERS_SCHOOL_MAP_IN_H
#define NAV_ADAPTERS_SCHOOL_MAP_IN_H

#include "adapters/engine/adapter.h"

extern const struct nav_mapping school_mapping;

#endif
