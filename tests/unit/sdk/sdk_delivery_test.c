// See sdk_delivery_test.h (invariants I1, I8, I9 from the recipient's side).
#include "tests/unit/sdk/sdk_delivery_test.h"

#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "tests/unit/sdk/fixture.h"

static struct hub_lane *lane(void) { return &f->hub.lanes[0]; }

static void assert_positions(uint64_t first, size_t count) {
  assert_int_equal(f->positions_count, count);
  for (size_t i = 0; i < count; i++) assert_int_equal(f->positions[i], first + i);
}

void deliveries_come_and_are_acknowledged(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  assert_false(lane()->resumed);
  assert_int_equal(nav_client_last_delivery_ms(f->client), 0);
  hub_deliver(&f->hub, 0, 1, 50, 20, false);
  UNTIL(lane()->cursor == 50);
  assert_positions(1, 50);
  assert_string_equal(f->purpose, "lagesbild");
  assert_string_equal(f->rule, "rule");
  assert_true(nav_client_last_delivery_ms(f->client) > 0);
}

void nothing_is_acknowledged_before_it_is_durable(void **state) {
  (void)state;
  f->durable_fails = true;
  UNTIL(nav_client_connected(f->client));
  hub_deliver(&f->hub, 0, 1, 10, 20, false);
  UNTIL(f->positions_count == 10 && f->durables >= 3);
  assert_int_equal(lane()->acknowledges, 0);
  assert_int_equal(f->hub.hellos, 1);
  f->durable_fails = false;
  UNTIL(lane()->cursor == 10);
  assert_int_equal(lane()->acknowledges, 1);
}

void acknowledgements_are_few(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  int64_t from_ms = nav_clock_monotonic_ms();
  for (uint64_t i = 1; i <= 900; i++) {
    hub_deliver(&f->hub, 0, i, 1, 20, false);
    if (i % 30 == 0) fixture_step();
  }
  UNTIL(lane()->cursor == 900);
  int64_t passed_ms = nav_clock_monotonic_ms() - from_ms;
  assert_true(lane()->acknowledges <= (unsigned)(passed_ms / 50) + 2);
  // Many at once are not kept waiting.
  for (uint64_t i = 0; i < 20; i++) hub_deliver(&f->hub, 0, 901 + i * 100, 100, 20, false);
  UNTIL(lane()->cursor == 2900);
  assert_positions(1, 2900);
}

void a_delivery_that_cannot_be_stored_comes_again(void **state) {
  (void)state;
  f->refuse_position = 6;
  UNTIL(nav_client_connected(f->client));
  hub_deliver(&f->hub, 0, 1, 10, 20, false);
  UNTIL(f->hub.hellos == 2 && nav_client_connected(f->client));
  assert_int_equal(f->positions_count, 5);
  assert_int_equal(lane()->cursor, 0);
  hub_deliver(&f->hub, 0, 1, 10, 20, false);
  UNTIL(lane()->cursor == 10);
}

void repeats_of_what_is_stored_are_dropped_and_acknowledged(void **state) {
  (void)state;
  f->has_place = true;
  f->place = 5;  // stored before, but the acknowledgement never arrived
  lane()->cursor = 2;
  UNTIL(nav_client_connected(f->client));
  assert_true(lane()->resumed);
  assert_int_equal(lane()->resumed_position, 5);
  hub_deliver(&f->hub, 0, 3, 3, 20, false);
  UNTIL(lane()->cursor == 5);
  assert_int_equal(f->positions_count, 0);
  hub_deliver(&f->hub, 0, 5, 4, 20, false);
  UNTIL(lane()->cursor == 8);
  assert_positions(6, 3);
}

void replays_are_passed_on_and_move_nothing(void **state) {
  (void)state;
  f->has_place = true;
  f->place = 2;  // an inbox restored from a backup
  lane()->cursor = 5;
  UNTIL(nav_client_connected(f->client));
  hub_deliver(&f->hub, 0, 3, 3, 20, true);
  UNTIL(f->positions_count == 3);
  fixture_step_for(200);
  assert_int_equal(lane()->acknowledges, 0);
  hub_deliver(&f->hub, 0, 6, 1, 20, false);
  UNTIL(lane()->cursor == 6);
  assert_positions(3, 4);
  assert_int_equal(lane()->acknowledges, 1);
}

void credit_is_never_overdrawn_and_flows_on(void **state) {
  (void)state;
  enum { FRAMES = 400, EVENTS = 10, TEXT = 5000 };
  const int64_t frame_bytes = EVENTS * (TEXT + 64);  // 20 MB in all, twenty times the credit
  UNTIL(nav_client_connected(f->client));
  assert_in_range(f->hub.credit, 256 * 1024, 4 * 1024 * 1024);
  for (uint64_t i = 0; i < FRAMES; i++) {
    UNTIL(f->hub.credit >= frame_bytes);
    hub_deliver(&f->hub, 0, 1 + i * EVENTS, EVENTS, TEXT, false);
  }
  UNTIL(lane()->cursor == FRAMES * EVENTS);
  assert_positions(1, FRAMES * EVENTS);
  assert_true(f->hub.credit_least >= 0);
  UNTIL(f->hub.credit >= 1024 * 1024 - frame_bytes);  // all of it comes back
}

void without_durability_credit_runs_out(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  f->durable_fails = true;
  uint64_t next = 1;
  while (f->hub.credit >= 60000) {
    hub_deliver(&f->hub, 0, next, 10, 5000, false);
    next += 10;
  }
  fixture_step_for(400);
  assert_true(f->hub.credit < 60000);
  f->durable_fails = false;
  UNTIL(f->hub.credit >= 1024 * 1024 - 60000 && lane()->cursor == next - 1);
}

void caught_up_means_a_pong_after_the_last_delivery(void **state) {
  (void)state;
  assert_false(nav_client_caught_up(f->client));
  UNTIL(nav_client_caught_up(f->client));
  f->hub.mute_pings = true;
  hub_deliver(&f->hub, 0, 1, 1, 20, false);
  unsigned pings = f->hub.pings;
  UNTIL(f->positions_count == 1);
  assert_false(nav_client_caught_up(f->client));
  UNTIL(f->hub.pings == pings + 1);
  hub_deliver(&f->hub, 0, 2, 1, 20, false);  // after the Ping was sent
  hub_pong(&f->hub, f->hub.ping_number);
  UNTIL(f->hub.pings == pings + 2);
  assert_false(nav_client_caught_up(f->client));
  hub_pong(&f->hub, f->hub.ping_number - 1);  // of another Ping
  fixture_step_for(50);
  assert_false(nav_client_caught_up(f->client));
  hub_pong(&f->hub, f->hub.ping_number);
  UNTIL(nav_client_caught_up(f->client));
}

static void send_deliveries(uint32_t number, const uint8_t *event, size_t length) {
  Nav__V1__VerdictInfo verdict = NAV__V1__VERDICT_INFO__INIT, *verdicts[] = {&verdict};
  Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT, *list[] = {&delivery};
  Nav__V1__Deliveries message = NAV__V1__DELIVERIES__INIT;
  uint8_t bytes[64];
  memcpy(bytes, event, length);
  delivery.has_position = delivery.has_event = true;
  delivery.position = 1;
  delivery.event = (ProtobufCBinaryData){length, bytes};
  message.has_lane = message.has_log_id = true;
  message.lane = number;
  message.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, f->hub.log_id};
  message.verdicts = verdicts;
  message.n_verdicts = 1;
  message.deliveries = list;
  message.n_deliveries = 1;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_DELIVERIES;
  frame.deliveries = &message;
  if (lane()->sent < 1) lane()->sent = 1;
  hub_send(&f->hub, &frame);
}

// What is on its way when it is refused comes again, and is passed over until the hub says so.
void an_event_that_cannot_be_read_is_refused_for_good(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  send_deliveries(1, (const uint8_t *)"\xff\xff\xff", 3);
  hub_deliver(&f->hub, 0, 2, 3, 20, false);
  UNTIL(f->hub.nacks == 1);
  assert_int_equal(f->hub.nack_position, 1);
  assert_true(f->hub.nack_final && f->hub.nack_reason[0] != '\0');
  fixture_step_for(100);
  assert_int_equal(f->positions_count, 0);
  assert_int_equal(lane()->cursor, 0);
  hub_resent(&f->hub, 1, 1, true);
  hub_deliver(&f->hub, 0, 2, 3, 20, false);
  UNTIL(lane()->cursor == 4);
  assert_positions(2, 3);
  assert_int_equal(f->set_aside, 1);
}

void what_the_caller_refuses_is_sent_again(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  f->refuse_position = 2;
  f->refuse_reason = "HTTP 422";
  hub_deliver(&f->hub, 0, 1, 4, 20, false);
  UNTIL(f->hub.nacks == 1 && lane()->cursor == 1);
  assert_int_equal(f->hub.nack_position, 2);
  assert_false(f->hub.nack_final);
  assert_string_equal(f->hub.nack_reason, "HTTP 422");
  hub_resent(&f->hub, 1, 2, false);
  hub_deliver(&f->hub, 0, 2, 3, 20, false);
  UNTIL(lane()->cursor == 4);
  assert_positions(1, 4);
  assert_int_equal(f->hub.hellos, 1);
  assert_int_equal(f->set_aside, 0);
}

// A frame with half a character is refused whole, and what it refuses would not be.
void what_is_said_of_a_refusal_is_text_and_not_too_long(void **state) {
  (void)state;
  enum { MOST = 512 };
  char reason[MOST + 64];
  char expected[MOST] = "";
  memset(reason, 'a', sizeof reason);
  (void)snprintf(reason + MOST - 1, sizeof reason - MOST + 1, "å och mera");
  memset(reason, '\xff', 2);
  memset(expected, 'a', MOST - 1);
  memset(expected, '?', 2);
  UNTIL(nav_client_connected(f->client));
  f->refuse_position = 1;
  f->refuse_reason = reason;
  hub_deliver(&f->hub, 0, 1, 1, 20, false);
  UNTIL(f->hub.nacks == 1 || f->hub.faults > 0);
  assert_string_equal(f->hub.nack_reason, expected);
}

void a_replay_is_asked_for_by_purpose(void **state) {
  (void)state;
  assert_false(nav_client_replay(f->client, "lagesbild", 0, 5, &f->err));
  assert_int_equal(f->err.class, NAV_ERROR_RETRY);
  UNTIL(nav_client_connected(f->client));
  assert_false(nav_client_replay(f->client, "no-such-purpose", 0, 5, &f->err));
  assert_true(nav_client_replay(f->client, "lagesbild", 0, 5, &f->err));
  UNTIL(f->hub.replay_lane == 1);
  assert_int_equal(f->hub.replay_since_ms, 5);
  assert_true(nav_client_replay(f->client, "lagesbild", 77, 0, &f->err));
  UNTIL(f->hub.replay_after == 77);
  assert_int_equal(f->hub.replay_since_ms, 0);
}

void deliveries_of_an_unknown_lane_end_the_session(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  send_deliveries(7, (const uint8_t *)"", 0);
  UNTIL(f->hub.hellos == 2 && nav_client_connected(f->client));
  assert_int_equal(f->positions_count, 0);
}

void notices_are_passed_on(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_RULES_CHANGED;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_NOTICE;
  frame.notice = &notice;
  hub_send(&f->hub, &frame);
  UNTIL(f->notices == 1);
}
