// What the other agencies' cosignatures do to an alarm: a quorum that is there or not, and another agency
// that has confirmed another ledger. Each row is one session: what is shown in turn, with which lines.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/engine/alarm.h"
#include "hub/wire/merkle.h"
#include "tests/unit/engine/scratch.h"

enum { FIRST = 5, SECOND = 9, OTHERS = 3 };

static const char origin[] = "nav.example.se/a5a5";
static const char *const agencies[OTHERS] = {"skolan", "socialtjansten", "bostadsbolaget"};
static struct key_pair_sign hub_key, own_key, keys[OTHERS], unlisted_key;
static uint8_t leaves[SECOND][NAV_SHA256_SIZE];

static void seed_pair(struct key_pair_sign *pair, uint8_t number) {
  uint8_t seed[crypto_sign_SEEDBYTES] = {number};
  (void)crypto_sign_seed_keypair(pair->public_key, pair->secret_key, seed);
}

static int make(void **state) {
  (void)state;
  seed_pair(&hub_key, 1);
  seed_pair(&own_key, 2);
  seed_pair(&unlisted_key, 3);
  for (size_t i = 0; i < OTHERS; i++) seed_pair(&keys[i], (uint8_t)(10 + i));
  for (size_t i = 0; i < SECOND; i++) merkle_leaf(leaves[i], &i, sizeof i);
  return 0;
}

static void root_of(uint64_t size, bool forked, uint8_t root[NAV_SHA256_SIZE]) {
  struct merkle_frontier frontier = {0};
  for (uint64_t i = 0; i < size; i++) merkle_append(&frontier, leaves[forked && i == 0 ? 1 : i]);
  merkle_root(&frontier, root);
}

static void sign(uint64_t size, bool forked, const struct key_pair_sign *key, struct nav_buffer *note) {
  struct checkpoint checkpoint = {.size = size};
  root_of(size, forked, checkpoint.root);
  assert_true(checkpoint_sign(&checkpoint, origin, key, note));
}

static void add_line(struct nav_buffer *note, const char *agency, const struct key_pair_sign *key) {
  struct checkpoint_text text;
  struct nav_error err;
  char name[COSIGNATURE_NAME_SIZE], line[COSIGNATURE_LINE_SIZE];
  assert_true(checkpoint_text(nav_buffer_text(note), origin, &text, &err));
  assert_true(cosignature_name(name, agency, origin));
  cosignature_make(line, (const char *)note->data, text.length, name, key, 1764333333);
  assert_true(nav_buffer_append_text(note, line));
}

static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  struct merkle_frontier frontier = {0};
  (void)context;
  (void)err;
  for (uint64_t i = index << level; i < (index + 1) << level; i++) merkle_append(&frontier, leaves[i]);
  merkle_root(&frontier, out);
  return true;
}

struct row {
  const char *what;
  unsigned quorum;
  unsigned lines;         // bits: which of the others' lines stand under the first
  bool twice;             // the first line stands twice
  bool wrong_key;         // the lines are made with a key that is not in the list
  bool nothing;           // no cosigned note is shown
  bool forked;            // the cosigned note has another root than the first
  bool hub_did_not_sign;  // the cosigned note is not the hub's
  bool another_session;   // the session began after the first was shown
  bool skipped;           // the cosigned note is of another size
  enum witness_verdict verdict;
};

static const struct row rows[] = {
    {.what = "no quorum, no lines", .verdict = WITNESS_NEXT},
    {.what = "no quorum, no note", .nothing = true, .verdict = WITNESS_NEXT},
    {.what = "one of one", .quorum = 1, .lines = 1, .verdict = WITNESS_NEXT},
    {.what = "another one", .quorum = 1, .lines = 4, .verdict = WITNESS_NEXT},
    {.what = "two of two", .quorum = 2, .lines = 5, .verdict = WITNESS_NEXT},
    {.what = "more than asked", .quorum = 2, .lines = 7, .verdict = WITNESS_NEXT},
    {.what = "none of one", .quorum = 1, .verdict = WITNESS_TOO_FEW},
    {.what = "one of two", .quorum = 2, .lines = 2, .verdict = WITNESS_TOO_FEW},
    {.what = "one twice", .quorum = 2, .lines = 1, .twice = true, .verdict = WITNESS_TOO_FEW},
    {.what = "keys that the hub gave",
     .quorum = 1,
     .lines = 7,
     .wrong_key = true,
     .verdict = WITNESS_TOO_FEW},
    {.what = "no note", .quorum = 1, .nothing = true, .verdict = WITNESS_TOO_FEW},
    {.what = "a note of another size", .quorum = 1, .lines = 7, .skipped = true, .verdict = WITNESS_TOO_FEW},
    {.what = "a new session", .quorum = 1, .another_session = true, .verdict = WITNESS_NEXT},
    {.what = "another ledger, confirmed by one",
     .quorum = 1,
     .lines = 2,
     .forked = true,
     .verdict = WITNESS_OTHERS_FORK},
    {.what = "the same in a new session",
     .lines = 2,
     .forked = true,
     .another_session = true,
     .verdict = WITNESS_OTHERS_FORK},
    {.what = "another ledger that the hub did not sign",
     .lines = 2,
     .forked = true,
     .hub_did_not_sign = true,
     .verdict = WITNESS_OTHERS_FORK},
    {.what = "another ledger, signed by the hub alone", .forked = true, .verdict = WITNESS_FORK},
    {.what = "another ledger that nobody known signed",
     .lines = 2,
     .wrong_key = true,
     .forked = true,
     .hub_did_not_sign = true,
     .verdict = WITNESS_NEXT},
};

static bool show(struct alarm *alarm, uint64_t size, uint64_t old, const char *cosigned,
                 struct nav_error *err) {
  struct nav_buffer note;
  struct merkle_proof proof = {0};
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  nav_buffer_init(&note, 4096);
  sign(size, false, &hub_key, &note);
  if (old > 0) assert_true(merkle_consistency_make(subtree, NULL, old, size, &proof, err));
  for (size_t i = 0; i < proof.count; i++)
    hashes[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, proof.hashes[i]};
  Nav__V1__Checkpoint message = NAV__V1__CHECKPOINT__INIT;
  message.note = (char *)(uintptr_t)nav_buffer_text(&note);
  message.has_old_size = true;
  message.old_size = old;
  message.hashes = hashes;
  message.n_hashes = proof.count;
  message.cosigned_note = (char *)(uintptr_t)cosigned;
  bool ok = alarm_checkpoint(alarm, &message, err);
  nav_buffer_free(&note);
  return ok;
}

static void make_cosigned(const struct row *row, struct nav_buffer *note) {
  sign(row->skipped ? FIRST - 1 : FIRST, row->forked, row->hub_did_not_sign ? &unlisted_key : &hub_key, note);
  for (unsigned i = 0; i < OTHERS; i++) {
    const struct key_pair_sign *key = row->wrong_key ? &unlisted_key : &keys[i];
    if ((row->lines >> i & 1) != 0) add_line(note, agencies[i], key);
  }
  if (row->twice) add_line(note, agencies[0], &keys[0]);
  add_line(note, "polisen", &own_key);  // our own counts for nothing
}

static void check_alarm_file(const char *folder, enum witness_verdict verdict, const char *proof) {
  size_t length = 0;
  char *text = scratch_read(folder, "ALARM", &length);
  assert_non_null(text);
  assert_non_null(strstr(text, witness_swedish(verdict)));
  assert_non_null(strstr(text, witness_english(verdict)));
  assert_non_null(strstr(text, proof));
  free(text);
}

static void one(const struct row *row, const char *folder) {
  struct others others = {.quorum = row->quorum, .count = OTHERS};
  struct alarm alarm;
  struct nav_error err = {0};
  struct nav_buffer cosigned;
  for (size_t i = 0; i < OTHERS; i++) {
    (void)snprintf(others.list[i].agency, sizeof others.list[i].agency, "%s", agencies[i]);
    memcpy(others.list[i].key, keys[i].public_key, sizeof keys[i].public_key);
  }
  nav_buffer_init(&cosigned, 16384);
  make_cosigned(row, &cosigned);
  assert_true(alarm_open(&alarm, folder, hub_key.public_key, &others, &err));
  (void)alarm_session_begins(&alarm);
  assert_true(show(&alarm, FIRST, 0, NULL, &err));
  if (row->another_session) assert_string_equal(alarm_session_begins(&alarm), alarm.memory.note);
  const char *proof = row->nothing ? NULL : nav_buffer_text(&cosigned);
  bool ok = show(&alarm, SECOND, FIRST, proof, &err);
  if (ok == witness_is_alarm(row->verdict)) fail_msg("%s: %s", row->what, ok ? "no alarm" : err.text);
  assert_int_equal(alarm.memory.checkpoint.size, ok ? SECOND : FIRST);
  assert_int_equal(alarm.raised, !ok);
  if (!ok && strstr(err.text, witness_english(row->verdict)) == NULL) fail_msg("%s: %s", row->what, err.text);
  if (!ok) check_alarm_file(folder, row->verdict, proof == NULL ? origin : proof);
  if (!ok) assert_false(alarm_open(&alarm, folder, hub_key.public_key, &others, &err));
  nav_buffer_free(&cosigned);
}

static void the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char folder[SCRATCH_PATH];
    scratch_make(folder);
    one(&rows[i], folder);
    scratch_remove(folder);
  }
}

// What is confirmed is what is on disk, also after a start.
static void what_is_held_is_cosigned(void **state) {
  (void)state;
  static const struct others nobody;
  char folder[SCRATCH_PATH];
  scratch_make(folder);
  struct alarm alarm;
  struct nav_error err = {0};
  uint64_t size = 0, time_s = 0;
  char line[COSIGNATURE_LINE_SIZE];
  assert_true(alarm_open(&alarm, folder, hub_key.public_key, &nobody, &err));
  assert_false(alarm_cosign(&alarm, "polisen", &own_key, 17, &size, line));
  assert_true(show(&alarm, FIRST, 0, NULL, &err));
  assert_true(alarm_open(&alarm, folder, hub_key.public_key, &nobody, &err));
  assert_true(alarm_cosign(&alarm, "polisen", &own_key, 17, &size, line));
  assert_int_equal(size, FIRST);
  struct checkpoint_text text;
  assert_true(checkpoint_text(alarm.memory.note, origin, &text, &err));
  const struct note_line bare = {line, strlen(line) - 1};
  assert_true(cosignature_check(&bare, alarm.memory.note, text.length, "polisen.nav.example.se",
                                own_key.public_key, &time_s, &err));
  assert_int_equal(time_s, 17);
  scratch_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table), cmocka_unit_test(what_is_held_is_cosigned)};
  return cmocka_run_group_tests(tests, make, NULL);
}
