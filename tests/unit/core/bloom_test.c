// The filter of event ids: no id that was put in is called new, and hardly a new one is called known.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/buffer.h"
#include "hub/core/bloom.h"

enum { IDS = 200000, NEW = 100000 };

static const uint8_t *id_of(uint64_t number) {
  static uint8_t id[BLOOM_ID_SIZE];
  nav_put_u64(id, 0x0192000000000000U + number);  // in order, as a clock's
  nav_put_u64(id + 8, number * 3);
  return id;
}

static void an_id_put_in_is_never_new(void **state) {
  struct bloom *bloom = bloom_new();
  (void)state;
  assert_non_null(bloom);
  for (uint64_t i = 0; i < IDS; i++) {
    bloom_add(bloom, id_of(i));
    assert_true(bloom_may_have(bloom, id_of(i)));
  }
  for (uint64_t i = 0; i < IDS; i++) assert_true(bloom_may_have(bloom, id_of(i)));
  bloom_free(bloom);
}

// With as few ids as here one in a million would be; a thousandth is far from what any key gives.
static void a_new_id_is_told_from_those_put_in(void **state) {
  struct bloom *bloom = bloom_new();
  size_t taken = 0;
  (void)state;
  assert_non_null(bloom);
  assert_false(bloom_may_have(bloom, id_of(0)));
  for (uint64_t i = 0; i < IDS; i++) bloom_add(bloom, id_of(i));
  for (uint64_t i = IDS; i < IDS + NEW; i++) taken += bloom_may_have(bloom, id_of(i)) ? 1 : 0;
  assert_in_range(taken, 0, NEW / 1000);
  bloom_free(bloom);
}

static void ids_that_differ_in_one_bit_are_told_apart(void **state) {
  struct bloom *bloom = bloom_new();
  uint8_t id[BLOOM_ID_SIZE] = {0};
  size_t taken = 0;
  (void)state;
  assert_non_null(bloom);
  bloom_add(bloom, id);
  for (unsigned bit = 0; bit < 8 * BLOOM_ID_SIZE; bit++) {
    memset(id, 0, sizeof id);
    id[bit / 8] = (uint8_t)(1U << bit % 8);
    taken += bloom_may_have(bloom, id) ? 1 : 0;
  }
  assert_int_equal(taken, 0);
  bloom_free(bloom);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_id_put_in_is_never_new),
      cmocka_unit_test(a_new_id_is_told_from_those_put_in),
      cmocka_unit_test(ids_that_differ_in_one_bit_are_told_apart),
  };
  return cmocka_run_group_tests_name("core_bloom", tests, NULL, NULL);
}
