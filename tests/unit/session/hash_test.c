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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sha256_gives_the_standards_examples),
      cmocka_unit_test(sha256_works_in_many_threads),
      cmocka_unit_test(the_tree_gives_rfc_6962s_roots),
      cmocka_unit_test(the_frontier_agrees_with_the_definition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
