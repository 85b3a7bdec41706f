// What nav-gate and nav-core say to each other: a fixed head (relay_encode) and the client's frame untouched,
// one or more of them in a message of their socket (relay_socket.h). Called by: gate, core/gate_port,
// core/sessions. Must never: hold anything of a frame's inside.
#ifndef NAV_WIRE_RELAY_H
#define NAV_WIRE_RELAY_H

#include "hub/base/error.h"

#include <stdint.h>

enum {
  RELAY_VERSION = 2,  // a head's first byte; one more with each change of what is said or how
  RELAY_AGENCY_SIZE = 64,
  RELAY_HEAD_SIZE = 1 + 8 + 1 + 4 + RELAY_AGENCY_SIZE,
};

enum relay_kind {
  RELAY_FRAME = 1,    // a client's frame, or one to it
  RELAY_GONE = 2,     // gate → core: the connection is gone or was refused; core → gate: end this session
  RELAY_GATE = 3,     // gate → core, first of all and every second: the gate lives; session is 0
  RELAY_REFUSED = 4,  // gate → core: frames were refused at the gate; the frame is the code, 4 bytes, and a
                      // count, 4 bytes
  RELAY_CORE = 5,  // core → gate, when it has heard the first and then five times a second: its main thread
                   // lives; session is 0
};

struct relay_head {
  uint64_t
      session;  // the gate's number of (routing id, User-Id); never used again on a connection to the core
  uint8_t kind;
  char agency[RELAY_AGENCY_SIZE];  // by ZAP, from the CURVE key; NUL-terminated
  uint32_t length;                 // bytes of the frame that follows; at most WIRE_FRAME_MAX
};

void relay_encode(uint8_t out[RELAY_HEAD_SIZE], const struct relay_head *head);
// length: of all that is there from the head on; the frame must be whole.
NAV_MUST_USE bool relay_decode(struct relay_head *head, const uint8_t *data, size_t length,
                               struct nav_error *err);

#endif
