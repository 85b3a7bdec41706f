// See sessions.h.
#include "hub/core/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"

enum {
  ARENA_BYTES_MAX = 4 * 1024 * 1024,
  ARENAS_POOLED_MAX = 32,
  GATE_SILENT_MS = 5000,
  SOCKET_HWM = 256,   // frames of 60 KiB at the most
  TOGETHER_MAX = 16,  // frames that wait for others to leave with
};

struct waiting {
  uint8_t head[RELAY_HEAD_SIZE];
  zmq_msg_t frame;
};

struct sessions {
  void *socket;
  struct news news;
  const struct conf_agencies *agencies;
  const struct key_pair_sign *key;
  struct sessions_handlers handlers;
  const char *standby_text;  // NULL: it does not stand by
  struct session *list[SESSIONS_MAX];
  uint64_t last_id;
  size_t count;  // slots in use, live or swept to NULL at the end
  struct waiting queue[SESSIONS_QUEUE_MAX];
  size_t queue_first, queue_count;
  bool refused;  // what waits was not taken when it was last tried
  struct nav_buffer plain, frame, encoded;
  struct nav_arena *arena;
  struct nav_arena *pool[ARENAS_POOLED_MAX];
  size_t pooled;
  uint64_t gate_instance;
  int64_t gate_seen_ms;
};

struct sessions *sessions_open(void *zmq_context, const char *gate_socket,
                               const struct conf_agencies *agencies, const struct key_pair_sign *key,
                               const struct sessions_handlers *handlers, struct nav_error *err) {
  struct sessions *sessions = calloc(1, sizeof *sessions);
  if (sessions == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  sessions->agencies = agencies;
  sessions->key = key;
  sessions->handlers = *handlers;
  nav_buffer_init(&sessions->plain, WIRE_FRAME_MAX);
  nav_buffer_init(&sessions->frame, WIRE_FRAME_MAX);
  nav_buffer_init(&sessions->encoded, WIRE_FRAME_MAX);
  sessions->socket = zmq_socket(zmq_context, ZMQ_DEALER);
  int hwm = SOCKET_HWM;
  int linger = 0;
  int64_t frame_max = WIRE_FRAME_MAX + RELAY_HEAD_SIZE;
  char endpoint[256];
  (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", gate_socket);
  bool ok = sessions->socket != NULL && zmq_setsockopt(sessions->socket, ZMQ_SNDHWM, &hwm, sizeof hwm) == 0 &&
            zmq_setsockopt(sessions->socket, ZMQ_RCVHWM, &hwm, sizeof hwm) == 0 &&
            zmq_setsockopt(sessions->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
            zmq_setsockopt(sessions->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
            zmq_bind(sessions->socket, endpoint) == 0 && news_open(&sessions->news, sessions->socket);
  if (!ok) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, gate_socket, "cannot bind the gate's socket: %s",
                   zmq_strerror(errno));
    sessions_close(sessions);
    return NULL;
  }
  (void)chmod(gate_socket, 0660);
  return sessions;
}

static void free_session(struct session *session) {
  if (session == NULL) return;
  wire_stream_wipe(&session->stream);
  free(session);
}

static void drop_first(struct sessions *sessions) {
  (void)zmq_msg_close(&sessions->queue[sessions->queue_first].frame);
  sessions->queue_first = (sessions->queue_first + 1) % SESSIONS_QUEUE_MAX;
  sessions->queue_count--;
}

static void clear_queue(struct sessions *sessions) {
  while (sessions->queue_count > 0) drop_first(sessions);
  sessions->refused = false;
}

void sessions_close(struct sessions *sessions) {
  if (sessions == NULL) return;
  clear_queue(sessions);
  for (size_t i = 0; i < sessions->count; i++) free_session(sessions->list[i]);
  for (size_t i = 0; i < sessions->pooled; i++) nav_arena_free(sessions->pool[i]);
  nav_arena_free(sessions->arena);
  nav_buffer_free(&sessions->plain);
  nav_buffer_free(&sessions->frame);
  nav_buffer_free(&sessions->encoded);
  if (sessions->socket != NULL) (void)zmq_close(sessions->socket);
  free(sessions);
}

struct news *sessions_news(struct sessions *sessions) {
  return sessions->handlers.may_send(sessions->handlers.context) ? &sessions->news : NULL;
}

void sessions_stand_by(struct sessions *sessions, const char *text) { sessions->standby_text = text; }

size_t sessions_count(const struct sessions *sessions) { return sessions->count; }

struct session *sessions_at(struct sessions *sessions, size_t index) {
  struct session *session = sessions->list[index];
  return session == NULL || session->ended ? NULL : session;
}

struct session *sessions_find(struct sessions *sessions, uint64_t id) {
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session != NULL && session->id == id) return session;
  }
  return NULL;
}

static struct session *of_gate(struct sessions *sessions, const struct relay_head *head) {
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session != NULL && session->number == head->session && session->instance == head->instance)
      return session;
  }
  return NULL;
}

bool sessions_gate_lives(const struct sessions *sessions) {
  return sessions->gate_instance != 0 && nav_clock_monotonic_ms() - sessions->gate_seen_ms < GATE_SILENT_MS;
}

// ---- sending ----

// Takes the frame only where it gives true.
static bool send_now(struct sessions *sessions, const uint8_t *head, zmq_msg_t *frame) {
  if (zmq_send(sessions->socket, head, RELAY_HEAD_SIZE, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
    news_refused(&sessions->news);
    return false;
  }
  news_sent(&sessions->news);
  // The first part was taken, so the second is.
  return zmq_msg_send(frame, sessions->socket, ZMQ_DONTWAIT) >= 0;
}

void sessions_flush(struct sessions *sessions) {
  while (sessions->queue_count > 0) {
    struct waiting *first = &sessions->queue[sessions->queue_first];
    sessions->refused = !sessions->handlers.may_send(sessions->handlers.context) ||
                        !send_now(sessions, first->head, &first->frame);
    if (sessions->refused) return;
    drop_first(sessions);
  }
}

// A frame waits until the turn's end or for so many others: sent as soon as it is made, each would wake
// libzmq's thread, and the gate, for itself. False: the queue is full.
static bool queue_frame(struct sessions *sessions, const uint8_t *head, const uint8_t *frame, size_t length) {
  if (sessions->queue_count == SESSIONS_QUEUE_MAX) return false;
  size_t slot = (sessions->queue_first + sessions->queue_count) % SESSIONS_QUEUE_MAX;
  struct waiting *waiting = &sessions->queue[slot];
  if (zmq_msg_init_size(&waiting->frame, length) != 0) return false;
  memcpy(zmq_msg_data(&waiting->frame), frame, length);
  memcpy(waiting->head, head, RELAY_HEAD_SIZE);
  sessions->queue_count++;
  if (sessions->queue_count >= TOGETHER_MAX && !sessions->refused) sessions_flush(sessions);
  return true;
}

bool sessions_have_room(const struct sessions *sessions) {
  return !sessions->refused && sessions->handlers.may_send(sessions->handlers.context);
}

static bool send_to(struct sessions *sessions, uint64_t instance, uint64_t number, enum relay_kind kind,
                    const char *agency, const uint8_t *frame, size_t length) {
  struct relay_head head = {.instance = instance, .session = number, .kind = (uint8_t)kind};
  (void)snprintf(head.agency, sizeof head.agency, "%s", agency);
  uint8_t encoded[RELAY_HEAD_SIZE];
  relay_encode(encoded, &head);
  return queue_frame(sessions, encoded, frame, length);
}

static void send_clear(struct sessions *sessions, const struct relay_head *to, const uint8_t *frame,
                       size_t length) {
  (void)send_to(sessions, to->instance, to->session, RELAY_FRAME, to->agency, frame, length);
}

static void end_quietly(struct sessions *sessions, struct session *session) {
  if (session->ended) return;
  sessions->handlers.ended(sessions->handlers.context, session);
  session->ended = true;
}

void session_end(struct sessions *sessions, struct session *session) {
  if (session->ended) return;
  uint8_t reset = WIRE_RESET;
  (void)send_to(sessions, session->instance, session->number, RELAY_FRAME, session->agency->id, &reset, 1);
  end_quietly(sessions, session);
}

void sessions_let_go(struct sessions *sessions) {
  clear_queue(sessions);
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session == NULL) continue;
    uint8_t encoded[RELAY_HEAD_SIZE];
    struct relay_head head = {.instance = session->instance, .session = session->number, .kind = RELAY_FRAME};
    (void)snprintf(head.agency, sizeof head.agency, "%s", session->agency->id);
    relay_encode(encoded, &head);
    zmq_msg_t reset;
    (void)zmq_msg_init_size(&reset, 1);  // cannot fail: so little lies in the message itself
    *(uint8_t *)zmq_msg_data(&reset) = WIRE_RESET;
    // Where the gate takes nothing now it will not hear us either.
    if (!send_now(sessions, encoded, &reset)) (void)zmq_msg_close(&reset);
    end_quietly(sessions, session);
  }
}

void session_send_encoded(struct sessions *sessions, struct session *session, const uint8_t *plain,
                          size_t length) {
  struct nav_error err;
  if (session->ended) return;
  nav_buffer_clear(&sessions->frame);
  // A frame once sealed must be sent: the stream is a sequence.
  if (!wire_stream_seal(&session->stream, plain, length, &sessions->frame, &err) ||
      !send_to(sessions, session->instance, session->number, RELAY_FRAME, session->agency->id,
               sessions->frame.data, sessions->frame.length)) {
    nav_log(NAV_LOG_WARNING, "a session of %s is ended: its frames cannot be sent", session->agency->id);
    session_end(sessions, session);
  }
}

void session_send(struct sessions *sessions, struct session *session, const Nav__V1__HubFrame *frame) {
  nav_buffer_clear(&sessions->encoded);
  NAV_ASSERT(wire_encode(frame, &sessions->encoded));
  session_send_encoded(sessions, session, sessions->encoded.data, sessions->encoded.length);
}

void session_refuse(struct sessions *sessions, struct session *session, int code, const char *text) {
  Nav__V1__Refused refused = NAV__V1__REFUSED__INIT;
  refused.has_code = true;
  refused.code = (Nav__V1__Code)code;
  refused.text = (char *)(uintptr_t)text;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_REFUSED;
  frame.refused = &refused;
  session_send(sessions, session, &frame);
}

// A revoked or changed key ends the sessions that it opened.
void sessions_set_agencies(struct sessions *sessions, const struct conf_agencies *agencies) {
  sessions->agencies = agencies;
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions->list[i];
    if (session->ended)
      continue;  // its agency is not looked at any more, and may be gone since an earlier swap
    const struct conf_agency *now = conf_agency_find(agencies, session->agency->id);
    bool same =
        now != NULL && now->has_keys && memcmp(now->signing_key, session->agency->signing_key, 32) == 0;
    if (!same) session_end(sessions, session);
    session->agency = now;  // NULL only where it has ended
  }
}

// ---- receiving ----

struct nav_arena *sessions_take_arena(struct sessions *sessions) {
  struct nav_arena *arena = sessions->arena;
  sessions->arena = NULL;
  return arena;
}

void sessions_give_arena(struct sessions *sessions, struct nav_arena *arena) {
  if (sessions->pooled == ARENAS_POOLED_MAX) {
    nav_arena_free(arena);
    return;
  }
  nav_arena_reset(arena);
  sessions->pool[sessions->pooled++] = arena;
}

static bool ready_arena(struct sessions *sessions) {
  if (sessions->arena != NULL) {
    nav_arena_reset(sessions->arena);
  } else if (sessions->pooled > 0) {
    sessions->arena = sessions->pool[--sessions->pooled];
  } else {
    sessions->arena = nav_arena_new(ARENA_BYTES_MAX);
  }
  return sessions->arena != NULL;
}

static struct session *add_session(struct sessions *sessions) {
  if (sessions->count == SESSIONS_MAX) sessions_sweep(sessions);
  if (sessions->count == SESSIONS_MAX) return NULL;
  struct session *session = calloc(1, sizeof *session);
  if (session == NULL) return NULL;
  session->id = ++sessions->last_id;
  sessions->list[sessions->count++] = session;
  return session;
}

static void refuse(struct sessions *sessions, const struct relay_head *head, const struct nav_error *err) {
  struct nav_buffer refused;
  nav_buffer_init(&refused, 1024);
  if (wire_refused_make(&refused, err->code, err->text))
    send_clear(sessions, head, refused.data, refused.length);
  nav_buffer_free(&refused);
  if (sessions->standby_text != NULL) return;
  sessions->handlers.malformed(sessions->handlers.context, NULL, head->agency, err);
}

static void take_hello(struct sessions *sessions, const struct relay_head *head, const uint8_t *frame,
                       size_t length) {
  struct nav_error err;
  if (sessions->standby_text != NULL) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_STANDBY, "", "%s", sessions->standby_text);
    refuse(sessions, head, &err);
    return;
  }
  const struct conf_agency *agency = conf_agency_find(sessions->agencies, head->agency);
  if (agency == NULL || !agency->has_keys) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_UNKNOWN_AGENCY, "",
                   "no agency %.40s takes part with keys", head->agency);
    refuse(sessions, head, &err);
    return;
  }
  struct session *before = of_gate(sessions, head);
  if (before != NULL) end_quietly(sessions, before);
  struct wire_stream stream;
  nav_buffer_clear(&sessions->frame);
  if (!wire_hello_answer(frame, length, agency->id, agency->signing_key, sessions->key, &stream,
                         &sessions->frame, &err)) {
    refuse(sessions, head, &err);
    return;
  }
  struct session *session = add_session(sessions);
  if (session == NULL) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BUSY, "",
                   "%d sessions are open; try again later", SESSIONS_MAX);
    refuse(sessions, head, &err);
    wire_stream_wipe(&stream);
    return;
  }
  session->instance = head->instance;
  session->number = head->session;
  session->agency = agency;
  session->stream = stream;
  sodium_memzero(&stream, sizeof stream);
  send_clear(sessions, head, sessions->frame.data, sessions->frame.length);
}

static void take_sealed(struct sessions *sessions, const struct relay_head *head, const uint8_t *frame,
                        size_t length) {
  struct nav_error err;
  struct session *session = of_gate(sessions, head);
  bool ours = session != NULL && strcmp(session->agency->id, head->agency) == 0;
  if (!ours || !wire_stream_open(&session->stream, frame, length, &sessions->plain, &err)) {
    uint8_t reset = WIRE_RESET;
    send_clear(sessions, head, &reset, 1);
    if (ours) {
      sessions->handlers.malformed(sessions->handlers.context, NULL, head->agency, &err);
      end_quietly(sessions, session);
    }
    return;
  }
  if (!ready_arena(sessions)) return;
  Nav__V1__ClientFrame *decoded = wire_decode(&nav__v1__client_frame__descriptor, sessions->arena,
                                              sessions->plain.data, sessions->plain.length, &err);
  if (decoded == NULL) {
    sessions->handlers.malformed(sessions->handlers.context, session, head->agency, &err);
    return;
  }
  sessions->handlers.frame(sessions->handlers.context, session, decoded, sessions->plain.data,
                           sessions->plain.length);
}

static void take_frame(struct sessions *sessions, const struct relay_head *head, const uint8_t *frame,
                       size_t length) {
  struct nav_error err;
  switch (length == 0 ? 0 : frame[0]) {
    case WIRE_HELLO:
      take_hello(sessions, head, frame, length);
      return;
    case WIRE_OPEN:
    case WIRE_SEALED:
      take_sealed(sessions, head, frame, length);
      return;
    default:
      (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "offset 0",
                     "a frame begins with its kind: 1 HELLO, 3 OPEN or 4 SEALED");
      refuse(sessions, head, &err);
  }
}

static void see_gate(struct sessions *sessions, uint64_t instance) {
  sessions->gate_seen_ms = nav_clock_monotonic_ms();
  if (sessions->gate_instance == instance) return;
  if (sessions->gate_instance != 0)
    nav_log(NAV_LOG_INFO, "another nav-gate has started; its clients begin anew");
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session != NULL && session->instance != instance) end_quietly(sessions, session);
  }
  clear_queue(sessions);
  sessions->gate_instance = instance;
}

static void take_message(struct sessions *sessions, const uint8_t *head_bytes, size_t head_length,
                         const uint8_t *frame, size_t length) {
  struct relay_head head;
  struct nav_error err;
  if (!relay_decode(&head, head_bytes, head_length, &err)) {
    nav_log_failure(NAV_LOG_ERROR, "from the gate", &err);
    return;
  }
  see_gate(sessions, head.instance);
  if (head.kind == RELAY_FRAME) {
    take_frame(sessions, &head, frame, length);
  } else if (head.kind == RELAY_GONE) {
    struct session *session = of_gate(sessions, &head);
    if (session != NULL) end_quietly(sessions, session);
  } else if (head.kind == RELAY_REFUSED && length == 8 && sessions->standby_text == NULL) {
    sessions->handlers.refused_at_gate(sessions->handlers.context, head.agency, (int)nav_get_u32(frame),
                                       nav_get_u32(frame + 4));
  }
}

// One message of two parts; others are dropped whole. False: nothing has come.
static bool receive_one(struct sessions *sessions) {
  zmq_msg_t parts[2];
  size_t count = 0;
  int more = 1;
  if (!sessions->news.likely) return false;
  while (more != 0) {
    zmq_msg_t part;
    (void)zmq_msg_init(&part);
    if (zmq_msg_recv(&part, sessions->socket, ZMQ_DONTWAIT) < 0) {
      news_missed(&sessions->news);
      (void)zmq_msg_close(&part);
      for (size_t i = 0; i < count && i < 2; i++) (void)zmq_msg_close(&parts[i]);
      return false;
    }
    more = zmq_msg_more(&part);
    if (count < 2) {
      parts[count] = part;
    } else {
      (void)zmq_msg_close(&part);
    }
    count++;
  }
  if (count <= 2) {
    const uint8_t *frame = count == 2 ? zmq_msg_data(&parts[1]) : (const uint8_t *)"";
    size_t length = count == 2 ? zmq_msg_size(&parts[1]) : 0;
    take_message(sessions, zmq_msg_data(&parts[0]), zmq_msg_size(&parts[0]), frame, length);
  }
  for (size_t i = 0; i < count && i < 2; i++) (void)zmq_msg_close(&parts[i]);
  return true;
}

int sessions_receive(struct sessions *sessions, int most) {
  int taken = 0;
  if (!sessions->handlers.may_send(sessions->handlers.context)) return 0;
  while (taken < most && receive_one(sessions)) taken++;
  return taken;
}

void sessions_sweep(struct sessions *sessions) {
  bool lives = sessions_gate_lives(sessions);
  size_t kept = 0;
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions->list[i];
    if (!lives && !session->ended) end_quietly(sessions, session);
    if (session->ended) {
      free_session(session);
    } else {
      sessions->list[kept++] = session;
    }
  }
  sessions->count = kept;
}
