// tlog-proof files as c2sp.org/tlog-proof writes them, over the tree that RFC 6962's reference implementation
// is tested with (eight leaves, published roots): what is written is read and proves its record; every byte
// changed is refused, and so is what the specification does not allow.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/id.h"
#include "hub/ledger/proof.h"

enum { LEAVES = 8, TEXT_SIZE = 8192 };

static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key;
static uint8_t leaves[LEAVES][NAV_SHA256_SIZE];
static char file[TEXT_SIZE];  // of leaf 2 in the tree of 7

// The inputs of the reference implementation's tests, in hex.
static const char *const inputs[LEAVES] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char root_of_eight[] = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
// PATH(0, D[8]), published with them.
static const char *const path_of_first[3] = {
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"};

static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  struct merkle_frontier frontier = {0};
  (void)context;
  (void)err;
  for (uint64_t i = index << level; i < (index + 1) << level; i++) merkle_append(&frontier, leaves[i]);
  merkle_root(&frontier, out);
  return true;
}

static void make_file(uint64_t index, uint64_t size, const struct key_pair_sign *with, const char *extra,
                      char out[TEXT_SIZE]) {
  struct proof proof = {.index = index, .extra_length = strlen(extra)};
  struct checkpoint checkpoint = {.size = size};
  struct merkle_frontier frontier = {0};
  struct nav_buffer note;
  struct nav_buffer bytes;
  struct nav_error err = {0};
  memcpy(proof.extra, extra, proof.extra_length);
  for (uint64_t i = 0; i < size; i++) merkle_append(&frontier, leaves[i]);
  merkle_root(&frontier, checkpoint.root);
  nav_buffer_init(&note, TEXT_SIZE);
  nav_buffer_init(&bytes, TEXT_SIZE);
  assert_true(checkpoint_sign(&checkpoint, origin, with, &note));
  proof.note = nav_buffer_text(&note);
  assert_true(merkle_inclusion_make(subtree, NULL, index, size, &proof.path, &err));
  assert_true(proof_write(&proof, &bytes));
  (void)snprintf(out, TEXT_SIZE, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&note);
  nav_buffer_free(&bytes);
}

static int make(void **state) {
  (void)state;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  for (size_t i = 0; i < LEAVES; i++) {
    uint8_t bytes[16];
    size_t length = 0;
    (void)sodium_hex2bin(bytes, sizeof bytes, inputs[i], strlen(inputs[i]), NULL, &length, NULL);
    merkle_leaf(leaves[i], bytes, length);
  }
  make_file(2, 7, &key, "", file);
  return 0;
}

static bool proves(const char *text, const uint8_t *leaf) {
  struct proof proof;
  struct checkpoint checkpoint;
  struct nav_error err = {0};
  bool ok =
      proof_parse(text, &proof, &err) && proof_check(&proof, leaf, origin, key.public_key, &checkpoint, &err);
  assert_true(ok || err.text[0] != '\0');
  return ok;
}

static void published_vectors_are_met(void **state) {
  (void)state;
  struct proof proof;
  struct checkpoint checkpoint;
  struct nav_error err = {0};
  char hex[2 * NAV_SHA256_SIZE + 1];
  char text[TEXT_SIZE];
  make_file(0, 8, &key, "", text);
  assert_true(proof_parse(text, &proof, &err));
  assert_int_equal(proof.path.count, 3);
  for (size_t i = 0; i < 3; i++)
    assert_string_equal(nav_hex(hex, proof.path.hashes[i], NAV_SHA256_SIZE), path_of_first[i]);
  assert_true(proof_check(&proof, leaves[0], origin, key.public_key, &checkpoint, &err));
  assert_string_equal(nav_hex(hex, checkpoint.root, NAV_SHA256_SIZE), root_of_eight);
}

static void the_text_is_as_specified(void **state) {
  (void)state;
  static const char head[] = "c2sp.org/tlog-proof@v1\nindex 2\n";
  assert_memory_equal(file, head, strlen(head));
  const char *empty_line = strstr(file, "\n\n");
  assert_int_equal(empty_line - (file + strlen(head)), 3 * 45 - 1);
  assert_memory_equal(empty_line + 2, origin, strlen(origin));
}

static void every_record_of_every_tree_is_proven_and_no_other(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (uint64_t size = 1; size <= LEAVES; size++) {
    for (uint64_t index = 0; index < size; index++) {
      make_file(index, size, &key, "", text);
      for (uint64_t other = 0; other < LEAVES; other++)
        assert_int_equal(proves(text, leaves[other]), other == index);
    }
  }
}

static void every_changed_byte_is_refused(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (size_t i = 0; file[i] != '\0'; i++) {
    for (int flip = 1; flip < 128; flip <<= 1) {
      (void)snprintf(text, sizeof text, "%s", file);
      text[i] = (char)(text[i] ^ flip);
      if (proves(text, leaves[2])) fail_msg("byte %zu changed by %d still proves", i, flip);
    }
  }
}

static void every_cut_is_refused(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (size_t length = 0; length < strlen(file); length++) {
    (void)snprintf(text, sizeof text, "%.*s", (int)length, file);
    assert_false(proves(text, leaves[2]));
  }
}

static void extra_data_is_carried_and_not_trusted(void **state) {
  (void)state;
  struct proof proof;
  struct nav_error err = {0};
  char text[TEXT_SIZE];
  make_file(2, 7, &key, "who asked", text);
  assert_true(proof_parse(text, &proof, &err));
  assert_int_equal(proof.extra_length, 9);
  assert_memory_equal(proof.extra, "who asked", 9);
  assert_true(proves(text, leaves[2]));
  assert_false(proves(text, leaves[3]));
}

static void another_form_is_refused(void **state) {
  (void)state;
  static const char *const heads[] = {
      "c2sp.org/tlog-proof@v2\nindex 2\n",          "c2sp.org/tlog-proof@v1\nindex 02\n",
      "c2sp.org/tlog-proof@v1\nindex  2\n",         "c2sp.org/tlog-proof@v1\nindex 2\r\n",
      "c2sp.org/tlog-proof@v1\nindex +2\n",         "c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n",
      "c2sp.org/tlog-proof@v1\nindex \n",           "c2sp.org/tlog-proof@v1\nextra !\nindex 2\n",
      "c2sp.org/tlog-proof@v1\nindex 2\nindex 2\n", "c2sp.org/tlog-proof@v1\nindex 2\nextra AAAA\n",
      "c2sp.org/tlog-proof@v1\nextra \nindex 2\n",  "\nc2sp.org/tlog-proof@v1\nindex 2\n"};
  const char *tail = strstr(file, "index 2\n") + strlen("index 2\n");
  char text[TEXT_SIZE];
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    (void)snprintf(text, sizeof text, "%s%s", heads[i], tail);
    if (proves(text, leaves[2])) fail_msg("head %zu is taken", i);
  }
}

static void too_many_hashes_are_refused(void **state) {
  (void)state;
  struct proof proof;
  struct nav_error err = {0};
  char text[TEXT_SIZE] = "c2sp.org/tlog-proof@v1\nindex 0\n";
  for (size_t i = 0; i < MERKLE_PROOF_MAX + 1; i++)
    (void)strcat(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
  (void)strcat(text, "\nx\n");
  assert_false(proof_parse(text, &proof, &err));
  assert_non_null(strstr(err.text, "more than 64"));
}

static void forgeries_are_refused(void **state) {
  (void)state;
  struct key_pair_sign other;
  uint8_t seed[crypto_sign_SEEDBYTES] = {2};
  char text[TEXT_SIZE];
  char mixed[TEXT_SIZE];
  (void)crypto_sign_seed_keypair(other.public_key, other.secret_key, seed);
  make_file(2, 7, &other, "", text);
  assert_false(proves(text, leaves[2]));
  // The path of one tree under the checkpoint of another.
  make_file(2, 8, &key, "", text);
  int head = (int)(strstr(file, "\n\n") - file);
  (void)snprintf(mixed, sizeof mixed, "%.*s%s", head, file, strstr(text, "\n\n"));
  assert_false(proves(mixed, leaves[2]));
  // A node of the tree given out as a leaf.
  uint8_t node[NAV_SHA256_SIZE];
  merkle_node(node, leaves[2], leaves[3]);
  assert_false(proves(file, node));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_vectors_are_met),
      cmocka_unit_test(the_text_is_as_specified),
      cmocka_unit_test(every_record_of_every_tree_is_proven_and_no_other),
      cmocka_unit_test(every_changed_byte_is_refused),
      cmocka_unit_test(every_cut_is_refused),
      cmocka_unit_test(extra_data_is_carried_and_not_trusted),
      cmocka_unit_test(another_form_is_refused),
      cmocka_unit_test(too_many_hashes_are_refused),
      cmocka_unit_test(forgeries_are_refused),
  };
  return cmocka_run_group_tests(tests, make, NULL);
}
