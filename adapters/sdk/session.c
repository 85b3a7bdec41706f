// See private.h: one session after another, each with its own socket and its own keys.
#include <string.h>

#include "adapters/sdk/private.h"
#include "hub/base/clock.h"

static bool send_bytes(struct nav_client *client, const struct nav_buffer *frame, int64_t now_ms) {
  if (!link_send(client->link, frame->data, frame->length)) {
    // The stream is a sequence: a frame that was sealed and not sent ends it.
    session_drop(client, now_ms, 0);
    return false;
  }
  client->sent_ms = now_ms;
  return true;
}

bool session_may_send(struct nav_client *client) {
  return client->state != CLIENT_AWAY && link_may_send(client->link);
}

bool session_send(struct nav_client *client, const Nav__V1__ClientFrame *frame, int64_t now_ms) {
  struct nav_error err = {0};
  nav_buffer_clear(&client->encoded);
  nav_buffer_clear(&client->sealed);
  if (!wire_encode(frame, &client->encoded) ||
      !wire_stream_seal(&client->stream, client->encoded.data, client->encoded.length, &client->sealed,
                        &err)) {
    session_drop(client, now_ms, 0);
    return false;
  }
  return send_bytes(client, &client->sealed, now_ms);
}

static bool has_other_nodes(const struct nav_client *client) { return client->nodes_count > 1; }

// When to try again. Who was not told to wait goes on to the next node at once, and waits when each has been
// tried.
static void plan_next(struct nav_client *client, int64_t now_ms, int64_t pause_ms_min) {
  if (pause_ms_min == 0) client->node = (client->node + 1) % client->nodes_count;
  if (pause_ms_min == 0 && ++client->nodes_tried < client->nodes_count) {
    client->retry_ms = now_ms;
    return;
  }
  if (client->pause_ms < pause_ms_min) client->pause_ms = pause_ms_min;
  if (client->standby_seen && client->pause_ms > PAUSE_STANDBY_MS_MAX)
    client->pause_ms = PAUSE_STANDBY_MS_MAX;
  // A little of chance, so that many clients do not all come back at once.
  client->retry_ms =
      now_ms + client->pause_ms + (int64_t)randombytes_uniform((uint32_t)client->pause_ms / 4 + 1);
  client->pause_ms = client->pause_ms * 2 < PAUSE_MS_MAX ? client->pause_ms * 2 : PAUSE_MS_MAX;
  client->nodes_tried = client->nodes_wrong = 0;
  client->standby_seen = false;
}

void session_drop(struct nav_client *client, int64_t now_ms, int64_t pause_ms_min) {
  if (client->state == CLIENT_AWAY) return;
  link_close(client->link, 0);
  wire_stream_wipe(&client->stream);
  sodium_memzero(&client->hello, sizeof client->hello);
  queue_return(client->queue, 0);
  client->state = CLIENT_AWAY;
  client->lanes_count = 0;
  client->rules_next = 0;
  client->undurable_events = client->undurable_bytes = 0;
  client->ping_under_way = client->caught_up = false;
  client->delivery_ms = 0;
  plan_next(client, now_ms, pause_ms_min);
}

// The node that we are connected to or try is wrong (a key, an agency): for good, unless another node serves.
static void session_wrong(struct nav_client *client, const struct nav_error *err, int64_t now_ms) {
  if (++client->nodes_wrong < client->nodes_count) {
    session_drop(client, now_ms, 0);
  } else {
    session_fail(client, err);
  }
}

void session_fail(struct nav_client *client, const struct nav_error *err) {
  session_drop(client, nav_clock_monotonic_ms(), 0);
  client->failed = true;
  client->failure = *err;
}

void session_refused(struct nav_client *client, const struct nav_error *err, int64_t now_ms) {
  static const int for_good[] = {NAV__V1__CODE__CODE_BAD_SIGNATURE,  NAV__V1__CODE__CODE_WRONG_AGENCY,
                                 NAV__V1__CODE__CODE_UNKNOWN_AGENCY, NAV__V1__CODE__CODE_UNKNOWN_LANE,
                                 NAV__V1__CODE__CODE_UNKNOWN_KEY,    NAV__V1__CODE__CODE_VERSION};
  for (size_t i = 0; i < sizeof for_good / sizeof for_good[0]; i++) {
    if (err->code != for_good[i]) continue;
    struct nav_error failure = *err;
    failure.class = NAV_ERROR_LOCAL;  // somebody must mend keys or agencies.yaml
    session_wrong(client, &failure, now_ms);
    return;
  }
  if (err->code == NAV__V1__CODE__CODE_RATE) {
    client->slowed_ms = now_ms;
    if (client->slower < SLOWER_MAX) client->slower *= 2;
  }
  bool standby = err->code == NAV__V1__CODE__CODE_STANDBY;
  if (standby) client->standby_seen = true;
  if (!standby) client->turned_away = *err;
  session_drop(client, now_ms, standby ? 0 : PAUSE_REFUSED_MS);
}

void session_try(struct nav_client *client, int64_t now_ms) {
  struct nav_error err = {0};
  if (client->state != CLIENT_AWAY || client->failed || now_ms < client->retry_ms) return;
  client->state = CLIENT_GREETING;
  client->begun_ms = client->heard_ms = client->sent_ms = now_ms;
  nav_buffer_clear(&client->sealed);
  const struct client_node *node = &client->nodes[client->node];
  if (!link_open(client->link, node->endpoint, node->curve_key, &err) ||
      !wire_hello_make(&client->hello, client->agency, &client->keys.signing, client->hub_session_key,
                       &client->sealed, &err)) {
    session_fail(client, &err);
    return;
  }
  (void)send_bytes(client, &client->sealed, now_ms);
}

static bool send_start(struct nav_client *client, int64_t now_ms) {
  Nav__V1__Start start = NAV__V1__START__INIT;
  Nav__V1__Resume lanes[LANES_MAX], *list[LANES_MAX];
  uint8_t log_ids[LANES_MAX][KEY_LOG_ID_SIZE];
  for (size_t i = 0; i < client->purposes_count; i++) {
    lanes[i] = (Nav__V1__Resume)NAV__V1__RESUME__INIT;
    lanes[i].purpose = client->purposes[i];
    uint64_t position = 0;
    if (client->events.resume(client->events.context, client->purposes[i], log_ids[i], &position)) {
      lanes[i].has_log_id = lanes[i].has_position = true;
      lanes[i].log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, log_ids[i]};
      lanes[i].position = position;
    }
    list[i] = &lanes[i];
  }
  start.lanes = list;
  start.n_lanes = client->purposes_count;
  start.has_credit_bytes = true;
  start.credit_bytes = CREDIT_BYTES;
  start.client = client->program;
  uint8_t rules_hash[NAV_SHA256_SIZE];
  start.has_rules_hash = client->events.rules != NULL;
  if (start.has_rules_hash && client->events.rules_hash(client->events.context, rules_hash))
    start.rules_hash = (ProtobufCBinaryData){sizeof rules_hash, rules_hash};
  if (client->events.checkpoint != NULL)
    start.checkpoint = (char *)(uintptr_t)client->events.witnessed(client->events.context);
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_START;
  frame.start = &start;
  return session_send(client, &frame, now_ms);
}

static void take_welcome(struct nav_client *client, const uint8_t *frame, size_t length, int64_t now_ms) {
  struct nav_error err = {0};
  bool ok = client->state == CLIENT_GREETING &&
            wire_welcome_open(&client->hello, client->hub_session_key, frame, length, &client->stream, &err);
  if (!ok && err.code == NAV__V1__CODE__CODE_BAD_SIGNATURE) {
    (void)nav_fail(&err, NAV_ERROR_LOCAL, err.code, nav_client_endpoint(client),
                   "is not the hub whose session key we have; get the hub's public keys again");
    session_wrong(client, &err, now_ms);
    return;
  }
  if (!ok) {
    session_drop(client, now_ms, PAUSE_REFUSED_MS);
    return;
  }
  sodium_memzero(&client->hello, sizeof client->hello);
  client->state = CLIENT_STARTING;
  (void)send_start(client, now_ms);
}

static void take_sealed(struct nav_client *client, const uint8_t *frame, size_t length, int64_t now_ms) {
  struct nav_error err = {0};
  if ((client->state != CLIENT_STARTING && client->state != CLIENT_LIVE) ||
      !wire_stream_open(&client->stream, frame, length, &client->plain, &err)) {
    session_drop(client, now_ms, 0);
    return;
  }
  incoming_frame(client, now_ms);
}

void session_frame(struct nav_client *client, const uint8_t *frame, size_t length, int64_t now_ms) {
  struct nav_error err = {0};
  client->heard_ms = now_ms;
  switch (length > 0 ? frame[0] : 0) {
    case WIRE_WELCOME:
      take_welcome(client, frame, length, now_ms);
      break;
    case WIRE_SEALED:
      take_sealed(client, frame, length, now_ms);
      break;
    case WIRE_REFUSED:
      wire_refused_read(frame, length, &err);
      session_refused(client, &err, now_ms);
      break;
    default:
      session_drop(client, now_ms, 0);  // RESET, or what no hub sends
  }
}

static int64_t greeting_ms(const struct nav_client *client) {
  return has_other_nodes(client) ? GREETING_NODES_MS_MAX : GREETING_MS_MAX;
}

static int64_t silence_ms(const struct nav_client *client) {
  return has_other_nodes(client) ? SILENCE_NODES_MS_MAX : SILENCE_MS_MAX;
}

static int64_t quiet_ms_max(const struct nav_client *client) {
  if (!client->caught_up) return PING_AFTER_DELIVERY_MS;
  return has_other_nodes(client) ? PING_IDLE_NODES_MS : PING_IDLE_MS;
}

static bool ping_is_due(const struct nav_client *client, int64_t now_ms) {
  if (client->state != CLIENT_LIVE || client->ping_under_way || now_ms - client->ping_ms < PING_APART_MS) {
    return false;
  }
  return now_ms - client->heard_ms >= quiet_ms_max(client);
}

static void send_ping(struct nav_client *client, int64_t now_ms) {
  Nav__V1__Ping ping = NAV__V1__PING__INIT;
  ping.has_number = true;
  ping.number = ++client->ping_number;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_PING;
  frame.ping = &ping;
  client->ping_ms = now_ms;
  client->ping_under_way = client->ping_covers = true;
  (void)session_send(client, &frame, now_ms);
}

static void quicken(struct nav_client *client, int64_t now_ms) {
  if (client->slower == 1 || now_ms - client->slowed_ms < SLOWER_MS) return;
  client->slower /= 2;
  client->slowed_ms = now_ms;
}

void session_watch(struct nav_client *client, int64_t now_ms) {
  quicken(client, now_ms);
  if (client->state == CLIENT_AWAY) return;
  enum link_end end = link_state(client->link);
  if (end == LINK_KEY_REFUSED) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_LOCAL, NAV__V1__CODE__CODE_UNKNOWN_KEY, nav_client_endpoint(client),
                   "the hub does not know %s's CURVE key; give its operator curve.pub and signing.pub",
                   client->agency);
    session_wrong(client, &err, now_ms);
    return;
  }
  bool greeting = client->state == CLIENT_GREETING || client->state == CLIENT_STARTING;
  bool too_long = greeting && now_ms - client->begun_ms > greeting_ms(client);
  // While our own store takes nothing the hub has no credit, and is silent for that.
  bool silent = client->ping_under_way && client->undurable_bytes == 0 &&
                now_ms - client->heard_ms > silence_ms(client) &&
                now_ms - client->ping_ms > silence_ms(client);
  if (end == LINK_GONE || too_long || silent) {
    session_drop(client, now_ms, 0);
  } else if (ping_is_due(client, now_ms) && session_may_send(client)) {
    send_ping(client, now_ms);
  }
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t session_due_ms(const struct nav_client *client, int64_t now_ms) {
  int64_t due_ms = now_ms + PAUSE_MS_MAX;
  if (client->state == CLIENT_AWAY) return earlier(due_ms, client->retry_ms);
  if (client->state != CLIENT_LIVE) return earlier(due_ms, client->begun_ms + greeting_ms(client) + 1);
  if (client->undurable_bytes > 0) due_ms = earlier(due_ms, client->durable_tried_ms + ACKNOWLEDGE_MS);
  if (queue_has_unsent(client->queue) && outgoing_due_ms(client) > now_ms) {
    due_ms = earlier(due_ms, outgoing_due_ms(client));
  }
  if (client->ping_under_way) return earlier(due_ms, client->ping_ms + silence_ms(client) + 1);
  int64_t ping_ms = client->heard_ms + quiet_ms_max(client);
  if (ping_ms < client->ping_ms + PING_APART_MS) ping_ms = client->ping_ms + PING_APART_MS;
  return earlier(due_ms, ping_ms);
}
