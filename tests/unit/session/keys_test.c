// Key files: made once, never written over, refused where others may read them; and what signatures cover.
// Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/id.h"
#include "hub/wire/keys.h"
#include "hub/wire/merkle.h"

enum { PATH_SIZE = 256 };

static char folder[PATH_SIZE];

static const char *path_of(const char *name) {
  static char path[PATH_SIZE * 2];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static int make_folder(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "/tmp/nav-keys-XXXXXX");
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state) {
  (void)state;
  static const char *const names[] = {"curve.key",   "curve.pub",   "signing.key", "signing.pub",
                                      "witness.key", "witness.pub", "id.key",      "x.key"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) (void)unlink(path_of(names[i]));
  return rmdir(folder);
}

static void assert_mode(const char *name, mode_t mode) {
  struct stat st;
  assert_int_equal(stat(path_of(name), &st), 0);
  assert_int_equal(st.st_mode & 07777, mode);
}

static void agency_keys_are_made_and_read_again(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct keys_agency made, read;
  (void)umask(0);  // a careless umask must not open them
  assert_true(keys_agency_create(folder, &made, &err));
  (void)umask(022);
  assert_true(keys_agency_load(folder, &read, &err));
  assert_memory_equal(&made, &read, sizeof made);
  assert_mode("curve.key", 0600);
  assert_mode("signing.key", 0600);
  assert_mode("witness.key", 0600);
  assert_mode("id.key", 0600);
  assert_mode("curve.pub", 0644);
  assert_mode("signing.pub", 0644);
  assert_mode("witness.pub", 0644);
  assert_true(made.has_witness);
  uint8_t public_key[32];
  assert_true(keys_read(path_of("signing.pub"), "signing", false, public_key, 32, &err));
  assert_memory_equal(public_key, made.signing.public_key, 32);
}

static void keys_are_never_written_over(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct keys_agency first, second, read;
  assert_true(keys_agency_create(folder, &first, &err));
  assert_false(keys_agency_create(folder, &second, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  assert_non_null(strstr(err.text, "exists already"));
  assert_false(keys_write(path_of("id.key"), "id", true, first.id_key, 32, &err));
  assert_true(keys_agency_load(folder, &read, &err));
  assert_memory_equal(&first, &read, sizeof first);
}

// A folder from before witness keys: it loads without, gets one, and never a second.
static void a_witness_key_is_added(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct keys_agency keys, read;
  assert_true(keys_agency_create(folder, &keys, &err));
  assert_int_equal(unlink(path_of("witness.key")) + unlink(path_of("witness.pub")), 0);
  assert_true(keys_agency_load(folder, &keys, &err));
  assert_false(keys.has_witness);
  assert_true(keys_agency_add_witness(folder, &keys, &err));
  assert_true(keys_agency_load(folder, &read, &err));
  assert_true(read.has_witness);
  assert_memory_equal(&keys, &read, sizeof keys);
  assert_memory_not_equal(read.witness.public_key, read.signing.public_key, 32);
  assert_false(keys_agency_add_witness(folder, &keys, &err));
  assert_memory_equal(&keys, &read, sizeof keys);
}

static void a_secret_that_others_may_read_is_refused(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct keys_agency keys;
  assert_true(keys_agency_create(folder, &keys, &err));
  static const mode_t modes[] = {0640, 0604, 0660, 0620, 0644};
  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    assert_int_equal(chmod(path_of("signing.key"), modes[i]), 0);
    assert_false(keys_agency_load(folder, &keys, &err));
    assert_non_null(strstr(err.place, "signing.key"));
    assert_non_null(strstr(err.text, "chmod 600"));
  }
  assert_int_equal(chmod(path_of("signing.key"), 0400), 0);
  assert_true(keys_agency_load(folder, &keys, &err));
}

static void put_file(const char *name, const char *text) {
  int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  assert_int_equal(close(fd), 0);
}

static void what_is_not_such_a_key_is_named(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"", "is not a key for 'curve'"},
      {"signing 00\n", "is not a key for 'curve'"},
      {"curve\n", "is not a key for 'curve'"},
      {"curves 00\n", "is not a key for 'curve'"},
      {"curve 00\n", "64 hexadecimal digits"},
      {"curve zz00000000000000000000000000000000000000000000000000000000000000\n", "64 hexadecimal digits"},
      {"curve 0000000000000000000000000000000000000000000000000000000000000000 \n", "64 hexadecimal digits"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct nav_error err = {0};
    uint8_t key[32];
    put_file("x.key", cases[i].text);
    assert_false(keys_read(path_of("x.key"), "curve", true, key, 32, &err));
    assert_non_null(strstr(err.text, cases[i].says));
  }
  struct nav_error err = {0};
  uint8_t key[32];
  assert_false(keys_read("/nonexistent/x.key", "curve", true, key, 32, &err));
  assert_string_equal(err.place, "/nonexistent/x.key");
}

static void a_signing_key_of_two_halves_is_refused(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct key_pair_sign one, other;
  (void)crypto_sign_keypair(one.public_key, one.secret_key);
  (void)crypto_sign_keypair(other.public_key, other.secret_key);
  memset(one.public_key, 0, sizeof one.public_key);
  assert_true(keys_sign_pair(&one, &err));
  assert_memory_equal(one.public_key, one.secret_key + 32, 32);
  memcpy(one.secret_key + 32, other.public_key, 32);
  assert_false(keys_sign_pair(&one, &err));
}

static void a_signature_covers_use_and_parts(void **state) {
  (void)state;
  struct key_pair_sign pair;
  (void)crypto_sign_keypair(pair.public_key, pair.secret_key);
  const struct nav_bytes parts[] = {{"ab", 2}, {"c", 1}};
  uint8_t signature[KEY_SIGNATURE_SIZE];
  keys_sign(signature, &pair, "hello", parts, 2);
  assert_true(keys_verify(signature, pair.public_key, "hello", parts, 2));
  assert_false(keys_verify(signature, pair.public_key, "welcome", parts, 2));
  assert_false(keys_verify(signature, pair.public_key, "hello", parts, 1));
  static const char message[] = "trygghetsnavet/v1/hello\0abc";
  assert_int_equal(
      crypto_sign_verify_detached(signature, (const uint8_t *)message, sizeof message - 1, pair.public_key),
      0);
  // A signature for "hello" with the parts "x" is not one for "hello\0x": nothing but a use may stand before
  // the 0.
  static uint8_t large[KEYS_SIGNED_MAX];
  const struct nav_bytes too_much = {large, sizeof large};
  assert_false(keys_verify(signature, pair.public_key, "hello", &too_much, 1));
}

static void a_publication_is_signed_by_its_root(void **state) {
  (void)state;
  struct key_pair_sign pair;
  (void)crypto_sign_keypair(pair.public_key, pair.secret_key);
  uint8_t log_id[KEY_LOG_ID_SIZE], other_log[KEY_LOG_ID_SIZE], id_key[32], digests[3 * 32], salt[32];
  randombytes_buf(log_id, sizeof log_id);
  randombytes_buf(other_log, sizeof other_log);
  randombytes_buf(id_key, sizeof id_key);
  for (size_t i = 0; i < 3; i++) {
    keys_event_salt(salt, id_key, (const uint8_t *)"event", 5);
    keys_event_digest(digests + 32 * i, salt, 32, (const uint8_t *)"event", 5 - i);
  }
  uint8_t signature[KEY_SIGNATURE_SIZE];
  keys_sign_publication(signature, &pair, log_id, "skola", digests, 3);
  assert_true(keys_verify_publication(signature, pair.public_key, log_id, "skola", digests, 3));
  assert_false(keys_verify_publication(signature, pair.public_key, other_log, "skola", digests, 3));
  assert_false(keys_verify_publication(signature, pair.public_key, log_id, "polis", digests, 3));
  assert_false(keys_verify_publication(signature, pair.public_key, log_id, "skola", digests, 2));
  // As session.proto spells it out.
  uint8_t message[256], left[32];
  size_t length = 0;
  memcpy(message, "trygghetsnavet/v1/publication", 30);
  length = 30;
  memcpy(message + length, log_id, 16);
  memcpy(message + length + 16, "skola", 6);
  length += 22;
  merkle_node(left, digests, digests + 32);
  merkle_node(message + length, left, digests + 64);
  length += 32;
  assert_int_equal(crypto_sign_verify_detached(signature, message, length, pair.public_key), 0);
}

static void an_acknowledgement_is_signed_as_the_schema_says(void **state) {
  (void)state;
  struct key_pair_sign pair;
  (void)crypto_sign_keypair(pair.public_key, pair.secret_key);
  static const uint8_t log_id[KEY_LOG_ID_SIZE] = {7};
  uint8_t signature[KEY_SIGNATURE_SIZE];
  keys_sign_acknowledge(signature, &pair, log_id, "polis", 3, 258);
  assert_true(keys_verify_acknowledge(signature, pair.public_key, log_id, "polis", 3, 258));
  assert_false(keys_verify_acknowledge(signature, pair.public_key, log_id, "polis", 3, 259));
  assert_false(keys_verify_acknowledge(signature, pair.public_key, log_id, "polis", 2, 258));
  assert_false(keys_verify_acknowledge(signature, pair.public_key, log_id, "poli", 3, 258));
  uint8_t message[30 + 16 + 6 + 12] = "trygghetsnavet/v1/acknowledge";
  memcpy(message + 30, log_id, 16);
  memcpy(message + 46, "polis", 6);
  message[55] = 3;
  message[62] = 1;
  message[63] = 2;
  assert_int_equal(crypto_sign_verify_detached(signature, message, sizeof message, pair.public_key), 0);
}

static void salts_are_stable_and_keyed(void **state) {
  (void)state;
  static const uint8_t key[32] = {1}, other[32] = {2};
  uint8_t a[32], b[32];
  keys_event_salt(a, key, (const uint8_t *)"x", 1);
  keys_event_salt(b, key, (const uint8_t *)"x", 1);
  assert_memory_equal(a, b, 32);
  keys_event_salt(b, other, (const uint8_t *)"x", 1);
  assert_memory_not_equal(a, b, 32);
  keys_event_salt(b, key, (const uint8_t *)"y", 1);
  assert_memory_not_equal(a, b, 32);
}

// The same event gives the same bytes; any other agency, event, revision, key or byte does not open.
static void an_event_is_sealed_to_its_own_agency(void **state) {
  (void)state;
  enum { LENGTH = 5, SEALED = LENGTH + KEYS_EDGE_OVERHEAD };
  const uint8_t id_key[KEY_SYMMETRIC_SIZE] = {1};
  const uint8_t other_key[KEY_SYMMETRIC_SIZE] = {2};
  const uint8_t event_id[NAV_EVENT_ID_SIZE] = {3};
  const uint8_t other_id[NAV_EVENT_ID_SIZE] = {4};
  const struct keys_edge edge = {id_key, "skolan", event_id, 7};
  const struct keys_edge wrong[] = {{other_key, "skolan", event_id, 7},
                                    {id_key, "polisen", event_id, 7},
                                    {id_key, "skolan", other_id, 7},
                                    {id_key, "skolan", event_id, 8}};
  uint8_t sealed[SEALED], again[SEALED], plain[LENGTH];
  keys_edge_seal(sealed, &edge, (const uint8_t *)"event", LENGTH);
  keys_edge_seal(again, &edge, (const uint8_t *)"event", LENGTH);
  assert_memory_equal(sealed, again, SEALED);
  assert_true(keys_edge_open(plain, &edge, sealed, SEALED));
  assert_memory_equal(plain, "event", LENGTH);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_false(keys_edge_open(plain, &wrong[i], sealed, SEALED));
    keys_edge_seal(again, &wrong[i], (const uint8_t *)"event", LENGTH);
    assert_memory_not_equal(sealed, again, KEYS_EDGE_OVERHEAD - 16);  // no nonce is used twice
  }
  keys_edge_seal(again, &edge, (const uint8_t *)"evens", LENGTH);
  assert_memory_not_equal(sealed, again, KEYS_EDGE_OVERHEAD - 16);
  for (size_t i = 0; i < SEALED; i++) {
    memcpy(again, sealed, SEALED);
    again[i] ^= 1;
    assert_false(keys_edge_open(plain, &edge, again, SEALED));
  }
  for (size_t length = 0; length < SEALED; length++)
    assert_false(keys_edge_open(plain, &edge, sealed, length));
}

static void rules_are_signed_by_the_hub(void **state) {
  (void)state;
  struct key_pair_sign pair, other;
  uint8_t signature[KEY_SIGNATURE_SIZE];
  uint8_t log_id[KEY_LOG_ID_SIZE] = {1};
  (void)crypto_sign_keypair(pair.public_key, pair.secret_key);
  (void)crypto_sign_keypair(other.public_key, other.secret_key);
  keys_sign_rules(signature, &pair, log_id, (const uint8_t *)"rules", 5);
  assert_true(keys_verify_rules(signature, pair.public_key, log_id, (const uint8_t *)"rules", 5));
  assert_false(keys_verify_rules(signature, pair.public_key, log_id, (const uint8_t *)"rulez", 5));
  assert_false(keys_verify_rules(signature, other.public_key, log_id, (const uint8_t *)"rules", 5));
  log_id[0] = 2;
  assert_false(keys_verify_rules(signature, pair.public_key, log_id, (const uint8_t *)"rules", 5));
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(agency_keys_are_made_and_read_again, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(keys_are_never_written_over, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_witness_key_is_added, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(a_secret_that_others_may_read_is_refused, make_folder, remove_folder),
      cmocka_unit_test_setup_teardown(what_is_not_such_a_key_is_named, make_folder, remove_folder),
      cmocka_unit_test(a_signing_key_of_two_halves_is_refused),
      cmocka_unit_test(a_signature_covers_use_and_parts),
      cmocka_unit_test(a_publication_is_signed_by_its_root),
      cmocka_unit_test(an_acknowledgement_is_signed_as_the_schema_says),
      cmocka_unit_test(salts_are_stable_and_keyed),
      cmocka_unit_test(an_event_is_sealed_to_its_own_agency),
      cmocka_unit_test(rules_are_signed_by_the_hub),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
