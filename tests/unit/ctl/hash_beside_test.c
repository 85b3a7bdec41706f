// A thread beside gives the hash that one call gives, whatever pieces the bytes come in; and may be left at
// any point.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ctl/hash_beside.h"

enum { BYTES = 3 * 1024 * 1024 + 17 };  // more than the ring takes

static uint8_t *bytes;

static int make(void **state) {
  (void)state;
  bytes = malloc(BYTES);
  if (bytes == NULL) return -1;
  uint32_t x = 1;
  for (size_t i = 0; i < BYTES; i++) {
    x = x * 1664525U + 1013904223U;
    bytes[i] = (uint8_t)(x >> 24);
  }
  return 0;
}

static int unmake(void **state) {
  (void)state;
  free(bytes);
  return 0;
}

static void check(size_t total, size_t piece) {
  uint8_t wanted[NAV_SHA256_SIZE];
  uint8_t got[NAV_SHA256_SIZE];
  const struct nav_bytes whole = {bytes, total};
  struct hash_beside *hash = hash_beside_new();
  assert_non_null(hash);
  nav_sha256(wanted, &whole, 1);
  uint8_t *copy = malloc(piece);  // reused at once, so that nothing may be read after add
  assert_non_null(copy);
  for (size_t at = 0; at < total; at += piece) {
    size_t length = total - at < piece ? total - at : piece;
    memcpy(copy, bytes + at, length);
    hash_beside_add(hash, copy, length);
    memset(copy, 0, length);
  }
  free(copy);
  hash_beside_end(hash, got);
  hash_beside_free(hash);
  assert_memory_equal(got, wanted, sizeof wanted);
}

static void pieces_of_any_size_give_the_hash_of_the_whole(void **state) {
  static const size_t pieces[] = {1000, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, BYTES};
  (void)state;
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) check(BYTES, pieces[i]);
  check(5, 1);
  check(0, 1);
}

static void it_may_be_left_with_all_chunks_full(void **state) {
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct hash_beside *hash = hash_beside_new();
    assert_non_null(hash);
    hash_beside_add(hash, bytes, 1024 * 1024);
    hash_beside_free(hash);
  }
  hash_beside_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_of_any_size_give_the_hash_of_the_whole),
      cmocka_unit_test(it_may_be_left_with_all_chunks_full),
  };
  return cmocka_run_group_tests_name("ctl_hash_beside", tests, make, unmake);
}
