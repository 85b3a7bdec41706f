// How far a long command has come, told to whoever asked for it by progress:true (wire/control.h), over the
// connection that the answer will take. Called by: serve, request, audit_verify. Must never: wait for a
// caller that does not read; what it has not room for is not told.
#ifndef NAV_DESK_PROGRESS_H
#define NAV_DESK_PROGRESS_H

#include <jansson.h>

#include "hub/base/buffer.h"

enum { DESK_PROGRESS_MS = 200 };  // at most so often

struct desk_progress {
  int fd;                  // the caller's; not blocking
  struct nav_buffer *out;  // what is to be sent: a message that was begun is ended before the answer
  int64_t told_ms;         // by the monotonic clock; 0: never
};

// progress: NULL where nobody asked. of: 0: not known.
void desk_progress_tell(struct desk_progress *progress, uint64_t records, uint64_t of);

#endif
