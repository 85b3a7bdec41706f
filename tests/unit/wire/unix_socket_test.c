// Who waits at a unix socket is taken, and hung up on where no file descriptor is left, so that no loop
// spins.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/wire/unix_socket.h"

enum { BACKLOG = 8, FILES_MAX = 4096 };

static char folder[] = "/tmp/nav-unix-XXXXXX";
static char path[64];
static int listening;
static int spare;

static int set_up(void **state) {
  (void)state;
  struct nav_error err;
  (void)snprintf(folder, sizeof folder, "/tmp/nav-unix-XXXXXX");
  if (mkdtemp(folder) == NULL) return -1;
  (void)snprintf(path, sizeof path, "%s/socket", folder);
  spare = -1;
  listening = unix_socket_listen(path, SOCK_STREAM, BACKLOG, &err);
  return listening >= 0 ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  (void)close(listening);
  if (spare >= 0) (void)close(spare);
  (void)unlink(path);
  return rmdir(folder);
}

static int connect_one(void) {
  struct nav_error err;
  int fd = unix_socket_connect(path, SOCK_STREAM, 0, &err);
  assert_true(fd >= 0);
  return fd;
}

static bool waits(int fd) {
  struct pollfd file = {.fd = fd, .events = POLLIN};
  return poll(&file, 1, 0) == 1;
}

static bool is_hung_up_on(int fd) {
  char byte = 0;
  return waits(fd) && read(fd, &byte, 1) == 0;
}

static void one_is_taken_and_then_nobody_waits(void **state) {
  (void)state;
  int client = connect_one();
  int fd = unix_socket_accept(listening, &spare);
  assert_true(fd >= 0);
  assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
  assert_int_equal(unix_socket_accept(listening, &spare), -1);
  assert_false(is_hung_up_on(client));
  (void)close(fd);
  (void)close(client);
}

// As many as this process may have, and no more.
static size_t take_all_files(int files[FILES_MAX]) {
  size_t count = 0;
  while (count < FILES_MAX && (files[count] = dup(listening)) >= 0) count++;
  assert_true(count < FILES_MAX);
  return count;
}

static void without_a_file_descriptor_left_who_waits_is_hung_up_on(void **state) {
  (void)state;
  enum { CLIENTS = 3 };
  static int files[FILES_MAX];
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit few = {64, before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  int clients[CLIENTS + 1];
  for (int i = 0; i <= CLIENTS; i++) clients[i] = connect_one();
  int first = unix_socket_accept(listening, &spare);  // from here on one is held back
  assert_true(first >= 0);
  size_t count = take_all_files(files);
  for (int i = 0; i < CLIENTS; i++) {
    assert_true(waits(listening));
    assert_int_equal(unix_socket_accept(listening, &spare), -1);
    assert_true(is_hung_up_on(clients[1 + i]));
  }
  assert_false(waits(listening));
  for (size_t i = 0; i < count; i++) (void)close(files[i]);
  int client = connect_one();
  int fd = unix_socket_accept(listening, &spare);
  assert_true(fd >= 0);  // one is free again
  (void)close(fd);
  (void)close(client);
  (void)close(first);
  for (int i = 0; i <= CLIENTS; i++) (void)close(clients[i]);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_is_taken_and_then_nobody_waits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(without_a_file_descriptor_left_who_waits_is_hung_up_on, set_up,
                                      tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
