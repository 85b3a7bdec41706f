// Proof files: the form of c2sp.org/tlog-proof to the letter, what it proves, and every looser form refused.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/proof.h"

// RFC 6962's tree of seven leaves in §2.1.3, its leaves d0 to d6 as one byte each.
enum { LEAVES = 7, TEXT_SIZE = 4096 };

static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key;
static uint8_t leaves[LEAVES][NAV_SHA256_SIZE];
static char note[1024];

static bool node(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                 struct nav_error *err) {
  uint8_t right[NAV_SHA256_SIZE];
  if (level == 0) {
    memcpy(out, leaves[index], NAV_SHA256_SIZE);
    return true;
  }
  bool ok =
      node(context, level - 1, 2 * index, out, err) && node(context, level - 1, 2 * index + 1, right, err);
  merkle_node(out, out, right);
  return ok;
}

static int make(void **state) {
  (void)state;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  struct merkle_frontier frontier = {0};
  struct checkpoint checkpoint = {.size = LEAVES};
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, sizeof note);
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  for (size_t i = 0; i < LEAVES; i++) {
    const uint8_t record = (uint8_t)i;
    merkle_leaf(leaves[i], &record, 1);
    merkle_append(&frontier, leaves[i]);
  }
  merkle_root(&frontier, checkpoint.root);
  assert_true(checkpoint_sign(&checkpoint, origin, &key, &bytes));
  (void)snprintf(note, sizeof note, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&bytes);
  return 0;
}

static void write(uint8_t leaf, bool with_record, char out[TEXT_SIZE]) {
  struct nav_error err;
  struct nav_buffer bytes;
  struct ledger_proof proof = {
      .index = leaf, .note = note, .record = with_record ? &leaf : NULL, .record_length = 1};
  assert_true(merkle_inclusion_make(node, NULL, leaf, LEAVES, &proof.path, &err));
  nav_buffer_init(&bytes, TEXT_SIZE);
  assert_true(proof_write(&proof, &bytes));
  (void)snprintf(out, TEXT_SIZE, "%s", nav_buffer_text(&bytes));
  nav_buffer_free(&bytes);
}

// What is wrong with the text; NULL: it proves its record, or `record` where it has none.
static const char *wrong(const char *text, const uint8_t *record) {
  static struct nav_error err;
  struct nav_arena *arena = nav_arena_new(1 << 20);
  struct ledger_proof proof;
  struct checkpoint checkpoint;
  err = (struct nav_error){0};
  bool ok = proof_read(text, arena, &proof, &err) &&
            proof_check(&proof, record, 1, origin, key.public_key, &checkpoint, &err);
  nav_arena_free(arena);
  assert_true(ok == (err.class == NAV_ERROR_NONE));
  return ok ? NULL : err.text;
}

static void the_form_is_as_specified(void **state) {
  (void)state;
  static const char wanted[] = "c2sp.org/tlog-proof@v1\nextra Aw==\nindex 3\n";
  char text[TEXT_SIZE];
  write(3, true, text);
  assert_memory_equal(text, wanted, strlen(wanted));
  // RFC 6962 §2.1.3: the path of d3 is [c, g, l]: three hashes.
  const char *end = strstr(text, "\n\n");
  size_t lines = 0;
  for (const char *p = text; p < end; p++) lines += *p == '\n';
  assert_int_equal(lines, 2 + 3);
  assert_string_equal(end + 2, note);
  write(6, false, text);  // d6: [i, k]
  end = strstr(text, "\n\n");
  lines = 0;
  for (const char *p = text; p < end; p++) lines += *p == '\n';
  assert_int_equal(lines, 1 + 2);
}

static void every_leaf_is_proven_with_its_record_or_beside_it(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  for (size_t leaf = 0; leaf < LEAVES; leaf++) {
    uint8_t i = (uint8_t)leaf;
    uint8_t other = (uint8_t)(i + 1);
    write(i, true, text);
    assert_null(wrong(text, NULL));
    assert_non_null(wrong(text, &other));
    write(i, false, text);
    assert_null(wrong(text, &i));
    assert_non_null(wrong(text, &other));
    assert_non_null(strstr(wrong(text, NULL), "has no extra line"));
  }
}

// Changed at any one place it proves nothing; but a key name or signature of others may be added.
static void every_changed_byte_is_noticed(void **state) {
  (void)state;
  char text[TEXT_SIZE];
  write(3, true, text);
  for (size_t i = 0; i < strlen(text); i++) {
    char changed[TEXT_SIZE];
    memcpy(changed, text, sizeof changed);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (wrong(changed, NULL) == NULL) fail_msg("unnoticed at %zu: %s", i, changed);
    memmove(changed + i, text + i + 1, strlen(text) - i);  // one byte less
    if (wrong(changed, NULL) == NULL) fail_msg("unnoticed without %zu: %s", i, changed);
  }
}

static void looser_forms_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *head, *why;
  } cases[] = {
      {"", "is not c2sp.org/tlog-proof@v1"},
      {"c2sp.org/tlog-proof@v2\nindex 0\n\n", "is not c2sp.org/tlog-proof@v1"},
      {"c2sp.org/tlog-proof@v1\n", "is not 'index'"},
      {"c2sp.org/tlog-proof@v1\nindex 00\n\n", "is not 'index'"},
      {"c2sp.org/tlog-proof@v1\nindex -1\n\n", "is not 'index'"},
      {"c2sp.org/tlog-proof@v1\nindex 99999999999999999999\n\n", "is not 'index'"},
      {"c2sp.org/tlog-proof@v1\nindex \n\n", "is not 'index'"},
      {"c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n", "extra is not base64"},
      {"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "is not a hash of 32 bytes"},
      {"c2sp.org/tlog-proof@v1\r\nindex 0\n\n", "is not c2sp.org/tlog-proof@v1"},
  };
  char text[TEXT_SIZE];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    (void)snprintf(text, sizeof text, "%s%s", cases[i].head, note);
    const char *what = wrong(text, NULL);
    if (what == NULL || strstr(what, cases[i].why) == NULL)
      fail_msg("%s: '%s'", cases[i].head, what == NULL ? "" : what);
  }
  size_t used = (size_t)snprintf(text, sizeof text, "c2sp.org/tlog-proof@v1\nindex 0\n");
  for (size_t i = 0; i <= MERKLE_PROOF_MAX; i++)
    used +=
        (size_t)snprintf(text + used, sizeof text - used, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
  (void)snprintf(text + used, sizeof text - used, "\n%s", note);
  assert_non_null(strstr(wrong(text, NULL), "more than 64 hashes"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_form_is_as_specified),
      cmocka_unit_test(every_leaf_is_proven_with_its_record_or_beside_it),
      cmocka_unit_test(every_changed_byte_is_noticed),
      cmocka_unit_test(looser_forms_are_refused),
  };
  return cmocka_run_group_tests(tests, make, NULL);
}
