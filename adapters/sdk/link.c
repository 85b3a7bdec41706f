// See link.h.
#include "adapters/sdk/link.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hub/wire/news.h"

enum {
  HWM = 256,
  MESSAGE_MAX = 65536,
  CONNECT_MS = 5000,
  HEARTBEAT_MS = 5000,
  HEARTBEAT_SILENCE_MS = 15000,
  EVENT_SIZE = 6,
  ENDPOINT_SIZE = 256,
};

struct link {
  struct key_pair_curve keys;
  void *context, *socket, *monitor;
  struct news news, monitor_news;
  unsigned opened;  // names the monitor
  enum link_end end;
  bool holds;  // a received message
  zmq_msg_t message;
};

struct link *link_new(const struct key_pair_curve *keys, struct nav_error *err) {
  struct link *link = calloc(1, sizeof *link);
  if (link == NULL || (link->context = zmq_ctx_new()) == NULL) {
    free(link);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no connection can be prepared");
    return NULL;
  }
  link->keys = *keys;
  link->end = LINK_GONE;
  return link;
}

void link_free(struct link *link) {
  if (link == NULL) return;
  link_close(link, 0);
  (void)zmq_ctx_term(link->context);
  sodium_memzero(&link->keys, sizeof link->keys);
  free(link);
}

static void drop_message(struct link *link) {
  if (link->holds) (void)zmq_msg_close(&link->message);
  link->holds = false;
}

void link_close(struct link *link, int linger_ms) {
  drop_message(link);
  if (link->socket != NULL) {
    (void)zmq_setsockopt(link->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    (void)zmq_socket_monitor(link->socket, NULL, 0);
    (void)zmq_close(link->socket);
  }
  if (link->monitor != NULL) (void)zmq_close(link->monitor);
  link->socket = link->monitor = NULL;
  link->end = LINK_GONE;
}

static bool set(void *socket, int name, int value) {
  return zmq_setsockopt(socket, name, &value, sizeof value) == 0;
}

static bool set_options(const struct link *link, const char *endpoint, const uint8_t *hub_curve_key) {
  const int64_t message_max = MESSAGE_MAX;
  void *socket = link->socket;
  return set(socket, ZMQ_LINGER, 0) && set(socket, ZMQ_RECONNECT_IVL, -1) && set(socket, ZMQ_SNDHWM, HWM) &&
         set(socket, ZMQ_RCVHWM, HWM) && set(socket, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) &&
         set(socket, ZMQ_HANDSHAKE_IVL, CONNECT_MS) && set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
         set(socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_SILENCE_MS) && set(socket, ZMQ_SNDTIMEO, 0) &&
         set(socket, ZMQ_RCVTIMEO, 0) && set(socket, ZMQ_IPV6, strchr(endpoint, '[') != NULL) &&
         zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hub_curve_key, KEY_CURVE_SIZE) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, link->keys.public_key, KEY_CURVE_SIZE) == 0 &&
         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, link->keys.secret_key, KEY_CURVE_SIZE) == 0;
}

// A new name for each socket: a closed one gives its own back only later.
static bool watch(struct link *link) {
  const int events = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED |
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  char name[64];
  (void)snprintf(name, sizeof name, "inproc://nav-client-%u", link->opened++);
  return set(link->monitor, ZMQ_LINGER, 0) && zmq_socket_monitor(link->socket, name, events) == 0 &&
         zmq_connect(link->monitor, name) == 0 && news_open(&link->monitor_news, link->monitor);
}

bool link_open(struct link *link, const char *endpoint, const uint8_t *hub_curve_key, struct nav_error *err) {
  link_close(link, 0);
  link->socket = zmq_socket(link->context, ZMQ_DEALER);
  link->monitor = zmq_socket(link->context, ZMQ_PAIR);
  if (link->socket != NULL && link->monitor != NULL && set_options(link, endpoint, hub_curve_key) &&
      watch(link) && zmq_connect(link->socket, endpoint) == 0 && news_open(&link->news, link->socket)) {
    link->end = LINK_OPEN;
    return true;
  }
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, endpoint, "cannot be connected to: %s", zmq_strerror(errno));
  link_close(link, 0);
  return false;
}

bool link_is_open(const struct link *link) { return link->socket != NULL; }

enum link_end link_state(struct link *link) {
  uint8_t bytes[EVENT_SIZE];
  char address[ENDPOINT_SIZE];
  if (link->monitor == NULL || !link->monitor_news.likely) return link->end;
  while (zmq_recv(link->monitor, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0) {
    uint16_t event;
    memcpy(&event, bytes, sizeof event);
    (void)zmq_recv(link->monitor, address, sizeof address, ZMQ_DONTWAIT);
    // What the handshake failed by says more than the end that follows it.
    if (link->end != LINK_KEY_REFUSED) {
      link->end = event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? LINK_KEY_REFUSED : LINK_GONE;
    }
  }
  news_missed(&link->monitor_news);
  return link->end;
}

bool link_may_send(struct link *link) { return link->socket != NULL && news_may_send(&link->news); }

bool link_send(struct link *link, const uint8_t *data, size_t length) {
  if (link->socket == NULL || zmq_send(link->socket, data, length, ZMQ_DONTWAIT) < 0) return false;
  news_sent(&link->news);
  return true;
}

int64_t link_receive(struct link *link, const uint8_t **frame) {
  drop_message(link);
  if (link->socket == NULL || !link->news.likely) return -1;
  (void)zmq_msg_init(&link->message);
  link->holds = true;
  if (zmq_msg_recv(&link->message, link->socket, ZMQ_DONTWAIT) < 0) {
    news_missed(&link->news);
    return -1;
  }
  *frame = zmq_msg_data(&link->message);
  return (int64_t)zmq_msg_size(&link->message);
}

bool link_wait(struct link *link, int64_t wait_ms) {
  if (link->socket != NULL && link->news.likely) return true;
  struct news *const both[] = {&link->news, &link->monitor_news};
  bool full = link->news.full;
  bool waited = news_wait(both, link->socket != NULL ? 2 : 0, NULL, 0, wait_ms);
  bool has_room = full && !link->news.full;
  return waited && link->socket != NULL && (has_room || link->news.likely || link->monitor_news.likely);
}
