// Proofs in trees of every size up to 130: each that is made holds, for its own leaf, place and trees alone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/id.h"
#include "hub/wire/merkle.h"

enum { LEVELS = 8 };
#define LEAVES 130UL

// Perfect subtrees as merkle_append_telling tells of them, and the roots of the tree at every size.
static uint8_t subtrees[LEVELS][LEAVES][NAV_SHA256_SIZE];
static uint8_t roots[LEAVES + 1][NAV_SHA256_SIZE];

static void keep(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  (void)context;
  assert_true(level > 0 && level < LEVELS && index < LEAVES >> level);
  memcpy(subtrees[level][index], hash, NAV_SHA256_SIZE);
}

static int grow(void **state) {
  (void)state;
  struct merkle_frontier frontier = {0};
  merkle_root(&frontier, roots[0]);
  for (size_t i = 0; i < LEAVES; i++) {
    merkle_leaf(subtrees[0][i], &i, sizeof i);
    merkle_append_telling(&frontier, subtrees[0][i], keep, NULL);
    merkle_root(&frontier, roots[i + 1]);
  }
  return 0;
}

static bool stored(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                   struct nav_error *err) {
  const uint64_t *size = context;
  if (level >= LEVELS || (index + 1) << level > *size)
    return nav_fail(err, NAV_ERROR_BUG, 0, "", "no subtree of this tree");
  memcpy(out, subtrees[level][index], NAV_SHA256_SIZE);
  return true;
}

static bool fails(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                  struct nav_error *err) {
  (void)context, (void)level, (void)index, (void)out;
  return nav_fail(err, NAV_ERROR_RETRY, 0, "", "gone");
}

// What makes any proof false: a hash changed, one less, one more.
static void change(struct merkle_proof *proof, size_t how) {
  if (how < proof->count) {
    proof->hashes[how][how % NAV_SHA256_SIZE] ^= 1;
  } else if (how == proof->count) {
    proof->count--;
  } else {
    memset(proof->hashes[proof->count++], 7, NAV_SHA256_SIZE);
  }
}

static void every_leaf_is_proven_in_every_tree(void **state) {
  (void)state;
  struct nav_error err;
  struct merkle_proof proof;
  for (uint64_t size = 1; size <= LEAVES; size++) {
    for (uint64_t index = 0; index < size; index++) {
      const uint8_t *leaf = subtrees[0][index];
      assert_true(merkle_inclusion_make(stored, &size, index, size, &proof, &err));
      assert_true(merkle_inclusion_check(leaf, index, size, &proof, roots[size]));
      assert_false(merkle_inclusion_check(leaf, index, size, &proof, roots[size - 1]));
      assert_false(merkle_inclusion_check(leaf, index + 1, size, &proof, roots[size]));
      assert_false(merkle_inclusion_check(leaf, size, size, &proof, roots[size]));
      assert_false(merkle_inclusion_check(roots[0], index, size, &proof, roots[size]));
      for (size_t how = proof.count == 0 ? 1 : 0; how <= proof.count + 1; how++) {
        struct merkle_proof changed = proof;
        change(&changed, how);
        assert_false(merkle_inclusion_check(leaf, index, size, &changed, roots[size]));
      }
    }
  }
}

static void every_tree_is_proven_to_begin_every_larger_one(void **state) {
  (void)state;
  struct nav_error err;
  struct merkle_proof proof;
  for (uint64_t size = 1; size <= LEAVES; size++) {
    for (uint64_t old = 1; old <= size; old++) {
      assert_true(merkle_consistency_make(stored, &size, old, size, &proof, &err));
      assert_true(merkle_consistency_check(old, roots[old], size, roots[size], &proof));
      assert_false(merkle_consistency_check(old, roots[old - 1], size, roots[size], &proof));
      assert_false(merkle_consistency_check(old, roots[old], size, roots[size - 1], &proof));
      for (size_t how = proof.count == 0 ? 1 : 0; how <= proof.count + 1; how++) {
        struct merkle_proof changed = proof;
        change(&changed, how);
        assert_false(merkle_consistency_check(old, roots[old], size, roots[size], &changed));
      }
    }
  }
}

static void ends_of_the_range(void **state) {
  (void)state;
  struct nav_error err = {0};
  struct merkle_proof none = {0};
  uint64_t size = LEAVES;
  assert_true(merkle_consistency_check(0, roots[0], LEAVES, roots[LEAVES], &none));
  assert_false(merkle_consistency_check(LEAVES, roots[LEAVES], LEAVES - 1, roots[LEAVES - 1], &none));
  struct merkle_proof proof;
  assert_false(merkle_inclusion_make(fails, &size, 3, size, &proof, &err));
  assert_int_equal(err.class, NAV_ERROR_RETRY);
  assert_false(merkle_consistency_make(fails, &size, 3, size, &proof, &err));
  proof = (struct merkle_proof){.count = MERKLE_PROOF_MAX + 1};  // as a careless reader of a file might say
  assert_false(merkle_inclusion_check(subtrees[0][0], 0, LEAVES, &proof, roots[LEAVES]));
  assert_false(merkle_consistency_check(1, roots[1], LEAVES, roots[LEAVES], &proof));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_leaf_is_proven_in_every_tree),
      cmocka_unit_test(every_tree_is_proven_to_begin_every_larger_one),
      cmocka_unit_test(ends_of_the_range),
  };
  return cmocka_run_group_tests(tests, grow, NULL);
}
