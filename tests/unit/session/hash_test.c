// SHA-256 against FIPS 180-4's examples, and the Merkle tree against the roots that RFC 6962's reference
// implementation gives for its eight leaves. Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "hub/base/id.h"
#include "hub/wire/merkle.h"

static void assert_hex(const uint8_t hash[NAV_SHA256_SIZE], const char *expected) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  assert_string_equal(nav_hex(hex, hash, NAV_SHA256_SIZE), expected);
}

static void sha256_gives_the_standards_examples(void **state) {
  (void)state;
  static const struct {
    const char *text, *hash;
  } examples[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
    uint8_t hash[NAV_SHA256_SIZE];
    const struct nav_bytes whole = {examples[i].text, strlen(examples[i].text)};
    nav_sha256(hash, &whole, 1);
    assert_hex(hash, examples[i].hash);
    size_t half = whole.length / 2;
    const struct nav_bytes parts[] = {
        {examples[i].text, half}, {NULL, 0}, {examples[i].text + half, whole.length - half}};
    nav_sha256(hash, parts, 3);
    assert_hex(hash, examples[i].hash);
  }
}

static void *hash_many(void *result) {
  const struct nav_bytes part = {"abc", 3};
  for (int i = 0; i < 2000; i++) nav_sha256(result, &part, 1);
  return result;
}

static void sha256_works_in_many_threads(void **state) {
  (void)state;
  pthread_t threads[4];
  uint8_t hashes[4][NAV_SHA256_SIZE];
  for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, hash_many, hashes[i]), 0);
  for (size_t i = 0; i < 4; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_hex(hashes[i], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

static const char *const leaves[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};
static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void the_tree_gives_rfc_6962s_roots(void **state) {
  (void)state;
  struct merkle_frontier tree = {0};
  for (size_t i = 0;; i++) {
    uint8_t hash[NAV_SHA256_SIZE];
    merkle_root(&tree, hash);
    assert_hex(hash, roots[i]);
    assert_int_equal(tree.size, i);
    if (i == sizeof leaves / sizeof leaves[0]) break;
    uint8_t leaf[16];
    size_t length = strlen(leaves[i]) / 2;
    assert_true(nav_unhex(leaf, length, leaves[i]));
    merkle_leaf(hash, leaf, length);
    merkle_append(&tree, hash);
  }
}

// RFC 6962's definition itself: split at the largest power of two below n.
static void root_by_definition(uint8_t out[NAV_SHA256_SIZE], const uint8_t (*hashes)[NAV_SHA256_SIZE],
                               size_t count) {
  if (count == 1) {
    memcpy(out, hashes[0], NAV_SHA256_SIZE);
    return;
  }
  size_t split = 1;
  while (split * 2 < count) split *= 2;
  uint8_t left[NAV_SHA256_SIZE], right[NAV_SHA256_SIZE];
  root_by_definition(left, hashes, split);
  root_by_definition(right, hashes + split, count - split);
  merkle_node(out, left, right);
}

static void the_frontier_agrees_with_the_definition(void **state) {
  (void)state;
  enum { COUNT = 300 };
  static uint8_t hashes[COUNT][NAV_SHA256_SIZE];
  struct merkle_frontier tree = {0};
  for (uint32_t i = 0; i < COUNT; i++) {
    merkle_leaf(hashes[i], &i, sizeof i);
    merkle_append(&tree, hashes[i]);
    uint8_t root[NAV_SHA256_SIZE], expected[NAV_SHA256_SIZE];
    merkle_root(&tree, root);
    root_by_definition(expected, (const uint8_t(*)[NAV_SHA256_SIZE])hashes, i + 1);
    assert_memory_equal(root, expected, NAV_SHA256_SIZE);
  }
}

struct told {
  size_t count;
  uint8_t sum[NAV_SHA256_SIZE];  // of all that was told, in any order
};

static void tell(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  struct told *told = context;
  uint8_t one[NAV_SHA256_SIZE];
  const struct nav_bytes parts[] = {{&level, sizeof level}, {&index, sizeof index}, {hash, NAV_SHA256_SIZE}};
  nav_sha256(one, parts, 3);
  for (size_t i = 0; i < sizeof one; i++) told->sum[i] ^= one[i];
  told->count++;
}

static void many_leaves_at_once_grow_the_same_tree(void **state) {
  (void)state;
  enum { COUNT = 1500 };
  static uint8_t leaf[COUNT][NAV_SHA256_SIZE];
  static const size_t at_once[] = {1, 2, 3, 7, 8, 64, 100, 511, 512, 513, 1024};
  for (uint32_t i = 0; i < COUNT; i++) merkle_leaf(leaf[i], &i, sizeof i);
  for (size_t k = 0; k < sizeof at_once / sizeof at_once[0]; k++) {
    for (size_t before = 0; before < 20; before++) {
      struct merkle_frontier one = {0}, many = {0};
      struct told told_one = {0}, told_many = {0};
      for (size_t i = 0; i < before; i++) {
        merkle_append(&one, leaf[i]);
        merkle_append(&many, leaf[i]);
      }
      for (size_t i = before; i < before + at_once[k]; i++)
        merkle_append_telling(&one, leaf[i], tell, &told_one);
      merkle_append_many(&many, leaf[before], at_once[k], tell, &told_many);
      assert_memory_equal(&one, &many, sizeof one.size);
      uint8_t root_one[NAV_SHA256_SIZE], root_many[NAV_SHA256_SIZE];
      merkle_root(&one, root_one);
      merkle_root(&many, root_many);
      assert_memory_equal(root_one, root_many, NAV_SHA256_SIZE);
      assert_int_equal(told_one.count, told_many.count);
      assert_memory_equal(told_one.sum, told_many.sum, NAV_SHA256_SIZE);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256_gives_the_standards_examples),
      cmocka_unit_test(sha256_works_in_many_threads),
      cmocka_unit_test(the_tree_gives_rfc_6962s_roots),
      cmocka_unit_test(the_frontier_agrees_with_the_definition),
      cmocka_unit_test(many_leaves_at_once_grow_the_same_tree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
