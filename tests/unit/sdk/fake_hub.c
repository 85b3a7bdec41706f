// See fake_hub.h.
#include "tests/unit/sdk/fake_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "hub/base/clock.h"
#include "nav/v1/event.pb-c.h"

enum { WAIT_MS = 300, EVENTS_A_FRAME_MAX = 512, TEXT_MAX = 16384 };

static void fault(struct fake_hub *hub, const char *what) {
  hub->faults++;
  hub->fault = what;
}

static void open_zap(struct fake_hub *hub) {
  hub->zap = zmq_socket(hub->context, ZMQ_REP);
  NAV_ASSERT(hub->zap != NULL && zmq_bind(hub->zap, "inproc://zeromq.zap.01") == 0);
}

void hub_listen(struct fake_hub *hub) {
  int server = 1, linger = 0, mandatory = 1;
  hub->socket = zmq_socket(hub->context, ZMQ_ROUTER);
  NAV_ASSERT(hub->socket != NULL);
  (void)zmq_setsockopt(hub->socket, ZMQ_LINGER, &linger, sizeof linger);
  (void)zmq_setsockopt(hub->socket, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory);
  (void)zmq_setsockopt(hub->socket, ZMQ_CURVE_SERVER, &server, sizeof server);
  (void)zmq_setsockopt(hub->socket, ZMQ_CURVE_SECRETKEY, hub->curve.secret_key, 32);
  (void)zmq_setsockopt(hub->socket, ZMQ_ZAP_DOMAIN, "test", 4);
  bool again = hub->endpoint[0] != '\0';
  size_t size = sizeof hub->endpoint;
  NAV_ASSERT(zmq_bind(hub->socket, again ? hub->endpoint : "tcp://127.0.0.1:*") == 0);
  NAV_ASSERT(zmq_getsockopt(hub->socket, ZMQ_LAST_ENDPOINT, hub->endpoint, &size) == 0);
}

void hub_start(struct fake_hub *hub, const char *agency, const uint8_t *curve, const uint8_t *signing) {
  *hub = (struct fake_hub){.publications_max = 4};
  (void)snprintf(hub->agency, sizeof hub->agency, "%s", agency);
  memcpy(hub->agency_curve, curve, 32);
  memcpy(hub->agency_signing, signing, 32);
  (void)crypto_box_keypair(hub->curve.public_key, hub->curve.secret_key);
  (void)crypto_sign_keypair(hub->session_key.public_key, hub->session_key.secret_key);
  randombytes_buf(hub->log_id, sizeof hub->log_id);
  hub->context = zmq_ctx_new();
  open_zap(hub);
  hub_listen(hub);
}

void hub_hang_up(struct fake_hub *hub) {
  (void)zmq_close(hub->socket);
  hub->socket = NULL;
  hub->open = hub->started = false;
}

void hub_stop(struct fake_hub *hub) {
  if (hub->socket != NULL) hub_hang_up(hub);
  (void)zmq_close(hub->zap);
  (void)zmq_ctx_term(hub->context);
  for (size_t i = 0; i < hub->events_count; i++) free(hub->events[i].bytes);
}

void hub_add_lane(struct fake_hub *hub, const char *purpose) {
  struct hub_lane *lane = &hub->lanes[hub->lanes_count++];
  (void)snprintf(lane->purpose, sizeof lane->purpose, "%s", purpose);
}

void hub_send_raw(struct fake_hub *hub, const void *data, size_t length) {
  if (zmq_send(hub->socket, hub->routing, hub->routing_length, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return;
  (void)zmq_send(hub->socket, data, length, ZMQ_DONTWAIT);
}

void hub_send(struct fake_hub *hub, const Nav__V1__HubFrame *frame) {
  struct nav_buffer plain, sealed;
  nav_buffer_init(&plain, WIRE_FRAME_MAX);
  nav_buffer_init(&sealed, WIRE_FRAME_MAX);
  NAV_ASSERT(wire_encode(frame, &plain));
  NAV_ASSERT(wire_stream_seal(&hub->stream, plain.data, plain.length, &sealed, NULL));
  if (frame->frame_case == NAV__V1__HUB_FRAME__FRAME_DELIVERIES) {
    hub->credit -= (int64_t)plain.length;
    if (hub->credit < hub->credit_least) hub->credit_least = hub->credit;
  }
  hub_send_raw(hub, sealed.data, sealed.length);
  nav_buffer_free(&plain);
  nav_buffer_free(&sealed);
}

static void take_hello(struct fake_hub *hub, const uint8_t *frame, size_t length) {
  struct nav_buffer answer;
  struct nav_error err = {0};
  hub->hellos++;
  hub->open = hub->started = false;
  if (hub->mute_hellos) return;
  nav_buffer_init(&answer, WIRE_FRAME_MAX);
  if (hub->refuse_code != 0) {
    NAV_ASSERT(wire_refused_make(&answer, hub->refuse_code, "not you"));
  } else if (wire_hello_answer(frame, length, hub->agency, hub->agency_signing, &hub->session_key,
                               &hub->stream, &answer, &err)) {
    hub->open = true;
  } else {
    NAV_ASSERT(wire_refused_make(&answer, err.code, err.text));
  }
  hub_send_raw(hub, answer.data, answer.length);
  nav_buffer_free(&answer);
}

static void take_resume(struct fake_hub *hub, const Nav__V1__Resume *resume) {
  for (size_t i = 0; i < hub->lanes_count; i++) {
    struct hub_lane *lane = &hub->lanes[i];
    if (resume->purpose == NULL || strcmp(lane->purpose, resume->purpose) != 0) continue;
    lane->asked = true;
    lane->resumed = resume->has_position;
    lane->resumed_position = resume->position;
    lane->sent = lane->cursor;
    return;
  }
  fault(hub, "asked for a purpose that is not there");
}

static void take_start(struct fake_hub *hub, const Nav__V1__Start *start) {
  Nav__V1__Lane lanes[HUB_LANES_MAX], *list[HUB_LANES_MAX];
  Nav__V1__Session session = NAV__V1__SESSION__INIT;
  for (size_t i = 0; i < start->n_lanes; i++) take_resume(hub, start->lanes[i]);
  hub->credit = hub->credit_least = (int64_t)start->credit_bytes;
  (void)snprintf(hub->client, sizeof hub->client, "%s", start->client != NULL ? start->client : "");
  hub->wants_rules = start->has_rules_hash;
  hub->rules_hash_length = start->rules_hash.len;
  for (size_t i = 0; i < hub->lanes_count; i++) {
    if (!hub->lanes[i].asked) continue;
    lanes[i] = (Nav__V1__Lane)NAV__V1__LANE__INIT;
    lanes[i].has_number = lanes[i].has_position = true;
    lanes[i].number = (uint32_t)i + 1;
    lanes[i].purpose = hub->lanes[i].purpose;
    lanes[i].position = hub->lanes[i].cursor;
    list[session.n_lanes++] = &lanes[i];
  }
  session.lanes = list;
  session.agency = hub->agency;
  session.has_log_id = session.has_publications_max = true;
  session.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, hub->log_id};
  session.publications_max = hub->publications_max;
  session.has_frames_a_second = hub->frames_a_second != 0;
  session.frames_a_second = hub->frames_a_second;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_SESSION;
  frame.session = &session;
  hub->started = true;
  hub_send(hub, &frame);
}

static bool publication_holds(struct fake_hub *hub, const Nav__V1__Publication *message) {
  static uint8_t digests[WIRE_EVENTS_MAX * NAV_SHA256_SIZE];
  if (message->n_events == 0 || message->n_events > WIRE_EVENTS_MAX) return false;
  for (size_t i = 0; i < message->n_events; i++) {
    const Nav__V1__PublishedEvent *event = message->events[i];
    if (event->salt.len != KEY_SALT_SIZE) return false;
    keys_event_digest(digests + i * NAV_SHA256_SIZE, event->salt.data, event->salt.len, event->event.data,
                      event->event.len);
  }
  return message->signature.len == KEY_SIGNATURE_SIZE &&
         keys_verify_publication(message->signature.data, hub->agency_signing, hub->log_id, hub->agency,
                                 digests, message->n_events);
}

static void keep_events(struct fake_hub *hub, const Nav__V1__Publication *message) {
  for (size_t i = 0; i < message->n_events && hub->events_count < HUB_EVENTS_MAX; i++) {
    struct hub_event *kept = &hub->events[hub->events_count++];
    kept->length = message->events[i]->event.len;
    kept->bytes = malloc(kept->length);
    NAV_ASSERT(kept->bytes != NULL);
    memcpy(kept->bytes, message->events[i]->event.data, kept->length);
    memcpy(kept->salt, message->events[i]->salt.data, sizeof kept->salt);
  }
}

static void send_receipt(struct fake_hub *hub, uint64_t number, size_t count) {
  Nav__V1__EventReceipt receipts[WIRE_EVENTS_MAX], *list[WIRE_EVENTS_MAX];
  Nav__V1__Receipt receipt = NAV__V1__RECEIPT__INIT;
  bool whole = hub->answer == HUB_REJECT_WHOLE || hub->answer == HUB_BUSY_WHOLE;
  for (size_t i = 0; i < count; i++) {
    bool odd = hub->answer == HUB_REJECT_ODD && i % 2 == 1;
    receipts[i] = (Nav__V1__EventReceipt)NAV__V1__EVENT_RECEIPT__INIT;
    receipts[i].has_status = true;
    receipts[i].status = whole || odd ? NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_REJECTED
                                      : NAV__V1__RECEIPT_STATUS__RECEIPT_STATUS_ACCEPTED;
    receipts[i].has_code = whole || odd;
    receipts[i].code =
        hub->answer == HUB_BUSY_WHOLE ? NAV__V1__CODE__CODE_BUSY : NAV__V1__CODE__CODE_BAD_VALUE;
    list[i] = &receipts[i];
  }
  receipt.has_number = true;
  receipt.number = number;
  receipt.has_whole = receipt.whole = whole;
  receipt.events = list;
  receipt.n_events = whole ? 1 : count;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RECEIPT;
  frame.receipt = &receipt;
  hub_send(hub, &frame);
}

void hub_answer_held(struct fake_hub *hub) {
  for (size_t i = 0; i < hub->held_count; i++) send_receipt(hub, hub->held[i], hub->held_events[i]);
  hub->held_count = 0;
}

static void send_wait(struct fake_hub *hub, uint64_t number) {
  Nav__V1__Wait wait = NAV__V1__WAIT__INIT;
  wait.has_wait_ms = wait.has_number = wait.has_code = true;
  wait.code = NAV__V1__CODE__CODE_BUSY;
  wait.wait_ms = WAIT_MS;
  wait.number = number;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_WAIT;
  frame.wait = &wait;
  hub_send(hub, &frame);
}

static void take_publication(struct fake_hub *hub, const Nav__V1__Publication *message) {
  if (!publication_holds(hub, message)) fault(hub, "a publication's signature does not hold");
  hub->publications++;
  if (message->n_events > hub->largest_publication) hub->largest_publication = message->n_events;
  if (hub->waited_from_ms != 0 && hub->taken_after_ms == 0) {
    hub->taken_after_ms = nav_clock_monotonic_ms() - hub->waited_from_ms;
  }
  if (hub->answer == HUB_WAIT) {
    hub->answer = HUB_ACCEPT;
    hub->waited_from_ms = nav_clock_monotonic_ms();
    send_wait(hub, message->number);
    return;
  }
  if (hub->answer == HUB_HOLD) {
    keep_events(hub, message);
    NAV_ASSERT(hub->held_count < HUB_PUBLICATIONS_MAX);
    hub->held[hub->held_count] = message->number;
    hub->held_events[hub->held_count++] = message->n_events;
    if (hub->held_count > hub->under_way_most) hub->under_way_most = (unsigned)hub->held_count;
    return;
  }
  if (hub->answer != HUB_BUSY_WHOLE) keep_events(hub, message);
  send_receipt(hub, message->number, message->n_events);
  if (hub->answer == HUB_BUSY_WHOLE) hub->answer = HUB_ACCEPT;
}

static void take_acknowledge(struct fake_hub *hub, const Nav__V1__Acknowledge *message) {
  if (message->lane < 1 || message->lane > hub->lanes_count) {
    fault(hub, "acknowledges a lane that is not there");
    return;
  }
  struct hub_lane *lane = &hub->lanes[message->lane - 1];
  if (message->signature.len != KEY_SIGNATURE_SIZE ||
      !keys_verify_acknowledge(message->signature.data, hub->agency_signing, hub->log_id, hub->agency,
                               message->lane, message->position)) {
    fault(hub, "an acknowledgement's signature does not hold");
  } else if (message->position > lane->sent || message->position <= lane->cursor) {
    fault(hub, "acknowledges what was not sent, or nothing new");
  } else {
    lane->cursor = message->position;
    lane->acknowledges++;
  }
}

void hub_pong(struct fake_hub *hub, uint64_t number) {
  Nav__V1__Pong pong = NAV__V1__PONG__INIT;
  pong.has_number = true;
  pong.number = number;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_PONG;
  frame.pong = &pong;
  hub_send(hub, &frame);
}

void hub_resent(struct fake_hub *hub, uint32_t lane, uint64_t position, bool set_aside) {
  Nav__V1__Resent resent = NAV__V1__RESENT__INIT;
  resent.has_lane = resent.has_position = resent.has_set_aside = true;
  resent.lane = lane;
  resent.position = position;
  resent.set_aside = set_aside;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RESENT;
  frame.resent = &resent;
  hub_send(hub, &frame);
}

static void dispatch(struct fake_hub *hub, const Nav__V1__ClientFrame *frame) {
  if (!hub->started && frame->frame_case != NAV__V1__CLIENT_FRAME__FRAME_START) {
    fault(hub, "speaks before Start");
    return;
  }
  switch (frame->frame_case) {
    case NAV__V1__CLIENT_FRAME__FRAME_START:
      take_start(hub, frame->start);
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_PUBLICATION:
      take_publication(hub, frame->publication);
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_ACKNOWLEDGE:
      take_acknowledge(hub, frame->acknowledge);
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_CREDIT:
      hub->credit += (int64_t)frame->credit->bytes;
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_NACK:
      hub->nacks++;
      hub->nack_position = frame->nack->position;
      hub->nack_final = frame->nack->final != 0;
      (void)snprintf(hub->nack_reason, sizeof hub->nack_reason, "%s", frame->nack->reason);
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_REPLAY_REQUEST:
      hub->replay_lane = frame->replay_request->lane;
      hub->replay_since_ms = frame->replay_request->since_time_ms;
      hub->replay_after = frame->replay_request->after_position;
      break;
    case NAV__V1__CLIENT_FRAME__FRAME_PING:
      hub->pings++;
      hub->ping_number = frame->ping->number;
      if (!hub->mute_pings) hub_pong(hub, frame->ping->number);
      break;
    default:
      fault(hub, "sends what no client sends");
  }
}

static void take_sealed(struct fake_hub *hub, const uint8_t *data, size_t length) {
  const uint8_t reset = WIRE_RESET;
  struct nav_buffer plain;
  nav_buffer_init(&plain, WIRE_FRAME_MAX);
  struct nav_arena *arena = nav_arena_new(8 * 1024 * 1024);
  struct nav_error err = {0};
  if (!hub->open || !wire_stream_open(&hub->stream, data, length, &plain, &err)) {
    hub_send_raw(hub, &reset, 1);
    hub->open = hub->started = false;
  } else {
    const Nav__V1__ClientFrame *frame =
        wire_decode(&nav__v1__client_frame__descriptor, arena, plain.data, plain.length, &err);
    if (frame == NULL) {
      fault(hub, "a frame does not decode");
    } else {
      dispatch(hub, frame);
    }
  }
  nav_arena_free(arena);
  nav_buffer_free(&plain);
}

static bool step_socket(struct fake_hub *hub) {
  static uint8_t data[WIRE_FRAME_MAX + 1];
  uint8_t routing[256];
  if (hub->socket == NULL) return false;
  int routing_length = zmq_recv(hub->socket, routing, sizeof routing, ZMQ_DONTWAIT);
  if (routing_length < 0) return false;
  int length = zmq_recv(hub->socket, data, sizeof data, 0);
  NAV_ASSERT(length > 0 && (size_t)length <= WIRE_FRAME_MAX);
  if ((size_t)length > hub->largest_frame) hub->largest_frame = (size_t)length;
  bool newest = hub->routing_length == (size_t)routing_length &&
                memcmp(hub->routing, routing, hub->routing_length) == 0;
  if (data[0] == WIRE_HELLO) {
    memcpy(hub->routing, routing, (size_t)routing_length);
    hub->routing_length = (size_t)routing_length;
    take_hello(hub, data, (size_t)length);
  } else if (newest) {
    take_sealed(hub, data, (size_t)length);
  }
  return true;
}

static bool step_zap(struct fake_hub *hub) {
  uint8_t parts[8][256];
  int lengths[8] = {0}, count = 0, more = 1;
  while (more && count < 8) {
    size_t size = sizeof more;
    lengths[count] = zmq_recv(hub->zap, parts[count], 256, ZMQ_DONTWAIT);
    if (lengths[count] < 0) return false;
    count++;
    (void)zmq_getsockopt(hub->zap, ZMQ_RCVMORE, &more, &size);
  }
  bool known = count == 7 && lengths[6] == 32 && memcmp(parts[6], hub->agency_curve, 32) == 0;
  (void)zmq_send(hub->zap, "1.0", 3, ZMQ_SNDMORE);
  (void)zmq_send(hub->zap, parts[1], (size_t)lengths[1], ZMQ_SNDMORE);
  (void)zmq_send(hub->zap, known ? "200" : "400", 3, ZMQ_SNDMORE);
  (void)zmq_send(hub->zap, "", 0, ZMQ_SNDMORE);
  (void)zmq_send(hub->zap, hub->agency, strlen(hub->agency), ZMQ_SNDMORE);
  (void)zmq_send(hub->zap, "", 0, 0);
  return true;
}

bool hub_step(struct fake_hub *hub) {
  bool any = false;
  while (step_zap(hub)) any = true;
  while (step_socket(hub)) any = true;
  return any;
}

// An event that holds its position, so that the test can tell which it got.
static size_t make_event(uint8_t *out, uint64_t position, size_t text_bytes) {
  static char text[TEXT_MAX + 1];
  uint8_t id[16] = {0};
  nav_put_u64(id + 8, position);
  memset(text, 'x', text_bytes);
  text[text_bytes] = '\0';
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__CitizenReport body = NAV__V1__CITIZEN_REPORT__INIT;
  body.description = text;
  event.has_id = true;
  event.id = (ProtobufCBinaryData){sizeof id, id};
  event.body_case = NAV__V1__EVENT__BODY_CITIZEN_REPORT;
  event.citizen_report = &body;
  return nav__v1__event__pack(&event, out);
}

void hub_deliver(struct fake_hub *hub, size_t lane, uint64_t first, size_t count, size_t text_bytes,
                 bool replay) {
  static uint8_t bytes[WIRE_FRAME_MAX];
  static Nav__V1__Delivery deliveries[EVENTS_A_FRAME_MAX], *list[EVENTS_A_FRAME_MAX];
  Nav__V1__VerdictInfo verdict = NAV__V1__VERDICT_INFO__INIT, *verdicts[] = {&verdict};
  Nav__V1__Deliveries message = NAV__V1__DELIVERIES__INIT;
  NAV_ASSERT(count <= EVENTS_A_FRAME_MAX && text_bytes <= TEXT_MAX);
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    NAV_ASSERT(used + text_bytes + 64 < sizeof bytes);
    size_t length = make_event(bytes + used, first + i, text_bytes);
    deliveries[i] = (Nav__V1__Delivery)NAV__V1__DELIVERY__INIT;
    deliveries[i].has_position = deliveries[i].has_verdict = deliveries[i].has_event = true;
    deliveries[i].position = first + i;
    deliveries[i].event = (ProtobufCBinaryData){length, bytes + used};
    deliveries[i].has_replay = deliveries[i].replay = replay;
    list[i] = &deliveries[i];
    used += length;
  }
  verdict.rule = (char[]){"rule"};
  message.has_lane = message.has_log_id = true;
  message.lane = (uint32_t)lane + 1;
  message.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, hub->log_id};
  message.verdicts = verdicts;
  message.n_verdicts = 1;
  message.deliveries = list;
  message.n_deliveries = count;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_DELIVERIES;
  frame.deliveries = &message;
  if (!replay && first + count - 1 > hub->lanes[lane].sent) hub->lanes[lane].sent = first + count - 1;
  hub_send(hub, &frame);
}
