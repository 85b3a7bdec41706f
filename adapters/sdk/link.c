// See link.h.
#include "adapters/sdk/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hub/base/clock.h"

enum {
  HANDSHAKE_MS_MAX = 10000,
  HEARTBEAT_MS = 2000,
  HEARTBEAT_TIMEOUT_MS = 8000,
  SOCKET_HWM = 64,
  FRAME_MAX = WIRE_FRAME_MAX + 64,
};

struct link {
  void *socket, *monitor;
  const struct nav_client_settings *settings;
  struct wire_hello hello;
  struct wire_stream stream;
  enum link_state state;
  struct nav_error error;
  bool hello_sent;
  int64_t since_ms;
  struct nav_buffer plain, frame, encoded;
  struct nav_buffer blocked;  // sealed, and not taken by the socket yet
};

static void lose(struct link *link, enum link_state state, int code, const char *text) {
  if (link->state == LINK_LOST || link->state == LINK_REFUSED) return;
  link->state = state;
  (void)nav_fail(&link->error, state == LINK_REFUSED ? NAV_ERROR_LOCAL : NAV_ERROR_RETRY, code,
                 link->settings->endpoint, "%s", text);
}

static bool set_int(void *socket, int option, int value) {
  return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_options(struct link *link) {
  const struct nav_client_settings *s = link->settings;
  int64_t message_max = FRAME_MAX;
  return set_int(link->socket, ZMQ_LINGER, 0) && set_int(link->socket, ZMQ_RECONNECT_IVL, -1) &&
         set_int(link->socket, ZMQ_SNDHWM, SOCKET_HWM) && set_int(link->socket, ZMQ_RCVHWM, SOCKET_HWM) &&
         set_int(link->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS_MAX) &&
         set_int(link->socket, ZMQ_IMMEDIATE, 1) && set_int(link->socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS) &&
         set_int(link->socket, ZMQ_HEARTBEAT_TIMEOUT, HEARTBEAT_TIMEOUT_MS) &&
         zmq_setsockopt(link->socket, ZMQ_MAXMSGSIZE, &message_max, sizeof message_max) == 0 &&
         zmq_setsockopt(link->socket, ZMQ_CURVE_SERVERKEY, s->hub_curve_key, KEY_CURVE_SIZE) == 0 &&
         zmq_setsockopt(link->socket, ZMQ_CURVE_PUBLICKEY, s->keys->curve.public_key, KEY_CURVE_SIZE) == 0 &&
         zmq_setsockopt(link->socket, ZMQ_CURVE_SECRETKEY, s->keys->curve.secret_key, KEY_CURVE_SIZE) == 0;
}

static bool open_sockets(struct link *link, void *context) {
  char name[64];
  (void)snprintf(name, sizeof name, "inproc://monitor-%p", (void *)link);
  enum {
    WATCHED = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
              ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED |
              ZMQ_EVENT_CLOSED
  };
  link->socket = zmq_socket(context, ZMQ_DEALER);
  link->monitor = zmq_socket(context, ZMQ_PAIR);
  return link->socket != NULL && link->monitor != NULL && set_options(link) &&
         set_int(link->monitor, ZMQ_LINGER, 0) && zmq_socket_monitor(link->socket, name, WATCHED) == 0 &&
         zmq_connect(link->monitor, name) == 0 && zmq_connect(link->socket, link->settings->endpoint) == 0;
}

struct link *link_new(void *zmq_context, const struct nav_client_settings *settings, struct nav_error *err) {
  struct link *link = calloc(1, sizeof *link);
  if (link == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  link->settings = settings;
  link->since_ms = nav_clock_monotonic_ms();
  nav_buffer_init(&link->plain, WIRE_FRAME_MAX);
  nav_buffer_init(&link->frame, WIRE_FRAME_MAX);
  nav_buffer_init(&link->encoded, WIRE_FRAME_MAX);
  nav_buffer_init(&link->blocked, WIRE_FRAME_MAX);
  if (open_sockets(link, zmq_context)) return link;
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, settings->endpoint, "cannot connect: %s", zmq_strerror(errno));
  link_free(link);
  return NULL;
}

void link_free(struct link *link) {
  if (link == NULL) return;
  if (link->socket != NULL) {
    (void)zmq_socket_monitor(link->socket, NULL, 0);
    (void)zmq_close(link->socket);
  }
  if (link->monitor != NULL) (void)zmq_close(link->monitor);
  wire_stream_wipe(&link->stream);
  sodium_memzero(&link->hello, sizeof link->hello);
  nav_buffer_free(&link->plain);
  nav_buffer_free(&link->frame);
  nav_buffer_free(&link->encoded);
  nav_buffer_free(&link->blocked);
  free(link);
}

enum link_state link_state(const struct link *link) { return link->state; }

const struct nav_error *link_error(const struct link *link) { return &link->error; }

static void send_hello(struct link *link) {
  struct nav_error err;
  const struct nav_client_settings *s = link->settings;
  if (!wire_hello_make(&link->hello, s->agency, &s->keys->signing, s->hub_session_key, &link->frame, &err) ||
      zmq_send(link->socket, link->frame.data, link->frame.length, ZMQ_DONTWAIT) < 0) {
    lose(link, LINK_LOST, 0, "the greeting could not be sent");
    return;
  }
  link->hello_sent = true;
}

// One event of the socket's monitor: its number stands in the first two bytes of the first part.
static bool take_monitor(struct link *link) {
  uint8_t head[8];
  int length = zmq_recv(link->monitor, head, sizeof head, ZMQ_DONTWAIT);
  if (length < 2) return false;
  char ignored[256];
  int more = 1;
  size_t size = sizeof more;
  while (zmq_getsockopt(link->monitor, ZMQ_RCVMORE, &more, &size) == 0 && more != 0) {
    if (zmq_recv(link->monitor, ignored, sizeof ignored, ZMQ_DONTWAIT) < 0) break;
  }
  uint16_t event = 0;
  memcpy(&event, head, sizeof event);
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    if (!link->hello_sent) send_hello(link);
  } else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    lose(link, LINK_REFUSED, NAV__V1__CODE__CODE_UNKNOWN_KEY,
         "the hub does not know this agency's curve key; send it keys/<agency>.yaml and let it reload");
  } else {
    lose(link, LINK_LOST, 0, link->hello_sent ? "the connection was lost" : "the hub cannot be reached");
  }
  return true;
}

void link_wait(struct link *link, int wait_ms) {
  zmq_pollitem_t items[] = {{.socket = link->socket, .events = ZMQ_POLLIN},
                            {.socket = link->monitor, .events = ZMQ_POLLIN}};
  if (link->blocked.length > 0) items[0].events = ZMQ_POLLIN | ZMQ_POLLOUT;
  (void)zmq_poll(items, 2, wait_ms);
  while (take_monitor(link)) continue;
  if (link->state == LINK_CONNECTING && nav_clock_monotonic_ms() - link->since_ms > HANDSHAKE_MS_MAX) {
    lose(link, LINK_LOST, 0, "the hub does not answer the greeting");
  }
}

static void take_refused(struct link *link, const uint8_t *bytes, size_t length) {
  struct nav_error err;
  wire_refused_read(bytes, length, &err);
  bool final = err.code == NAV__V1__CODE__CODE_UNKNOWN_AGENCY ||
               err.code == NAV__V1__CODE__CODE_BAD_SIGNATURE || err.code == NAV__V1__CODE__CODE_VERSION ||
               err.code == NAV__V1__CODE__CODE_UNKNOWN_KEY || err.code == NAV__V1__CODE__CODE_WRONG_AGENCY;
  char text[NAV_ERROR_TEXT_SIZE];
  (void)snprintf(text, sizeof text, "refused by the hub: %.280s", err.text);
  lose(link, final ? LINK_REFUSED : LINK_LOST, err.code, text);
}

// True: a frame stands in plain.
static bool take_message(struct link *link, const uint8_t *bytes, size_t length) {
  struct nav_error err;
  switch (length == 0 ? 0 : bytes[0]) {
    case WIRE_WELCOME:
      if (link->state != LINK_CONNECTING || !link->hello_sent) return false;
      if (wire_welcome_open(&link->hello, link->settings->hub_session_key, bytes, length, &link->stream,
                            &err)) {
        link->state = LINK_OPEN;
      } else {
        lose(link, LINK_REFUSED, err.code, err.text);
      }
      return false;
    case WIRE_SEALED:
      if (link->state != LINK_OPEN) return false;
      if (wire_stream_open(&link->stream, bytes, length, &link->plain, &err)) return true;
      lose(link, LINK_LOST, err.code, err.text);
      return false;
    case WIRE_RESET:
      lose(link, LINK_LOST, 0, "the hub has begun anew");
      return false;
    case WIRE_REFUSED:
      take_refused(link, bytes, length);
      return false;
    default:
      lose(link, LINK_LOST, 0, "the hub sent what is not a frame");
      return false;
  }
}

const struct nav_buffer *link_receive(struct link *link) {
  bool got = false;
  while (!got && (link->state == LINK_CONNECTING || link->state == LINK_OPEN)) {
    enum link_state before = link->state;
    zmq_msg_t message;
    (void)zmq_msg_init(&message);
    int length = zmq_msg_recv(&message, link->socket, ZMQ_DONTWAIT);
    if (length >= 0) got = take_message(link, zmq_msg_data(&message), zmq_msg_size(&message));
    (void)zmq_msg_close(&message);
    if (length < 0 || link->state != before) break;
  }
  return got ? &link->plain : NULL;
}

static bool flush_blocked(struct link *link) {
  if (link->blocked.length == 0) return true;
  if (zmq_send(link->socket, link->blocked.data, link->blocked.length, ZMQ_DONTWAIT) < 0) return false;
  nav_buffer_clear(&link->blocked);
  return true;
}

bool link_can_send(struct link *link) { return link->state == LINK_OPEN && flush_blocked(link); }

bool link_send(struct link *link, const Nav__V1__ClientFrame *frame) {
  struct nav_error err;
  if (link->state != LINK_OPEN) return false;
  nav_buffer_clear(&link->encoded);
  nav_buffer_clear(&link->frame);
  if (!wire_encode(frame, &link->encoded) ||
      !wire_stream_seal(&link->stream, link->encoded.data, link->encoded.length, &link->frame, &err)) {
    lose(link, LINK_LOST, 0, "a frame could not be sealed");
    return false;
  }
  if (flush_blocked(link) && zmq_send(link->socket, link->frame.data, link->frame.length, ZMQ_DONTWAIT) >= 0)
    return true;
  // A sealed frame must go out in its turn: it waits here, and nothing is sealed until it has gone.
  if (link->blocked.length > 0 || !nav_buffer_append(&link->blocked, link->frame.data, link->frame.length)) {
    lose(link, LINK_LOST, 0, "the connection takes nothing more");
    return false;
  }
  return true;
}
