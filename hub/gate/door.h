// The public ROUTER socket: CURVE, every limit that libzmq has, and messages with what ZAP said of their
// connection. Called by: gate, main. Must never: believe the routing id, or take a message without User-Id.
#ifndef NAV_GATE_DOOR_H
#define NAV_GATE_DOOR_H

#include <stdint.h>
#include <zmq.h>

#include "hub/base/error.h"
#include "hub/wire/keys.h"

enum {
  DOOR_MESSAGE_MAX = 65536,  // above WIRE_FRAME_MAX, so that a frame a little too large is answered
  DOOR_HWM = 32,             // messages a connection and direction
  DOOR_HANDSHAKE_MS = 3000,
  DOOR_HEARTBEAT_MS = 5000,
  DOOR_SILENCE_MS = 15000,
  DOOR_BACKLOG = 64,
  DOOR_KERNEL_BYTES = 256 * 1024,
};

// One message. The texts belong to the payload, and are NULL where ZAP said nothing.
struct door_message {
  uint8_t routing[255];
  size_t routing_length;
  const char *agency;
  const char *key_hex;
  int fd;             // -1: not known
  size_t parts;       // after the routing id: exactly 1 is right
  size_t bytes;       // of all parts
  zmq_msg_t payload;  // the first of them; always to be closed with door_done
};

enum door_sent { DOOR_SENT, DOOR_FULL, DOOR_GONE };

// The socket with its options set, not bound. NULL: *err.
void *door_open(void *zmq_context, const struct key_pair_curve *keys, struct nav_error *err);
NAV_MUST_USE bool door_bind(void *door, const char *endpoint, struct nav_error *err);
// False: nothing there (or the context is ending).
bool door_receive(void *door, struct door_message *message);
void door_done(struct door_message *message);
// Takes the payload only where it gives DOOR_SENT.
enum door_sent door_send(void *door, const uint8_t *routing, size_t length, zmq_msg_t *payload);

#endif
