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

enum relay_result relay_send(int fd, const uint8_t head[RELAY_HEAD_SIZE], const void *frame, size_t length) {
  struct iovec parts[2] = {{(void *)(uintptr_t)head, RELAY_HEAD_SIZE}, {(void *)(uintptr_t)frame, length}};
  const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  NAV_ASSERT(length <= WIRE_FRAME_MAX);
  if (sendmsg(fd, &message, MSG_NOSIGNAL) >= 0) return RELAY_DONE;
  // ENOBUFS: the system has no memory for it just now.
  if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) return RELAY_LATER;
  (void)shutdown(fd, SHUT_RDWR);
  return RELAY_ENDED;
}

enum relay_result relay_receive(int fd, struct relay_head *head, uint8_t *frame, size_t *length,
                                struct nav_error *err) {
  uint8_t bytes[RELAY_HEAD_SIZE];
  struct iovec parts[2] = {{bytes, sizeof bytes}, {frame, WIRE_FRAME_MAX}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t got = recvmsg(fd, &message, 0);
  // The other side closed without having read all of ours: said once, and before what it had sent, unix(7).
  if (got < 0 && errno == ECONNRESET) got = recvmsg(fd, &message, 0);
  if (got < 0) return errno == EAGAIN ? RELAY_LATER : RELAY_ENDED;
  if (got == 0) return RELAY_ENDED;
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, "relay", "a message is larger than %d bytes",
                   WIRE_FRAME_MAX + RELAY_HEAD_SIZE);
    return RELAY_MALFORMED;
  }
  size_t head_length = (size_t)got < sizeof bytes ? (size_t)got : sizeof bytes;
  if (!relay_decode(head, bytes, head_length, err)) return RELAY_MALFORMED;
  *length = (size_t)got - head_length;
  return RELAY_DONE;
}
