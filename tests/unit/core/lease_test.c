// The lease's arithmetic: when the holder may act, when whoever stands by may take it, and that no run of
// beats, freezes and losses lets both believe that it is theirs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/lease.h"

static const uint8_t ours[LEASE_NODE_SIZE] = {1};

static struct lease_row held_by_another(uint64_t beat) {
  return (struct lease_row){
      .epoch = 7, .beat = beat, .held = true, .node = {2}, .length_ms = 3000, .session_lives = true};
}

static void holder_acts_from_when_it_sent(void **state) {
  (void)state;
  struct lease lease = {.length_ms = 3000};
  assert_false(lease_holds(&lease, 0));
  lease_sent(&lease, 1000);
  assert_false(lease_holds(&lease, 1000));  // nobody has said that it was done
  lease_confirmed(&lease);                  // however late the answer came
  assert_true(lease_holds(&lease, 1000));
  assert_true(lease_holds(&lease, 3699));
  assert_false(lease_holds(&lease, 3700));
}

static void holder_renews_three_times_a_lease(void **state) {
  (void)state;
  struct lease lease = {.length_ms = 3000};
  assert_true(lease_is_due(&lease, 0));  // it was never renewed
  lease_sent(&lease, 1000);
  lease_confirmed(&lease);
  assert_false(lease_is_due(&lease, 1999));
  assert_true(lease_is_due(&lease, 2000));
  lease_sent(&lease, 2000);
  assert_true(lease_is_due(&lease, 2001));  // sent is not done
}

static void an_older_answer_shortens_nothing(void **state) {
  (void)state;
  struct lease lease = {.length_ms = 30000};
  lease_sent(&lease, 1000);
  lease_confirmed(&lease);
  lease.length_ms = 3000;  // a start is over
  lease_sent(&lease, 1100);
  lease_confirmed(&lease);
  assert_int_equal(lease.valid_until_ms, 28000);
}

static void free_at_once(void **state) {
  (void)state;
  struct {
    const char *what;
    struct lease_row row;
    enum lease_state state;
  } cases[] = {
      {"never taken", {.epoch = 0}, LEASE_NEW},
      {"given back", {.epoch = 7, .beat = 3}, LEASE_RELEASED},
      {"ours", {.epoch = 7, .held = true, .node = {1}, .length_ms = 3000, .session_lives = true}, LEASE_OWN},
      {"session gone", {.epoch = 7, .held = true, .node = {2}, .length_ms = 3000}, LEASE_DISCONNECTED},
      {"session there", held_by_another(3), LEASE_HELD},
      {"a new server",
       {.epoch = 7, .held = true, .node = {2}, .length_ms = 3000, .server_is_new = true},
       LEASE_HELD},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct lease_watch watch = {0};
    enum lease_state got = lease_look(&watch, &cases[i].row, ours, 1000);
    if (got != cases[i].state) fail_msg("%s: %d, not %d", cases[i].what, got, cases[i].state);
  }
}

static void expires_only_where_no_beat_was_seen(void **state) {
  (void)state;
  struct lease_watch watch = {0};
  struct lease_row row = held_by_another(3);
  assert_int_equal(lease_look(&watch, &row, ours, 1000), LEASE_HELD);
  assert_int_equal(lease_look(&watch, &row, ours, 3999), LEASE_HELD);
  assert_false(watch.moved);
  row.beat = 4;
  assert_int_equal(lease_look(&watch, &row, ours, 4000), LEASE_HELD);
  assert_true(watch.moved);
  assert_int_equal(lease_look(&watch, &row, ours, 6999), LEASE_HELD);
  assert_int_equal(lease_look(&watch, &row, ours, 7000), LEASE_EXPIRED);
  // Somebody else took it meanwhile: the watch begins anew, and it is no sign that the last one lives.
  row.epoch = 8;
  row.beat = 5;
  assert_int_equal(lease_look(&watch, &row, ours, 7100), LEASE_HELD);
  assert_false(watch.moved);
  assert_int_equal(lease_look(&watch, &row, ours, 10100), LEASE_EXPIRED);
}

static void the_holders_length_counts(void **state) {
  (void)state;
  struct lease_watch watch = {0};
  struct lease_row row = held_by_another(1);
  row.length_ms = 60000;  // it is starting
  assert_int_equal(lease_look(&watch, &row, ours, 0), LEASE_HELD);
  assert_int_equal(lease_look(&watch, &row, ours, 59999), LEASE_HELD);
  assert_int_equal(lease_look(&watch, &row, ours, 60000), LEASE_EXPIRED);
}

static uint32_t next(uint32_t *chance) { return *chance = *chance * 1664525U + 1013904223U; }

// A holder and a watcher with clocks of their own: another zero, up to 4 % apart, the answers to renewals
// late or lost, the holder frozen at any moment, the watcher looking seldom. At no moment do both think it
// theirs.
static void never_both(void **state) {
  (void)state;
  unsigned taken = 0;
  for (uint32_t run = 0; run < 3000; run++) {
    uint32_t chance = run * 2654435761U + 1;
    struct lease lease = {.length_ms = 3000};
    struct lease_watch watch = {0};
    struct lease_row row = held_by_another(1);
    int64_t holder_permille = 960 + next(&chance) % 81;
    int64_t answer_at = -1;
    int64_t frozen_until = 0;
    for (int64_t t = 0; t < 30000; t += 7) {
      int64_t holder_now = 500000 + t * holder_permille / 1000;
      if (t >= frozen_until && next(&chance) % 300 == 0) frozen_until = t + next(&chance) % 8000;
      if (t >= frozen_until) {
        if (answer_at >= 0 && t >= answer_at) {
          lease_confirmed(&lease);
          answer_at = -1;
        }
        if (answer_at < 0 && (lease.sent_ms == 0 || lease_is_due(&lease, holder_now))) {
          lease_sent(&lease, holder_now);
          row.beat++;
          answer_at = t + next(&chance) % 900;
        }
      }
      if (next(&chance) % 20 != 0) continue;
      if (lease_look(&watch, &row, ours, t) != LEASE_EXPIRED) continue;
      taken++;
      if (lease_holds(&lease, holder_now)) fail_msg("run %u, at %d: both", run, (int)t);
      break;
    }
  }
  assert_true(taken > 300);  // it was put to the test
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(holder_acts_from_when_it_sent),
      cmocka_unit_test(holder_renews_three_times_a_lease),
      cmocka_unit_test(an_older_answer_shortens_nothing),
      cmocka_unit_test(free_at_once),
      cmocka_unit_test(expires_only_where_no_beat_was_seen),
      cmocka_unit_test(the_holders_length_counts),
      cmocka_unit_test(never_both),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
