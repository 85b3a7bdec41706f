// See private.h: deliveries, receipts and the rest of what the hub sends; acknowledgements and credit back.
#include <string.h>

#include "adapters/sdk/private.h"
#include "hub/base/clock.h"

static void protocol_error(struct nav_client *client, int64_t now_ms) {
  // The hub contradicts itself; a new session is the way to agree again.
  session_drop(client, now_ms, PAUSE_REFUSED_MS);
}

struct client_lane *incoming_lane(struct nav_client *client, uint32_t number) {
  for (size_t i = 0; i < client->lanes_count; i++) {
    if (client->lanes[i].number == number) return &client->lanes[i];
  }
  return NULL;
}

static const char *own_purpose(const struct nav_client *client, const char *purpose) {
  for (size_t i = 0; purpose != NULL && i < client->purposes_count; i++) {
    if (strcmp(client->purposes[i], purpose) == 0) return client->purposes[i];
  }
  return NULL;
}

static void take_lane(struct nav_client *client, const Nav__V1__Lane *message) {
  const char *purpose = own_purpose(client, message->purpose);
  if (purpose == NULL || client->lanes_count == LANES_MAX) return;
  struct client_lane *lane = &client->lanes[client->lanes_count++];
  *lane = (struct client_lane){.number = message->number,
                               .purpose = purpose,
                               .received = message->position,
                               .acknowledged = message->position};
  uint8_t log_id[KEY_LOG_ID_SIZE] = {0};
  uint64_t position = 0;
  if (client->events.resume(client->events.context, purpose, log_id, &position) &&
      memcmp(log_id, client->log_id, sizeof log_id) == 0) {
    lane->has_place = true;
    lane->passed = position;
  }
}

static size_t within(bool given, uint32_t value, size_t most) {
  return !given || value == 0 || value > most ? most : value;
}

// Half of the frames, evenly: one each so many milliseconds, at least 1.
static int64_t gather_ms(const Nav__V1__Session *session) {
  uint32_t frames = session->frames_a_second != 0 ? session->frames_a_second : FRAMES_A_SECOND;
  return (2000 + (int64_t)frames - 1) / frames;
}

static void take_session(struct nav_client *client, const Nav__V1__Session *session, int64_t now_ms) {
  if (client->state != CLIENT_STARTING || session->log_id.len != KEY_LOG_ID_SIZE || session->agency == NULL ||
      strcmp(session->agency, client->agency) != 0) {
    protocol_error(client, now_ms);
    return;
  }
  memcpy(client->log_id, session->log_id.data, KEY_LOG_ID_SIZE);
  client->events_max = within(session->has_events_max, session->events_max, WIRE_EVENTS_MAX);
  bool usable = session->frame_bytes_max >= FRAME_BYTES_LEAST;
  client->frame_max = within(usable, session->frame_bytes_max, WIRE_FRAME_MAX);
  client->publications_max =
      within(session->has_publications_max, session->publications_max, QUEUE_PUBLICATIONS_MAX);
  client->gather_ms = gather_ms(session);
  for (size_t i = 0; i < session->n_lanes; i++) take_lane(client, session->lanes[i]);
  client->state = CLIENT_LIVE;
  client->turned_away = (struct nav_error){0};
}

// False: it was not taken, or the session has ended.
static bool pass_on(struct nav_client *client, struct client_lane *lane,
                    const Nav__V1__Deliveries *deliveries, const Nav__V1__Delivery *delivery,
                    int64_t now_ms) {
  struct nav_error err = {0};
  if (delivery->verdict >= deliveries->n_verdicts) {
    protocol_error(client, now_ms);
    return false;
  }
  nav_arena_reset(client->event_arena);
  const Nav__V1__Event *event = wire_decode_lenient(&nav__v1__event__descriptor, client->event_arena,
                                                    delivery->event.data, delivery->event.len, &err);
  if (event == NULL) {
    char reason[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
    nav_client_refuse(client, true, nav_error_string(&err, reason, sizeof reason));
    again_refuse(client, lane, delivery->position, now_ms);
    return false;
  }
  client->refused = false;
  if (client->events.delivery(client->events.context, lane->purpose, client->log_id, delivery,
                              deliveries->verdicts[delivery->verdict], event)) {
    return true;
  }
  if (client->refused) {
    again_refuse(client, lane, delivery->position, now_ms);
  } else {
    session_drop(client, now_ms, PAUSE_REFUSED_MS);
  }
  return false;
}

// Repeats of what the caller has are dropped, and acknowledged all the same.
static bool take_delivery(struct nav_client *client, struct client_lane *lane,
                          const Nav__V1__Deliveries *deliveries, const Nav__V1__Delivery *delivery,
                          int64_t now_ms) {
  uint64_t position = delivery->position;
  bool repeated = lane->has_place && position <= lane->passed && !delivery->replay;
  if (!repeated && !pass_on(client, lane, deliveries, delivery, now_ms)) return false;
  client->undurable_events++;
  if (delivery->replay) return true;
  if (!lane->has_place || position > lane->passed) lane->passed = position;
  lane->has_place = true;
  if (position > lane->received) lane->received = position;
  return true;
}

static void take_deliveries(struct nav_client *client, const Nav__V1__Deliveries *deliveries,
                            int64_t now_ms) {
  struct client_lane *lane = incoming_lane(client, deliveries->lane);
  if (lane == NULL || deliveries->log_id.len != KEY_LOG_ID_SIZE ||
      memcmp(deliveries->log_id.data, client->log_id, KEY_LOG_ID_SIZE) != 0) {
    protocol_error(client, now_ms);
    return;
  }
  client->delivery_ms = nav_clock_monotonic_ms();
  client->waits = false;
  client->caught_up = client->ping_covers = false;
  client->undurable_bytes += client->plain.length;
  for (size_t i = 0; i < deliveries->n_deliveries && !lane->refusing; i++) {
    if (!take_delivery(client, lane, deliveries, deliveries->deliveries[i], now_ms)) break;
  }
  incoming_settle(client, now_ms);
}

static void take_pong(struct nav_client *client, const Nav__V1__Pong *pong) {
  if (!client->ping_under_way || pong->number != client->ping_number) return;
  client->ping_under_way = false;
  client->caught_up = client->ping_covers;
}

static void take_refused(struct nav_client *client, const Nav__V1__Refused *refused, int64_t now_ms) {
  struct nav_error err;
  (void)nav_fail(&err, NAV_ERROR_PEER, (int)refused->code, nav_client_endpoint(client), "the hub refused: %s",
                 refused->text != NULL ? refused->text : "");
  session_refused(client, &err, now_ms);
}

static void send_cosignature(struct nav_client *client, int64_t now_ms) {
  char line[COSIGNATURE_LINE_SIZE];
  Nav__V1__Cosignature cosignature = NAV__V1__COSIGNATURE__INIT;
  if (client->events.cosign == NULL || !session_may_send(client) ||
      !client->events.cosign(client->events.context, &cosignature.size, line))
    return;
  cosignature.has_size = true;
  cosignature.line = line;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_COSIGNATURE;
  frame.cosignature = &cosignature;
  (void)session_send(client, &frame, now_ms);
}

static void take_checkpoint(struct nav_client *client, const Nav__V1__Checkpoint *checkpoint,
                            int64_t now_ms) {
  struct nav_error err = {0};
  if (client->events.checkpoint == NULL) return;  // nobody asked
  if (client->events.checkpoint(client->events.context, checkpoint, &err)) {
    send_cosignature(client, now_ms);
  } else {
    session_fail(client, &err);
  }
}

static void dispatch(struct nav_client *client, const Nav__V1__HubFrame *frame, int64_t now_ms) {
  if (frame->frame_case == NAV__V1__HUB_FRAME__FRAME_SESSION) {
    take_session(client, frame->session, now_ms);
    return;
  }
  if (frame->frame_case == NAV__V1__HUB_FRAME__FRAME_REFUSED) {
    take_refused(client, frame->refused, now_ms);
    return;
  }
  if (client->state != CLIENT_LIVE) {
    protocol_error(client, now_ms);
    return;
  }
  client->pause_ms = PAUSE_MS_MIN;  // the hub works with us
  client->nodes_tried = client->nodes_wrong = 0;
  client->standby_seen = false;
  switch (frame->frame_case) {
    case NAV__V1__HUB_FRAME__FRAME_RECEIPT:
      outgoing_receipt(client, frame->receipt, now_ms);
      break;
    case NAV__V1__HUB_FRAME__FRAME_DELIVERIES:
      take_deliveries(client, frame->deliveries, now_ms);
      break;
    case NAV__V1__HUB_FRAME__FRAME_RESENT:
      again_resent(client, frame->resent);
      break;
    case NAV__V1__HUB_FRAME__FRAME_WAIT:
      if (!again_wait(client, frame->wait, now_ms)) outgoing_wait(client, frame->wait, now_ms);
      break;
    case NAV__V1__HUB_FRAME__FRAME_PONG:
      take_pong(client, frame->pong);
      break;
    case NAV__V1__HUB_FRAME__FRAME_NOTICE:
      if (client->events.notice != NULL) client->events.notice(client->events.context, frame->notice);
      break;
    case NAV__V1__HUB_FRAME__FRAME_RULES:
      if (!rules_take(client, frame->rules)) protocol_error(client, now_ms);
      break;
    case NAV__V1__HUB_FRAME__FRAME_CHECKPOINT:
      take_checkpoint(client, frame->checkpoint, now_ms);
      break;
    default:
      break;  // Briefing: nobody here asked
  }
}

// The frame stands opened in client->plain.
void incoming_frame(struct nav_client *client, int64_t now_ms) {
  struct nav_error err = {0};
  nav_arena_reset(client->frame_arena);
  const Nav__V1__HubFrame *frame = wire_decode_lenient(&nav__v1__hub_frame__descriptor, client->frame_arena,
                                                       client->plain.data, client->plain.length, &err);
  if (frame == NULL) {
    protocol_error(client, now_ms);
    return;
  }
  dispatch(client, frame, now_ms);
}

static bool send_acknowledge(struct nav_client *client, struct client_lane *lane, int64_t now_ms) {
  uint8_t signature[KEY_SIGNATURE_SIZE];
  keys_sign_acknowledge(signature, &client->keys.signing, client->log_id, client->agency, lane->number,
                        lane->received);
  Nav__V1__Acknowledge acknowledge = NAV__V1__ACKNOWLEDGE__INIT;
  acknowledge.has_lane = acknowledge.has_position = acknowledge.has_signature = true;
  acknowledge.lane = lane->number;
  acknowledge.position = lane->received;
  acknowledge.signature = (ProtobufCBinaryData){sizeof signature, signature};
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_ACKNOWLEDGE;
  frame.acknowledge = &acknowledge;
  if (!session_may_send(client) || !session_send(client, &frame, now_ms)) return false;
  lane->acknowledged = lane->received;
  return true;
}

static bool send_credit(struct nav_client *client, int64_t now_ms) {
  Nav__V1__Credit credit = NAV__V1__CREDIT__INIT;
  credit.has_bytes = true;
  credit.bytes = client->undurable_bytes;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_CREDIT;
  frame.credit = &credit;
  return session_may_send(client) && session_send(client, &frame, now_ms);
}

void incoming_settle(struct nav_client *client, int64_t now_ms) {
  if (client->state != CLIENT_LIVE || client->undurable_bytes == 0) return;
  bool much = client->undurable_events >= ACKNOWLEDGE_EVENTS || client->undurable_bytes >= CREDIT_BACK_BYTES;
  bool at_once = much && !client->durable_failed;
  if (!at_once && now_ms - client->durable_tried_ms < ACKNOWLEDGE_MS) return;
  client->durable_tried_ms = now_ms;
  client->durable_failed = !client->events.durable(client->events.context);
  if (client->durable_failed) return;  // tried again after the next interval
  for (size_t i = 0; i < client->lanes_count; i++) {
    struct client_lane *lane = &client->lanes[i];
    if (lane->received > lane->acknowledged && !send_acknowledge(client, lane, now_ms)) return;
  }
  if (!send_credit(client, now_ms)) return;
  client->undurable_events = client->undurable_bytes = 0;
}
