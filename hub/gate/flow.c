// See gate.h: what happens to one frame, from a client to the core and from the core to a client.
#include <string.h>

#include "hub/base/clock.h"
#include "hub/gate/gate.h"
#include "hub/wire/session.h"

enum { TURN_FRAMES_MAX = 64, REFUSED_FRAME_MAX = 1024 };

static enum door_sent send_out(struct gate *gate, const uint8_t *routing, size_t length, zmq_msg_t *payload) {
  enum door_sent sent = door_send(gate->door, routing, length, payload);
  if (sent == DOOR_SENT) {
    news_sent(&gate->door_news);
  } else {
    (void)news_may_send(&gate->door_news);  // a refused try may have taken in that something came
  }
  return sent;
}

static void send_bytes(struct gate *gate, const uint8_t *routing, size_t length, const void *data,
                       size_t size) {
  zmq_msg_t message;
  if (zmq_msg_init_size(&message, size) != 0) return;
  memcpy(zmq_msg_data(&message), data, size);
  if (send_out(gate, routing, length, &message) != DOOR_SENT) (void)zmq_msg_close(&message);
}

void gate_send_reset(struct gate *gate, const uint8_t *routing, size_t length) {
  const uint8_t reset = WIRE_RESET;
  send_bytes(gate, routing, length, &reset, sizeof reset);
}

static void send_refused(struct gate *gate, const struct door_message *message, int code, const char *text) {
  struct nav_buffer frame;
  nav_buffer_init(&frame, REFUSED_FRAME_MAX);
  if (wire_refused_make(&frame, code, text)) {
    send_bytes(gate, message->routing, message->routing_length, frame.data, frame.length);
  }
  nav_buffer_free(&frame);
}

static bool still_sessions(const struct session *session, const struct door_message *message) {
  bool same_fd = session->fd < 0 || message->fd < 0 || session->fd == message->fd;
  return same_fd && strcmp(session->agency, message->agency) == 0 &&
         strcmp(session->key_hex, message->key_hex) == 0;
}

void gate_end_session(struct gate *gate, struct session *session, bool core_must_know) {
  connections_release(gate->connections, session->fd, session->number);
  sessions_end(gate->sessions, session, core_must_know);
}

void gate_tell_ended(struct gate *gate) {
  struct session *session;
  while ((session = sessions_next_ended(gate->sessions)) != NULL) {
    struct relay_head head = {.session = session->number, .kind = RELAY_GONE};
    memcpy(head.agency, session->agency, sizeof head.agency);
    if (!corelink_send(gate->core, &head, NULL)) return;
    sessions_release(gate->sessions, session);
  }
}

// The frame is answered with its code (a flood of one agency's once a second), counted, and its session ends:
// a sealed stream that lacks a frame cannot go on.
static void refuse(struct gate *gate, struct door_message *message, struct quota_agency *quota,
                   struct session *session, int code, const char *text) {
  quota_count_refused(quota, code);
  bool flood = code == NAV__V1__CODE__CODE_RATE;
  if (!flood || quota_may_answer(quota, nav_clock_monotonic_ms())) send_refused(gate, message, code, text);
  if (session != NULL) gate_end_session(gate, session, true);
}

// The key as it is now: a connection of a revoked key says nothing more.
static bool key_is_known(const struct gate *gate, const struct door_message *message) {
  uint8_t key[KEY_CURVE_SIZE];
  if (message->agency == NULL || message->key_hex == NULL) return false;
  if (sodium_hex2bin(key, sizeof key, message->key_hex, strlen(message->key_hex), NULL, NULL, NULL) != 0) {
    return false;
  }
  const char *agency = book_agency(gate->book, key);
  return agency != NULL && strcmp(agency, message->agency) == 0;
}

static struct session *begin_session(struct gate *gate, struct door_message *message,
                                     struct quota_agency *quota) {
  struct session *session = NULL;
  if (quota->sessions < GATE_SESSIONS_AN_AGENCY_MAX) {
    session = sessions_begin(gate->sessions, message->routing, message->routing_length, message->agency,
                             message->key_hex, message->fd, quota);
  }
  if (session == NULL) {
    refuse(gate, message, quota, NULL, NAV__V1__CODE__CODE_BUSY, "too many sessions; end some, or wait");
    return NULL;
  }
  connections_carry(gate->connections, message->fd, session->number);
  return session;
}

// NULL: the frame was refused.
static struct session *admit(struct gate *gate, struct door_message *message, struct quota_agency *quota,
                             struct session *session) {
  const uint8_t *data = zmq_msg_data(&message->payload);
  size_t size = zmq_msg_size(&message->payload);
  int code = 0;
  const char *text = "";
  if (!quota_take(gate->quota, quota, nav_clock_monotonic_ms())) {
    code = NAV__V1__CODE__CODE_RATE;
    text = "too many frames a second; wait, then start anew";
  } else if (message->parts != 1) {
    code = NAV__V1__CODE__CODE_TOO_MANY;
    text = "a message is one part";
  } else if (size > WIRE_FRAME_MAX) {
    code = NAV__V1__CODE__CODE_TOO_LARGE;
    text = "a frame has at most 61440 bytes";
  } else if (size == 0 || (data[0] != WIRE_HELLO && data[0] != WIRE_OPEN && data[0] != WIRE_SEALED)) {
    code = NAV__V1__CODE__CODE_MALFORMED;
    text = "the first byte is no kind of frame that a client sends";
  }
  if (code != 0) {
    refuse(gate, message, quota, session, code, text);
    return NULL;
  }
  if (session != NULL) return session;
  // Where the hub has other nodes nobody waits for this one's core.
  if (data[0] == WIRE_HELLO && gate->nav->others_count > 0 && !corelink_connected(gate->core)) {
    send_refused(gate, message, NAV__V1__CODE__CODE_STANDBY,
                 "this node has no core now; go on to the hub's next");
    return NULL;
  }
  if (data[0] == WIRE_HELLO) return begin_session(gate, message, quota);
  gate_send_reset(gate, message->routing, message->routing_length);
  return NULL;
}

// Where the core does not take it now the message stays parked, and no other is read.
static void forward(struct gate *gate, struct door_message *message, const struct session *session) {
  struct relay_head head = {.session = session->number, .kind = RELAY_FRAME};
  memcpy(head.agency, session->agency, sizeof head.agency);
  gate->has_parked = !corelink_send(gate->core, &head, &message->payload);
}

static void handle(struct gate *gate, struct door_message *message) {
  connections_count_read(gate->connections, message->fd, message->bytes, message->parts);
  struct session *session = sessions_by_routing(gate->sessions, message->routing, message->routing_length);
  bool known = session != NULL && message->agency != NULL && message->key_hex != NULL &&
               still_sessions(session, message);
  if (session != NULL && !known) {
    // Somebody else has the routing id now.
    gate_end_session(gate, session, true);
    session = NULL;
  }
  if (!known && !key_is_known(gate, message)) {
    gate->unknown_keys++;
    connections_cut(gate->connections, message->fd);
    return;
  }
  struct quota_agency *quota = session != NULL ? session->quota : quota_find(gate->quota, message->agency);
  NAV_ASSERT(quota != NULL);  // the book and the quota have the same agencies
  session = admit(gate, message, quota, session);
  if (session != NULL) forward(gate, message, session);
}

// The parked message goes first; its session may have ended meanwhile.
static bool unpark(struct gate *gate) {
  if (!gate->has_parked) return true;
  const struct session *session =
      sessions_by_routing(gate->sessions, gate->parked.routing, gate->parked.routing_length);
  gate->has_parked = false;
  if (session != NULL && still_sessions(session, &gate->parked)) forward(gate, &gate->parked, session);
  if (gate->has_parked) return false;
  door_done(&gate->parked);
  return true;
}

void gate_from_clients(struct gate *gate) {
  gate_tell_ended(gate);
  if (!unpark(gate)) return;
  for (int i = 0; i < TURN_FRAMES_MAX && gate->door_news.likely && !gate->has_parked; i++) {
    if (!door_receive(gate->door, &gate->parked)) {
      news_missed(&gate->door_news);
      door_done(&gate->parked);
      return;
    }
    handle(gate, &gate->parked);
    if (!gate->has_parked) door_done(&gate->parked);
  }
}

// The session with most in its outbox gives way when all together are too much.
static struct session *fullest(struct gate *gate) {
  struct session *found = NULL;
  for (uint32_t i = 0; i < sessions_max(gate->sessions); i++) {
    struct session *session = sessions_at(gate->sessions, i);
    if (session == NULL || session->outbox.bytes == 0) continue;
    if (found == NULL || session->outbox.bytes > found->outbox.bytes) found = session;
  }
  return found;
}

static void end_slow(struct gate *gate, struct session *session) {
  gate_log_limited(gate, "%s reads too slowly: its session ends, and it gets the rest in its next one",
                   session->agency);
  connections_cut(gate->connections, session->fd);
  gate_end_session(gate, session, true);
}

static void queue(struct gate *gate, struct session *session, zmq_msg_t *payload) {
  if (!outbox_put(&session->outbox, payload)) {
    end_slow(gate, session);
  } else if (sessions_queued(gate->sessions) > OUTBOX_ALL_BYTES_MAX) {
    end_slow(gate, fullest(gate));
  }
}

static void deliver(struct gate *gate, struct session *session, zmq_msg_t *payload) {
  enum door_sent sent = DOOR_FULL;
  if (outbox_first(&session->outbox) == NULL) {
    sent = send_out(gate, session->routing, session->routing_length, payload);
  }
  if (sent == DOOR_FULL) {
    queue(gate, session, payload);
  } else if (sent == DOOR_GONE) {
    gate_end_session(gate, session, true);
  }
}

void gate_flush_outboxes(struct gate *gate) {
  for (uint32_t i = 0; sessions_queued(gate->sessions) > 0 && i < sessions_max(gate->sessions); i++) {
    struct session *session = sessions_at(gate->sessions, i);
    zmq_msg_t *first;
    while (session != NULL && (first = outbox_first(&session->outbox)) != NULL) {
      enum door_sent sent = send_out(gate, session->routing, session->routing_length, first);
      if (sent == DOOR_FULL) break;
      if (sent == DOOR_SENT) {
        outbox_drop_first(&session->outbox);
      } else {
        gate_end_session(gate, session, true);
        session = NULL;
      }
    }
  }
}

static void handle_core(struct gate *gate, const struct relay_head *head, zmq_msg_t *payload) {
  struct session *session = sessions_by_number(gate->sessions, head->session);
  if (session != NULL && strcmp(session->agency, head->agency) != 0) session = NULL;
  if (head->kind == RELAY_GONE && session != NULL) {
    gate_send_reset(gate, session->routing, session->routing_length);
    gate_end_session(gate, session, false);
  } else if (head->kind == RELAY_FRAME && session != NULL) {
    deliver(gate, session, payload);
  } else if (head->kind == RELAY_FRAME) {
    // Ended a moment ago: the core hears so (or, where it takes nothing now, with its next frame).
    struct relay_head gone = *head;
    gone.kind = RELAY_GONE;
    (void)!corelink_send(gate->core, &gone, NULL);
  }
}

void gate_from_core(struct gate *gate) {
  for (int i = 0; i < TURN_FRAMES_MAX || corelink_has_more(gate->core); i++) {
    struct relay_head head;
    zmq_msg_t payload;
    struct nav_error err = {0};
    enum relay_result got = corelink_receive(gate->core, &head, &payload, &err);
    if (got == RELAY_LATER) return;
    if (got == RELAY_MALFORMED) {
      gate_log_limited(gate, "nav-core sent what is not a relay message: %s: %s", err.place, err.text);
      return;
    }
    handle_core(gate, &head, &payload);
    (void)zmq_msg_close(&payload);
  }
}
