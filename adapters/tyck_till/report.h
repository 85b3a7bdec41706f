// One Open311 GeoReport v2 service request to a CitizenReport, and to a CitizenReportUpdate where the city
// has answered. Called by: map_in. Must never: read who reported: only the keys named in report.c are taken,
// whatever else a server sends along.
#ifndef NAV_ADAPTERS_TYCK_TILL_REPORT_H
#define NAV_ADAPTERS_TYCK_TILL_REPORT_H

#include <jansson.h>

#include "adapters/engine/records.h"

// Emits one or two events, or skips the record.
void report_map(struct nav_mapping_run *run, const struct record_slice *slice, const json_t *json);

#endif
