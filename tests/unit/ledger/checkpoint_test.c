// Checkpoints as C2SP's signed-note and tlog-checkpoint write them: what is signed opens, every damage to it
// is refused, and what other logs add to theirs (extension lines, witnesses' signatures) is passed over.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/checkpoint.h"

static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key;
static struct key_pair_sign other_key;
static char note[4096];

static struct checkpoint wanted = {.size = 1234567, .root = {0xde, 0xad}};

static void sign(const struct checkpoint *checkpoint, const char *name, const struct key_pair_sign *with,
                 char *out) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, 4096);
  assert_true(checkpoint_sign(checkpoint, name, with, &bytes));
  (void)snprintf(out, sizeof note, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&bytes);
}

static int make(void **state) {
  (void)state;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  seed[0] = 2;
  (void)crypto_sign_seed_keypair(other_key.public_key, other_key.secret_key, seed);
  sign(&wanted, origin, &key, note);
  return 0;
}

static bool opens(const char *text, char *why) {
  struct checkpoint opened;
  struct nav_error err = {0};
  bool ok = checkpoint_open(text, origin, key.public_key, &opened, &err);
  if (ok) {
    assert_int_equal(opened.size, wanted.size);
    assert_memory_equal(opened.root, wanted.root, sizeof wanted.root);
  } else if (why != NULL) {
    (void)snprintf(why, NAV_ERROR_TEXT_SIZE, "%s", err.text);
  }
  return ok;
}

static void the_text_is_as_specified(void **state) {
  (void)state;
  static const char head[] =
      "nav.example.se/a5a5\n1234567\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
      "\xe2\x80\x94 nav.example.se/a5a5 ";
  assert_memory_equal(note, head, strlen(head));
  const char *signature = note + strlen(head);
  assert_int_equal(strlen(signature), 92 + 1);  // base64 of 4 + 64 bytes, and a newline
  // The key id by the specification's own words, computed apart from the code under test.
  uint8_t named[sizeof origin + 1 + 32];
  uint8_t hash[crypto_hash_sha256_BYTES];
  uint8_t bytes[68];
  memcpy(named, origin, sizeof origin - 1);
  named[sizeof origin - 1] = '\n';
  named[sizeof origin] = 0x01;
  memcpy(named + sizeof origin + 1, key.public_key, 32);
  (void)crypto_hash_sha256(hash, named, sizeof origin + 1 + 32);
  assert_int_equal(
      sodium_base642bin(bytes, sizeof bytes, signature, 92, NULL, NULL, NULL, sodium_base64_VARIANT_ORIGINAL),
      0);
  assert_memory_equal(bytes, hash, 4);
  // The signature covers the text with its last newline and without the blank line.
  size_t text = strlen("nav.example.se/a5a5\n1234567\n") + 44 + 1;
  assert_int_equal(crypto_sign_verify_detached(bytes + 4, (const uint8_t *)note, text, key.public_key), 0);
}

static void what_was_signed_opens(void **state) {
  (void)state;
  assert_true(opens(note, NULL));
}

static void every_changed_byte_is_refused(void **state) {
  (void)state;
  for (size_t i = 0; note[i] != '\0'; i++) {
    for (int bit = 0; bit < 7; bit++) {
      char changed[sizeof note];
      memcpy(changed, note, sizeof note);
      changed[i] = (char)(changed[i] ^ (1 << bit));
      if (changed[i] == '\0') continue;
      assert_false(opens(changed, NULL));
    }
  }
}

static void another_key_or_log_is_refused(void **state) {
  (void)state;
  char other[sizeof note];
  char why[NAV_ERROR_TEXT_SIZE];
  sign(&wanted, origin, &other_key, other);
  assert_false(opens(other, why));
  assert_non_null(strstr(why, "no signature by this hub's checkpoint key"));
  sign(&wanted, "nav.example.se/b6b6", &key, other);
  assert_false(opens(other, why));
  assert_non_null(strstr(why, "of another log"));
}

static void witnesses_signatures_are_passed_over(void **state) {
  (void)state;
  char more[sizeof note + 64];
  (void)snprintf(more, sizeof more, "%s\xe2\x80\x94 witness.example/w1 AAAAAQ==\n", note);
  assert_true(opens(more, NULL));
}

// Text parts between origin line and the end, put in place of size or root or after; refused or not.
static void size_root_and_form_are_read_to_the_letter(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *why;
  } cases[] = {
      {"", "no first line"},
      {"nav.example.se/a5a5", "no first line"},
      {"nav.example.se/a5a5\n", "no tree size"},
      {"nav.example.se/a5a5\n-1\n", "no tree size"},
      {"nav.example.se/a5a5\n01\n", "no tree size"},
      {"nav.example.se/a5a5\n18446744073709551616\n", "no tree size"},
      {"nav.example.se/a5a5\n1 \n", "no tree size"},
      {"nav.example.se/a5a5\n5\n", "no root"},
      {"nav.example.se/a5a5\n5\n3q0=\n", "no root"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "no root"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", "no root"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "no blank line"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", "no signature by"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nsigned\n", "not a signature"},
      {"nav.example.se/a5a5\n5\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 a AAAAAA==",
       "end in a newline"},
      {"nav.example.se/a5a5\r\n5\n", "control character"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char why[NAV_ERROR_TEXT_SIZE] = "";
    assert_false(opens(cases[i].text, why));
    if (strstr(why, cases[i].why) == NULL) fail_msg("case %zu: '%s' does not say '%s'", i, why, cases[i].why);
  }
}

static void extension_lines_are_signed_with_the_rest(void **state) {
  (void)state;
  // Signed by hand, since checkpoint_sign never writes one.
  char text[] =
      "nav.example.se/a5a5\n1234567\n3q0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension here\n";
  uint8_t bytes[68];
  char line[128];
  const char *first = strstr(note, "\xe2\x80\x94 ");
  assert_int_equal(sodium_base642bin(bytes, sizeof bytes, strrchr(first, ' ') + 1, 92, NULL, NULL, NULL,
                                     sodium_base64_VARIANT_ORIGINAL),
                   0);
  (void)crypto_sign_detached(bytes + 4, NULL, (const uint8_t *)text, strlen(text), key.secret_key);
  (void)sodium_bin2base64(line, sizeof line, bytes, sizeof bytes, sodium_base64_VARIANT_ORIGINAL);
  char extended[sizeof note];
  (void)snprintf(extended, sizeof extended, "%s\n\xe2\x80\x94 %s %s\n", text, origin, line);
  assert_true(opens(extended, NULL));
}

static void an_endless_note_is_refused(void **state) {
  (void)state;
  size_t size = 70 * 1024;
  char *large = malloc(size + 1);
  assert_non_null(large);
  memset(large, 'x', size);
  large[size] = '\0';
  char why[NAV_ERROR_TEXT_SIZE];
  assert_false(opens(large, why));
  assert_non_null(strstr(why, "64 KiB"));
  free(large);
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_text_is_as_specified),
      cmocka_unit_test(what_was_signed_opens),
      cmocka_unit_test(every_changed_byte_is_refused),
      cmocka_unit_test(another_key_or_log_is_refused),
      cmocka_unit_test(witnesses_signatures_are_passed_over),
      cmocka_unit_test(size_root_and_form_are_read_to_the_letter),
      cmocka_unit_test(extension_lines_are_signed_with_the_rest),
      cmocka_unit_test(an_endless_note_is_refused),
  };
  return cmocka_run_group_tests(tests, make, NULL);
}
