// A set of numbers that only grows: it has what was put in, through its growth, and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/base/seqs.h"

enum { MANY = 100000 };

static void it_has_what_was_put_in_and_nothing_else(void **state) {
  (void)state;
  struct seqs *seqs = seqs_new();
  assert_non_null(seqs);
  assert_false(seqs_has(seqs, 0));
  assert_false(seqs_has(seqs, 1));
  for (int round = 0; round < 2; round++) {
    for (uint64_t i = 1; i <= MANY; i++) assert_true(seqs_add(seqs, 3 * i));
    assert_int_equal(seqs_count(seqs), MANY);  // again: nothing
  }
  for (uint64_t i = 0; i <= 3 * MANY; i++) assert_int_equal(seqs_has(seqs, i), i > 0 && i % 3 == 0);
  assert_true(seqs_add(seqs, UINT64_MAX));
  assert_true(seqs_has(seqs, UINT64_MAX));
  assert_false(seqs_has(seqs, UINT64_MAX - 1));
  assert_false(seqs_has(seqs, 0));
  seqs_free(seqs);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(it_has_what_was_put_in_and_nothing_else)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
