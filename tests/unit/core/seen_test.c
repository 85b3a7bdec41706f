// What this hub has shown, kept outside the database: it is written whole, never goes back, and a ledger that
// is shorter, another, or another's is refused with both named.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/core/seen.h"

static const char hub[] = "nav.example.se";
static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key;
static char folder[] = "/tmp/navseen-XXXXXX";
static char path[512];

static const char *sign(const struct checkpoint *checkpoint, const char *name) {
  static char note[SEEN_NOTE_MAX];
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, sizeof note);
  assert_true(checkpoint_sign(checkpoint, name, &key, &bytes));
  (void)snprintf(note, sizeof note, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&bytes);
  return note;
}

static int make(void **state) {
  (void)state;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  return mkdtemp(folder) != NULL && snprintf(path, sizeof path, "%s/seen", folder) > 0 ? 0 : -1;
}

static int remove_all(void **state) {
  (void)state;
  (void)unlink(path);
  return rmdir(folder);
}

static struct seen load(void) {
  struct seen seen;
  struct nav_error err = {0};
  if (!seen_load(&seen, folder, hub, key.public_key, &err)) fail_msg("%s: %s", err.place, err.text);
  return seen;
}

static void note(uint64_t size, uint8_t root) {
  struct checkpoint checkpoint = {.size = size, .root = {root}};
  struct nav_error err = {0};
  struct seen seen = load();
  assert_true(seen_note(&seen, &checkpoint, sign(&checkpoint, origin), &err));
}

static void nothing_seen_refuses_nothing(void **state) {
  (void)state;
  (void)unlink(path);
  struct nav_error err = {0};
  struct seen seen = load();
  uint8_t root[NAV_SHA256_SIZE] = {0};
  assert_int_equal(seen.size, 0);
  assert_true(seen_check(&seen, origin, 0, root, &err));
}

static void what_was_noted_is_what_is_loaded(void **state) {
  (void)state;
  note(100, 7);
  struct seen seen = load();
  assert_int_equal(seen.size, 100);
  assert_int_equal(seen.root[0], 7);
  note(200, 8);
  assert_int_equal(load().size, 200);
}

static void a_shorter_or_other_ledger_is_refused(void **state) {
  (void)state;
  note(300, 9);
  struct seen seen = load();
  struct nav_error err = {0};
  uint8_t right[NAV_SHA256_SIZE] = {9};
  uint8_t wrong[NAV_SHA256_SIZE] = {10};
  assert_true(seen_check(&seen, origin, 300, right, &err));
  assert_true(seen_check(&seen, origin, 5000, right, &err));
  assert_false(seen_check(&seen, origin, 299, right, &err));
  assert_non_null(strstr(err.text, "300 records, the database holds 299"));
  assert_false(seen_check(&seen, origin, 5000, wrong, &err));
  assert_non_null(strstr(err.text, "its records are not those"));
  assert_false(seen_check(&seen, "nav.example.se/b6b6", 5000, right, &err));
  assert_non_null(strstr(err.text, "nav.example.se/b6b6"));
}

static void a_larger_one_stays_and_a_smaller_changes_nothing(void **state) {
  (void)state;
  struct checkpoint larger = {.size = 900, .root = {3}};
  struct checkpoint smaller = {.size = 800, .root = {4}};
  struct nav_error err = {0};
  note(400, 1);
  struct seen seen = load();
  assert_true(seen_note_larger(&seen, sign(&larger, origin), &err));
  assert_int_equal(load().size, 900);
  assert_true(seen_note_larger(&seen, sign(&smaller, origin), &err));
  assert_int_equal(load().size, 900);
  note(500, 2);  // nav-core's own, which is behind what a witness has seen
  assert_int_equal(load().size, 900);
  (void)unlink(path);
}

static void a_file_of_another_is_refused(void **state) {
  (void)state;
  struct checkpoint checkpoint = {.size = 900, .root = {3}};
  struct nav_error err = {0};
  (void)unlink(path);
  struct seen seen = load();
  assert_true(seen_note_larger(&seen, sign(&checkpoint, "nav.example.sex/a5a5"), &err));
  assert_false(seen_load(&seen, folder, hub, key.public_key, &err));
  (void)unlink(path);
  char *text = strdup(sign(&checkpoint, origin));
  text[strlen(origin) + 1] = '8';  // size 800, which nobody signed
  assert_true(seen_note_larger(&seen, text, &err));
  free(text);
  assert_false(seen_load(&seen, folder, hub, key.public_key, &err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_seen_refuses_nothing),
      cmocka_unit_test(what_was_noted_is_what_is_loaded),
      cmocka_unit_test(a_shorter_or_other_ledger_is_refused),
      cmocka_unit_test(a_larger_one_stays_and_a_smaller_changes_nothing),
      cmocka_unit_test(a_file_of_another_is_refused),
  };
  return cmocka_run_group_tests(tests, make, remove_all);
}
