// Events in a file as people write them: CloudEvents JSON, one event, a list, or one a line (NDJSON). "-" is
// standard input. Called by: publish, access explain. Must never: take half a file for the whole.
#ifndef NAV_CTL_EVENT_FILE_H
#define NAV_CTL_EVENT_FILE_H

#include <jansson.h>

#include "hub/base/error.h"

enum { EVENT_FILE_BYTES_MAX = 64 * 1024 * 1024, EVENT_FILE_EVENTS_MAX = 100000 };

// A list of JSON objects (new reference). NULL: *err, with the line and column.
json_t *event_file_read(const char *path, struct nav_error *err);

#endif
