// A thread takes no signal, and what it tells is told once, however often it said so. Called by: ctest.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <poll.h>

#include "hub/base/thread.h"

static int blocked[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
enum { BLOCKED = sizeof blocked / sizeof *blocked };

static void *look_at_signals(void *context) {
  sigset_t set;
  int *count = context;
  (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
  for (size_t i = 0; i < BLOCKED; i++) *count += sigismember(&set, blocked[i]);
  return NULL;
}

static void a_thread_takes_no_signal(void **state) {
  (void)state;
  pthread_t id;
  sigset_t set;
  int count = 0;
  assert_int_equal(nav_thread_start(&id, look_at_signals, &count), 0);
  assert_int_equal(pthread_join(id, NULL), 0);
  assert_int_equal(count, BLOCKED);
  (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
  for (size_t i = 0; i < BLOCKED; i++)
    assert_int_equal(sigismember(&set, blocked[i]), 0);  // ours are as they were
}

static void what_is_told_is_told_once(void **state) {
  (void)state;
  struct nav_error err;
  int fd = nav_tell_open(&err);
  struct pollfd file = {fd, POLLIN, 0};
  assert_true(fd >= 0);
  assert_false(nav_told(fd));
  nav_tell(fd);
  nav_tell(fd);
  assert_int_equal(poll(&file, 1, 0), 1);
  assert_true(nav_told(fd));
  assert_false(nav_told(fd));
  assert_int_equal(poll(&file, 1, 0), 0);
  (void)close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_thread_takes_no_signal),
      cmocka_unit_test(what_is_told_is_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
