// One delivery as a line of the inbox: the event as CloudEvents JSON plus navseq, navrule, navbasis,
// navpurpose, navwithheld and, where it is one, navreplay. Called by: inbox. Must never: write half a line.
#ifndef NAV_ADAPTERS_ENGINE_LINE_H
#define NAV_ADAPTERS_ENGINE_LINE_H

#include "hub/base/buffer.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/session.pb-c.h"

// Appends the line with its line break. False: the buffer is as before (no room, no memory).
NAV_MUST_USE bool line_write(struct nav_buffer *buffer, const char *purpose,
                             const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                             const Nav__V1__Event *event);
// The position that a line carries; false: it is no line of ours.
bool line_position(const char *line, size_t length, uint64_t *position);

#endif
