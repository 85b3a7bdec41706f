// The client library against two nodes of one hub: who cannot serve is left at once, what has no receipt is
// sent to the other, and nobody is called without pause. Run by: ctest; with an argument: only the tests of
// that name.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "tests/unit/sdk/fixture.h"

static struct fake_hub *second;

static void both_step(void) {
  (void)hub_step(second);
  fixture_step();
}

#define BOTH_UNTIL(condition)                               \
  do {                                                      \
    int64_t until_ms_ = nav_clock_monotonic_ms() + SOON_MS; \
    while (!(condition)) {                                  \
      assert_true(nav_clock_monotonic_ms() < until_ms_);    \
      both_step();                                          \
    }                                                       \
  } while (0)

static void new_client(void) {
  const struct nav_client_node nodes[] = {{f->hub.endpoint, f->hub.curve.public_key},
                                          {second->endpoint, second->curve.public_key}};
  struct nav_client_settings settings = fixture_settings(false);
  const struct nav_client_events events = fixture_events();
  settings.nodes = nodes;
  settings.nodes_count = 2;
  nav_client_free(f->client);
  f->client = nav_client_new(&settings, &events, &f->err);
  assert_non_null(f->client);
}

// The second node has the same session key and ledger, and a CURVE key of its own.
static int start_both(void **state) {
  if (fixture_start(state) != 0) return -1;
  second = calloc(1, sizeof *second);
  assert_non_null(second);
  hub_start(second, "skola", f->keys.curve.public_key, f->keys.signing.public_key);
  second->session_key = f->hub.session_key;
  memcpy(second->log_id, f->hub.log_id, sizeof second->log_id);
  new_client();
  return 0;
}

static int stop_both(void **state) {
  int faults = fixture_stop(state) + (int)second->faults;
  hub_stop(second);
  free(second);
  return faults;
}

static void a_node_that_stands_by_is_left_at_once(void **state) {
  (void)state;
  f->hub.refuse_code = NAV__V1__CODE__CODE_STANDBY;
  int64_t from_ms = nav_clock_monotonic_ms();
  BOTH_UNTIL(nav_client_connected(f->client));
  assert_true(nav_clock_monotonic_ms() - from_ms < 1500);  // no time-out, not even a refused one's pause
  assert_int_equal(f->hub.hellos, 1);
  assert_true(second->started);
  assert_string_equal(nav_client_endpoint(f->client), second->endpoint);
}

static void a_node_that_is_gone_is_left_at_once(void **state) {
  (void)state;
  hub_hang_up(&f->hub);
  int64_t from_ms = nav_clock_monotonic_ms();
  int64_t until_ms = from_ms + SOON_MS;
  while (!nav_client_connected(f->client) && nav_clock_monotonic_ms() < until_ms) {
    (void)hub_step(second);
    assert_true(nav_client_step(f->client, 2, &f->err));
  }
  assert_true(nav_clock_monotonic_ms() - from_ms < 1500);
  assert_true(second->started);
  hub_listen(&f->hub);
}

static void a_node_that_does_not_answer_is_left_soon(void **state) {
  (void)state;
  f->hub.mute_hellos = true;
  int64_t from_ms = nav_clock_monotonic_ms();
  BOTH_UNTIL(nav_client_connected(f->client));
  int64_t passed_ms = nav_clock_monotonic_ms() - from_ms;
  assert_true(passed_ms >= 2000 && passed_ms < 4000);
  assert_true(second->started);
}

static void a_node_that_falls_silent_is_left(void **state) {
  (void)state;
  BOTH_UNTIL(nav_client_connected(f->client));
  f->hub.mute_pings = true;
  BOTH_UNTIL(second->started);
}

static void what_has_no_receipt_is_sent_to_the_other_once(void **state) {
  (void)state;
  f->hub.answer = HUB_HOLD;
  fixture_publish(0, 20, 100);
  BOTH_UNTIL(f->hub.events_count == 20);
  f->hub.refuse_code = NAV__V1__CODE__CODE_STANDBY;
  const uint8_t reset = WIRE_RESET;
  hub_send_raw(&f->hub, &reset, 1);
  BOTH_UNTIL(nav_client_unsettled(f->client) == 0);
  assert_int_equal(second->events_count, 20);
  assert_int_equal(f->receipts, 20);
  for (uint64_t i = 0; i < 20; i++) {
    assert_int_equal(f->token_receipts[i], 1);
    assert_int_equal(second->events[i].length, f->hub.events[i].length);
    assert_memory_equal(second->events[i].bytes, f->hub.events[i].bytes, f->hub.events[i].length);
  }
}

// It comes back to the one that served it last.
static void the_last_good_node_is_tried_first_after_a_pause(void **state) {
  (void)state;
  f->hub.refuse_code = NAV__V1__CODE__CODE_STANDBY;
  BOTH_UNTIL(nav_client_connected(f->client));
  unsigned asked = f->hub.hellos;
  second->refuse_code = NAV__V1__CODE__CODE_BUSY;  // "not now": wait, and ask the same again
  struct nav_buffer refused;
  nav_buffer_init(&refused, 1024);
  assert_true(wire_refused_make(&refused, NAV__V1__CODE__CODE_BUSY, "not now"));
  hub_send_raw(second, refused.data, refused.length);
  nav_buffer_free(&refused);
  BOTH_UNTIL(!nav_client_connected(f->client));
  second->refuse_code = 0;
  BOTH_UNTIL(nav_client_connected(f->client));
  assert_int_equal(f->hub.hellos, asked);
}

// Rounds of both, after 100, 200, 400, 500, 500 … ms and a quarter of chance: at most 9 in 3 s.
static void nobody_is_called_without_pause(void **state) {
  (void)state;
  f->hub.refuse_code = second->refuse_code = NAV__V1__CODE__CODE_STANDBY;
  int64_t until_ms = nav_clock_monotonic_ms() + 3000;
  while (nav_clock_monotonic_ms() < until_ms) both_step();
  unsigned hellos = f->hub.hellos + second->hellos;
  assert_true(hellos >= 10 && hellos <= 18);
  second->refuse_code = 0;
  int64_t from_ms = nav_clock_monotonic_ms();
  BOTH_UNTIL(nav_client_connected(f->client));
  assert_true(nav_clock_monotonic_ms() - from_ms < 1500);
}

static void one_wrong_node_ends_nothing_and_two_do(void **state) {
  (void)state;
  f->hub.refuse_code = NAV__V1__CODE__CODE_UNKNOWN_AGENCY;
  BOTH_UNTIL(nav_client_connected(f->client));
  assert_true(second->started);
  assert_false(f->step_failed);
  second->refuse_code = NAV__V1__CODE__CODE_UNKNOWN_AGENCY;
  const uint8_t reset = WIRE_RESET;
  hub_send_raw(second, &reset, 1);
  BOTH_UNTIL(f->step_failed);
  assert_int_equal(f->err.class, NAV_ERROR_LOCAL);
}

static void no_node_and_too_many_are_refused(void **state) {
  (void)state;
  struct nav_client_settings settings = fixture_settings(false);
  const struct nav_client_events events = fixture_events();
  settings.nodes_count = 0;
  assert_null(nav_client_new(&settings, &events, &f->err));
  settings.nodes_count = NAV_CLIENT_NODES_MAX + 1;
  assert_null(nav_client_new(&settings, &events, &f->err));
}

int main(int argc, char **argv) {
  if (sodium_init() < 0) return 1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define TEST(name) cmocka_unit_test_setup_teardown(name, start_both, stop_both)
  const struct CMUnitTest tests[] = {
      TEST(a_node_that_stands_by_is_left_at_once),
      TEST(a_node_that_is_gone_is_left_at_once),
      TEST(a_node_that_does_not_answer_is_left_soon),
      TEST(a_node_that_falls_silent_is_left),
      TEST(what_has_no_receipt_is_sent_to_the_other_once),
      TEST(the_last_good_node_is_tried_first_after_a_pause),
      TEST(nobody_is_called_without_pause),
      TEST(one_wrong_node_ends_nothing_and_two_do),
      TEST(no_node_and_too_many_are_refused),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
