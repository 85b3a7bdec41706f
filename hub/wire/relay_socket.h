// The socket between nav-gate and nav-core: unix, SOCK_SEQPACKET, so that a relay head and its frame are one
// message that arrives whole or not at all. nav-core listens. A connection is what both know each other by: a
// session of the gate's ends with the connection that it was begun on. Not ZeroMQ, whose thread on either
// side would have to wake for each message on its way. Called by: gate/corelink, core/gate_port. Must never:
// wait.
#ifndef NAV_WIRE_RELAY_SOCKET_H
#define NAV_WIRE_RELAY_SOCKET_H

#include "hub/wire/message.h"
#include "hub/wire/relay.h"

enum { RELAY_ALIVE_MS = 200 };  // how often nav-core says that it lives

enum relay_result {
  RELAY_DONE,
  RELAY_LATER,      // nothing has come; or the other side reads slowly, and POLLOUT tells when it has
  RELAY_ENDED,      // the other side is gone
  RELAY_MALFORMED,  // *err; the message is dropped
};

// -1: *err, as unix_socket.h says.
int relay_listen(const char *path, struct nav_error *err);
int relay_connect(const char *path, struct nav_error *err);
// The next connection that waits, as unix_socket_accept; -1: none does.
int relay_accept(int listening, int *spare);
// head is encoded; length is at most WIRE_FRAME_MAX. Where it has ended, waiting for the socket tells
// (POLLHUP), and what had come before can still be received.
enum relay_result relay_send(int fd, const uint8_t head[RELAY_HEAD_SIZE], const void *frame, size_t length);
// frame has room for WIRE_FRAME_MAX bytes.
enum relay_result relay_receive(int fd, struct relay_head *head, uint8_t *frame, size_t *length,
                                struct nav_error *err);

#endif
