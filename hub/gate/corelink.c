// See corelink.h. ZMQ_IMMEDIATE: nothing is queued for a core that is not connected, so that a new core gets
// no frames of sessions that only the old one knew.
#include "hub/gate/corelink.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { RECONNECT_MS = 50, RECONNECT_MS_MAX = 1000, EVENT_SIZE = 6, FAREWELL_MS = 200 };

struct corelink {
  void *socket, *monitor;
  struct news news, monitor_news;
  bool connected;
  int fd;  // of the connection, while connected
};

static bool set_options(void *socket, int silent_ms) {
  const int every = silent_ms / 4, silence = silent_ms * 3 / 4;
  const int linger = 0, hwm = CORELINK_HWM, immediate = 1, reconnect = RECONNECT_MS,
            reconnect_max = RECONNECT_MS_MAX, nothing = 0;
  const int64_t message_max = CORELINK_MESSAGE_MAX;
  return zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
         zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof hwm) == 0 &&
         zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm) == 0 &&
         zmq_setsockopt(socket, ZMQ_IMMEDIATE, &immediate, sizeof immediate) == 0 &&
         zmq_setsockopt(socket, ZMQ_SNDTIMEO, &nothing, sizeof nothing) == 0 &&
         zmq_setsockopt(socket, ZMQ_RCVTIMEO, &nothing, sizeof nothing) == 0 &&
         zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect, sizeof reconnect) == 0 &&
         zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &reconnect_max, sizeof reconnect_max) == 0 &&
         zmq_setsockopt(socket, ZMQ_HEARTBEAT_IVL, &every, sizeof every) == 0 &&
         zmq_setsockopt(socket, ZMQ_HEARTBEAT_TIMEOUT, &silence, sizeof silence) == 0 &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0;
}

static bool watch(struct corelink *link, void *zmq_context) {
  static const char endpoint[] = "inproc://gate-corelink";
  const int linger = 0, events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED;
  link->monitor = zmq_socket(zmq_context, ZMQ_PAIR);
  return link->monitor != NULL && zmq_setsockopt(link->monitor, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
         zmq_socket_monitor(link->socket, endpoint, events) == 0 &&
         zmq_connect(link->monitor, endpoint) == 0 && news_open(&link->monitor_news, link->monitor);
}

struct corelink *corelink_open(void *zmq_context, const char *socket_path, int silent_ms,
                               struct nav_error *err) {
  char endpoint[512];
  struct corelink *link = calloc(1, sizeof *link);
  if (link == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, socket_path, "no memory");
    return NULL;
  }
  link->fd = -1;
  (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", socket_path);
  link->socket = zmq_socket(zmq_context, ZMQ_DEALER);
  if (link->socket != NULL && set_options(link->socket, silent_ms) && watch(link, zmq_context) &&
      zmq_connect(link->socket, endpoint) == 0 && news_open(&link->news, link->socket)) {
    return link;
  }
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, socket_path, "cannot connect to nav-core there: %s",
                 zmq_strerror(errno));
  corelink_close(link);
  return NULL;
}

struct news *corelink_news(struct corelink *link) {
  return &link->news;
}
struct news *corelink_monitor_news(struct corelink *link) {
  return &link->monitor_news;
}
bool corelink_connected(const struct corelink *link) { return link->connected; }

static bool more_follows(void *socket) {
  int more = 0;
  size_t size = sizeof more;
  return zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) == 0 && more != 0;
}

static void drop_rest(void *socket) {
  while (more_follows(socket)) {
    zmq_msg_t part;
    (void)zmq_msg_init(&part);
    (void)zmq_msg_recv(&part, socket, ZMQ_DONTWAIT);
    (void)zmq_msg_close(&part);
  }
}

// False: no event there.
static bool read_event(struct corelink *link, uint16_t *event) {
  uint8_t bytes[EVENT_SIZE] = {0};
  int32_t value;
  if (zmq_recv(link->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) < 0) {
    news_missed(&link->monitor_news);
    return false;
  }
  drop_rest(link->monitor);
  memcpy(event, bytes, sizeof *event);
  memcpy(&value, bytes + sizeof *event, sizeof value);
  if (*event == ZMQ_EVENT_CONNECTED) link->fd = value;
  if (*event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) link->connected = true;
  if (*event == ZMQ_EVENT_DISCONNECTED) {
    link->connected = false;
    link->fd = -1;
  }
  return true;
}

bool corelink_lost(struct corelink *link) {
  bool lost = false;
  uint16_t event;
  if (!link->monitor_news.likely) return false;
  while (read_event(link, &event)) lost = lost || event == ZMQ_EVENT_DISCONNECTED;
  return lost;
}

// A socket closed in the middle of what the core sends leaves half a message behind in libzmq (a leak, at the
// end of the program); one whose connection ended first does not.
static void hang_up(struct corelink *link) {
  struct news *const monitor = &link->monitor_news;
  (void)corelink_lost(link);
  if (link->fd < 0) return;
  (void)shutdown(link->fd, SHUT_RDWR);
  while (link->fd >= 0 && news_wait(&monitor, 1, NULL, 0, FAREWELL_MS) && monitor->likely)
    (void)corelink_lost(link);
}

void corelink_close(struct corelink *link) {
  if (link == NULL) return;
  if (link->monitor != NULL) {
    hang_up(link);
    (void)zmq_socket_monitor(link->socket, NULL, 0);
    (void)zmq_close(link->monitor);
  }
  if (link->socket != NULL) (void)zmq_close(link->socket);
  free(link);
}

bool corelink_send(struct corelink *link, const struct relay_head *head, zmq_msg_t *payload) {
  uint8_t bytes[RELAY_HEAD_SIZE];
  relay_encode(bytes, head);
  if (zmq_send(link->socket, bytes, sizeof bytes, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    news_refused(&link->news);
    return false;
  }
  news_sent(&link->news);
  // A message whose first part was taken is taken whole; should the core go between, it is lost with its
  // session.
  if (payload != NULL) {
    if (zmq_msg_send(payload, link->socket, ZMQ_DONTWAIT) < 0) (void)zmq_msg_close(payload);
  } else {
    (void)zmq_send(link->socket, "", 0, ZMQ_DONTWAIT);
  }
  return true;
}

int corelink_receive(struct corelink *link, struct relay_head *head, zmq_msg_t *payload,
                     struct nav_error *err) {
  uint8_t bytes[RELAY_HEAD_SIZE + 1];
  if (!link->news.likely) return 0;
  int length = zmq_recv(link->socket, bytes, sizeof bytes, ZMQ_DONTWAIT);
  if (length < 0) {
    news_missed(&link->news);
    return 0;
  }
  (void)zmq_msg_init(payload);
  bool ok = more_follows(link->socket) && zmq_msg_recv(payload, link->socket, ZMQ_DONTWAIT) >= 0 &&
            !more_follows(link->socket);
  drop_rest(link->socket);
  if (ok) {
    ok = relay_decode(head, bytes, (size_t)length, err);
  } else {
    (void)nav_fail(err, NAV_ERROR_PEER, 0, "relay", "a message must have two parts");
  }
  if (ok) return 1;
  (void)zmq_msg_close(payload);
  return -1;
}
