// Many hashes at once are the hashes that OpenSSL gives one at a time: of every length around a block's end,
// with and without a prefix, in every number beside one another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/wire/sha256_many.h"

enum { INPUTS = 400, LONGEST = 700 };

static uint8_t data[LONGEST + INPUTS];
static uint8_t out[INPUTS][NAV_SHA256_SIZE];

static void expect_each(const struct sha256_input *inputs, size_t count) {
  memset(out, 0xEE, sizeof out);
  nav_sha256_many(inputs, count);
  for (size_t i = 0; i < count; i++) {
    const uint8_t prefix = (uint8_t)inputs[i].prefix;
    const struct nav_bytes parts[] = {{&prefix, inputs[i].prefix >= 0 ? 1 : 0},
                                      {inputs[i].data, inputs[i].length}};
    uint8_t expected[NAV_SHA256_SIZE];
    nav_sha256(expected, parts, 2);
    assert_memory_equal(inputs[i].out, expected, sizeof expected);
  }
}

static void every_length_and_prefix(void **state) {
  (void)state;
  struct sha256_input inputs[INPUTS];
  for (int prefix = -1; prefix < 2; prefix++) {
    for (size_t i = 0; i < INPUTS; i++) inputs[i] = (struct sha256_input){data + i, i, prefix, out[i]};
    expect_each(inputs, INPUTS);
  }
}

static void every_number_of_inputs(void **state) {
  (void)state;
  struct sha256_input inputs[INPUTS] = {{0}};
  for (size_t count = 0; count < 70; count++) {
    for (size_t i = 0; i < count; i++)
      inputs[i] = (struct sha256_input){data + i, (i * 37 + count * 11) % LONGEST, (int)(i % 3) - 1, out[i]};
    expect_each(inputs, count);
  }
}

// FIPS 180-4's own example, in each place of sixteen.
static void a_known_hash(void **state) {
  (void)state;
  static const uint8_t expected[NAV_SHA256_SIZE] = {
      0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
      0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  struct sha256_input inputs[20];
  for (size_t i = 0; i < 20; i++) inputs[i] = (struct sha256_input){"abc", 3, -1, out[i]};
  nav_sha256_many(inputs, 20);
  for (size_t i = 0; i < 20; i++) assert_memory_equal(out[i], expected, sizeof expected);
}

int main(void) {
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 131 + i / 7);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_length_and_prefix),
      cmocka_unit_test(every_number_of_inputs),
      cmocka_unit_test(a_known_hash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
