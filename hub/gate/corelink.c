// See corelink.h. A new core gets no frames of sessions that only the old one knew: they end with the
// connection.
#include "hub/gate/corelink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"

enum { CONNECT_MS = 100 };  // between two tries

struct corelink {
  const char *path;
  int silent_ms;
  int fd;          // -1: not connected
  bool connected;  // and the core has said that it is there
  bool lost;       // not told yet
  bool full;       // it did not take the last
  bool readable;   // something may have come
  int64_t tried_ms, heard_ms;
  char trouble[NAV_ERROR_TEXT_SIZE];  // why it has no core, as last told
  struct relay_reader reader;
};

struct corelink *corelink_open(const char *socket_path, int silent_ms, struct nav_error *err) {
  struct corelink *link = calloc(1, sizeof *link);
  if (link == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, socket_path, "no memory");
    return NULL;
  }
  link->path = socket_path;
  link->silent_ms = silent_ms;
  link->fd = -1;
  return link;
}

static void hang_up(struct corelink *link) {
  if (link->fd >= 0) (void)close(link->fd);
  link->fd = -1;
  link->lost = link->lost || link->connected;
  link->connected = false;
  link->full = link->readable = false;
  link->reader.at = link->reader.length = 0;
}

void corelink_close(struct corelink *link) {
  if (link == NULL) return;
  hang_up(link);
  free(link);
}

struct pollfd corelink_poll(const struct corelink *link) {
  return (struct pollfd){.fd = link->fd, .events = link->full ? POLLIN | POLLOUT : POLLIN};
}

void corelink_polled(struct corelink *link, short revents) {
  if ((revents & ~POLLOUT) != 0) link->readable = true;
  if ((revents & POLLOUT) != 0) link->full = false;
}

// The core listens to who says something.
static void say_hello(struct corelink *link) {
  (void)relay_send_one(link->fd, &(struct relay_head){.kind = RELAY_GATE}, NULL);
}

// Once each time that it is another than before; it is tried ten times a second.
static void tell_trouble(struct corelink *link, const char *text) {
  if (strcmp(link->trouble, text) == 0) return;
  (void)snprintf(link->trouble, sizeof link->trouble, "%s", text);
  nav_log(NAV_LOG_INFO, "waits for nav-core: %s: %s", link->path, text);
}

static void connect_now(struct corelink *link) {
  struct nav_error err;
  link->fd = relay_connect(link->path, &err);
  if (link->fd >= 0) {
    say_hello(link);
  } else {
    tell_trouble(link, err.text);
  }
}

int corelink_step(struct corelink *link, int64_t now_ms) {
  if (link->fd < 0 && now_ms - link->tried_ms >= CONNECT_MS) {
    link->tried_ms = now_ms;
    connect_now(link);
  }
  return link->fd < 0 ? CONNECT_MS : -1;
}

bool corelink_lost(struct corelink *link) {
  bool lost = link->lost;
  link->lost = false;
  return lost;
}

bool corelink_connected(const struct corelink *link) { return link->connected; }

bool corelink_send(struct corelink *link, const struct relay_head *head, zmq_msg_t *payload) {
  if (!link->connected) return false;
  struct relay_head sized = *head;
  sized.length = payload == NULL ? 0 : (uint32_t)zmq_msg_size(payload);
  enum relay_result result = relay_send_one(link->fd, &sized, payload == NULL ? NULL : zmq_msg_data(payload));
  // Of one that has ended, receiving will tell once all is read that it said before.
  link->full = result == RELAY_LATER;
  if (result != RELAY_DONE) return false;
  if (payload != NULL) {
    (void)zmq_msg_close(payload);
    (void)zmq_msg_init(payload);
  }
  return true;
}

// Judged where all that came is read: who did not run for long has much to read first.
static void note_silence(struct corelink *link) {
  bool silent = link->silent_ms > 0 && nav_clock_monotonic_ms() - link->heard_ms >= link->silent_ms;
  if (link->connected && silent) hang_up(link);
}

static bool take(zmq_msg_t *payload, const struct relay_frame *frame) {
  if (zmq_msg_init_size(payload, frame->head.length) != 0) return false;
  memcpy(zmq_msg_data(payload), frame->bytes, frame->head.length);
  return true;
}

bool corelink_has_more(const struct corelink *link) { return relay_has_more(&link->reader); }

enum relay_result corelink_receive(struct corelink *link, struct relay_head *head, zmq_msg_t *payload,
                                   struct nav_error *err) {
  struct relay_frame frame;
  enum relay_result result = RELAY_LATER;
  if (link->readable) result = relay_receive(link->fd, &link->reader, &frame, err);
  link->readable = result != RELAY_LATER;
  if (result == RELAY_LATER) {
    note_silence(link);
    return result;
  }
  // The core is gone; or a frame that is malformed, or has no memory, is missing in its session: all end.
  if (result != RELAY_DONE || !take(payload, &frame)) {
    if (result == RELAY_ENDED && !link->connected) tell_trouble(link, "it hung up at once; its log says why");
    hang_up(link);
    return result == RELAY_MALFORMED ? result : RELAY_LATER;
  }
  link->heard_ms = nav_clock_monotonic_ms();
  link->connected = true;
  link->trouble[0] = '\0';
  *head = frame.head;
  return RELAY_DONE;
}
