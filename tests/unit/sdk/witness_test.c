// The witness's table: which checkpoints are believed, and which raise an alarm and change nothing.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/sdk/witness.h"

enum { LEAVES = 40, OLD = 13 };

static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key, other_key;
static uint8_t leaves[LEAVES][NAV_SHA256_SIZE];

static int make(void **state) {
  (void)state;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  seed[0] = 2;
  (void)crypto_sign_seed_keypair(other_key.public_key, other_key.secret_key, seed);
  for (size_t i = 0; i < LEAVES; i++) merkle_leaf(leaves[i], &i, sizeof i);
  return 0;
}

// The tree's head at `size` leaves; forked: its first leaf is another.
static struct checkpoint head_of(uint64_t size, bool forked) {
  struct merkle_frontier frontier = {0};
  struct checkpoint head = {.size = size};
  for (uint64_t i = 0; i < size; i++) merkle_append(&frontier, leaves[forked && i == 0 ? 1 : i]);
  merkle_root(&frontier, head.root);
  return head;
}

static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  struct merkle_frontier frontier = {0};
  (void)err;
  for (uint64_t i = index << level; i < (index + 1) << level; i++)
    merkle_append(&frontier, leaves[*(const bool *)context && i == 0 ? 1 : i]);
  merkle_root(&frontier, out);
  return true;
}

struct row {
  const char *what;
  uint64_t held;  // 0: none
  uint64_t size;
  bool forked, other_key, other_log, bad_proof, no_proof;
  enum witness_verdict verdict;
};

static const struct row rows[] = {
    {.what = "first", .size = OLD, .verdict = WITNESS_FIRST},
    {.what = "first, signed by another", .size = OLD, .other_key = true, .verdict = WITNESS_BAD_SIGNATURE},
    {.what = "same", .held = OLD, .size = OLD, .verdict = WITNESS_SAME},
    {.what = "next", .held = OLD, .size = OLD + 1, .verdict = WITNESS_NEXT},
    {.what = "much later", .held = OLD, .size = LEAVES, .verdict = WITNESS_NEXT},
    {.what = "stale", .held = OLD, .size = OLD - 1, .verdict = WITNESS_ROLLBACK},
    {.what = "rolled back and forked", .held = OLD, .size = 1, .forked = true, .verdict = WITNESS_ROLLBACK},
    {.what = "fork", .held = OLD, .size = OLD, .forked = true, .verdict = WITNESS_FORK},
    {.what = "later fork", .held = OLD, .size = LEAVES, .forked = true, .verdict = WITNESS_BAD_PROOF},
    {.what = "bad proof", .held = OLD, .size = LEAVES, .bad_proof = true, .verdict = WITNESS_BAD_PROOF},
    {.what = "no proof", .held = OLD, .size = LEAVES, .no_proof = true, .verdict = WITNESS_BAD_PROOF},
    {.what = "bad signature",
     .held = OLD,
     .size = LEAVES,
     .other_key = true,
     .verdict = WITNESS_BAD_SIGNATURE},
    {.what = "other log", .held = OLD, .size = LEAVES, .other_log = true, .verdict = WITNESS_OTHER_LOG},
};

static void sign(const struct checkpoint *head, const char *name, const struct key_pair_sign *with,
                 char out[WITNESS_NOTE_MAX]) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, WITNESS_NOTE_MAX);
  assert_true(checkpoint_sign(head, name, with, &bytes));
  (void)snprintf(out, WITNESS_NOTE_MAX, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&bytes);
}

static void prove(const struct row *row, struct merkle_proof *proof) {
  bool forked = row->forked;
  struct nav_error err;
  if (row->held == 0 || row->size < row->held || row->no_proof) return;
  assert_true(merkle_consistency_make(subtree, &forked, row->held, row->size, proof, &err));
  if (row->bad_proof) proof->hashes[proof->count - 1][7] ^= 1;
}

static enum witness_verdict take(const struct row *row, struct witness_memory *memory) {
  char note[WITNESS_NOTE_MAX];
  struct merkle_proof proof = {0};
  ProtobufCBinaryData hashes[MERKLE_PROOF_MAX];
  const struct checkpoint head = head_of(row->size, row->forked);
  sign(&head, row->other_log ? "nav.example.se/b6b6" : origin, row->other_key ? &other_key : &key, note);
  prove(row, &proof);
  for (size_t i = 0; i < proof.count; i++)
    hashes[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, proof.hashes[i]};
  Nav__V1__Checkpoint message = NAV__V1__CHECKPOINT__INIT;
  message.note = note;
  message.has_old_size = true;
  message.old_size = row->held;
  message.hashes = hashes;
  message.n_hashes = proof.count;
  return witness_take(memory, key.public_key, &message);
}

static void the_table(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct witness_memory memory = {0};
    struct nav_error err;
    char note[WITNESS_NOTE_MAX];
    if (rows[i].held > 0) {
      const struct checkpoint held = head_of(rows[i].held, false);
      sign(&held, origin, &key, note);
      assert_true(witness_load(&memory, note, key.public_key, &err));
    }
    enum witness_verdict verdict = take(&rows[i], &memory);
    if (verdict != rows[i].verdict) fail_msg("%s: %s", rows[i].what, witness_english(verdict));
    assert_int_equal(memory.checkpoint.size, witness_is_alarm(verdict) ? rows[i].held : rows[i].size);
    assert_true(strlen(witness_swedish(verdict)) > 0);
  }
}

static void a_hub_that_has_none_is_behind(void **state) {
  (void)state;
  struct witness_memory memory = {.checkpoint = {.size = OLD}};
  Nav__V1__Checkpoint message = NAV__V1__CHECKPOINT__INIT;
  assert_int_equal(witness_take(&memory, key.public_key, &message), WITNESS_ROLLBACK);
  memory.checkpoint.size = 0;
  assert_int_equal(witness_take(&memory, key.public_key, &message), WITNESS_BAD_SIGNATURE);
}

static void what_is_stored_is_checked(void **state) {
  (void)state;
  struct witness_memory memory = {0};
  struct nav_error err;
  char note[WITNESS_NOTE_MAX];
  const struct checkpoint head = head_of(OLD, false);
  sign(&head, origin, &other_key, note);
  assert_false(witness_load(&memory, note, key.public_key, &err));
  assert_false(witness_load(&memory, "", key.public_key, &err));
  assert_int_equal(memory.checkpoint.size, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table),
                                     cmocka_unit_test(a_hub_that_has_none_is_behind),
                                     cmocka_unit_test(what_is_stored_is_checked)};
  return cmocka_run_group_tests(tests, make, NULL);
}
