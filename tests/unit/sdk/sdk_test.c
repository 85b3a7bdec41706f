// The client library against a fake hub: sessions that begin, break and begin anew, and events that are never
// lost on the way. Run by: ctest; with an argument: only the tests of that name.
#include <string.h>
#include <unistd.h>

#include "adapters/sdk/private.h"
#include "hub/base/clock.h"
#include "tests/unit/sdk/fixture.h"
#include "tests/unit/sdk/sdk_delivery_test.h"
#include "tests/unit/sdk/sdk_rules_test.h"

static void assert_each_settled_once(uint64_t count) {
  assert_int_equal(f->receipts, count);
  for (uint64_t i = 0; i < count; i++) assert_int_equal(f->token_receipts[i], 1);
}

static void events_get_their_receipts(void **state) {
  (void)state;
  fixture_publish(0, 3, 200);
  assert_int_equal(nav_client_unsettled(f->client), 3);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(3);
  assert_int_equal(f->accepted, 3);
  assert_string_equal(f->hub.client, "sdk_test 1");
  assert_int_equal(nav_get_u64(f->hub.events[2].bytes), 2);
  uint8_t salt[KEY_SALT_SIZE];
  keys_event_salt(salt, f->keys.id_key, f->hub.events[0].bytes, f->hub.events[0].length);
  assert_memory_equal(f->hub.events[0].salt, salt, sizeof salt);
}

static void many_small_events_go_in_full_batches(void **state) {
  (void)state;
  f->hub.publications_max = 3;
  fixture_publish(0, 4096, 100);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(4096);
  assert_int_equal(f->hub.largest_publication, 256);
  assert_int_equal(f->hub.publications, 16);
  for (uint64_t i = 0; i < 4096; i++) assert_int_equal(nav_get_u64(f->hub.events[i].bytes), i);
}

// A caller that publishes one by one and steps each time must not run into the hub's limit of frames a
// second: publications that are not full are so far apart.
static void publish_singly(unsigned apart_ms) {
  UNTIL(nav_client_connected(f->client));
  int64_t from_ms = nav_clock_monotonic_ms();
  for (uint64_t i = 0; i < 3000; i++) {
    fixture_publish(i, 1, 100);
    assert_true(nav_client_step(f->client, 0, &f->err));
    (void)hub_step(&f->hub);
  }
  UNTIL(nav_client_unsettled(f->client) == 0);
  int64_t passed_ms = nav_clock_monotonic_ms() - from_ms;
  assert_each_settled_once(3000);
  assert_true(f->hub.publications <= 3000 / 256 + 2 + (unsigned)passed_ms / apart_ms);
}

static void single_events_gather_into_few_frames(void **state) {
  (void)state;
  publish_singly(2);
}

static void publications_take_half_of_the_frames_that_the_hub_allows(void **state) {
  (void)state;
  f->hub.frames_a_second = 110;
  publish_singly(19);
}

static void send_too_many(void) {
  f->hub.frames_a_second = 110;
  f->hub.refuse_code = NAV__V1__CODE__CODE_RATE;
  UNTIL(f->hub.hellos == 1);
  fixture_step_for(20);
  f->hub.refuse_code = 0;
}

static void who_sent_too_many_frames_sends_half_as_many(void **state) {
  (void)state;
  send_too_many();
  publish_singly(38);
}

static void who_sends_half_as_many_sends_as_before_after_a_while(void **state) {
  (void)state;
  send_too_many();
  UNTIL(nav_client_connected(f->client));
  int64_t slowed_ms = f->client->slowed_ms, slower = f->client->slower;
  assert_true(slower > 1);
  session_watch(f->client, slowed_ms + SLOWER_MS - 1);
  assert_true(f->client->slower == slower);
  for (int64_t now_ms = slowed_ms + SLOWER_MS; slower > 1; slower /= 2, now_ms += SLOWER_MS) {
    session_watch(f->client, now_ms);
    session_watch(f->client, now_ms + SLOWER_MS - 1);  // one step for each such while
    assert_true(f->client->slower == slower / 2);
  }
}

static void a_single_event_does_not_wait_for_others(void **state) {
  (void)state;
  UNTIL(nav_client_connected(f->client));
  fixture_step_for(20);
  fixture_publish(0, 1, 100);
  assert_true(nav_client_step(f->client, 0, &f->err));
  (void)usleep(20000);
  (void)hub_step(&f->hub);
  assert_int_equal(f->hub.publications, 1);
}

static void large_events_fill_frames_and_never_pass_them(void **state) {
  (void)state;
  fixture_publish(0, 40, 20000);
  fixture_publish(40, 4, WIRE_EVENT_MAX);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(44);
  assert_true(f->hub.largest_frame <= WIRE_FRAME_MAX && f->hub.largest_frame > 60000);
  assert_int_equal(f->hub.largest_publication, 3);
}

static void what_cannot_be_sent_is_said_at_once(void **state) {
  (void)state;
  static uint8_t event[WIRE_EVENT_MAX + 1];
  assert_false(nav_client_publish(f->client, 1, event, sizeof event, &f->err));
  assert_int_equal(f->err.class, NAV_ERROR_PEER);
  assert_int_equal(f->err.code, NAV__V1__CODE__CODE_TOO_LARGE);
  assert_false(nav_client_publish(f->client, 1, event, 0, &f->err));
  assert_int_equal(f->err.class, NAV_ERROR_PEER);
  fixture_publish(0, NAV_CLIENT_QUEUE_MAX, 10);
  assert_false(nav_client_publish(f->client, 1, event, 10, &f->err));
  assert_int_equal(f->err.class, NAV_ERROR_RETRY);
  UNTIL(nav_client_unsettled(f->client) == 0);
  fixture_publish(0, 1, 10);
  UNTIL(nav_client_unsettled(f->client) == 0);
}

static void no_more_publications_are_under_way_than_the_hub_says(void **state) {
  (void)state;
  f->hub.answer = HUB_HOLD;
  f->hub.publications_max = 2;
  fixture_publish(0, 2000, 100);
  UNTIL(f->hub.held_count == 2);
  fixture_step_for(200);
  assert_int_equal(f->hub.under_way_most, 2);
  f->hub.answer = HUB_ACCEPT;
  hub_answer_held(&f->hub);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(2000);
}

static void each_events_own_receipt_is_told(void **state) {
  (void)state;
  f->hub.answer = HUB_REJECT_ODD;
  fixture_publish(0, 10, 100);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_int_equal(f->accepted, 5);
  assert_int_equal(f->rejected, 5);
}

static void a_publication_refused_whole_settles_each_of_its_events(void **state) {
  (void)state;
  f->hub.answer = HUB_REJECT_WHOLE;
  fixture_publish(0, 10, 100);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(10);
  assert_int_equal(f->rejected, 10);
}

static void not_now_is_tried_again(void **state) {
  (void)state;
  f->hub.answer = HUB_BUSY_WHOLE;
  fixture_publish(0, 10, 100);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(10);
  assert_int_equal(f->accepted, 10);
  assert_int_equal(f->hub.publications, 2);
}

static void a_wait_is_waited_for(void **state) {
  (void)state;
  struct nav_client_wait wait;
  f->hub.answer = HUB_WAIT;
  assert_false(nav_client_waits(f->client, &wait));
  fixture_publish(0, 10, 100);
  UNTIL(nav_client_waits(f->client, &wait));
  assert_int_equal(wait.code, NAV__V1__CODE__CODE_BUSY);
  assert_non_null(strstr(wait.why, "its database is away"));
  assert_true(wait.until_ms > f->hub.waited_from_ms);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_false(nav_client_waits(f->client, &wait));
  assert_each_settled_once(10);
  assert_int_equal(f->accepted, 10);
  assert_in_range(f->hub.taken_after_ms, 295, 3000);
}

// What has no receipt comes again in the next session, the same bytes with the same salts.
static void assert_sent_again(size_t count) {
  f->hub.answer = HUB_ACCEPT;
  f->hub.held_count = 0;
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(count);
  assert_int_equal(f->hub.hellos, 2);
  assert_int_equal(f->hub.events_count, 2 * count);
  for (size_t i = 0; i < count; i++) {
    const struct hub_event *first = &f->hub.events[i], *again = &f->hub.events[count + i];
    assert_int_equal(first->length, again->length);
    assert_memory_equal(first->bytes, again->bytes, first->length);
    assert_memory_equal(first->salt, again->salt, sizeof first->salt);
  }
}

static void hold_some(size_t count) {
  f->hub.answer = HUB_HOLD;
  fixture_publish(0, count, 300);
  UNTIL(f->hub.events_count == count);
}

static void after_a_reset_what_has_no_receipt_is_sent_again(void **state) {
  (void)state;
  hold_some(300);
  const uint8_t reset = WIRE_RESET;
  hub_send_raw(&f->hub, &reset, 1);
  assert_sent_again(300);
}

static void after_a_frame_that_does_not_open_a_new_session_begins(void **state) {
  (void)state;
  hold_some(10);
  hub_send_raw(&f->hub, "\4 a frame of another session", 28);
  assert_sent_again(10);
}

static void after_a_disconnect_a_new_session_begins(void **state) {
  (void)state;
  hold_some(10);
  hub_hang_up(&f->hub);
  fixture_step_for(300);
  assert_false(nav_client_connected(f->client));
  hub_listen(&f->hub);
  assert_sent_again(10);
}

static void after_silence_a_new_session_begins(void **state) {
  (void)state;
  hold_some(10);
  f->hub.mute_pings = true;
  int64_t from_ms = nav_clock_monotonic_ms();
  while (f->hub.hellos < 2 && nav_clock_monotonic_ms() - from_ms < 25000) fixture_step();
  f->hub.mute_pings = false;
  assert_sent_again(10);
}

static void a_hub_that_is_away_at_first_is_found_later(void **state) {
  (void)state;
  hub_hang_up(&f->hub);
  fixture_publish(0, 5, 100);
  fixture_step_for(700);
  assert_false(nav_client_connected(f->client));
  assert_false(f->step_failed);
  assert_int_equal(nav_client_unsettled(f->client), 5);
  hub_listen(&f->hub);
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(5);
}

static void a_hub_that_comes_and_goes_loses_and_doubles_nothing(void **state) {
  (void)state;
  const uint8_t reset = WIRE_RESET;
  uint64_t next = 0;
  while (f->hub.hellos < 12) {
    for (int i = 0; i < 40; i++) {
      if (next < TOKENS_MAX && nav_client_unsettled(f->client) < 600) fixture_publish(next++, 1, 120);
    }
    fixture_step();
    f->hub.answer = f->hub.publications % 5 > 2 ? HUB_HOLD : HUB_ACCEPT;
    if (f->hub.held_count > 1) {
      f->hub.held_count = 0;
      hub_send_raw(&f->hub, &reset, 1);
      f->hub.open = f->hub.started = false;
    }
  }
  f->hub.answer = HUB_ACCEPT;
  f->hub.held_count = 0;
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(next);
}

static void assert_ends_with(int code) {
  UNTIL(f->step_failed);
  assert_int_equal(f->err.class, NAV_ERROR_LOCAL);
  assert_int_equal(f->err.code, code);
  assert_false(nav_client_step(f->client, 0, &f->err));  // and stays so
  assert_int_equal(f->err.code, code);
}

static void a_curve_key_that_the_hub_does_not_know_ends_it(void **state) {
  (void)state;
  f->hub.agency_curve[0] ^= 1;
  assert_ends_with(NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_non_null(strstr(f->err.text, "skola"));
}

static void a_signing_key_that_the_hub_does_not_know_ends_it(void **state) {
  (void)state;
  f->hub.agency_signing[0] ^= 1;
  assert_ends_with(NAV__V1__CODE__CODE_BAD_SIGNATURE);
}

static void another_agencys_name_ends_it(void **state) {
  (void)state;
  memcpy(f->hub.agency, "polis", 6);
  assert_ends_with(NAV__V1__CODE__CODE_WRONG_AGENCY);
}

static void a_hub_with_another_session_key_ends_it(void **state) {
  (void)state;
  (void)crypto_sign_keypair(f->hub.session_key.public_key, f->hub.session_key.secret_key);
  assert_ends_with(NAV__V1__CODE__CODE_UNKNOWN_KEY);
}

// It says it has the right key, and signs with another.
static void an_impostor_of_the_hub_ends_it(void **state) {
  (void)state;
  struct key_pair_sign other;
  (void)crypto_sign_keypair(other.public_key, other.secret_key);
  memcpy(f->hub.session_key.secret_key, other.secret_key, sizeof other.secret_key);
  assert_ends_with(NAV__V1__CODE__CODE_BAD_SIGNATURE);
}

static void a_refusal_for_now_is_tried_again(void **state) {
  (void)state;
  f->hub.refuse_code = NAV__V1__CODE__CODE_RATE;
  fixture_publish(0, 5, 100);
  int64_t from_ms = nav_clock_monotonic_ms();
  UNTIL(f->hub.hellos == 2);
  assert_true(nav_clock_monotonic_ms() - from_ms >= 1000);
  f->hub.refuse_code = 0;
  UNTIL(nav_client_unsettled(f->client) == 0);
  assert_each_settled_once(5);
}

static void a_step_waits_no_longer_than_it_may(void **state) {
  (void)state;
  hub_hang_up(&f->hub);
  int64_t from_ms = nav_clock_monotonic_ms();
  for (int i = 0; i < 10; i++) assert_true(nav_client_step(f->client, 50, &f->err));
  assert_in_range(nav_clock_monotonic_ms() - from_ms, 0, 1500);
}

int main(int argc, char **argv) {
  if (sodium_init() < 0) return 1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define PUBLISHES(name) cmocka_unit_test_setup_teardown(name, fixture_start, fixture_stop)
#define RECEIVES(name) cmocka_unit_test_setup_teardown(name, fixture_start_receiving, fixture_stop)
  const struct CMUnitTest tests[] = {
      PUBLISHES(events_get_their_receipts),
      PUBLISHES(many_small_events_go_in_full_batches),
      PUBLISHES(single_events_gather_into_few_frames),
      PUBLISHES(publications_take_half_of_the_frames_that_the_hub_allows),
      PUBLISHES(who_sent_too_many_frames_sends_half_as_many),
      PUBLISHES(who_sends_half_as_many_sends_as_before_after_a_while),
      PUBLISHES(a_single_event_does_not_wait_for_others),
      PUBLISHES(large_events_fill_frames_and_never_pass_them),
      PUBLISHES(what_cannot_be_sent_is_said_at_once),
      PUBLISHES(no_more_publications_are_under_way_than_the_hub_says),
      PUBLISHES(each_events_own_receipt_is_told),
      PUBLISHES(a_publication_refused_whole_settles_each_of_its_events),
      PUBLISHES(not_now_is_tried_again),
      PUBLISHES(a_wait_is_waited_for),
      PUBLISHES(after_a_reset_what_has_no_receipt_is_sent_again),
      PUBLISHES(after_a_frame_that_does_not_open_a_new_session_begins),
      PUBLISHES(after_a_disconnect_a_new_session_begins),
      PUBLISHES(after_silence_a_new_session_begins),
      PUBLISHES(a_hub_that_is_away_at_first_is_found_later),
      PUBLISHES(a_hub_that_comes_and_goes_loses_and_doubles_nothing),
      PUBLISHES(a_curve_key_that_the_hub_does_not_know_ends_it),
      PUBLISHES(a_signing_key_that_the_hub_does_not_know_ends_it),
      PUBLISHES(another_agencys_name_ends_it),
      PUBLISHES(a_hub_with_another_session_key_ends_it),
      PUBLISHES(an_impostor_of_the_hub_ends_it),
      PUBLISHES(a_refusal_for_now_is_tried_again),
      PUBLISHES(a_step_waits_no_longer_than_it_may),
      PUBLISHES(rules_come_in_parts_and_are_told_once),
      PUBLISHES(a_caller_that_wants_no_rules_asks_for_none),
      PUBLISHES(rules_that_change_midway_begin_anew),
      PUBLISHES(rules_with_a_wrong_signature_are_not_told),
      PUBLISHES(parts_out_of_order_end_the_session),
      RECEIVES(deliveries_come_and_are_acknowledged),
      RECEIVES(nothing_is_acknowledged_before_it_is_durable),
      RECEIVES(acknowledgements_are_few),
      RECEIVES(a_delivery_that_cannot_be_stored_comes_again),
      RECEIVES(repeats_of_what_is_stored_are_dropped_and_acknowledged),
      RECEIVES(replays_are_passed_on_and_move_nothing),
      RECEIVES(credit_is_never_overdrawn_and_flows_on),
      RECEIVES(without_durability_credit_runs_out),
      RECEIVES(caught_up_means_a_pong_after_the_last_delivery),
      RECEIVES(an_event_that_cannot_be_read_is_refused_for_good),
      RECEIVES(what_the_caller_refuses_is_sent_again),
      RECEIVES(what_is_said_of_a_refusal_is_text_and_not_too_long),
      RECEIVES(a_replay_is_asked_for_by_purpose),
      RECEIVES(deliveries_of_an_unknown_lane_end_the_session),
      RECEIVES(notices_are_passed_on),
  };
#undef PUBLISHES
#undef RECEIVES
  return cmocka_run_group_tests(tests, NULL, NULL);
}
