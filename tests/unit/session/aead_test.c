// AES-256-GCM under numbers: another implementation gives the same bytes; what was changed in any way does
// not open.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "hub/wire/aead.h"

enum { LONGEST = 700, LARGE = 61000, KIND = 4 };

static uint8_t key[NAV_AEAD_KEY_SIZE], plain[LARGE], sealed[LARGE + NAV_AEAD_TAG_SIZE], opened[LARGE];

static int set_up(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)(i * 37 + 1);
  for (size_t i = 0; i < sizeof plain; i++) plain[i] = (uint8_t)(i * 11 + i / 256);
  return sodium_init() < 0 ? -1 : 0;
}

// libsodium's is code of its own, for processors with AES instructions.
static void assert_as_libsodium(uint64_t number, size_t length) {
  uint8_t nonce[NAV_AEAD_NONCE_SIZE] = {0};
  static uint8_t expected[LARGE + NAV_AEAD_TAG_SIZE];
  const uint8_t kind = KIND;
  nav_put_u64(nonce + 4, number);
  assert_int_equal(crypto_aead_aes256gcm_encrypt(expected, NULL, plain, length, &kind, 1, NULL, nonce, key),
                   0);
  nav_aead_seal(key, number, kind, plain, length, sealed);
  assert_memory_equal(sealed, expected, length + NAV_AEAD_TAG_SIZE);
}

static void another_implementation_seals_the_same(void **state) {
  (void)state;
  if (!crypto_aead_aes256gcm_is_available()) skip();
  for (size_t length = 0; length < LONGEST; length++) assert_as_libsodium(length * 0x0123456789abcdU, length);
  assert_as_libsodium(0, LARGE);
  assert_as_libsodium(UINT64_MAX, LARGE);
}

// Of Python's cryptography: AESGCM(key).encrypt(struct.pack(">IQ", 0, 7), b"trygghet", b"\x04").
static void a_known_answer(void **state) {
  (void)state;
  static const uint8_t expected[] = {0xa8, 0x48, 0x7b, 0xdf, 0xda, 0x32, 0x03, 0xa8, 0x08, 0x01, 0x8f, 0xf1,
                                     0x6c, 0x0e, 0x7a, 0xb5, 0xe1, 0x10, 0x66, 0x3a, 0x37, 0x9f, 0xf5, 0x49};
  nav_aead_seal(key, 7, KIND, (const uint8_t *)"trygghet", 8, sealed);
  assert_memory_equal(sealed, expected, sizeof expected);
}

static void what_was_sealed_opens(void **state) {
  (void)state;
  const size_t lengths[] = {0, 1, 15, 16, 17, 600, LARGE};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    nav_aead_seal(key, i, KIND, plain, lengths[i], sealed);
    memset(opened, 0xEE, sizeof opened);
    assert_true(nav_aead_open(key, i, KIND, sealed, lengths[i] + NAV_AEAD_TAG_SIZE, opened));
    assert_memory_equal(opened, plain, lengths[i]);
  }
  nav_aead_forget();
  assert_true(nav_aead_open(key, 6, KIND, sealed, LARGE + NAV_AEAD_TAG_SIZE, opened));
}

static void assert_refused(uint64_t number, uint8_t kind, size_t length) {
  memset(opened, 0xEE, LONGEST);
  assert_false(nav_aead_open(key, number, kind, sealed, length, opened));
  for (size_t i = 0; i + NAV_AEAD_TAG_SIZE < length; i++) assert_int_equal(opened[i], 0);  // nothing of it
}

static void nothing_else_opens(void **state) {
  (void)state;
  enum { LENGTH = 40, WHOLE = LENGTH + NAV_AEAD_TAG_SIZE };
  nav_aead_seal(key, 5, KIND, plain, LENGTH, sealed);
  assert_refused(4, KIND, WHOLE);
  assert_refused(6, KIND, WHOLE);
  assert_refused(5, KIND - 1, WHOLE);
  for (size_t length = NAV_AEAD_TAG_SIZE; length < WHOLE; length++) assert_refused(5, KIND, length);
  for (size_t bit = 0; bit < WHOLE * 8; bit++) {
    sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_refused(5, KIND, WHOLE);
    sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  key[3] ^= 1;
  assert_refused(5, KIND, WHOLE);
  key[3] ^= 1;
  assert_true(nav_aead_open(key, 5, KIND, sealed, WHOLE, opened));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(another_implementation_seals_the_same, set_up),
      cmocka_unit_test_setup(a_known_answer, set_up),
      cmocka_unit_test_setup(what_was_sealed_opens, set_up),
      cmocka_unit_test_setup(nothing_else_opens, set_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
