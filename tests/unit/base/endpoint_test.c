// What is an address of a hub's gate, and what only its own gate can open.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/endpoint.h"

static const struct {
  const char *text;
  bool opens, connects;
} endpoints[] = {
    {"tcp://127.0.0.1:7700", true, true},
    {"tcp://nav.example.se:1", true, true},
    {"tcp://[::1]:65535", true, true},
    {"ipc:///run/nav/gate", true, true},
    {"tcp://*:7700", true, false},
    {"", false, false},
    {"5", false, false},
    {"udp://127.0.0.1:7700", false, false},
    {"tcp://127.0.0.1", false, false},
    {"tcp://:7700", false, false},
    {"tcp://127.0.0.1:0", false, false},
    {"tcp://127.0.0.1:65536", false, false},
    {"tcp://127.0.0.1:77x", false, false},
    {"tcp://näv.example.se:7700", false, false},
    {"tcp://a b:7700", false, false},
    {"tcp://_hub:7700", false, false},
    {"tcp://-a:7700", false, false},
    {"tcp://*foo:7700", false, false},
    {"tcp://fe80::1:7700", false, false},
    {"tcp://[]:7700", false, false},
    {"tcp://nav_2.intern-1:7700", true, true},
    {"ipc://run", false, false},
};

static void an_endpoint_is_known_by_its_text(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
    if (nav_endpoint_opens(endpoints[i].text) != endpoints[i].opens ||
        nav_endpoint_connects(endpoints[i].text) != endpoints[i].connects)
      fail_msg("%s", endpoints[i].text);
  }
}

static void a_long_one_is_none(void **state) {
  (void)state;
  char text[NAV_ENDPOINT_LENGTH_MAX + 2];
  memset(text, 'a', sizeof text);
  memcpy(text, "tcp://", 6);
  memcpy(text + sizeof text - 4, ":77", 4);
  assert_int_equal(strlen(text), NAV_ENDPOINT_LENGTH_MAX + 1);
  assert_false(nav_endpoint_opens(text));
  memmove(text + 6, text + 7, sizeof text - 7);
  assert_true(nav_endpoint_opens(text));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(an_endpoint_is_known_by_its_text),
                                     cmocka_unit_test(a_long_one_is_none)};
  return cmocka_run_group_tests_name("base/endpoint", tests, NULL, NULL);
}
