// What nav-gate and nav-core say to each other over their ipc socket: a fixed head and the client's frame
// untouched. Two ZeroMQ parts: head (relay_encode), frame. The core binds a DEALER, the gate connects a
// DEALER. Called by: gate, core/sessions. Must never: hold anything of a frame's inside.
#ifndef NAV_WIRE_RELAY_H
#define NAV_WIRE_RELAY_H

#include "hub/base/error.h"

#include <stdint.h>

enum { RELAY_AGENCY_SIZE = 64, RELAY_HEAD_SIZE = 8 + 8 + 1 + RELAY_AGENCY_SIZE };

enum relay_kind {
  RELAY_FRAME = 1,    // a client's frame, or one to it
  RELAY_GONE = 2,     // gate → core: the connection is gone or was refused; core → gate: end this session
  RELAY_GATE = 3,     // gate → core, on start and every second: the gate lives; session is 0
  RELAY_REFUSED = 4,  // gate → core: a frame was refused at the gate; the second part is the code, 4 bytes,
                      // and a count, 4 bytes
};

struct relay_head {
  uint64_t instance;  // random, new each time a gate starts
  uint64_t session;   // the gate's number of (routing id, User-Id); never reused within an instance
  uint8_t kind;
  char agency[RELAY_AGENCY_SIZE];  // by ZAP, from the CURVE key; NUL-terminated
};

void relay_encode(uint8_t out[RELAY_HEAD_SIZE], const struct relay_head *head);
NAV_MUST_USE bool relay_decode(struct relay_head *head, const uint8_t *data, size_t length,
                               struct nav_error *err);

#endif
