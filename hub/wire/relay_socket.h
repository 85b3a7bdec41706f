// The socket between nav-gate and nav-core: unix, SOCK_SEQPACKET, so that a message arrives whole or not at
// all: a relay head and its frame; from nav-core several such behind one another, which wake the gate once.
// (The gate sends each by itself: nav-core, which takes so many a turn, has none left over when it waits.)
// nav-core listens. A connection is what both know each other by: a session of the gate's ends with the
// connection that it was begun on. Not ZeroMQ, whose thread on either side would have to wake for each
// message on its way. Called by: gate/corelink, core/gate_port. Must never: wait.
#ifndef NAV_WIRE_RELAY_SOCKET_H
#define NAV_WIRE_RELAY_SOCKET_H

#include "hub/wire/message.h"
#include "hub/wire/relay.h"

enum {
  RELAY_ALIVE_MS = 200,     // how often nav-core says that it lives
  RELAY_TOGETHER_MAX = 16,  // frames in one message
  RELAY_MESSAGE_MAX = RELAY_HEAD_SIZE + WIRE_FRAME_MAX,
};

enum relay_result {
  RELAY_DONE,
  RELAY_LATER,      // nothing has come; or the other side reads slowly, and POLLOUT tells when it has
  RELAY_ENDED,      // the other side is gone
  RELAY_MALFORMED,  // *err; the message, or what was left of it, is dropped
};

struct relay_frame {
  struct relay_head head;
  const uint8_t *bytes;  // head.length of them
};

// The message that is being read, frame by frame. Zeroed it holds none; it belongs to one connection.
struct relay_reader {
  size_t at, length;
  uint8_t bytes[RELAY_MESSAGE_MAX];
};

// -1: *err, as unix_socket.h says.
int relay_listen(const char *path, struct nav_error *err);
int relay_connect(const char *path, struct nav_error *err);
// The next connection that waits, as unix_socket_accept; -1: none does.
int relay_accept(int listening, int *spare);
// The first of the frames, as many as one message takes; *sent: how many (0: none). There is at least one.
// Where the other side has ended, waiting for the socket tells (POLLHUP), and what had come before can still
// be received.
enum relay_result relay_send(int fd, const struct relay_frame *frames, size_t count, size_t *sent);
enum relay_result relay_send_one(int fd, const struct relay_head *head, const uint8_t *bytes);
// The next frame, of the message that is being read or of the next; it lives until the next call.
enum relay_result relay_receive(int fd, struct relay_reader *reader, struct relay_frame *frame,
                                struct nav_error *err);
// Whether the message that is being read has another frame, of which waiting for the socket does not tell.
bool relay_has_more(const struct relay_reader *reader);

#endif
