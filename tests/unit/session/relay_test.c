// The head that gate and core put before a frame. Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/wire/relay.h"

static void what_is_encoded_is_decoded(void **state) {
  (void)state;
  const struct relay_head head = {0x0102030405060708, RELAY_REFUSED, "bostad-1"};
  uint8_t bytes[RELAY_HEAD_SIZE];
  relay_encode(bytes, &head);
  struct relay_head read;
  assert_true(relay_decode(&read, bytes, sizeof bytes, NULL));
  assert_true(read.session == head.session && read.kind == head.kind);
  assert_string_equal(read.agency, "bostad-1");
  assert_int_equal(bytes[0], 1);
  assert_int_equal(bytes[7], 8);
}

static void the_longest_agency_fits_and_stays_terminated(void **state) {
  (void)state;
  struct relay_head head = {2, RELAY_FRAME, ""};
  memset(head.agency, 'a', sizeof head.agency);  // no NUL at all
  uint8_t bytes[RELAY_HEAD_SIZE];
  relay_encode(bytes, &head);
  struct relay_head read;
  assert_true(relay_decode(&read, bytes, sizeof bytes, NULL));
  assert_int_equal(strlen(read.agency), RELAY_AGENCY_SIZE - 1);
}

static void what_is_not_a_head_is_refused(void **state) {
  (void)state;
  const struct relay_head head = {2, RELAY_FRAME, "skola"};
  uint8_t sound[RELAY_HEAD_SIZE + 1] = {0}, bytes[RELAY_HEAD_SIZE];
  relay_encode(sound, &head);
  struct relay_head read;
  struct nav_error err = {0};
  for (size_t length = 0; length <= sizeof sound; length++) {
    if (length != RELAY_HEAD_SIZE) assert_false(relay_decode(&read, sound, length, &err));
  }
  static const struct {
    size_t at;
    uint8_t value;
    const char *place;
  } cases[] = {
      {8, 0, "relay.kind"},      {8, 6, "relay.kind"},      {9, 'S', "relay.agency"},
      {10, ' ', "relay.agency"}, {52, 'x', "relay.agency"}, {9, 0, "relay.agency"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memcpy(bytes, sound, sizeof bytes);
    bytes[cases[i].at] = cases[i].value;
    assert_false(relay_decode(&read, bytes, sizeof bytes, &err));
    assert_string_equal(err.place, cases[i].place);
  }
  memset(bytes + 9, 'a', RELAY_AGENCY_SIZE);
  assert_false(relay_decode(&read, bytes, sizeof bytes, &err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_is_decoded),
      cmocka_unit_test(the_longest_agency_fits_and_stays_terminated),
      cmocka_unit_test(what_is_not_a_head_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
