// The police's mapping: polisen.se/api/events, as one JSON array (an answer of the source) or one event a
// line (an archive). Called by: main, tests. Must never: print what an event says.
#ifndef NAV_ADAPTERS_POLICE_MAP_IN_H
#define NAV_ADAPTERS_POLICE_MAP_IN_H

#include "adapters/engine/adapter.h"

extern const struct nav_mapping police_mapping;

#endif
