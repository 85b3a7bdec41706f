// How much a lane has before it: counted from the ledger at a start, and through sessions that look, send,
// pass over, go back, end and begin again. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hub/core/core.h"

static struct session someone;

static int make(void **state) {
  struct lane *lane = calloc(1, sizeof *lane);
  assert_non_null(lane);
  lane->sent = calloc(LANE_SENT_MAX, sizeof *lane->sent);
  assert_non_null(lane->sent);
  *state = lane;
  return 0;
}

static int unmake(void **state) {
  struct lane *lane = *state;
  due_free(lane);
  free(lane->sent);
  free(lane);
  return 0;
}

// As deliver.c does it.
static void begin(struct lane *lane) {
  assert_true(due_begin(lane));
  lane->session = &someone;
  lane->sent_first = lane->sent_next = 0;
}

static void end(struct lane *lane) {
  due_end(lane);
  lane->session = NULL;
  lane->sent_first = lane->sent_next = 0;
}

static void send_it(struct lane *lane, uint64_t position) {
  lane->due.ranks[lane->sent_next % LANE_SENT_MAX] = due_rank(lane, position);
  lane->sent[lane->sent_next++ % LANE_SENT_MAX] = position;
  due_look(lane, position);
}

static void acknowledge(struct lane *lane, uint64_t position) {
  uint64_t rank = 0;
  while (lane->sent_first < lane->sent_next && lane->sent[lane->sent_first % LANE_SENT_MAX] <= position)
    rank = lane->due.ranks[lane->sent_first++ % LANE_SENT_MAX];
  due_pass(lane, position, rank);
}

// ---- sessions ----

static void what_is_sent_waits_until_it_is_acknowledged(void **state) {
  struct lane *lane = *state;
  due_give(lane, 3);  // 5, 6, 7
  assert_int_equal(due_behind(lane), 3);
  begin(lane);
  assert_int_equal(due_behind(lane), 3);
  send_it(lane, 5);
  send_it(lane, 6);
  assert_int_equal(due_behind(lane), 3);
  acknowledge(lane, 5);
  assert_int_equal(due_behind(lane), 2);
  end(lane);
  assert_int_equal(due_behind(lane), 2);
  begin(lane);
  send_it(lane, 6);
  send_it(lane, 7);
  acknowledge(lane, 7);
  assert_int_equal(due_behind(lane), 0);
}

static void what_is_taken_back_in_flight_is_waited_for_by_nobody(void **state) {
  struct lane *lane = *state;
  due_give(lane, 1);  // 5
  begin(lane);
  send_it(lane, 5);
  due_take(lane, 5);
  due_give(lane, 1);  // the Recall, 8
  end(lane);
  assert_int_equal(due_behind(lane), 1);  // the Recall alone
  begin(lane);
  due_look(lane, 5);  // passed over
  assert_int_equal(due_behind(lane), 1);
  send_it(lane, 8);
  assert_int_equal(due_behind(lane), 1);
  acknowledge(lane, 8);
  assert_int_equal(due_behind(lane), 0);
  end(lane);
  assert_int_equal(due_behind(lane), 0);
}

static void taken_back_and_acknowledged_all_the_same(void **state) {
  struct lane *lane = *state;
  due_give(lane, 1);  // 5
  begin(lane);
  send_it(lane, 5);
  due_take(lane, 5);
  due_take(lane, 5);  // by a second recall
  due_give(lane, 1);  // 8
  acknowledge(lane, 5);
  assert_int_equal(due_behind(lane), 1);
  end(lane);
  assert_int_equal(due_behind(lane), 1);
}

static void what_is_passed_over_last_is_not_waited_for(void **state) {
  struct lane *lane = *state;
  due_give(lane, 2);  // 5, 6
  begin(lane);
  send_it(lane, 5);
  due_look(lane, 6);  // the rules in force withhold it
  acknowledge(lane, 5);
  assert_int_equal(due_behind(lane), 0);
  end(lane);
  assert_int_equal(due_behind(lane), 0);
  begin(lane);
  due_look(lane, 6);
  assert_int_equal(due_behind(lane), 0);
}

static void a_replay_changes_nothing(void **state) {
  struct lane *lane = *state;
  due_give(lane, 3);
  begin(lane);
  for (uint64_t position = 5; position <= 7; position++) send_it(lane, position);
  acknowledge(lane, 6);
  for (uint64_t position = 5; position <= 7; position++) due_look(lane, position);  // again
  assert_int_equal(due_behind(lane), 1);
  acknowledge(lane, 7);
  assert_int_equal(due_behind(lane), 0);
}

static void what_is_refused_waits_until_it_is_set_aside(void **state) {
  struct lane *lane = *state;
  due_give(lane, 3);
  begin(lane);
  for (uint64_t position = 5; position <= 7; position++) send_it(lane, position);
  due_rewind(lane, 1);  // to before 6
  lane->sent_next = 1;
  assert_int_equal(due_behind(lane), 3);
  due_take(lane, 6);  // set aside
  due_look(lane, 6);
  assert_int_equal(due_behind(lane), 2);
  send_it(lane, 7);
  assert_int_equal(due_behind(lane), 2);
  acknowledge(lane, 7);
  due_give(lane, 1);  // 9, delivered again
  assert_int_equal(due_behind(lane), 1);
  end(lane);
  assert_int_equal(due_behind(lane), 1);
}

static void many_are_taken_at_once(void **state) {
  struct lane *lane = *state;
  due_give(lane, 10);  // 5 to 14
  begin(lane);
  send_it(lane, 5);
  acknowledge(lane, 5);
  send_it(lane, 6);
  due_take_many(lane, &(struct due_mark){2, 4, 12, 30});
  end(lane);
  assert_int_equal(due_behind(lane), 9 - 4);  // 6 was on its way, and is waited for
  due_take(lane, 13);
  due_take(lane, 13);
  assert_int_equal(due_behind(lane), 9 - 4 - 1);
  begin(lane);
  send_it(lane, 6);
  send_it(lane, 9);
  acknowledge(lane, 9);
  end(lane);
  assert_int_equal(due_behind(lane), 7 - 1);  // how many were passed is not known: said to be before it
}

// ---- a start ----

static void at_a_start_many_are_still_before_it_where_it_has_not_moved_since(void **state) {
  struct lane *lane = *state;
  due_take_many(lane, &(struct due_mark){2, 4, 12, 30});
  due_take_many(lane, &(struct due_mark){2, 3, 12, 20});
  due_take_many(lane, &(struct due_mark){2, 2, 6, 31});
  due_take(lane, 8);
  due_load_cursor(lane, 6, 25);
  for (uint64_t position = 16; position > 4; position--)
    due_give_event(lane, position);  // as past reads them
  assert_int_equal(due_behind(lane), 10 - 4 - 1);
}

static void a_start_counts_what_the_cursor_has_not_passed(void **state) {
  struct lane *lane = *state;
  due_load_single(lane, 9);   // a release
  due_load_single(lane, 12);  // a Recall
  due_take(lane, 5);
  due_take(lane, 11);
  due_load_cursor(lane, 10, 13);
  due_give_event(lane, 14);
  due_give_event(lane, 13);
  due_give_event(lane, 11);
  assert_int_equal(due_behind(lane), 3 - 1 + 1);
  for (uint64_t position = 8; position > 4; position--) due_give_event(lane, position);  // before the cursor
  assert_int_equal(due_behind(lane), 3 - 1 + 1);
  begin(lane);
  due_look(lane, 11);
  for (uint64_t position = 12; position <= 14; position++) send_it(lane, position);
  assert_int_equal(due_behind(lane), 3);
  acknowledge(lane, 14);
  assert_int_equal(due_behind(lane), 0);
}

static void older_events_may_be_found_when_the_session_has_begun(void **state) {
  struct lane *lane = *state;
  due_load_cursor(lane, 10, 13);
  begin(lane);
  send_it(lane, 11);
  send_it(lane, 12);
  due_give_event(lane, 15);  // staged now
  for (uint64_t position = 12; position > 8; position--) due_give_event(lane, position);
  assert_int_equal(due_behind(lane), 3);
  acknowledge(lane, 12);
  assert_int_equal(due_behind(lane), 1);
  end(lane);
  assert_int_equal(due_behind(lane), 1);
}

static void marks_are_bounded(void **state) {
  struct lane *lane = *state;
  due_give(lane, 3 * DUE_MARKS_MAX);
  for (uint64_t position = 1; position <= 3 * DUE_MARKS_MAX; position++)
    if (position % 3 != 0) due_take(lane, position);
  assert_int_equal(due_behind(lane), 2 * DUE_MARKS_MAX);  // more than there is, never less
  due_load_cursor(lane, 3 * DUE_MARKS_MAX, 3 * DUE_MARKS_MAX + 1);
  assert_int_equal(lane->due.gone.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_sent_waits_until_it_is_acknowledged),
      TEST(what_is_taken_back_in_flight_is_waited_for_by_nobody),
      TEST(taken_back_and_acknowledged_all_the_same),
      TEST(what_is_passed_over_last_is_not_waited_for),
      TEST(a_replay_changes_nothing),
      TEST(what_is_refused_waits_until_it_is_set_aside),
      TEST(many_are_taken_at_once),
      TEST(at_a_start_many_are_still_before_it_where_it_has_not_moved_since),
      TEST(a_start_counts_what_the_cursor_has_not_passed),
      TEST(older_events_may_be_found_when_the_session_has_begun),
      TEST(marks_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
