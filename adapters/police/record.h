// One event of polisen.se/api/events, as its JSON stands, to a PublicIncident.
// Called by: map_in. Must never: take the gps for a place: it is the middle of the whole municipality or
// county.
#ifndef NAV_ADAPTERS_POLICE_RECORD_H
#define NAV_ADAPTERS_POLICE_RECORD_H

#include <jansson.h>

#include "adapters/engine/records.h"

struct police_record {
  int64_t id;
  int64_t published_ms;
  char source_id[24];
  Nav__V1__Event *event;  // in the run's arena
};

// False: the record was skipped, with its place and reason. Notes what is odd and was got over.
bool police_record_read(struct nav_mapping_run *run, const struct record_slice *slice, const json_t *json,
                        struct police_record *out);

#endif
