// See incoming.h.
#include "adapters/sdk/incoming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"

enum {
  LANES_MAX = 64,
  CREDIT_BYTES = 4 * 1024 * 1024,
  ACKNOWLEDGE_MS = 50,
  ACKNOWLEDGE_EVENTS = 1000,
  PING_MS = 150,        // while it is not known whether all has come
  PING_IDLE_MS = 5000,  // to notice a hub that is silent
};

struct lane {
  uint32_t number;
  char purpose[80];
  uint64_t position;  // delivered up to here
  bool unacknowledged;
};

struct incoming {
  struct lane lanes[LANES_MAX];
  size_t lanes_count;
  uint64_t used_bytes;  // of the credit, since it was last topped up
  size_t unacknowledged;
  int64_t acknowledged_ms, last_ms;
  uint64_t ping_number;
  bool ping_out, caught_up, came_since_ping;
  int64_t ping_ms;
};

struct incoming *incoming_new(void) {
  return calloc(1, sizeof(struct incoming));
}

void incoming_free(struct incoming *incoming) { free(incoming); }

void incoming_restart(struct incoming *incoming) {
  uint64_t number = incoming->ping_number;
  *incoming = (struct incoming){.ping_number = number};
}

bool incoming_start(struct incoming *incoming, struct link *link, const struct nav_client_settings *settings,
                    const struct nav_client_events *events) {
  Nav__V1__Resume lanes[LANES_MAX];
  Nav__V1__Resume *pointers[LANES_MAX];
  uint8_t log_ids[LANES_MAX][KEY_LOG_ID_SIZE];
  size_t count = settings->purposes_count < LANES_MAX ? settings->purposes_count : LANES_MAX;
  for (size_t i = 0; i < count; i++) {
    lanes[i] = (Nav__V1__Resume)NAV__V1__RESUME__INIT;
    lanes[i].purpose = (char *)(uintptr_t)settings->purposes[i];
    uint64_t position = 0;
    if (events->resume != NULL &&
        events->resume(events->context, settings->purposes[i], log_ids[i], &position)) {
      lanes[i].has_log_id = lanes[i].has_position = true;
      lanes[i].log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, log_ids[i]};
      lanes[i].position = position;
    }
    pointers[i] = &lanes[i];
  }
  Nav__V1__Start start = NAV__V1__START__INIT;
  start.lanes = pointers;
  start.n_lanes = count;
  start.has_credit_bytes = true;
  start.credit_bytes = CREDIT_BYTES;
  start.client = (char *)(uintptr_t)settings->program;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_START;
  frame.start = &start;
  incoming->caught_up = count == 0;
  return link_send(link, &frame);
}

void incoming_lanes(struct incoming *incoming, const Nav__V1__Session *session) {
  incoming->lanes_count = 0;
  for (size_t i = 0; i < session->n_lanes && i < LANES_MAX; i++) {
    const Nav__V1__Lane *lane = session->lanes[i];
    if (lane->purpose == NULL) continue;
    struct lane *own = &incoming->lanes[incoming->lanes_count++];
    *own = (struct lane){.number = lane->number, .position = lane->position};
    (void)snprintf(own->purpose, sizeof own->purpose, "%s", lane->purpose);
  }
}

static struct lane *find(struct incoming *incoming, uint32_t number) {
  for (size_t i = 0; i < incoming->lanes_count; i++) {
    if (incoming->lanes[i].number == number) return &incoming->lanes[i];
  }
  return NULL;
}

static bool take(struct incoming *incoming, struct lane *lane, const Nav__V1__Deliveries *deliveries,
                 const Nav__V1__Delivery *delivery, struct nav_arena *arena,
                 const struct nav_client_events *events) {
  struct nav_error err;
  if (delivery->verdict >= deliveries->n_verdicts || deliveries->log_id.len != KEY_LOG_ID_SIZE) return false;
  const Nav__V1__Event *event = wire_decode_lenient(&nav__v1__event__descriptor, arena, delivery->event.data,
                                                    delivery->event.len, &err);
  if (event == NULL || !events->delivery(events->context, lane->purpose, deliveries->log_id.data, delivery,
                                         deliveries->verdicts[delivery->verdict], event)) {
    return false;
  }
  incoming->unacknowledged++;
  // A replay moves no cursor, so there is nothing to acknowledge.
  if (delivery->has_replay && delivery->replay) return true;
  lane->position = delivery->position;
  lane->unacknowledged = true;
  return true;
}

bool incoming_deliveries(struct incoming *incoming, const Nav__V1__Deliveries *deliveries, size_t frame_bytes,
                         struct nav_arena *arena, const struct nav_client_events *events) {
  struct lane *lane = find(incoming, deliveries->lane);
  if (lane == NULL || events->delivery == NULL) return false;
  incoming->used_bytes += frame_bytes;
  incoming->last_ms = nav_clock_monotonic_ms();
  incoming->caught_up = false;
  incoming->came_since_ping = true;
  for (size_t i = 0; i < deliveries->n_deliveries; i++) {
    if (!take(incoming, lane, deliveries, deliveries->deliveries[i], arena, events)) return false;
  }
  return true;
}

void incoming_pong(struct incoming *incoming, uint64_t number) {
  if (!incoming->ping_out || number != incoming->ping_number) return;
  incoming->ping_out = false;
  if (!incoming->came_since_ping) incoming->caught_up = true;
}

static bool acknowledge(struct incoming *incoming, struct link *link,
                        const struct nav_client_settings *settings, const uint8_t *log_id) {
  for (size_t i = 0; i < incoming->lanes_count; i++) {
    struct lane *lane = &incoming->lanes[i];
    if (!lane->unacknowledged) continue;
    uint8_t signature[KEY_SIGNATURE_SIZE];
    keys_sign_acknowledge(signature, &settings->keys->signing, log_id, settings->agency, lane->number,
                          lane->position);
    Nav__V1__Acknowledge message = NAV__V1__ACKNOWLEDGE__INIT;
    message.has_lane = message.has_position = message.has_signature = true;
    message.lane = lane->number;
    message.position = lane->position;
    message.signature = (ProtobufCBinaryData){KEY_SIGNATURE_SIZE, signature};
    Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
    frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_ACKNOWLEDGE;
    frame.acknowledge = &message;
    if (!link_can_send(link)) return link_state(link) == LINK_OPEN;
    if (!link_send(link, &frame)) return false;
    lane->unacknowledged = false;
  }
  return true;
}

static bool top_up(struct incoming *incoming, struct link *link) {
  if (incoming->used_bytes < CREDIT_BYTES / 4 || !link_can_send(link)) return true;
  Nav__V1__Credit credit = NAV__V1__CREDIT__INIT;
  credit.has_bytes = true;
  credit.bytes = incoming->used_bytes;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_CREDIT;
  frame.credit = &credit;
  incoming->used_bytes = 0;
  return link_send(link, &frame);
}

static bool ping_if_due(struct incoming *incoming, struct link *link, int64_t now_ms) {
  int64_t every = incoming->caught_up ? PING_IDLE_MS : PING_MS;
  if (incoming->ping_out || now_ms - incoming->ping_ms < every || !link_can_send(link)) return true;
  Nav__V1__Ping ping = NAV__V1__PING__INIT;
  ping.has_number = true;
  ping.number = ++incoming->ping_number;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_PING;
  frame.ping = &ping;
  incoming->ping_out = true;
  incoming->ping_ms = now_ms;
  incoming->came_since_ping = false;
  return link_send(link, &frame);
}

static bool acknowledgement_due(const struct incoming *incoming, int64_t now_ms) {
  return incoming->unacknowledged >= ACKNOWLEDGE_EVENTS ||
         (incoming->unacknowledged > 0 && now_ms - incoming->acknowledged_ms >= ACKNOWLEDGE_MS);
}

bool incoming_speak(struct incoming *incoming, struct link *link, const struct nav_client_settings *settings,
                    const struct nav_client_events *events, const uint8_t log_id[KEY_LOG_ID_SIZE],
                    int64_t now_ms) {
  if (acknowledgement_due(incoming, now_ms) && link_can_send(link)) {
    incoming->acknowledged_ms = now_ms;
    if (events->durable == NULL || events->durable(events->context)) {
      incoming->unacknowledged = 0;
      if (!acknowledge(incoming, link, settings, log_id)) return false;
    }
  }
  return top_up(incoming, link) && ping_if_due(incoming, link, now_ms);
}

int64_t incoming_wait_ms(const struct incoming *incoming, int64_t now_ms) {
  int64_t ping = incoming->ping_out
                     ? PING_IDLE_MS
                     : incoming->ping_ms + (incoming->caught_up ? PING_IDLE_MS : PING_MS) - now_ms;
  if (incoming->unacknowledged == 0) return ping;
  int64_t acknowledge_in = incoming->acknowledged_ms + ACKNOWLEDGE_MS - now_ms;
  return acknowledge_in < ping ? acknowledge_in : ping;
}

int64_t incoming_last_ms(const struct incoming *incoming) { return incoming->last_ms; }

bool incoming_caught_up(const struct incoming *incoming) { return incoming->caught_up; }
