// Buffers, arenas and errors: their stated maxima hold, and nothing is read or written past them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/resource.h>

#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/base/error.h"
#include "hub/base/memory.h"

static void a_buffer_grows_to_its_maximum(void **state) {
  (void)state;
  struct nav_buffer b;
  nav_buffer_init(&b, 1000);
  for (int i = 0; i < 1000; i++) assert_true(nav_buffer_append(&b, "x", 1));
  assert_false(nav_buffer_append(&b, "x", 1));
  assert_int_equal(b.length, 1000);
  assert_null(nav_buffer_reserve(&b, SIZE_MAX));
  assert_null(nav_buffer_reserve(&b, SIZE_MAX - 999));
  assert_true(nav_buffer_append(&b, NULL, 0));
  nav_buffer_clear(&b);
  assert_int_equal(b.length, 0);
  assert_false(nav_buffer_append(&b, NULL, 1001));
  nav_buffer_free(&b);
  nav_buffer_free(&b);
}

static void what_is_taken_of_a_buffer_is_the_callers(void **state) {
  (void)state;
  struct nav_buffer b;
  nav_buffer_init(&b, 4);
  assert_null(nav_buffer_take(&b));
  assert_true(nav_buffer_append(&b, "abcd", 4));
  uint8_t *taken = nav_buffer_take(&b);
  assert_true(b.length == 0 && b.capacity == 0 && b.data == NULL);
  assert_true(nav_buffer_append(&b, "efgh", 4));
  assert_false(nav_buffer_append(&b, "i", 1));  // its maximum is the same
  assert_memory_equal(taken, "abcd", 4);
  free(taken);
  nav_buffer_free(&b);
}

static void a_buffer_of_nothing_takes_nothing(void **state) {
  (void)state;
  struct nav_buffer b;
  nav_buffer_init(&b, 0);
  assert_true(nav_buffer_append(&b, "", 0));
  assert_false(nav_buffer_append(&b, "x", 1));
  assert_null(nav_buffer_text(&b));
  nav_buffer_free(&b);
}

static void a_buffer_prints(void **state) {
  (void)state;
  struct nav_buffer b;
  nav_buffer_init(&b, 20);
  assert_true(nav_buffer_printf(&b, "%d-%s", 42, "abc"));
  assert_true(nav_buffer_append_text(&b, "!"));
  assert_string_equal(nav_buffer_text(&b), "42-abc!");
  assert_int_equal(b.length, 7);
  assert_false(nav_buffer_printf(&b, "%s", "much too long for it"));
  assert_string_equal(nav_buffer_text(&b), "42-abc!");
  nav_buffer_free(&b);
}

static void numbers_are_big_endian(void **state) {
  (void)state;
  uint8_t bytes[8];
  nav_put_u64(bytes, UINT64_C(0x0123456789abcdef));
  static const uint8_t expected[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  assert_memory_equal(bytes, expected, 8);
  assert_true(nav_get_u64(bytes) == UINT64_C(0x0123456789abcdef));
  nav_put_u32(bytes, 0xfedcba98);
  assert_true(nav_get_u32(bytes) == 0xfedcba98);
  nav_put_u16(bytes, 0xfffe);
  assert_int_equal(nav_get_u16(bytes), 0xfffe);
}

static void an_arena_is_aligned_and_zeroed(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(1024 * 1024);
  assert_non_null(arena);
  for (size_t size = 0; size < 300; size++) {
    uint8_t *block = nav_arena_zalloc(arena, size, 1);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < size; i++) assert_int_equal(block[i], 0);
    memset(block, 0xff, size);
  }
  assert_string_equal(nav_arena_strdup(arena, "text"), "text");
  assert_string_equal(nav_arena_strndup(arena, "text", 2), "te");
  assert_string_equal(nav_arena_printf(arena, "%05d", 42), "00042");
  nav_arena_free(arena);
  nav_arena_free(NULL);
}

static void an_arena_stops_at_its_maximum(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(100000);
  assert_non_null(arena);
  size_t given = 0;
  while (nav_arena_alloc(arena, 1000) != NULL) given += 1000;
  assert_true(given >= 80000 && given <= 100000);
  assert_true(nav_arena_used(arena) <= 100000);
  assert_null(nav_arena_alloc(arena, 1000));
  assert_null(nav_arena_alloc(arena, SIZE_MAX));
  assert_null(nav_arena_alloc(arena, SIZE_MAX - 20));
  assert_null(nav_arena_zalloc(arena, SIZE_MAX / 2, 3));
  nav_arena_reset(arena);
  assert_int_equal(nav_arena_used(arena), 0);
  assert_non_null(nav_arena_alloc(arena, 1000));
  nav_arena_free(arena);
}

// After a reset the memory is used again: a steady load settles.
static void an_arena_settles(void **state) {
  (void)state;
  struct nav_arena *arena = nav_arena_new(1024 * 1024);
  assert_non_null(arena);
  void *first = NULL;
  for (int round = 0; round < 20; round++) {
    nav_arena_reset(arena);
    void *block = nav_arena_alloc(arena, 64);
    for (int i = 0; i < 500; i++) assert_non_null(nav_arena_alloc(arena, 64));
    if (round == 10) first = block;
    if (round > 10) assert_ptr_equal(block, first);
  }
  nav_arena_free(arena);
}

static long page_faults(void) {
  struct rusage usage;
  assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_minflt;
}

// Of 1,281 pages.
static void a_mapped_table_is_there_before_it_is_written(void **state) {
  (void)state;
  const size_t size = 5 * 1024 * 1024 + 123;
  uint8_t *table = nav_memory_map(size);
  assert_non_null(table);
  for (size_t i = 0; i < size; i++)
    if (table[i] != 0) fail_msg("byte %zu is %u", i, table[i]);
  long before = page_faults();
  for (size_t i = 0; i < size; i += 4096) table[i] = 1;
  assert_true(page_faults() - before < 100);
  nav_memory_unmap(table, size);
  nav_memory_unmap(NULL, size);
}

// Of 4,096 pages, and whatever is mapped after it was warmed. A sanitizer keeps freed memory from its next
// use.
static void a_warm_heap_is_there_before_it_is_written(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  skip();
#else
  enum { PIECES = 16, PIECE = 1024 * 1024, TABLE = 24 * 1024 * 1024 };
  void *pieces[PIECES];
  nav_memory_keep();
  nav_memory_warm(2 * PIECES * PIECE);
  void *table = nav_memory_map(TABLE);  // of the heap it would leave too little
  long before = page_faults();
  for (int i = 0; i < PIECES; i++) {
    pieces[i] = malloc(PIECE);
    assert_non_null(pieces[i]);
    explicit_bzero(pieces[i], PIECE);
  }
  assert_true(page_faults() - before < 100);
  for (int i = 0; i < PIECES; i++) free(pieces[i]);
  nav_memory_unmap(table, TABLE);
#endif
}

static void errors_are_cut_not_overrun(void **state) {
  (void)state;
  char longer[1000];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  struct nav_error err;
  assert_false(nav_fail(&err, NAV_ERROR_PEER, 7, longer, "%s", longer));
  assert_int_equal(err.class, NAV_ERROR_PEER);
  assert_int_equal(err.code, 7);
  assert_int_equal(strlen(err.place), NAV_ERROR_PLACE_SIZE - 1);
  assert_int_equal(strlen(err.text), NAV_ERROR_TEXT_SIZE - 1);
  assert_false(nav_fail(NULL, NAV_ERROR_PEER, 7, "a", "b"));
}

static void errors_read_well(void **state) {
  (void)state;
  struct nav_error err;
  char out[64];
  assert_false(nav_fail(&err, NAV_ERROR_LOCAL, 0, "nav.yaml:3:1", "unknown key '%s'", "purpse"));
  assert_string_equal(nav_error_string(&err, out, sizeof out), "nav.yaml:3:1: unknown key 'purpse'");
  assert_false(nav_fail(&err, NAV_ERROR_LOCAL, 0, NULL, "no place"));
  assert_string_equal(nav_error_string(&err, out, sizeof out), "no place");
  errno = ENOENT;
  assert_false(nav_fail_errno(&err, "a.key", "cannot open"));
  assert_string_equal(nav_error_string(&err, out, sizeof out),
                      "a.key: cannot open: No such file or directory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_buffer_grows_to_its_maximum),
      cmocka_unit_test(what_is_taken_of_a_buffer_is_the_callers),
      cmocka_unit_test(a_buffer_of_nothing_takes_nothing),
      cmocka_unit_test(a_buffer_prints),
      cmocka_unit_test(numbers_are_big_endian),
      cmocka_unit_test(an_arena_is_aligned_and_zeroed),
      cmocka_unit_test(an_arena_stops_at_its_maximum),
      cmocka_unit_test(an_arena_settles),
      cmocka_unit_test(a_mapped_table_is_there_before_it_is_written),
      cmocka_unit_test(a_warm_heap_is_there_before_it_is_written),
      cmocka_unit_test(errors_are_cut_not_overrun),
      cmocka_unit_test(errors_read_well),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
