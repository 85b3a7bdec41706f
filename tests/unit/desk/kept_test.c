// Workers that stay, by the desk's side: one serves one system user, takes one request at a time, and ends
// when it is told to; the test is the worker. Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/desk/kept.h"

enum { ANNA = 1001, BO = 1002, PID = 4711 };

// Its end of the channel.
static int start(struct kept *kept, pid_t pid) {
  int channel = -1;
  int own_end = kept_channel(kept, &channel);
  assert_true(own_end >= 0 && channel >= 0);
  kept_started(kept, pid, own_end);
  kept->next_ms = 0;
  return channel;
}

static bool ask(struct kept *kept, uid_t uid, const char *command) {
  json_t *request = json_pack("{s:s}", "command", command);
  bool taken = kept_take(kept, uid, request, STDIN_FILENO);
  json_decref(request);
  return taken;
}

static bool take(struct kept *kept, uid_t uid) { return ask(kept, uid, "audit-prove"); }

static void answer(struct kept *kept, int channel) {
  char text[256] = "";
  assert_true(recv(channel, text, sizeof text - 1, MSG_DONTWAIT) > 0);
  assert_non_null(strstr(text, "audit-"));
  assert_int_equal(send(channel, "", 1, 0), 1);
  kept_step(kept);
}

static bool has_ended(int channel) {
  char byte = 0;
  return recv(channel, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void one_serves_one_user(void **state) {
  (void)state;
  struct kept kept = {0};
  assert_true(kept_is_wanting(&kept));
  assert_false(take(&kept, ANNA));
  int channel = start(&kept, PID);
  assert_false(kept_is_wanting(&kept));
  assert_true(take(&kept, ANNA));
  assert_true(kept_is_wanting(&kept));  // this one is hers now
  assert_int_equal(kept_busy(&kept), 1);
  assert_false(take(&kept, ANNA));  // it has one
  answer(&kept, channel);
  assert_int_equal(kept_busy(&kept), 0);
  assert_false(take(&kept, BO));
  assert_true(take(&kept, ANNA));
  answer(&kept, channel);
  assert_false(has_ended(channel));
  kept_reaped(&kept, PID);
  assert_false(take(&kept, ANNA));
  (void)close(channel);
}

static void it_serves_so_many_and_no_more(void **state) {
  (void)state;
  struct kept kept = {0};
  int channel = start(&kept, PID);
  for (int i = 0; i < KEPT_REQUESTS_MAX; i++) {
    assert_false(has_ended(channel));
    assert_true(take(&kept, ANNA));
    answer(&kept, channel);
  }
  assert_true(has_ended(channel));
  assert_false(take(&kept, ANNA));
  (void)close(channel);
}

static void told_to_end_it_ends_after_its_request(void **state) {
  (void)state;
  struct kept kept = {0};
  int busy = start(&kept, PID);
  assert_true(take(&kept, ANNA));
  int idle = start(&kept, PID + 1);
  kept_end(&kept);
  assert_true(has_ended(idle));
  assert_int_equal(kept_busy(&kept), 1);
  answer(&kept, busy);
  assert_true(has_ended(busy));
  assert_false(take(&kept, ANNA));
  (void)close(busy);
  (void)close(idle);
}

// Reasons are sealed, and what opens them does not stay: nor does it take the one that stays.
static void one_that_opens_what_is_sealed_ends(void **state) {
  (void)state;
  struct kept kept = {0};
  int hers = start(&kept, PID);
  assert_true(take(&kept, ANNA));
  answer(&kept, hers);
  assert_false(ask(&kept, ANNA, "audit-search"));
  int ready = start(&kept, PID + 1);
  assert_true(ask(&kept, ANNA, "audit-search"));
  assert_false(has_ended(ready));
  answer(&kept, ready);
  assert_true(has_ended(ready));
  assert_false(has_ended(hers));
  assert_true(take(&kept, ANNA));
  assert_false(ask(&kept, ANNA, "briefing"));
  (void)close(hers);
  (void)close(ready);
}

static void one_that_died_is_not_asked(void **state) {
  (void)state;
  struct kept kept = {0};
  int channel = start(&kept, PID);
  (void)close(channel);
  assert_false(take(&kept, ANNA));
  kept_step(&kept);
  assert_true(kept_is_wanting(&kept));
}

static void there_are_only_so_many(void **state) {
  (void)state;
  struct kept kept = {0};
  int channels[KEPT_MAX];
  for (int i = 0; i < KEPT_MAX; i++) {
    assert_true(kept_is_wanting(&kept));
    channels[i] = start(&kept, PID + i);
    assert_true(take(&kept, (uid_t)(ANNA + i)));
  }
  assert_false(kept_is_wanting(&kept) || kept_has_room(&kept));
  for (int i = 0; i < KEPT_MAX; i++) (void)close(channels[i]);
  kept_step(&kept);
  for (int i = 0; i < KEPT_MAX; i++) kept_reaped(&kept, PID + i);
  assert_true(kept_has_room(&kept));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_serves_one_user),        cmocka_unit_test(it_serves_so_many_and_no_more),
      cmocka_unit_test(one_that_died_is_not_asked), cmocka_unit_test(told_to_end_it_ends_after_its_request),
      cmocka_unit_test(there_are_only_so_many),     cmocka_unit_test(one_that_opens_what_is_sealed_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
