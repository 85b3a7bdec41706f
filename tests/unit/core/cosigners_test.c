// What nav-core keeps of the agencies' confirmations: whose, of which checkpoints, and what is refused; when
// a newer checkpoint may be shown; which rows are given to a batch.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/core/cosigners.h"

enum { KEYS_SEQ = 4, WAIT_MS = 10000 };

static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign hub_key, keys[2], other_key;
static const char *const names[2] = {"polisen", "skolan"};

static void seed_pair(struct key_pair_sign *pair, uint8_t number) {
  uint8_t seed[crypto_sign_SEEDBYTES] = {number};
  (void)crypto_sign_seed_keypair(pair->public_key, pair->secret_key, seed);
}

static void note_key(struct cosigners *cosigners, const char *agency, const struct key_pair_sign *key,
                     uint64_t seq) {
  Nav__V1__KeyChanged record = NAV__V1__KEY_CHANGED__INIT;
  record.owner = (char *)(uintptr_t)agency;
  record.use = (char *)(uintptr_t) "witness";
  if (key != NULL)
    record.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, (uint8_t *)(uintptr_t)key->public_key};
  assert_true(cosigners_note_key(cosigners, seq, &record));
}

static struct cosigners *make(void) {
  struct cosigners *cosigners = cosigners_new();
  assert_non_null(cosigners);
  seed_pair(&hub_key, 1);
  seed_pair(&other_key, 2);
  for (uint8_t i = 0; i < 2; i++) {
    seed_pair(&keys[i], (uint8_t)(10 + i));
    note_key(cosigners, names[i], &keys[i], KEYS_SEQ);
  }
  return cosigners;
}

static void show(struct cosigners *cosigners, uint64_t size, int64_t now_ms) {
  const struct checkpoint checkpoint = {.size = size, .root = {(uint8_t)size}};
  struct nav_buffer note;
  nav_buffer_init(&note, COSIGNERS_NOTE_MAX);
  assert_true(checkpoint_sign(&checkpoint, origin, &hub_key, &note));
  cosigners_show(cosigners, &checkpoint, nav_buffer_text(&note), now_ms);
  nav_buffer_free(&note);
}

static void line_over(const struct cosigned *cosigned, const char *agency, const struct key_pair_sign *key,
                      char line[COSIGNATURE_LINE_SIZE]) {
  struct checkpoint_text text;
  struct nav_error err;
  char name[COSIGNATURE_NAME_SIZE];
  assert_true(checkpoint_text(cosigned->note, origin, &text, &err));
  assert_true(cosignature_name(name, agency, origin));
  cosignature_make(line, cosigned->note, text.length, name, key, 1764333333);
}

static int take(struct cosigners *cosigners, const char *agency, uint64_t size, const char *line) {
  struct nav_error err = {0};
  return cosigners_take(cosigners, origin, agency, size, line, &err) ? 0 : err.code;
}

static void lines_of_the_newest_two_are_kept(void **state) {
  (void)state;
  struct cosigners *cosigners = make();
  char line[COSIGNATURE_LINE_SIZE], late[COSIGNATURE_LINE_SIZE];
  struct nav_buffer note;
  show(cosigners, 10, 0);
  line_over(&cosigners->shown, names[0], &keys[0], line);
  line_over(&cosigners->shown, names[1], &keys[1], late);
  assert_int_equal(take(cosigners, names[0], 10, line), 0);
  assert_int_equal(take(cosigners, names[0], 10, line), 0);  // again: once
  assert_int_equal(cosigners->shown.count, 1);
  show(cosigners, 20, 1);
  assert_int_equal(take(cosigners, names[1], 10, late), 0);  // of the one before
  nav_buffer_init(&note, 65536);
  assert_true(cosigners_before(cosigners, &note));
  const char *text = nav_buffer_text(&note);
  assert_non_null(strstr(text, line));
  assert_non_null(strstr(text, late));
  struct checkpoint opened;
  struct nav_error err;
  assert_true(checkpoint_open(text, origin, hub_key.public_key, &opened, &err));
  assert_int_equal(opened.size, 10);
  show(cosigners, 30, 2);
  assert_int_equal(take(cosigners, names[0], 10, line), NAV__V1__CODE__CODE_BAD_POSITION);
  nav_buffer_free(&note);
  cosigners_free(cosigners);
}

static void what_does_not_hold_is_refused(void **state) {
  (void)state;
  struct cosigners *cosigners = make();
  char line[COSIGNATURE_LINE_SIZE], two[2 * COSIGNATURE_LINE_SIZE];
  show(cosigners, 10, 0);
  show(cosigners, 20, 0);
  line_over(&cosigners->before, names[0], &keys[0], line);
  assert_int_equal(take(cosigners, names[0], 20, line), NAV__V1__CODE__CODE_BAD_SIGNATURE);
  assert_int_equal(take(cosigners, names[1], 10, line), NAV__V1__CODE__CODE_WRONG_AGENCY);
  assert_int_equal(take(cosigners, "tycktill", 10, line), NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_int_equal(take(cosigners, names[0], 0, line), NAV__V1__CODE__CODE_BAD_POSITION);
  assert_int_equal(take(cosigners, names[0], 10, ""), NAV__V1__CODE__CODE_MALFORMED);
  assert_int_equal(take(cosigners, names[0], 10, NULL), NAV__V1__CODE__CODE_MALFORMED);
  (void)snprintf(two, sizeof two, "%s%s", line, line);
  assert_int_equal(take(cosigners, names[0], 10, two), NAV__V1__CODE__CODE_MALFORMED);
  line_over(&cosigners->before, names[0], &other_key, two);
  assert_int_equal(take(cosigners, names[0], 10, two), NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_int_equal(cosigners->before.count + cosigners->shown.count, 0);
  assert_int_equal(take(cosigners, names[0], 10, line), 0);
  note_key(cosigners, names[0], NULL, 21);  // its key is taken away
  assert_int_equal(take(cosigners, names[0], 10, line), NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_false(cosigners_has_key(cosigners, names[0]));
  cosigners_free(cosigners);
}

static void the_next_waits_for_all_or_its_time(void **state) {
  (void)state;
  struct cosigners *cosigners = make();
  char line[COSIGNATURE_LINE_SIZE];
  assert_true(cosigners_may_go_on(cosigners, 5, WAIT_MS));  // nothing is shown
  show(cosigners, 10, 5);
  for (unsigned i = 0; i < 2; i++) {
    assert_false(cosigners_may_go_on(cosigners, 5 + WAIT_MS - 1, WAIT_MS));
    assert_true(cosigners_may_go_on(cosigners, 5 + WAIT_MS, WAIT_MS));
    line_over(&cosigners->shown, names[i], &keys[i], line);
    assert_int_equal(take(cosigners, names[i], 10, line), 0);
  }
  assert_true(cosigners_may_go_on(cosigners, 5, WAIT_MS));
  cosigners_free(cosigners);
}

// Once each, and none of a checkpoint that is older than its key's record.
static void rows_go_with_a_batch(void **state) {
  (void)state;
  struct cosigners *cosigners = make();
  struct batch batch = {.cosignatures = calloc(BATCH_COSIGNATURES_MAX, sizeof *batch.cosignatures)};
  char line[COSIGNATURE_LINE_SIZE];
  assert_non_null(batch.cosignatures);
  show(cosigners, KEYS_SEQ - 1, 0);
  line_over(&cosigners->shown, names[0], &keys[0], line);
  assert_int_equal(take(cosigners, names[0], KEYS_SEQ - 1, line), 0);
  show(cosigners, KEYS_SEQ, 0);
  line_over(&cosigners->shown, names[1], &keys[1], line);
  assert_int_equal(take(cosigners, names[1], KEYS_SEQ, line), 0);
  cosigners_stage(cosigners, &batch);
  cosigners_stage(cosigners, &batch);
  assert_int_equal(batch.cosignatures_count, 1);
  assert_int_equal(batch.cosignatures[0].size, KEYS_SEQ);
  assert_string_equal(batch.cosignatures[0].agency, names[1]);
  assert_string_equal(batch.cosignatures[0].line, line);
  free(batch.cosignatures);
  cosigners_free(cosigners);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_of_the_newest_two_are_kept), cmocka_unit_test(what_does_not_hold_is_refused),
      cmocka_unit_test(the_next_waits_for_all_or_its_time), cmocka_unit_test(rows_go_with_a_batch)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
