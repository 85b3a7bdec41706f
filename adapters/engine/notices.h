// inbox/_notices.ndjson: what the hub tells an agency of its own affairs (an event of its own waits for
// assessment, a request waits for its answer, the rules have changed), a line each, for whoever runs the
// agency's system. Hints: the queue itself is asked with navctl. Called by: loop, as the client's callback.
// Must never: hold an event's content, or stop deliveries where it cannot be written.
#ifndef NAV_ADAPTERS_ENGINE_NOTICES_H
#define NAV_ADAPTERS_ENGINE_NOTICES_H

#include "hub/base/error.h"
#include "nav/v1/session.pb-c.h"

struct notices;

// NULL: no memory.
struct notices *notices_new(const char *inbox);
void notices_free(struct notices *notices);  // takes NULL
// Writes the line, unless this run has written the same. False: *err; it is not tried again.
bool notices_write(struct notices *notices, const Nav__V1__Notice *notice, struct nav_error *err);

#endif
