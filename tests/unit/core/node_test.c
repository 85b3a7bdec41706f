// Which node this is stays the same from one start to the next, is another in another folder, and there is
// one nav-core a node: a second one is refused until the first has ended, however it ended.
#include <setjmp.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/core/node.h"

static char folder[] = "/tmp/navnode-XXXXXX";
static char path[64];

static int make(void **state) {
  (void)state;
  return mkdtemp(folder) != NULL && snprintf(path, sizeof path, "%s/node", folder) > 0 ? 0 : -1;
}

static int remove_all(void **state) {
  (void)state;
  (void)unlink(path);
  return rmdir(folder);
}

static void start(int *fd, uint8_t node[LEASE_NODE_SIZE]) {
  struct nav_error err = {0};
  if (!node_lock(folder, fd, node, &err)) fail_msg("%s: %s", err.place, err.text);
}

static void it_stays_the_same(void **state) {
  (void)state;
  int fd = -1;
  uint8_t first[LEASE_NODE_SIZE];
  uint8_t again[LEASE_NODE_SIZE];
  start(&fd, first);
  assert_false(sodium_is_zero(first, sizeof first));
  (void)close(fd);
  start(&fd, again);
  (void)close(fd);
  assert_memory_equal(first, again, sizeof first);
}

static void what_is_half_written_is_made_anew(void **state) {
  (void)state;
  int fd = -1;
  uint8_t before[LEASE_NODE_SIZE];
  uint8_t made[LEASE_NODE_SIZE];
  uint8_t again[LEASE_NODE_SIZE];
  start(&fd, before);
  (void)close(fd);
  assert_int_equal(truncate(path, 7), 0);
  start(&fd, made);
  (void)close(fd);
  start(&fd, again);
  (void)close(fd);
  assert_memory_not_equal(before, made, sizeof made);
  assert_memory_equal(made, again, sizeof made);
}

static void a_second_waits_for_the_first_to_end(void **state) {
  (void)state;
  int fd = -1;
  int ready[2];
  uint8_t node[LEASE_NODE_SIZE];
  struct nav_error err = {0};
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  if (child == 0) {
    bool ok = node_lock(folder, &fd, node, NULL);
    _exit(write(ready[1], &ok, 1) == 1 && ok ? pause() : 1);
  }
  bool locked = false;
  assert_int_equal(read(ready[0], &locked, 1), 1);
  assert_true(locked);
  assert_false(node_lock(folder, &fd, node, &err));
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  assert_int_equal(fd, -1);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  start(&fd, node);
  (void)close(fd);
  (void)close(ready[0]);
  (void)close(ready[1]);
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_stays_the_same),
      cmocka_unit_test(what_is_half_written_is_made_anew),
      cmocka_unit_test(a_second_waits_for_the_first_to_end),
  };
  return cmocka_run_group_tests(tests, make, remove_all);
}
