// See relay_socket.h.
#include "hub/wire/relay_socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "hub/wire/unix_socket.h"

// Some of the largest frames under way; the system gives what it allows.
enum { BACKLOG = 8, BUFFER_SIZE = 1024 * 1024 };

static void set_buffer(int fd) {
  const int size = BUFFER_SIZE;
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int relay_listen(const char *path, struct nav_error *err) {
  return unix_socket_listen(path, SOCK_SEQPACKET, BACKLOG, err);
}

int relay_connect(const char *path, struct nav_error *err) {
  int fd = unix_socket_connect(path, SOCK_SEQPACKET, 0, err);
  if (fd >= 0) set_buffer(fd);
  return fd;
}

int relay_accept(int listening, int *spare) {
  int fd = unix_socket_accept(listening, spare);
  if (fd >= 0) set_buffer(fd);
  return fd;
}

// How many of them one message takes: the first always fits.
static size_t count_fitting(const struct relay_frame *frames, size_t count) {
  size_t bytes = 0, fitting = 0;
  while (fitting < count && fitting < RELAY_TOGETHER_MAX) {
    bytes += RELAY_HEAD_SIZE + frames[fitting].head.length;
    if (bytes > RELAY_MESSAGE_MAX) break;
    fitting++;
  }
  return fitting;
}

enum relay_result relay_send(int fd, const struct relay_frame *frames, size_t count, size_t *sent) {
  uint8_t heads[RELAY_TOGETHER_MAX][RELAY_HEAD_SIZE];
  struct iovec parts[2 * RELAY_TOGETHER_MAX];
  size_t fitting = count_fitting(frames, count);
  NAV_ASSERT(fitting > 0);
  for (size_t i = 0; i < fitting; i++) {
    relay_encode(heads[i], &frames[i].head);
    parts[2 * i] = (struct iovec){heads[i], RELAY_HEAD_SIZE};
    parts[2 * i + 1] = (struct iovec){(void *)(uintptr_t)frames[i].bytes, frames[i].head.length};
  }
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2 * fitting};
  bool done = sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
  *sent = done ? fitting : 0;
  if (done) return RELAY_DONE;
  // ENOBUFS: the system has no memory for it just now.
  if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) return RELAY_LATER;
  (void)shutdown(fd, SHUT_RDWR);
  return RELAY_ENDED;
}

enum relay_result relay_send_one(int fd, const struct relay_head *head, const uint8_t *bytes) {
  const struct relay_frame frame = {*head, bytes};
  size_t sent;
  return relay_send(fd, &frame, 1, &sent);
}

static enum relay_result receive_message(int fd, struct relay_reader *reader, struct nav_error *err) {
  struct iovec part = {reader->bytes, sizeof reader->bytes};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t got = recvmsg(fd, &message, 0);
  // The other side closed without having read all of ours: said once, and before what it had sent, unix(7).
  if (got < 0 && errno == ECONNRESET) got = recvmsg(fd, &message, 0);
  if (got < 0) return errno == EAGAIN ? RELAY_LATER : RELAY_ENDED;
  if (got == 0) return RELAY_ENDED;
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, "relay", "a message is larger than %d bytes", RELAY_MESSAGE_MAX);
    return RELAY_MALFORMED;
  }
  reader->at = 0;
  reader->length = (size_t)got;
  return RELAY_DONE;
}

bool relay_has_more(const struct relay_reader *reader) { return reader->at < reader->length; }

enum relay_result relay_receive(int fd, struct relay_reader *reader, struct relay_frame *frame,
                                struct nav_error *err) {
  if (!relay_has_more(reader)) {
    enum relay_result result = receive_message(fd, reader, err);
    if (result != RELAY_DONE) return result;
  }
  const uint8_t *at = reader->bytes + reader->at;
  if (!relay_decode(&frame->head, at, reader->length - reader->at, err)) {
    reader->at = reader->length;
    return RELAY_MALFORMED;
  }
  frame->bytes = at + RELAY_HEAD_SIZE;
  reader->at += RELAY_HEAD_SIZE + frame->head.length;
  return RELAY_DONE;
}
