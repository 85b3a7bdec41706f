// Waiting for sockets by their descriptors: no message, and no room that comes back, is slept through,
// whatever call took in that it came; and nobody is woken for nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <zmq.h>

#include "hub/base/clock.h"
#include "hub/wire/news.h"

enum { ARRIVES_MS = 50, WAIT_MS = 5000, SHORT_MS = 100, HWM = 4, TURNS = 2000 };

static void *context, *ours, *theirs;
static struct news news;
static struct news *const list[] = {&news};

static void *new_socket(void) {
  const int hwm = HWM, linger = 0;
  void *socket = zmq_socket(context, ZMQ_DEALER);
  assert_non_null(socket);
  assert_int_equal(zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof hwm), 0);
  assert_int_equal(zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm), 0);
  assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger), 0);
  return socket;
}

static int set_up(void **state) {
  (void)state;
  context = zmq_ctx_new();
  theirs = new_socket();
  ours = new_socket();
  assert_int_equal(zmq_bind(theirs, "inproc://news"), 0);
  assert_int_equal(zmq_connect(ours, "inproc://news"), 0);
  assert_true(news_open(&news, ours));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  (void)zmq_close(ours);
  (void)zmq_close(theirs);
  return zmq_ctx_term(context);
}

static bool we_receive(void) {
  char bytes[8];
  if (!news.likely) return false;
  if (zmq_recv(ours, bytes, sizeof bytes, ZMQ_DONTWAIT) >= 0) return true;
  news_missed(&news);
  return false;
}

static bool we_send(void) {
  if (zmq_send(ours, "to", 2, ZMQ_DONTWAIT) < 0) {
    (void)news_may_send(&news);
    return false;
  }
  news_sent(&news);
  return true;
}

static void they_send(void) { assert_int_equal(zmq_send(theirs, "from", 4, ZMQ_DONTWAIT), 4); }

static void we_wait(int64_t wait_ms) { assert_true(news_wait(list, 1, NULL, 0, wait_ms)); }

// As every loop does before it sleeps.
static void we_have_nothing(void) {
  while (we_receive()) continue;
  assert_false(news.likely);
}

static void what_comes_wakes(void **state) {
  (void)state;
  we_have_nothing();
  they_send();
  we_wait(WAIT_MS);
  assert_true(we_receive());
  we_have_nothing();
}

static void nothing_wakes_nobody(void **state) {
  (void)state;
  we_have_nothing();
  int64_t since = nav_clock_monotonic_ms();
  we_wait(SHORT_MS);
  assert_true(nav_clock_monotonic_ms() - since >= SHORT_MS - 1);
  assert_false(news.likely);
}

// The send takes in that a message came, and puts the descriptor out.
static void what_a_send_took_in_is_not_slept_through(void **state) {
  (void)state;
  unsigned put_out = 0;
  for (unsigned i = 0; i < HWM; i++) {
    we_have_nothing();
    they_send();
    (void)usleep(ARRIVES_MS * 1000);  // libzmq looks for what came at a send only after a time
    assert_true(we_send());
    struct pollfd item = {.fd = news.fd, .events = POLLIN};
    put_out += poll(&item, 1, 0) == 0 ? 1 : 0;
    we_wait(WAIT_MS);
    assert_true(we_receive());
  }
  assert_true(put_out > 0);  // else this test has seen nothing
}

static void room_that_comes_back_wakes(void **state) {
  (void)state;
  char bytes[8];
  unsigned sent = 0;
  while (we_send()) sent++;
  assert_true(sent >= HWM);
  we_have_nothing();
  int64_t since = nav_clock_monotonic_ms();
  we_wait(SHORT_MS);  // full, and nobody reads
  assert_true(nav_clock_monotonic_ms() - since >= SHORT_MS - 1);
  for (unsigned i = 0; i < sent; i++) assert_int_equal(zmq_recv(theirs, bytes, sizeof bytes, 0), 2);
  since = nav_clock_monotonic_ms();
  we_wait(WAIT_MS);
  assert_true(nav_clock_monotonic_ms() - since < WAIT_MS);
  assert_true(we_send());
}

// Receiving takes in that there is room again, and puts the descriptor out.
static void room_that_a_receive_took_in_is_not_slept_through(void **state) {
  (void)state;
  char bytes[8];
  unsigned sent = 0;
  while (we_send()) sent++;
  for (unsigned i = 0; i < sent; i++) assert_int_equal(zmq_recv(theirs, bytes, sizeof bytes, 0), 2);
  news_sent(&news);  // so that it looks
  we_have_nothing();
  struct pollfd item = {.fd = news.fd, .events = POLLIN};
  assert_int_equal(poll(&item, 1, 0), 0);  // else this test sees nothing
  int64_t since = nav_clock_monotonic_ms();
  we_wait(WAIT_MS);
  assert_true(nav_clock_monotonic_ms() - since < WAIT_MS);
  // Told once: who has nothing to send any more is not kept awake.
  since = nav_clock_monotonic_ms();
  we_wait(SHORT_MS);
  assert_true(nav_clock_monotonic_ms() - since >= SHORT_MS - 1);
  assert_true(we_send());
}

static void files_are_waited_for_beside(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  we_have_nothing();
  struct pollfd files[] = {{.fd = ends[0], .events = POLLIN, .revents = POLLERR},
                           {.fd = ends[1], .events = POLLOUT}};
  assert_true(news_wait(list, 1, files, 2, WAIT_MS));
  assert_int_equal(files[0].revents, 0);
  assert_int_equal(files[1].revents, POLLOUT);
  assert_int_equal(write(ends[1], "x", 1), 1);
  news_sent(&news);  // does not hide what files have
  assert_true(news_wait(list, 1, files, 1, WAIT_MS));
  assert_int_equal(files[0].revents, POLLIN);
  (void)close(ends[0]);
  (void)close(ends[1]);
}

static void on_alarm(int number) { (void)number; }

static void an_interruption_is_no_failure(void **state) {
  (void)state;
  struct sigaction action = {.sa_handler = on_alarm}, before;
  struct itimerval soon = {.it_value.tv_usec = 20 * 1000};
  struct pollfd file = {.fd = -1, .events = POLLIN, .revents = POLLIN};
  we_have_nothing();
  assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
  assert_true(news_wait(list, 1, &file, 1, WAIT_MS));
  assert_int_equal(file.revents, 0);
  (void)sigaction(SIGALRM, &before, NULL);
  errno = EINTR;
  news_sent(&news);
  news_missed(&news);
  assert_true(news.likely);  // a receive that was interrupted says nothing
}

// A peer in a thread of its own that sends whenever it gets, at any moment of ours.
static void echo(void *unused) {
  (void)unused;
  char bytes[8];
  for (int i = 0; i < TURNS; i++) {
    if (zmq_recv(theirs, bytes, sizeof bytes, 0) < 0 || zmq_send(theirs, bytes, 2, 0) < 0) return;
    if (i % 7 == 0) (void)usleep(50);
  }
}

static void every_answer_of_many_is_heard(void **state) {
  (void)state;
  unsigned sent = 0, received = 0;
  void *thread = zmq_threadstart(echo, NULL);
  for (;;) {
    while (we_receive()) received++;
    if (received == TURNS) break;
    while (sent < TURNS && sent - received < HWM && we_send()) sent++;
    int64_t since = nav_clock_monotonic_ms();
    we_wait(WAIT_MS);
    assert_true(nav_clock_monotonic_ms() - since < WAIT_MS);
  }
  zmq_threadclose(thread);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_comes_wakes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(nothing_wakes_nobody, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_a_send_took_in_is_not_slept_through, set_up, tear_down),
      cmocka_unit_test_setup_teardown(room_that_comes_back_wakes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(room_that_a_receive_took_in_is_not_slept_through, set_up, tear_down),
      cmocka_unit_test_setup_teardown(files_are_waited_for_beside, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_interruption_is_no_failure, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_answer_of_many_is_heard, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
