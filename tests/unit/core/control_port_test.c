// The socket to which navctl and nav-desk connect: one nav-core has it, and who comes second leaves it alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/core/core.h"
#include "hub/wire/control.h"

enum { SOON_MS = 1000 };

static struct core first, second;

static bool answers(const char *path) {
  struct nav_error err;
  int fd = control_connect(path, SOON_MS, &err);
  if (fd >= 0) (void)close(fd);
  return fd >= 0;
}

static void who_comes_second_is_refused_and_leaves_the_file(void **state) {
  (void)state;
  char folder[] = "/tmp/navcontrolXXXXXX", path[64];
  struct nav_error err = {0};
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/core.sock", folder);
  struct conf_nav nav = {.core_socket = path};
  first.nav = second.nav = &nav;
  struct control_port *port = control_port_open(&first, &err);
  assert_non_null(port);
  for (int i = 0; i < 2; i++) {
    assert_null(control_port_open(&second, &err));
    assert_string_equal(err.place, path);
    assert_true(answers(path));
  }
  control_port_close(port);
  assert_int_equal(access(path, F_OK), -1);
  assert_int_equal(rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(who_comes_second_is_refused_and_leaves_the_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
