// See connections.h. libzmq reports a connection's end before it closes the descriptor, so an entry is gone
// before its number can come again. An unfinished message shows only as bytes that TCP has taken in and that
// no message has brought out.
#include "hub/gate/connections.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zmq.h>

#include "hub/base/clock.h"

enum {
  IDLE_MS_MAX = 10000,  // connected without a session
  HOARD_BYTES_MAX =
      4 * 1024 * 1024,  // in the socket, the pipe (RCVHWM × MAXMSGSIZE) and an unfinished message
  HANDSHAKE_BYTES = 2048,
  COMMAND_BYTES_A_SECOND = 256,  // heartbeats and their answers
  CURVE_OVERHEAD = 33,           // MESSAGE: command name 8, nonce 8, MAC 16, flags 1
  SMALL_FRAME_MAX = 255,
  EVENT_SIZE = 6,
  ADDRESS_SIZE = 16,
  CROWD_MAX = 64,  // connections of one address that carry no session
  ROOM_MAX = 192,  // descriptors kept free (fewer if there are few): the program's own, and connections
                   // accepted before we hear of it
};

struct connection {
  bool open;
  bool cut;          // by us; libzmq has not closed it yet
  uint64_t session;  // 0: none
  int64_t opened_ms;
  int64_t since_ms;               // without a session
  uint64_t read;                  // bytes on the wire that came out as messages
  uint8_t address[ADDRESS_SIZE];  // all zero: none (a unix socket)
};

struct connections {
  void *monitor;
  struct news news;
  uint32_t open, fd_max, crowded, displaced;
  struct connection *by_fd;
};

struct connections *connections_watch(void *zmq_context, void *socket, uint32_t fd_max,
                                      struct nav_error *err) {
  static const char endpoint[] = "inproc://gate-connections";
  struct connections *connections = calloc(1, sizeof *connections);
  if (connections == NULL || (connections->by_fd = calloc(fd_max, sizeof *connections->by_fd)) == NULL) {
    free(connections);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "connections", "no memory");
    return NULL;
  }
  connections->fd_max = fd_max;
  connections->monitor = zmq_socket(zmq_context, ZMQ_PAIR);
  int linger = 0;
  if (connections->monitor != NULL &&
      zmq_setsockopt(connections->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
      zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED) ==
          0 &&
      zmq_connect(connections->monitor, endpoint) == 0 &&
      news_open(&connections->news, connections->monitor)) {
    return connections;
  }
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "connections", "cannot watch the public socket: %s",
                 zmq_strerror(errno));
  connections_free(connections);
  return NULL;
}

void connections_free(struct connections *connections) {
  if (connections == NULL) return;
  if (connections->monitor != NULL) (void)zmq_close(connections->monitor);
  free(connections->by_fd);
  free(connections);
}

struct news *connections_news(struct connections *connections) {
  return &connections->news;
}

static struct connection *find(struct connections *connections, int fd) {
  return fd >= 0 && (uint32_t)fd < connections->fd_max ? &connections->by_fd[fd] : NULL;
}

static void close_entry(struct connections *connections, struct connection *connection,
                        connections_gone *gone, void *context) {
  if (!connection->open) return;
  uint64_t session = connection->session;
  *connection = (struct connection){0};
  connections->open--;
  if (session != 0) gone(context, session);
}

// One event: 2 bytes which, 4 bytes the descriptor, both in the machine's order; then a part with the
// address. False: none there.
static bool read_event(struct connections *connections, uint16_t *event, int32_t *fd) {
  void *monitor = connections->monitor;
  uint8_t bytes[EVENT_SIZE] = {0};
  char address[256];
  int got = zmq_recv(monitor, bytes, sizeof bytes, ZMQ_DONTWAIT);
  if (got < 0) {
    news_missed(&connections->news);
    return false;
  }
  int more = 0;
  size_t size = sizeof more;
  if (zmq_getsockopt(monitor, ZMQ_RCVMORE, &more, &size) == 0 && more) {
    (void)zmq_recv(monitor, address, sizeof address, 0);
  }
  memcpy(event, bytes, sizeof *event);
  memcpy(fd, bytes + sizeof *event, sizeof *fd);
  return got == EVENT_SIZE;
}

// IPv4 whole, IPv6 its network of 64 bits, which is one customer's.
static void read_address(int fd, uint8_t out[ADDRESS_SIZE]) {
  struct sockaddr_storage address = {0};
  socklen_t size = sizeof address;
  memset(out, 0, ADDRESS_SIZE);
  if (getpeername(fd, (struct sockaddr *)&address, &size) != 0) return;
  if (address.ss_family == AF_INET) {
    memcpy(out, &((const struct sockaddr_in *)&address)->sin_addr, sizeof(struct in_addr));
    out[ADDRESS_SIZE - 1] = 4;
  } else if (address.ss_family == AF_INET6) {
    memcpy(out, &((const struct sockaddr_in6 *)&address)->sin6_addr, ADDRESS_SIZE / 2);
    out[ADDRESS_SIZE - 1] = 6;
  }
}

// One address may not take every place at the door from the others.
static bool is_crowd(const struct connections *connections, const uint8_t address[ADDRESS_SIZE]) {
  static const uint8_t none[ADDRESS_SIZE];
  uint32_t count = 0, seen = 0;
  if (memcmp(address, none, ADDRESS_SIZE) == 0) return false;
  for (uint32_t fd = 0; fd < connections->fd_max && seen < connections->open; fd++) {
    const struct connection *connection = &connections->by_fd[fd];
    if (!connection->open) continue;
    seen++;
    if (connection->session == 0 && memcmp(connection->address, address, ADDRESS_SIZE) == 0) count++;
  }
  return count > CROWD_MAX;
}

static void open_entry(struct connections *connections, struct connection *connection, int fd,
                       int64_t now_ms) {
  *connection = (struct connection){.open = true, .opened_ms = now_ms, .since_ms = now_ms};
  read_address(fd, connection->address);
  connections->open++;
  if (!is_crowd(connections, connection->address)) return;
  connections_cut(connections, fd);
  connections->crowded++;
}

// Without room libzmq could accept nobody, and an agency would wait in the kernel's queue among all who
// knock: the one that has been without a session longest gives its place. Many addresses together can do no
// more.
static void make_room(struct connections *connections) {
  struct connection *oldest = NULL;
  uint32_t seen = 0;
  uint32_t room = connections->fd_max / 4 < ROOM_MAX ? connections->fd_max / 4 : ROOM_MAX;
  if (connections->open + room <= connections->fd_max) return;
  for (uint32_t fd = 0; fd < connections->fd_max && seen < connections->open; fd++) {
    struct connection *connection = &connections->by_fd[fd];
    if (!connection->open) continue;
    seen++;
    if (connection->session != 0 || connection->cut) continue;
    if (oldest == NULL || connection->since_ms < oldest->since_ms) oldest = connection;
  }
  if (oldest == NULL) return;
  connections_cut(connections, (int)(oldest - connections->by_fd));
  connections->displaced++;
}

void connections_read(struct connections *connections, int64_t now_ms, connections_gone *gone,
                      void *context) {
  uint16_t event = 0;
  int32_t fd = -1;
  if (!connections->news.likely) return;
  while (read_event(connections, &event, &fd)) {
    struct connection *connection = find(connections, fd);
    if (connection == NULL) continue;
    close_entry(connections, connection, gone, context);
    if (event != ZMQ_EVENT_ACCEPTED) continue;
    open_entry(connections, connection, fd, now_ms);
    make_room(connections);
  }
}

uint32_t connections_take_crowded(struct connections *connections) {
  uint32_t crowded = connections->crowded;
  connections->crowded = 0;
  return crowded;
}

uint32_t connections_take_displaced(struct connections *connections) {
  uint32_t displaced = connections->displaced;
  connections->displaced = 0;
  return displaced;
}

uint32_t connections_open(const struct connections *connections) { return connections->open; }

void connections_carry(struct connections *connections, int fd, uint64_t session) {
  struct connection *connection = find(connections, fd);
  if (connection == NULL || !connection->open) return;
  connection->session = session;
  connection->since_ms = nav_clock_monotonic_ms();
}

void connections_release(struct connections *connections, int fd, uint64_t session) {
  struct connection *connection = find(connections, fd);
  if (connection == NULL || !connection->open || connection->session != session) return;
  connection->session = 0;
  connection->since_ms = nav_clock_monotonic_ms();
}

void connections_count_read(struct connections *connections, int fd, size_t bytes, size_t parts) {
  struct connection *connection = find(connections, fd);
  if (connection == NULL) return;
  // A frame's head is 2 bytes, or 9 for a long one; where parts differ in length the long head is taken for
  // all.
  size_t head = bytes + CURVE_OVERHEAD > SMALL_FRAME_MAX ? 9 : 2;
  connection->read += bytes + parts * (CURVE_OVERHEAD + head);
}

void connections_cut(struct connections *connections, int fd) {
  struct connection *connection = find(connections, fd);
  if (connection == NULL || !connection->open) return;
  connection->cut = true;
  (void)shutdown(fd, SHUT_RDWR);
}

uint32_t connections_cut_idle(struct connections *connections, int64_t now_ms) {
  uint32_t cut = 0, seen = 0;
  for (uint32_t fd = 0; fd < connections->fd_max && seen < connections->open; fd++) {
    const struct connection *connection = &connections->by_fd[fd];
    if (!connection->open) continue;
    seen++;
    if (connection->session != 0 || now_ms - connection->since_ms < IDLE_MS_MAX) continue;
    connections_cut(connections, (int)fd);
    cut++;
  }
  return cut;
}

// What TCP has taken in; false where it cannot tell (a unix socket).
static bool bytes_received(int fd, uint64_t *bytes) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  memset(&info, 0, sizeof info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  if (size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return false;
  *bytes = info.tcpi_bytes_received;
  return true;
}

static bool hoards(const struct connection *connection, int fd, int64_t now_ms) {
  uint64_t received = 0;
  if (!bytes_received(fd, &received)) return false;
  uint64_t seconds = (uint64_t)(now_ms - connection->opened_ms) / 1000;
  uint64_t fine = connection->read + HOARD_BYTES_MAX + HANDSHAKE_BYTES + seconds * COMMAND_BYTES_A_SECOND;
  return received > fine;
}

uint32_t connections_cut_hoarding(struct connections *connections, int64_t now_ms) {
  uint32_t cut = 0, seen = 0;
  for (uint32_t fd = 0; fd < connections->fd_max && seen < connections->open; fd++) {
    if (!connections->by_fd[fd].open) continue;
    seen++;
    if (!hoards(&connections->by_fd[fd], (int)fd, now_ms)) continue;
    connections_cut(connections, (int)fd);
    cut++;
  }
  return cut;
}
