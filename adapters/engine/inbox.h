// The inbox: inbox/<purpose>.ndjson, one CloudEvents JSON line a delivery. Each purpose has its place (log id
// and position) in inbox/.place-<purpose>; at start the place and the file's own tail are read, and whichever
// is further counts, so that a crash at any moment neither loses nor doubles a line. Whoever reads a file may
// move it away: a new one is begun. What is replayed is written again and moves the place only where it is
// past it. Called by: loop, as the client's callbacks. Must never: let a delivery count as durable before its
// line and its place are, or drop a replay as a repeat.
#ifndef NAV_ADAPTERS_ENGINE_INBOX_H
#define NAV_ADAPTERS_ENGINE_INBOX_H

#include "adapters/engine/summary.h"
#include "adapters/sdk/client.h"

enum {
  INBOX_LINE_MAX = 2 * 1024 * 1024,  // bytes of one line; a delivered event is at most 60 KiB packed
  INBOX_FLUSH_BYTES = 256 * 1024,    // written to the file when this much waits
  INBOX_BUFFER_MAX = INBOX_FLUSH_BYTES + INBOX_LINE_MAX,
};

struct inbox;

// Makes the folder, mends and finds the place of every purpose. NULL: *err says why.
struct inbox *inbox_open(const char *folder, const char *const *purposes, size_t count,
                         struct summary *summary, struct nav_error *err);
// Takes NULL. What is not durable is not kept: the hub sends it again, but for what is left of a replay,
// which whoever asked for it asks for once more.
void inbox_close(struct inbox *inbox);
// The last thing that went wrong in a callback; class NONE: nothing.
const struct nav_error *inbox_error(const struct inbox *inbox);

// The client's callbacks (struct nav_client_events).
bool inbox_delivery(struct inbox *inbox, const char *purpose, const uint8_t log_id[KEY_LOG_ID_SIZE],
                    const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                    const Nav__V1__Event *event);
// False: what waits is kept, and written when it is next asked for.
bool inbox_durable(struct inbox *inbox);
bool inbox_resume(struct inbox *inbox, const char *purpose, uint8_t log_id[KEY_LOG_ID_SIZE],
                  uint64_t *position);

#endif
