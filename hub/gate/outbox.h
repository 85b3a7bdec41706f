// Frames for one client that its socket does not take now. Bounded for each and for all together.
// Called by: gate, sessions. Must never: outlive its session (what is queued for an ended session is
// dropped).
#ifndef NAV_GATE_OUTBOX_H
#define NAV_GATE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

enum {
  OUTBOX_BYTES_MAX = 4 * 1024 * 1024,
  OUTBOX_ALL_BYTES_MAX = 24 * 1024 * 1024,
  OUTBOX_FRAME_COST = 160,  // bytes that a frame counts for beside its own
};

struct outbox_frame;

struct outbox {
  struct outbox_frame *first, *last;
  size_t bytes;
  size_t *all_bytes;  // of every outbox together
};

// Takes the message. False: past this one's maximum; the message is the caller's still.
bool outbox_put(struct outbox *box, zmq_msg_t *message);
zmq_msg_t *outbox_first(struct outbox *box);  // NULL: empty
void outbox_drop_first(struct outbox *box);
void outbox_clear(struct outbox *box);

#endif
