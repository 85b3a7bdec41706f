// Cosignatures against vectors made apart from this code (Python: hashlib, base64, PyNaCl, by the words of
// c2sp.org/tlog-cosignature), and every damage to a line refused.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/id.h"
#include "hub/ledger/cosignature.h"

struct vector {
  uint8_t seed_first, seed_step;  // the seed's bytes
  const char *agency, *origin, *text;
  uint64_t time_s;
  const char *public_key, *line;
};

#define ROOT "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"

static const struct vector vectors[] = {
    {0, 1, "polisen", "nav.example.se/a5a5", "nav.example.se/a5a5\n1234567\n" ROOT, 1764333333,
     "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
     "\xe2\x80\x94 polisen.nav.example.se "
     "HmRVYwAAAABpKZcV3qIAHVAVx3TICn4fei+3ZS53ZFEIN+Hr5Jvx8d8JRLad52TbhK2TwU3NcdIuy4uICtPoRMRqcztIHyGSEq8JAA="
     "=\n"},
    {7, 0, "skolan", "nav.example.se/a5a5", "nav.example.se/a5a5\n1\n" ROOT, 1,
     "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c",
     "\xe2\x80\x94 skolan.nav.example.se "
     "FdlCFQAAAAAAAAABIXkVDz3ExnIt10QsUxKQ3nTNEI+CSFlbAuQ50RZ75m8paUpZi4Jg4Vuw7Wo7ITUl5hbQPauMw4ckaqyIaTWCCw="
     "=\n"},
    {0x11, 0, "a-b", "h/00", "h/00\n9\n" ROOT "extension line\n", 4102444800,
     "d04ab232742bb4ab3a1368bd4615e4e6d0224ab71a016baf8520a332c9778737",
     "\xe2\x80\x94 a-b.h "
     "oTt7yQAAAAD0hlcANNDqb2h/tylLLOnlIP5fCvGDO+6sv5ApU9Tz+PqfdVdcGhAtVdbJUg9Iyac7Suox7lznNG2XoDHA6qJqlL55Dg="
     "=\n"},
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

static void key_of(const struct vector *v, struct key_pair_sign *key) {
  uint8_t seed[crypto_sign_SEEDBYTES];
  for (size_t i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)(v->seed_first + i * v->seed_step);
  (void)crypto_sign_seed_keypair(key->public_key, key->secret_key, seed);
}

static bool check(const char *line, const char *text, const char *name, const uint8_t *key,
                  struct nav_error *err) {
  uint64_t time_s = 0;
  const struct note_line bare = {line, strlen(line) - 1};
  return cosignature_check(&bare, text, strlen(text), name, key, &time_s, err);
}

static void the_vectors_are_made_and_hold(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    const struct vector *v = &vectors[i];
    struct key_pair_sign key;
    char line[COSIGNATURE_LINE_SIZE], name[COSIGNATURE_NAME_SIZE], agency[COSIGNATURE_NAME_SIZE];
    char hex[2 * KEY_ED25519_PUBLIC_SIZE + 1];
    struct nav_error err = {0};
    key_of(v, &key);
    assert_string_equal(nav_hex(hex, key.public_key, sizeof key.public_key), v->public_key);
    assert_true(cosignature_name(name, v->agency, v->origin));
    cosignature_make(line, v->text, strlen(v->text), name, &key, v->time_s);
    assert_string_equal(line, v->line);
    uint64_t time_s = 0;
    const struct note_line bare = {line, strlen(line) - 1};
    assert_true(cosignature_check(&bare, v->text, strlen(v->text), name, key.public_key, &time_s, &err));
    assert_int_equal(time_s, v->time_s);
    const struct note_line named = {name, strlen(name)};
    assert_true(cosignature_agency(agency, &named, v->origin));
    assert_string_equal(agency, v->agency);
  }
}

static void nothing_else_holds(void **state) {
  (void)state;
  const struct vector *v = &vectors[0];
  struct key_pair_sign key, other;
  struct nav_error err = {0};
  key_of(v, &key);
  key_of(&vectors[1], &other);
  static const char name[] = "polisen.nav.example.se";
  assert_true(check(v->line, v->text, name, key.public_key, &err));
  assert_false(check(v->line, vectors[1].text, name, key.public_key, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_BAD_SIGNATURE);
  assert_false(check(v->line, v->text, "skolan.nav.example.se", key.public_key, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_WRONG_AGENCY);
  assert_false(check(v->line, v->text, name, other.public_key, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_UNKNOWN_KEY);
  char line[COSIGNATURE_LINE_SIZE];
  cosignature_make(line, v->text, strlen(v->text), name, &key, 0);
  assert_false(check(line, v->text, name, key.public_key, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_BAD_VALUE);
}

// Every bit of the line but its newline.
static void every_damage_is_refused(void **state) {
  (void)state;
  const struct vector *v = &vectors[0];
  struct key_pair_sign key;
  struct nav_error err = {0};
  char line[COSIGNATURE_LINE_SIZE];
  key_of(v, &key);
  for (size_t at = 0; at + 1 < strlen(v->line); at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      (void)snprintf(line, sizeof line, "%s", v->line);
      line[at] = (char)((unsigned char)line[at] ^ 1u << bit);
      if (line[at] == '\0') continue;
      if (check(line, v->text, "polisen.nav.example.se", key.public_key, &err))
        fail_msg("bit %u of byte %zu", bit, at);
    }
  }
}

static void names_that_are_none(void **state) {
  (void)state;
  char name[COSIGNATURE_NAME_SIZE];
  char longest[COSIGNATURE_NAME_SIZE + 1];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_false(cosignature_name(name, "polisen", "no-slash"));
  assert_false(cosignature_name(name, "", "h/00"));
  assert_false(cosignature_name(name, longest, "h/00"));
  static const char *const others[] = {"polisen.h.x", "polisen.x", ".h", "h", "h/00", "polisenxh"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    const struct note_line line = {others[i], strlen(others[i])};
    assert_false(cosignature_agency(name, &line, "h/00"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_vectors_are_made_and_hold), cmocka_unit_test(nothing_else_holds),
      cmocka_unit_test(every_damage_is_refused), cmocka_unit_test(names_that_are_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
