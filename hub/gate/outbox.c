// See outbox.h.
#include "hub/gate/outbox.h"

#include <stdlib.h>

struct outbox_frame {
  struct outbox_frame *next;
  size_t cost;
  zmq_msg_t message;
};

bool outbox_put(struct outbox *box, zmq_msg_t *message) {
  size_t cost = zmq_msg_size(message) + OUTBOX_FRAME_COST;
  if (cost > OUTBOX_BYTES_MAX - box->bytes) return false;
  struct outbox_frame *frame = calloc(1, sizeof *frame);
  if (frame == NULL) return false;
  (void)zmq_msg_init(&frame->message);
  (void)zmq_msg_move(&frame->message, message);
  frame->cost = cost;
  if (box->last != NULL) {
    box->last->next = frame;
  } else {
    box->first = frame;
  }
  box->last = frame;
  box->bytes += cost;
  *box->all_bytes += cost;
  return true;
}

zmq_msg_t *outbox_first(struct outbox *box) { return box->first != NULL ? &box->first->message : NULL; }

void outbox_drop_first(struct outbox *box) {
  struct outbox_frame *frame = box->first;
  box->first = frame->next;
  if (box->first == NULL) box->last = NULL;
  box->bytes -= frame->cost;
  *box->all_bytes -= frame->cost;
  (void)zmq_msg_close(&frame->message);
  free(frame);
}

void outbox_clear(struct outbox *box) {
  while (box->first != NULL) outbox_drop_first(box);
}
