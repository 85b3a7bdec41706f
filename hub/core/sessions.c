// See sessions.h.
#include "hub/core/sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024, ARENAS_POOLED_MAX = 32 };

struct sessions {
  struct gate_port *gate;
  const struct conf_agencies *agencies;
  const struct key_pair_sign *key;
  struct sessions_handlers handlers;
  const char *standby_text;  // NULL: it does not stand by
  struct session *list[SESSIONS_MAX];
  uint64_t last_id;
  size_t count;  // slots in use, live or swept to NULL at the end
  struct nav_buffer plain, welcome, encoded;
  struct nav_arena *arena;
  struct nav_arena *pool[ARENAS_POOLED_MAX];
  size_t pooled;
};

static void end_quietly(struct sessions *sessions, struct session *session) {
  if (session->ended) return;
  sessions->handlers.ended(sessions->handlers.context, session);
  session->ended = true;
}

static bool may_send(void *context) {
  const struct sessions *sessions = context;
  return sessions->handlers.may_send(sessions->handlers.context);
}

static void end_all(void *context) {
  struct sessions *sessions = context;
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session != NULL) end_quietly(sessions, session);
  }
}

struct sessions *sessions_open(const char *gate_socket, const struct conf_agencies *agencies,
                               const struct key_pair_sign *key, const struct sessions_handlers *handlers,
                               struct nav_error *err) {
  struct sessions *sessions = calloc(1, sizeof *sessions);
  if (sessions == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  sessions->agencies = agencies;
  sessions->key = key;
  sessions->handlers = *handlers;
  nav_buffer_init(&sessions->plain, WIRE_FRAME_MAX);
  nav_buffer_init(&sessions->welcome, WIRE_FRAME_MAX);
  nav_buffer_init(&sessions->encoded, WIRE_FRAME_MAX);
  const struct gate_port_handlers port = {sessions, may_send, end_all};
  sessions->gate = gate_port_open(gate_socket, &port, err);
  if (sessions->gate != NULL) return sessions;
  sessions_close(sessions);
  return NULL;
}

static void free_session(struct session *session) {
  if (session == NULL) return;
  wire_stream_wipe(&session->stream);
  free(session);
}

void sessions_close(struct sessions *sessions) {
  if (sessions == NULL) return;
  gate_port_close(sessions->gate);
  for (size_t i = 0; i < sessions->count; i++) free_session(sessions->list[i]);
  for (size_t i = 0; i < sessions->pooled; i++) nav_arena_free(sessions->pool[i]);
  nav_arena_free(sessions->arena);
  nav_buffer_free(&sessions->plain);
  nav_buffer_free(&sessions->welcome);
  nav_buffer_free(&sessions->encoded);
  free(sessions);
}

void sessions_poll_fill(struct sessions *sessions, struct pollfd *files, bool reads) {
  gate_port_poll_fill(sessions->gate, files, reads);
}

void sessions_step(struct sessions *sessions, const struct pollfd *files) {
  gate_port_step(sessions->gate, files);
}

void sessions_say_alive(struct sessions *sessions) { gate_port_say_alive(sessions->gate); }

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
    if (session != NULL && session->number == head->session) return session;
  }
  return NULL;
}

bool sessions_gate_lives(const struct sessions *sessions) { return gate_port_lives(sessions->gate); }

// ---- sending ----

void sessions_flush(struct sessions *sessions) { gate_port_flush(sessions->gate); }

bool sessions_have_room(const struct sessions *sessions) { return gate_port_has_room(sessions->gate); }

static struct relay_head head_of(uint64_t number, const char *agency, size_t length) {
  struct relay_head head = {.session = number, .kind = RELAY_FRAME, .length = (uint32_t)length};
  (void)snprintf(head.agency, sizeof head.agency, "%s", agency);
  return head;
}

// The frame is the gate's then: it is not copied.
static bool put(struct sessions *sessions, const struct session *session, struct nav_buffer *frame) {
  const struct relay_head head = head_of(session->number, session->agency->id, frame->length);
  return gate_port_put(sessions->gate, &head, nav_buffer_take(frame));
}

static void send_clear(struct sessions *sessions, uint64_t number, const char *agency, const uint8_t *frame,
                       size_t length) {
  const struct relay_head head = head_of(number, agency, length);
  uint8_t *copy = malloc(length);
  if (copy == NULL) return;
  memcpy(copy, frame, length);
  (void)!gate_port_put(sessions->gate, &head, copy);
}

static void send_reset(struct sessions *sessions, uint64_t number, const char *agency) {
  const uint8_t reset = WIRE_RESET;
  send_clear(sessions, number, agency, &reset, sizeof reset);
}

void session_end(struct sessions *sessions, struct session *session) {
  if (session->ended) return;
  send_reset(sessions, session->number, session->agency->id);
  end_quietly(sessions, session);
}

void sessions_let_go(struct sessions *sessions) {
  const uint8_t reset = WIRE_RESET;
  bool told = true;
  gate_port_drop_waiting(sessions->gate);
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions_at(sessions, i);
    if (session == NULL) continue;
    const struct relay_head head = head_of(session->number, session->agency->id, sizeof reset);
    told = gate_port_send_now(sessions->gate, &head, &reset) && told;
    end_quietly(sessions, session);
  }
  if (!told) gate_port_hang_up(sessions->gate);  // which tells the gate of all of them
}

void session_send_encoded(struct sessions *sessions, struct session *session, const uint8_t *plain,
                          size_t length) {
  struct nav_error err;
  if (session->ended) return;
  struct nav_buffer sealed;
  nav_buffer_init(&sealed, WIRE_FRAME_MAX);
  // A frame once sealed must be sent: the stream is a sequence.
  if (!wire_stream_seal(&session->stream, plain, length, &sealed, &err) || !put(sessions, session, &sealed)) {
    nav_buffer_free(&sealed);
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
    send_clear(sessions, head->session, head->agency, refused.data, refused.length);
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
  nav_buffer_clear(&sessions->welcome);
  if (!wire_hello_answer(frame, length, agency->id, agency->signing_key, sessions->key, &stream,
                         &sessions->welcome, &err)) {
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
  session->number = head->session;
  session->agency = agency;
  session->stream = stream;
  sodium_memzero(&stream, sizeof stream);
  send_clear(sessions, head->session, head->agency, sessions->welcome.data, sessions->welcome.length);
}

static void take_sealed(struct sessions *sessions, const struct relay_head *head, const uint8_t *frame,
                        size_t length) {
  struct nav_error err;
  struct session *session = of_gate(sessions, head);
  bool ours = session != NULL && strcmp(session->agency->id, head->agency) == 0;
  if (!ours || !wire_stream_open(&session->stream, frame, length, &sessions->plain, &err)) {
    send_reset(sessions, head->session, head->agency);
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

static void take_relayed(struct sessions *sessions, const struct relay_frame *frame) {
  const struct relay_head *head = &frame->head;
  if (head->kind == RELAY_FRAME) {
    take_frame(sessions, head, frame->bytes, head->length);
  } else if (head->kind == RELAY_GONE) {
    struct session *session = of_gate(sessions, head);
    if (session != NULL) end_quietly(sessions, session);
  } else if (head->kind == RELAY_REFUSED && head->length == 8 && sessions->standby_text == NULL) {
    sessions->handlers.refused_at_gate(sessions->handlers.context, head->agency,
                                       (int)nav_get_u32(frame->bytes), nav_get_u32(frame->bytes + 4));
  }
}

int sessions_receive(struct sessions *sessions, int most) {
  struct relay_frame frame;
  int taken = 0;
  while (taken < most && gate_port_receive(sessions->gate, &frame)) {
    take_relayed(sessions, &frame);
    taken++;
  }
  return taken;
}

void sessions_sweep(struct sessions *sessions) {
  size_t kept = 0;
  for (size_t i = 0; i < sessions->count; i++) {
    struct session *session = sessions->list[i];
    if (session->ended) {
      free_session(session);
    } else {
      sessions->list[kept++] = session;
    }
  }
  sessions->count = kept;
}
