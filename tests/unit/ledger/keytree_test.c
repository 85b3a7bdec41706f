// The tree of a bucket's keys: each key against a derivation of its own from the root as the file has it; one
// taken out is out, and all others are as before; the bound; and what of a file is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/base/id.h"
#include "hub/ledger/keytree.h"

enum { HEAD = 14, KEY_AT = HEAD + 20 };

static const uint64_t some[] = {
    0, 1, 15, 16, 17, 4095, 4096, 70000, UINT64_C(1) << 60, UINT64_MAX - 1, UINT64_MAX};
enum { SOME = sizeof some / sizeof *some };

// From the root's line alone, a hash a level, in a second way.
static void derive(uint8_t key[32], const char *text, uint64_t seq) {
  char hex[65] = {0};
  memcpy(hex, text + KEY_AT, 64);
  assert_true(nav_unhex(key, 32, hex));
  for (int depth = 1; depth <= 16; depth++) {
    uint8_t out[32];
    uint8_t whole[24];
    memcpy(whole, "trygghetsnavet/v1/node", 22);
    whole[22] = (uint8_t)depth;
    whole[23] = (uint8_t)(seq >> (64 - 4 * depth) & 15);
    assert_int_equal(crypto_generichash(out, 32, whole, sizeof whole, key, 32), 0);
    memcpy(key, out, 32);
  }
}

static bool key_is(struct keytree *tree, uint64_t seq, const uint8_t wanted[32]) {
  uint8_t key[32];
  return keytree_key(tree, seq, key) && memcmp(key, wanted, 32) == 0;
}

static void every_key_is_a_hash_of_the_root(void **state) {
  (void)state;
  size_t length = 0;
  uint8_t wanted[32];
  struct keytree *tree = keytree_new();
  char *text = keytree_text(tree, &length);
  // In order, backwards and by leaps: the kept path must not show.
  for (uint64_t seq = 0; seq < 600; seq++) {
    derive(wanted, text, seq);
    assert_true(key_is(tree, seq, wanted));
    derive(wanted, text, 600 - seq);
    assert_true(key_is(tree, 600 - seq, wanted));
    uint64_t far = seq * UINT64_C(0x9E3779B97F4A7C15);
    derive(wanted, text, far);
    assert_true(key_is(tree, far, wanted));
  }
  for (size_t i = 0; i < SOME; i++) {
    derive(wanted, text, some[i]);
    assert_true(key_is(tree, some[i], wanted));
  }
  struct keytree *other = keytree_new();
  assert_false(key_is(other, 17, wanted));
  keytree_free(other);
  sodium_free(text);
  keytree_free(tree);
}

static void one_that_is_cut_is_gone_and_all_others_are_as_before(void **state) {
  (void)state;
  size_t length = 0;
  uint8_t key[32];
  uint8_t wanted[32];
  struct keytree *tree = keytree_new();
  char *text = keytree_text(tree, &length);
  for (size_t cut = 0; cut < SOME; cut++) {
    struct keytree *less = keytree_copy(tree, KEYTREE_CUT_NODES);
    assert_true(keytree_key(less, some[cut], key));  // the path leads there
    assert_true(keytree_cut(less, some[cut]));
    assert_int_equal(keytree_count(less), KEYTREE_CUT_NODES);
    assert_false(keytree_covers(less, some[cut]));
    assert_false(keytree_key(less, some[cut], key));
    assert_true(keytree_cut(less, some[cut]));  // again: nothing
    for (size_t i = 0; i < SOME; i++) {
      derive(wanted, text, some[i]);
      assert_int_equal(key_is(less, some[i], wanted), i != cut);
    }
    for (uint64_t step = 1; step != 0; step <<= 1) {  // a neighbour at every level
      derive(wanted, text, some[cut] ^ step);
      assert_true(key_is(less, some[cut] ^ step, wanted));
    }
    keytree_free(less);
  }
  sodium_free(text);
  keytree_free(tree);
}

// No node that is left is, or leads to, the key that was taken out: each is hashed down towards it.
static void nothing_left_leads_to_it(void **state) {
  (void)state;
  const uint64_t seq = 70000;
  uint8_t gone[32];
  size_t length = 0;
  struct keytree *tree = keytree_new();
  char *before = keytree_text(tree, &length);
  derive(gone, before, seq);
  struct keytree *less = keytree_copy(tree, KEYTREE_CUT_NODES);
  assert_true(keytree_cut(less, seq));
  char *text = keytree_text(less, &length);
  char path[17][65];  // every key on the way to it, in hexadecimal
  uint8_t key[32];
  memcpy(path[0], before + KEY_AT, 64);
  path[0][64] = '\0';
  assert_true(nav_unhex(key, 32, path[0]));
  for (int depth = 1; depth <= 16; depth++) {
    uint8_t whole[24];
    memcpy(whole, "trygghetsnavet/v1/node", 22);
    whole[22] = (uint8_t)depth;
    whole[23] = (uint8_t)(seq >> (64 - 4 * depth) & 15);
    assert_int_equal(crypto_generichash(key, 32, whole, sizeof whole, key, 32), 0);
    (void)nav_hex(path[depth], key, 32);
  }
  assert_memory_equal(key, gone, 32);
  assert_non_null(memmem(before, length < 256 ? length : 256, path[0], 64));  // the search itself can find
  for (int depth = 0; depth <= 16; depth++) assert_null(memmem(text, length, path[depth], 64));
  sodium_free(before);
  sodium_free(text);
  keytree_free(less);
  keytree_free(tree);
}

static void neighbours_share_what_is_kept(void **state) {
  (void)state;
  uint8_t key[32];
  struct keytree *root = keytree_new();
  struct keytree *tree = keytree_copy(root, 16 * KEYTREE_CUT_NODES);
  for (uint64_t seq = 32; seq < 48; seq++) {
    assert_true(keytree_cut(tree, seq));
    assert_int_equal(keytree_count(tree), KEYTREE_CUT_NODES - (seq - 32));  // a sibling goes with each
  }
  for (uint64_t seq = 0; seq < 100; seq++)
    assert_int_equal(keytree_key(tree, seq, key), seq < 32 || seq > 47);
  keytree_free(tree);
  keytree_free(root);
}

static void there_is_a_bound_and_it_changes_nothing(void **state) {
  (void)state;
  uint8_t wanted[32];
  uint8_t key[32];
  struct keytree *root = keytree_new();
  struct keytree *tree = keytree_copy(root, KEYTREE_PLANTED_MAX);
  uint64_t seq = 0;
  while (keytree_cut(tree, seq << 32)) seq++;  // far apart: each takes the most
  size_t count = keytree_count(tree);
  assert_true(count <= KEYTREE_NODES_MAX && count > KEYTREE_NODES_MAX - KEYTREE_CUT_NODES);
  assert_true(seq > KEYTREE_NODES_MAX / KEYTREE_CUT_NODES);
  assert_true(keytree_key(root, seq << 32, wanted));
  assert_true(key_is(tree, seq << 32, wanted));
  // One that is there again by itself still fits.
  memset(key, 7, sizeof key);
  assert_true(keytree_plant(tree, 0, key));
  assert_int_equal(keytree_count(tree), count + 1);
  // And without room in the copy.
  struct keytree *small = keytree_copy(root, KEYTREE_CUT_NODES - 2);
  assert_false(keytree_cut(small, 5));
  assert_int_equal(keytree_count(small), 1);
  assert_true(keytree_key(root, 5, wanted));
  assert_true(key_is(small, 5, wanted));
  keytree_free(small);
  keytree_free(tree);
  keytree_free(root);
}

static void a_planted_key_is_its_own(void **state) {
  (void)state;
  uint8_t planted[32];
  uint8_t before[32];
  uint8_t next[32];
  uint8_t key[32];
  struct keytree *root = keytree_new();
  struct keytree *tree = keytree_copy(root, KEYTREE_CUT_NODES + 1);
  assert_true(keytree_key(root, 500, before));
  assert_true(keytree_key(root, 501, next));
  assert_true(keytree_cut(tree, 500));
  randombytes_buf(planted, sizeof planted);
  assert_true(keytree_plant(tree, 500, planted));
  assert_true(key_is(tree, 500, planted));
  assert_true(key_is(tree, 501, next));
  assert_memory_not_equal(planted, before, 32);
  size_t length = 0;
  char *text = keytree_text(tree, &length);
  struct nav_error err;
  struct keytree *again = keytree_parse(text, length, &err);
  assert_non_null(again);
  assert_true(key_is(again, 500, planted));
  assert_true(keytree_cut(again, 500));
  assert_false(keytree_key(again, 500, key));
  assert_true(key_is(again, 501, next));
  keytree_free(again);
  sodium_free(text);
  keytree_free(tree);
  keytree_free(root);
}

// The last line made to fit, as one would who changes a file by hand and knows how.
static void sign(char *text, size_t length) {
  uint8_t hash[32];
  char hex[65];
  size_t body = length - 69;
  assert_int_equal(crypto_generichash(hash, 32, (const uint8_t *)text, body, NULL, 0), 0);
  memcpy(text + body + 4, nav_hex(hex, hash, 32), 64);
}

static void refused(const char *text, size_t length) {
  struct nav_error err = {0};
  assert_null(keytree_parse(text, length, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
}

static void a_file_that_is_torn_or_changed_is_refused(void **state) {
  (void)state;
  size_t length = 0;
  struct nav_error err;
  struct keytree *root = keytree_new();
  struct keytree *tree = keytree_copy(root, KEYTREE_CUT_NODES);
  assert_true(keytree_cut(tree, 12345));
  char *text = keytree_text(tree, &length);
  struct keytree *same = keytree_parse(text, length, &err);
  assert_non_null(same);
  assert_int_equal(keytree_count(same), KEYTREE_CUT_NODES);
  keytree_free(same);
  for (size_t shorter = 0; shorter < length; shorter += 61) refused(text, shorter);
  refused(text, length - 1);
  for (size_t at = 0; at < length; at += 7) {
    text[at] ^= 1;
    refused(text, length);
    text[at] ^= 1;
  }
  // Two nodes change places; one covers another; a depth that there is not; the hash fits.
  char line[KEYTREE_LINE_SIZE];
  memcpy(line, text + HEAD, sizeof line);
  memmove(text + HEAD, text + HEAD + KEYTREE_LINE_SIZE, sizeof line);
  memcpy(text + HEAD + KEYTREE_LINE_SIZE, line, sizeof line);
  sign(text, length);
  refused(text, length);
  memcpy(line, text + HEAD, sizeof line);
  memmove(text + HEAD, text + HEAD + KEYTREE_LINE_SIZE, sizeof line);
  memcpy(text + HEAD + KEYTREE_LINE_SIZE, line, sizeof line);
  sign(text, length);
  struct keytree *whole = keytree_parse(text, length, &err);
  assert_non_null(whole);  // back as it was
  keytree_free(whole);
  memcpy(text + HEAD, "0000000000000000/00", 19);
  sign(text, length);
  refused(text, length);
  memcpy(text + HEAD, "0000000000000000/17", 19);
  sign(text, length);
  refused(text, length);
  refused("bucket 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", 72);
  sodium_free(text);
  keytree_free(tree);
  keytree_free(root);
}

static int start(void **state) {
  (void)state;
  return sodium_init() < 0 ? -1 : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_key_is_a_hash_of_the_root),
      cmocka_unit_test(one_that_is_cut_is_gone_and_all_others_are_as_before),
      cmocka_unit_test(nothing_left_leads_to_it),
      cmocka_unit_test(neighbours_share_what_is_kept),
      cmocka_unit_test(there_is_a_bound_and_it_changes_nothing),
      cmocka_unit_test(a_planted_key_is_its_own),
      cmocka_unit_test(a_file_that_is_torn_or_changed_is_refused),
  };
  return cmocka_run_group_tests(tests, start, NULL);
}
