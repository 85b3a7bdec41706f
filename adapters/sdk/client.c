// See client.h. This file is the session's course: connect, start, publish, receive, acknowledge; link.c is
// the socket and the stream, outgoing.c what is being published, incoming.c what is delivered.
#include "adapters/sdk/client.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "adapters/sdk/incoming.h"
#include "adapters/sdk/link.h"
#include "adapters/sdk/outgoing.h"
#include "hub/base/clock.h"
#include "hub/wire/message.h"

enum {
  PAUSE_MS_MIN = 100,
  PAUSE_MS_MAX = 5000,
  SILENCE_MS_MAX = 20000,
  FRAMES_A_STEP = 64,
  ARENA_BYTES_MAX = 8 * 1024 * 1024,
};

struct nav_client {
  struct nav_client_settings settings;  // its pointers are into `owned`
  struct nav_arena *owned;
  struct nav_client_events events;
  void *zmq_context;
  struct link *link;
  struct outgoing *outgoing;
  struct incoming *incoming;
  struct nav_arena *arena;  // of the frame being read
  bool started, ready;      // Start was sent; Session has come
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint32_t publications_max;
  int64_t next_connect_ms, heard_ms;
  int pause_ms;
};

// Keys are a copy of the caller's, wiped at the end.
static bool copy_settings(struct nav_client *client, const struct nav_client_settings *s) {
  struct nav_arena *owned = client->owned;
  uint8_t *curve = nav_arena_alloc(owned, KEY_CURVE_SIZE);
  uint8_t *session = nav_arena_alloc(owned, KEY_ED25519_PUBLIC_SIZE);
  struct keys_agency *keys = nav_arena_alloc(owned, sizeof *keys);
  const char **purposes = nav_arena_zalloc(owned, s->purposes_count + 1, sizeof *purposes);
  struct nav_client_settings *own = &client->settings;
  own->agency = nav_arena_strdup(owned, s->agency);
  own->endpoint = nav_arena_strdup(owned, s->endpoint);
  own->program = nav_arena_strdup(owned, s->program == NULL ? "" : s->program);
  if (curve == NULL || session == NULL || keys == NULL || purposes == NULL || own->agency == NULL ||
      own->endpoint == NULL || own->program == NULL) {
    return false;
  }
  for (size_t i = 0; i < s->purposes_count; i++) {
    purposes[i] = nav_arena_strdup(owned, s->purposes[i]);
    if (purposes[i] == NULL) return false;
  }
  memcpy(curve, s->hub_curve_key, KEY_CURVE_SIZE);
  memcpy(session, s->hub_session_key, KEY_ED25519_PUBLIC_SIZE);
  *keys = *s->keys;
  own->hub_curve_key = curve;
  own->hub_session_key = session;
  own->keys = keys;
  own->purposes = purposes;
  own->purposes_count = s->purposes_count;
  return true;
}

struct nav_client *nav_client_new(const struct nav_client_settings *settings,
                                  const struct nav_client_events *events, struct nav_error *err) {
  struct nav_client *client = calloc(1, sizeof *client);
  if (client != NULL) {
    client->events = *events;
    client->pause_ms = PAUSE_MS_MIN;
    client->owned = nav_arena_new(64 * 1024);
    client->arena = nav_arena_new(ARENA_BYTES_MAX);
    client->outgoing = outgoing_new();
    client->incoming = incoming_new();
    client->zmq_context = zmq_ctx_new();
    if (client->owned != NULL && client->arena != NULL && client->outgoing != NULL &&
        client->incoming != NULL && client->zmq_context != NULL && copy_settings(client, settings)) {
      return client;
    }
  }
  nav_client_free(client);
  (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  return NULL;
}

void nav_client_free(struct nav_client *client) {
  if (client == NULL) return;
  link_free(client->link);
  if (client->zmq_context != NULL) (void)zmq_ctx_term(client->zmq_context);
  outgoing_free(client->outgoing);
  incoming_free(client->incoming);
  if (client->settings.keys != NULL) {
    sodium_memzero((void *)(uintptr_t)client->settings.keys, sizeof *client->settings.keys);
  }
  nav_arena_free(client->arena);
  nav_arena_free(client->owned);
  free(client);
}

bool nav_client_publish(struct nav_client *client, uint64_t token, const uint8_t *event, size_t length,
                        struct nav_error *err) {
  return outgoing_add(client->outgoing, token, event, length, err);
}

bool nav_client_connected(const struct nav_client *client) { return client->ready; }

size_t nav_client_unsettled(const struct nav_client *client) { return outgoing_unsettled(client->outgoing); }

int64_t nav_client_last_delivery_ms(const struct nav_client *client) {
  return incoming_last_ms(client->incoming);
}

bool nav_client_caught_up(const struct nav_client *client) {
  return client->ready && incoming_caught_up(client->incoming);
}

// ---- the session ----

static void drop_session(struct nav_client *client) {
  link_free(client->link);
  client->link = NULL;
  client->started = client->ready = false;
  outgoing_restart(client->outgoing);
  incoming_restart(client->incoming);
  client->next_connect_ms = nav_clock_monotonic_ms() + client->pause_ms;
  client->pause_ms = client->pause_ms * 2 < PAUSE_MS_MAX ? client->pause_ms * 2 : PAUSE_MS_MAX;
}

static void take_session(struct nav_client *client, const Nav__V1__Session *session) {
  if (session->log_id.len != KEY_LOG_ID_SIZE) {
    drop_session(client);
    return;
  }
  memcpy(client->log_id, session->log_id.data, KEY_LOG_ID_SIZE);
  client->publications_max = session->publications_max == 0 ? 1 : session->publications_max;
  incoming_lanes(client->incoming, session);
  client->ready = true;
  client->pause_ms = PAUSE_MS_MIN;
}

// False: what no reconnect will mend.
static bool take_refused(struct nav_client *client, const Nav__V1__Refused *refused, struct nav_error *err) {
  bool final =
      refused->code == NAV__V1__CODE__CODE_UNKNOWN_LANE || refused->code == NAV__V1__CODE__CODE_NOT_PERMITTED;
  if (final) {
    return nav_fail(err, NAV_ERROR_LOCAL, (int)refused->code, client->settings.endpoint,
                    "refused by the hub: %.250s", refused->text == NULL ? "" : refused->text);
  }
  drop_session(client);
  return true;
}

static bool take_frame(struct nav_client *client, const struct nav_buffer *plain, struct nav_error *err) {
  struct nav_error ignored;
  nav_arena_reset(client->arena);
  const Nav__V1__HubFrame *frame =
      wire_decode(&nav__v1__hub_frame__descriptor, client->arena, plain->data, plain->length, &ignored);
  if (frame == NULL) {
    drop_session(client);
    return true;
  }
  switch (frame->frame_case) {
    case NAV__V1__HUB_FRAME__FRAME_SESSION:
      take_session(client, frame->session);
      return true;
    case NAV__V1__HUB_FRAME__FRAME_RECEIPT:
      outgoing_receipt(client->outgoing, frame->receipt, &client->events);
      return true;
    case NAV__V1__HUB_FRAME__FRAME_WAIT:
      outgoing_wait(client->outgoing, frame->wait, nav_clock_monotonic_ms());
      return true;
    case NAV__V1__HUB_FRAME__FRAME_DELIVERIES:
      if (!incoming_deliveries(client->incoming, frame->deliveries, plain->length, client->arena,
                               &client->events)) {
        drop_session(client);
      }
      return true;
    case NAV__V1__HUB_FRAME__FRAME_PONG:
      incoming_pong(client->incoming, frame->pong->number);
      return true;
    case NAV__V1__HUB_FRAME__FRAME_NOTICE:
      if (client->events.notice != NULL) client->events.notice(client->events.context, frame->notice);
      return true;
    case NAV__V1__HUB_FRAME__FRAME_REFUSED:
      return take_refused(client, frame->refused, err);
    default:
      return true;  // a frame of a later hub, which this client has no use for
  }
}

static bool connect_if_due(struct nav_client *client, int64_t now_ms, struct nav_error *err) {
  if (client->link != NULL || now_ms < client->next_connect_ms) return true;
  client->link = link_new(client->zmq_context, &client->settings, err);
  client->heard_ms = now_ms;
  return client->link != NULL;
}

static bool receive(struct nav_client *client, struct nav_error *err) {
  for (int i = 0; i < FRAMES_A_STEP && client->link != NULL; i++) {
    const struct nav_buffer *plain = link_receive(client->link);
    if (plain == NULL) return true;
    client->heard_ms = nav_clock_monotonic_ms();
    if (!take_frame(client, plain, err)) return false;
  }
  return true;
}

// Everything the client has to say now. False: the link is lost.
static bool speak(struct nav_client *client, int64_t now_ms) {
  if (link_state(client->link) != LINK_OPEN) return true;
  if (!client->started) {
    client->started = true;
    return incoming_start(client->incoming, client->link, &client->settings, &client->events);
  }
  if (!client->ready) return true;
  return outgoing_send(client->outgoing, client->link, &client->settings, client->log_id,
                       client->publications_max, now_ms) &&
         incoming_speak(client->incoming, client->link, &client->settings, &client->events, client->log_id,
                        now_ms);
}

// False: refused for good.
static bool look_after_link(struct nav_client *client, struct nav_error *err) {
  if (client->link == NULL) return true;
  enum link_state state = link_state(client->link);
  if (state == LINK_REFUSED) {
    *err = *link_error(client->link);
    return false;
  }
  bool silent = nav_clock_monotonic_ms() - client->heard_ms > SILENCE_MS_MAX;
  if (state == LINK_LOST || silent) drop_session(client);
  return true;
}

static int shorter_wait(const struct nav_client *client, int wait_ms, int64_t now_ms) {
  int64_t most = wait_ms;
  if (client->link == NULL) {
    int64_t until = client->next_connect_ms - now_ms;
    most = until < most ? until : most;
  } else if (client->ready) {
    int64_t until = incoming_wait_ms(client->incoming, now_ms);
    most = until < most ? until : most;
    if (link_can_send(client->link) && outgoing_has_work(client->outgoing, client->publications_max, now_ms))
      most = 0;
  }
  return most < 0 ? 0 : (int)most;
}

bool nav_client_step(struct nav_client *client, int wait_ms, struct nav_error *err) {
  int64_t now_ms = nav_clock_monotonic_ms();
  if (!connect_if_due(client, now_ms, err)) return false;
  int wait = shorter_wait(client, wait_ms, now_ms);
  if (client->link == NULL) {
    if (wait > 0) (void)zmq_poll(NULL, 0, wait);
    return true;
  }
  if (!speak(client, now_ms)) drop_session(client);
  if (client->link == NULL) return true;
  link_wait(client->link, wait);
  if (!receive(client, err)) return false;
  if (client->link != NULL && !speak(client, nav_clock_monotonic_ms())) drop_session(client);
  return look_after_link(client, err);
}
