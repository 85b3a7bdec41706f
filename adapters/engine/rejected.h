// outbox/rejected.ndjson: what the hub would not take, a line each, for whoever runs the agency's system.
// Called by: poster. Must never: hold an event's content: ids, code, field and reason alone.
#ifndef NAV_ADAPTERS_ENGINE_REJECTED_H
#define NAV_ADAPTERS_ENGINE_REJECTED_H

#include <stdint.h>

#include "hub/base/error.h"
#include "hub/base/id.h"

struct rejected {
  int fd;  // -1: nothing was rejected yet
  char path[4096];
};

struct rejected_event {
  const char *file;       // where it came from
  const char *source_id;  // the record's own id
  const uint8_t *id;      // NAV_EVENT_ID_SIZE
  uint32_t revision;
  int code;            // nav.v1.Code
  const char *field;   // may be NULL
  const char *reason;  // may be NULL
};

NAV_MUST_USE bool rejected_open(struct rejected *rejected, const char *outbox, struct nav_error *err);
NAV_MUST_USE bool rejected_write(struct rejected *rejected, const struct rejected_event *event,
                                 struct nav_error *err);
NAV_MUST_USE bool rejected_sync(struct rejected *rejected, struct nav_error *err);
void rejected_close(struct rejected *rejected);

#endif
