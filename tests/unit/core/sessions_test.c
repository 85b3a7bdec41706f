// What nav-core sends to the gate leaves together, in the order in which it was sent, and only while it may:
// a stand-in for the gate sends frames of sessions that nobody knows, each of which is answered with a RESET.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "hub/base/clock.h"
#include "hub/core/sessions.h"

enum { SOON_MS = 10000, QUIET_MS = 200, TOGETHER = 16, MANY = 3000 };

static struct {
  char folder[32], path[64];
  void *context, *gate;
  struct sessions *sessions;
  bool may_send;
} t;

static bool may_send(void *context) {
  (void)context;
  return t.may_send;
}

static void *new_gate(void) {
  const int nothing = 0, many = 2 * MANY;
  char endpoint[96];
  (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", t.path);
  void *gate = zmq_socket(t.context, ZMQ_DEALER);
  (void)zmq_setsockopt(gate, ZMQ_LINGER, &nothing, sizeof nothing);
  (void)zmq_setsockopt(gate, ZMQ_SNDHWM, &many, sizeof many);
  (void)zmq_setsockopt(gate, ZMQ_RCVHWM, &many, sizeof many);
  assert_int_equal(zmq_connect(gate, endpoint), 0);
  return gate;
}

static int start(void **state) {
  (void)state;
  const struct sessions_handlers handlers = {.may_send = may_send};
  struct nav_error err;
  memset(&t, 0, sizeof t);
  (void)snprintf(t.folder, sizeof t.folder, "/tmp/navsessions-XXXXXX");
  if (mkdtemp(t.folder) == NULL) return -1;
  (void)snprintf(t.path, sizeof t.path, "%s/gate.sock", t.folder);
  t.may_send = true;
  t.context = zmq_ctx_new();
  t.sessions = sessions_open(t.context, t.path, NULL, NULL, &handlers, &err);
  t.gate = new_gate();
  return t.sessions != NULL ? 0 : -1;
}

static int stop(void **state) {
  (void)state;
  (void)zmq_close(t.gate);
  sessions_close(t.sessions);
  (void)zmq_ctx_term(t.context);
  (void)unlink(t.path);
  return rmdir(t.folder);
}

// A sealed frame each of the sessions `from` to `to`, taken in by nav-core.
static void ask(uint64_t from, uint64_t to) {
  const uint8_t sealed[] = {WIRE_SEALED, 1, 2, 3};
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  for (uint64_t session = from; session <= to; session++) {
    uint8_t bytes[RELAY_HEAD_SIZE];
    const struct relay_head head = {
        .instance = 7, .session = session, .kind = RELAY_FRAME, .agency = "skola"};
    relay_encode(bytes, &head);
    assert_int_equal(zmq_send(t.gate, bytes, sizeof bytes, ZMQ_SNDMORE), (int)sizeof bytes);
    assert_int_equal(zmq_send(t.gate, sealed, sizeof sealed, 0), (int)sizeof sealed);
  }
  for (uint64_t taken = 0; taken < to - from + 1;) {
    struct news *const news = sessions_news(t.sessions);
    assert_true(nav_clock_monotonic_ms() < until_ms);
    assert_true(news_wait(&news, 1, NULL, 0, QUIET_MS));
    taken += (uint64_t)sessions_receive(t.sessions, 16);
  }
}

// The session that a RESET is for; 0: none comes within that time.
static uint64_t answer(int wait_ms) {
  uint8_t bytes[RELAY_HEAD_SIZE + 1], frame[8];
  struct relay_head head;
  struct nav_error err;
  (void)zmq_setsockopt(t.gate, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
  int length = zmq_recv(t.gate, bytes, sizeof bytes, 0);
  if (length < 0) return 0;
  assert_true(relay_decode(&head, bytes, (size_t)length, &err));
  assert_int_equal(zmq_recv(t.gate, frame, sizeof frame, 0), 1);
  assert_int_equal(frame[0], WIRE_RESET);
  return head.session;
}

static void assert_answers(uint64_t from, uint64_t to) {
  for (uint64_t session = from; session <= to; session++) assert_true(answer(SOON_MS) == session);
}

static void frames_leave_together_and_in_order(void **state) {
  (void)state;
  ask(1, 3);
  assert_true(answer(QUIET_MS) == 0);
  sessions_flush(t.sessions);
  assert_answers(1, 3);
  ask(4, 4 + TOGETHER);  // so many do not wait for the turn's end
  assert_answers(4, 4 + TOGETHER - 1);
  assert_true(answer(QUIET_MS) == 0);
  sessions_flush(t.sessions);
  assert_answers(4 + TOGETHER, 4 + TOGETHER);
}

static void what_may_not_be_said_when_it_would_leave_waits(void **state) {
  (void)state;
  ask(1, 3);
  assert_true(sessions_have_room(t.sessions));
  t.may_send = false;
  sessions_flush(t.sessions);
  assert_true(answer(QUIET_MS) == 0);
  t.may_send = true;
  assert_false(sessions_have_room(t.sessions));  // until it has gone
  sessions_flush(t.sessions);
  assert_true(sessions_have_room(t.sessions));
  assert_answers(1, 3);
}

static void who_lets_go_says_nothing_of_what_waited(void **state) {
  (void)state;
  ask(1, 3);
  t.may_send = false;
  sessions_flush(t.sessions);
  sessions_let_go(t.sessions);
  t.may_send = true;
  assert_true(sessions_have_room(t.sessions));
  sessions_flush(t.sessions);
  assert_true(answer(QUIET_MS) == 0);
}

// Deliveries and the like go on when there is room: whoever waits must be woken by that.
static void a_gate_that_is_back_wakes_who_waits(void **state) {
  (void)state;
  struct news *const news = sessions_news(t.sessions);
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  ask(1, 3);
  (void)zmq_close(t.gate);
  while (news_may_send(news)) {  // libzmq has not seen yet that it is gone
    assert_true(nav_clock_monotonic_ms() < until_ms);
    (void)usleep(1000);
  }
  sessions_flush(t.sessions);
  assert_false(sessions_have_room(t.sessions));
  t.gate = new_gate();
  while (!sessions_have_room(t.sessions)) {
    assert_true(news_wait(&news, 1, NULL, 0, 2 * SOON_MS));
    assert_true(nav_clock_monotonic_ms() < until_ms);
    sessions_flush(t.sessions);
  }
  assert_answers(1, 3);
}

static void what_waits_has_a_limit(void **state) {
  (void)state;
  ask(1, 1);
  t.may_send = false;
  sessions_flush(t.sessions);  // from here on it waits for a flush alone
  t.may_send = true;
  ask(2, MANY);
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  for (uint64_t session = 1, got = 0; session <= SESSIONS_QUEUE_MAX; session += got != 0) {
    sessions_flush(t.sessions);  // what libzmq does not take at once, it takes later
    got = answer(QUIET_MS);
    assert_true(got == session || (got == 0 && nav_clock_monotonic_ms() < until_ms));
  }
  assert_true(sessions_have_room(t.sessions));
  assert_true(answer(QUIET_MS) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(frames_leave_together_and_in_order, start, stop),
      cmocka_unit_test_setup_teardown(what_may_not_be_said_when_it_would_leave_waits, start, stop),
      cmocka_unit_test_setup_teardown(who_lets_go_says_nothing_of_what_waited, start, stop),
      cmocka_unit_test_setup_teardown(a_gate_that_is_back_wakes_who_waits, start, stop),
      cmocka_unit_test_setup_teardown(what_waits_has_a_limit, start, stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
