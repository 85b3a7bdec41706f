// Parts of nav-gate that cannot be seen from outside: that it would rather stop than let anybody in unasked,
// and that its tables hold what they say. Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "hub/gate/door.h"
#include "hub/gate/quota.h"
#include "hub/gate/selftest.h"
#include "hub/gate/sessions.h"
#include "hub/gate/zap.h"

static struct conf_agency agencies[] = {
    {.id = (char[]){"skola"}, .has_keys = true, .curve_key = {1}},
    {.id = (char[]){"polis"}, .has_keys = true, .curve_key = {2}},
    {.id = (char[]){"stad"}, .has_keys = false},
};
static const struct conf_agencies conf = {.agencies = agencies, .agencies_count = 3};

static struct book *make_book(void) {
  struct nav_error err = {0};
  struct book *book = book_new(&conf, &err);
  assert_non_null(book);
  return book;
}

static void the_book_knows_keys_and_nobody_else(void **state) {
  (void)state;
  struct book *book = make_book();
  uint8_t key[32] = {1};
  assert_int_equal(book->count, 2);
  assert_string_equal(book_agency(book, key), "skola");
  key[0] = 2;
  assert_string_equal(book_agency(book, key), "polis");
  key[31] = 1;
  assert_null(book_agency(book, key));
  memset(key, 0, sizeof key);  // of an agency without keys
  assert_null(book_agency(book, key));
  book_free(book);
}

static void an_id_too_long_for_the_relay_is_said(void **state) {
  (void)state;
  char id[RELAY_AGENCY_SIZE + 1];
  struct nav_error err = {0};
  memset(id, 'a', RELAY_AGENCY_SIZE);
  id[RELAY_AGENCY_SIZE] = '\0';
  struct conf_agency one = {.id = id, .has_keys = true};
  const struct conf_agencies all = {.agencies = &one, .agencies_count = 1};
  assert_null(book_new(&all, &err));
  assert_non_null(strstr(err.text, "longer than 63"));
}

// What happens in a child, so that an abort is seen and not suffered.
static int status_of(void (*run)(void)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(1);
    run();
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void end_the_handler_unasked(void) {
  void *context = zmq_ctx_new();
  struct zap *zap = zap_start(context, make_book(), NULL);
  (void)zmq_ctx_shutdown(context);
  zap_stop(zap);
}

static void a_handler_that_ends_unasked_ends_the_program(void **state) {
  (void)state;
  int status = status_of(end_the_handler_unasked);
  assert_true(WIFSIGNALED(status));
  assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void a_handler_that_is_asked_to_ends_quietly(void **state) {
  (void)state;
  void *context = zmq_ctx_new();
  struct zap *zap = zap_start(context, make_book(), NULL);
  assert_non_null(zap);
  assert_true(zap_alive(zap));
  zap_ending(zap);
  (void)zmq_ctx_shutdown(context);
  zap_stop(zap);
  (void)zmq_ctx_term(context);
}

static void make_keys(struct key_pair_curve *keys) {
  (void)crypto_box_keypair(keys->public_key, keys->secret_key);
}

// A public socket as a careless change would make it: CURVE, but nobody who is asked.
static void the_self_test_finds_a_door_that_lets_anybody_in(void **state) {
  (void)state;
  struct key_pair_curve keys;
  struct nav_error err = {0};
  const int server = 1, none = 0;
  make_keys(&keys);
  void *context = zmq_ctx_new(), *door = zmq_socket(context, ZMQ_ROUTER);
  (void)zmq_setsockopt(door, ZMQ_LINGER, &none, sizeof none);
  (void)zmq_setsockopt(door, ZMQ_CURVE_SERVER, &server, sizeof server);
  (void)zmq_setsockopt(door, ZMQ_CURVE_SECRETKEY, keys.secret_key, 32);
  assert_int_equal(zmq_bind(door, "tcp://127.0.0.1:*"), 0);
  assert_false(selftest_unlisted_key(context, door, &keys, &err));
  assert_int_equal(err.class, NAV_ERROR_BUG);
  assert_non_null(strstr(err.text, "LET IN"));
  (void)zmq_close(door);
  (void)zmq_ctx_term(context);
}

static void the_self_test_is_content_with_the_door_as_it_is(void **state) {
  (void)state;
  struct key_pair_curve keys;
  struct nav_error err = {0};
  make_keys(&keys);
  void *context = zmq_ctx_new();
  struct zap *zap = zap_start(context, make_book(), &err);
  void *door = door_open(context, &keys, &err);
  assert_non_null(door);
  assert_true(door_bind(door, "tcp://127.0.0.1:*", &err));
  assert_true(selftest_unlisted_key(context, door, &keys, &err));
  assert_int_equal(zap_take_refused(zap), 1);
  (void)zmq_close(door);
  zap_ending(zap);
  (void)zmq_ctx_shutdown(context);
  zap_stop(zap);
  (void)zmq_ctx_term(context);
}

// Without its handler the door is closed, not open.
static void the_door_without_a_handler_lets_nobody_in(void **state) {
  (void)state;
  struct key_pair_curve keys;
  struct nav_error err = {0};
  make_keys(&keys);
  void *context = zmq_ctx_new(), *door = door_open(context, &keys, &err);
  assert_true(door_bind(door, "tcp://127.0.0.1:*", &err));
  assert_false(selftest_unlisted_key(context, door, &keys, &err));  // no answer at all
  assert_int_not_equal(err.class, NAV_ERROR_BUG);
  (void)zmq_close(door);
  (void)zmq_ctx_term(context);
}

static void a_second_has_as_many_frames_as_it_may(void **state) {
  (void)state;
  struct book *book = make_book();
  struct quota *quota = quota_new(book, 10, NULL);
  struct quota_agency *skola = quota_find(quota, "skola"), *polis = quota_find(quota, "polis");
  assert_null(quota_find(quota, "stad"));
  int taken = 0;
  for (int i = 0; i < 100; i++) taken += quota_take(quota, skola, 1000) ? 1 : 0;
  assert_int_equal(taken, 10);
  assert_true(quota_take(quota, polis, 1000));  // its own count
  assert_false(quota_take(quota, skola, 1099));
  assert_true(quota_take(quota, skola, 1100));
  assert_false(quota_take(quota, skola, 1100));
  assert_false(quota_take(quota, skola, 500));  // a clock that goes back gives nothing
  taken = 0;
  for (int i = 0; i < 100; i++) taken += quota_take(quota, skola, 1000000) ? 1 : 0;
  assert_int_equal(taken, 10);  // however long it waited
  quota_free(quota);
  book_free(book);
}

static void counts_go_on_over_a_reload(void **state) {
  (void)state;
  struct book *book = make_book();
  struct quota *old = quota_new(book, 10, NULL);
  struct quota_agency *skola = quota_find(old, "skola");
  while (quota_take(old, skola, 1000)) continue;
  quota_count_refused(skola, 21);
  struct quota *quota = quota_new(book, 10, old);
  assert_false(quota_take(quota, quota_find(quota, "skola"), 1000));
  assert_int_equal(quota_find(quota, "skola")->refused[21], 1);
  quota_free(old);
  quota_free(quota);
  book_free(book);
}

static void sessions_are_found_only_while_they_live(void **state) {
  (void)state;
  enum { MAX = 50 };
  struct book *book = make_book();
  struct quota *quota = quota_new(book, 10, NULL);
  struct quota_agency *skola = quota_find(quota, "skola");
  struct sessions *sessions = sessions_new(MAX);
  uint64_t numbers[MAX], last = 0;
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < MAX; i++) {
      const uint8_t routing = (uint8_t)i;
      struct session *session = sessions_begin(sessions, &routing, 1, "skola", "00", -1, skola);
      assert_non_null(session);
      assert_true(session->number > last);  // never again
      last = numbers[i] = session->number;
    }
    assert_int_equal(skola->sessions, MAX);
    assert_null(sessions_begin(sessions, (const uint8_t *)"more", 4, "skola", "00", -1, skola));
    for (size_t i = 0; i < MAX; i++) {
      const uint8_t routing = (uint8_t)i;
      struct session *session = sessions_by_routing(sessions, &routing, 1);
      assert_ptr_equal(session, sessions_by_number(sessions, numbers[i]));
      sessions_end(sessions, session, i % 2 == 0);
      assert_null(sessions_by_routing(sessions, &routing, 1));
      assert_null(sessions_by_number(sessions, numbers[i]));
    }
    assert_int_equal(sessions_live(sessions), 0);
    assert_int_equal(skola->sessions, 0);
    int told = 0;
    struct session *ended;
    while ((ended = sessions_next_ended(sessions)) != NULL) {
      sessions_release(sessions, ended);
      told++;
    }
    assert_int_equal(told, MAX / 2);
  }
  sessions_free(sessions);
  quota_free(quota);
  book_free(book);
}

static void an_outbox_is_bounded_and_goes_with_its_session(void **state) {
  (void)state;
  enum { BYTES = 60000 };
  struct book *book = make_book();
  struct quota *quota = quota_new(book, 10, NULL);
  struct sessions *sessions = sessions_new(2);
  struct session *session =
      sessions_begin(sessions, (const uint8_t *)"a", 1, "skola", "00", -1, quota_find(quota, "skola"));
  zmq_msg_t message;
  int put = 0;
  for (bool taken = true; taken; put += taken ? 1 : 0) {
    assert_int_equal(zmq_msg_init_size(&message, BYTES), 0);
    taken = outbox_put(&session->outbox, &message);
    (void)zmq_msg_close(&message);
  }
  assert_in_range(put, 1024 * 1024 / BYTES, OUTBOX_BYTES_MAX / BYTES);
  assert_int_equal(sessions_queued(sessions), session->outbox.bytes);
  sessions_end(sessions, session, false);
  assert_int_equal(sessions_queued(sessions), 0);
  sessions_free(sessions);
  quota_free(quota);
  book_free(book);
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_book_knows_keys_and_nobody_else),
      cmocka_unit_test(an_id_too_long_for_the_relay_is_said),
      cmocka_unit_test(a_handler_that_ends_unasked_ends_the_program),
      cmocka_unit_test(a_handler_that_is_asked_to_ends_quietly),
      cmocka_unit_test(the_self_test_finds_a_door_that_lets_anybody_in),
      cmocka_unit_test(the_self_test_is_content_with_the_door_as_it_is),
      cmocka_unit_test(the_door_without_a_handler_lets_nobody_in),
      cmocka_unit_test(a_second_has_as_many_frames_as_it_may),
      cmocka_unit_test(counts_go_on_over_a_reload),
      cmocka_unit_test(sessions_are_found_only_while_they_live),
      cmocka_unit_test(an_outbox_is_bounded_and_goes_with_its_session),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
