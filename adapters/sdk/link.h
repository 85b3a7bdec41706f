// One DEALER socket with CURVE, for one session; it never reconnects by itself.
// Called by: adapters/sdk. Must never: be used again after it has ended.
#ifndef NAV_ADAPTERS_SDK_LINK_H
#define NAV_ADAPTERS_SDK_LINK_H

#include <stdint.h>

#include "hub/base/error.h"
#include "hub/wire/keys.h"

struct link;

enum link_end {
  LINK_OPEN,
  LINK_GONE,         // could not connect, or the connection is over
  LINK_KEY_REFUSED,  // the hub does not know our CURVE key
};

struct link *link_new(const struct key_pair_curve *keys, struct nav_error *err);
void link_free(struct link *link);  // takes NULL

// Opens a new socket to that endpoint, whose gate has that CURVE key; an earlier one is closed first.
NAV_MUST_USE bool link_open(struct link *link, const char *endpoint, const uint8_t *hub_curve_key,
                            struct nav_error *err);
// linger_ms: how long what was sent may still take to leave.
void link_close(struct link *link, int linger_ms);
bool link_is_open(const struct link *link);
enum link_end link_state(struct link *link);
// Whether it takes a frame now; where not, link_wait waits for that too.
bool link_may_send(struct link *link);
NAV_MUST_USE bool link_send(struct link *link, const uint8_t *data, size_t length);
// Gives the frame's length; -1: none there. *frame is valid until the next call.
int64_t link_receive(struct link *link, const uint8_t **frame);
// Waits until something may have come, or may be sent again; 0 only looks. False: nothing, or interrupted.
bool link_wait(struct link *link, int64_t wait_ms);

#endif
