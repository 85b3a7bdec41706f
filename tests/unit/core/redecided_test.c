// What deliveries found to be less than the stored verdict: never forgotten before the lane has passed it.
// Called by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/base/error.h"
#include "hub/core/numbers.h"
#include "hub/core/redecided.h"

enum { LANES = 7, POSITIONS = 9000 };

static struct narrowed made(uint32_t lane, uint64_t position) {
  return (struct narrowed){.position = position,
                           .lane = lane,
                           .released = position % 2 == 0,
                           .narrative_edited = position % 3 == 0,
                           .reveal = (uint16_t)(position % 500),
                           .subjects = position * lane};
}

static void check(const struct redecided *redecided, uint32_t lane, uint64_t position) {
  const struct narrowed wanted = made(lane, position);
  const struct narrowed *found = redecided_find(redecided, lane, position);
  assert_non_null(found);
  assert_int_equal(found->position, position);
  assert_int_equal(found->lane, lane);
  assert_int_equal(found->released, wanted.released);
  assert_int_equal(found->narrative_edited, wanted.narrative_edited);
  assert_int_equal(found->reveal, wanted.reveal);
  assert_int_equal(found->subjects, wanted.subjects);
}

static struct redecided *filled(void) {
  struct redecided *redecided = redecided_new();
  assert_non_null(redecided);
  assert_null(redecided_find(redecided, 1, 1));
  for (uint64_t position = 1; position <= POSITIONS; position++)
    for (uint32_t lane = 1; lane <= LANES; lane++) {
      const struct narrowed narrowed = made(lane, position);
      redecided_note(redecided, &narrowed);
    }
  return redecided;
}

static void each_is_found_through_every_growth(void **state) {
  (void)state;
  struct redecided *redecided = filled();
  for (uint64_t position = 1; position <= POSITIONS; position++)
    for (uint32_t lane = 1; lane <= LANES; lane++) check(redecided, lane, position);
  assert_null(redecided_find(redecided, 1, POSITIONS + 1));
  assert_null(redecided_find(redecided, LANES + 1, 1));
  assert_null(redecided_find(redecided, 0, 1));
  assert_true(redecided_has_room(redecided));
  redecided_free(redecided);
}

// What a lane has passed makes room; no lane's passing touches another's, or what is above.
static void only_what_is_passed_is_forgotten(void **state) {
  (void)state;
  struct redecided *redecided = filled();
  redecided_pass(redecided, 1, POSITIONS);
  redecided_pass(redecided, 2, POSITIONS / 2);
  redecided_pass(redecided, 2, 3);  // an old acknowledgement takes nothing back
  for (uint64_t position = POSITIONS + 1; position <= 12 * POSITIONS; position++) {
    const struct narrowed narrowed = made(LANES, position);  // enough of them for a rebuild
    redecided_note(redecided, &narrowed);
  }
  for (uint64_t position = 1; position <= POSITIONS; position++) {
    assert_null(redecided_find(redecided, 1, position));
    if (position > POSITIONS / 2) check(redecided, 2, position);
    for (uint32_t lane = 3; lane <= LANES; lane++) check(redecided, lane, position);
  }
  assert_null(redecided_find(redecided, 2, POSITIONS / 2));
  for (uint64_t position = POSITIONS + 1; position <= 12 * POSITIONS; position++)
    check(redecided, LANES, position);
  redecided_free(redecided);
}

static void a_later_finding_stands_in_place_of_an_earlier(void **state) {
  (void)state;
  struct redecided *redecided = redecided_new();
  const struct narrowed first = {.position = 5, .lane = 2, .released = true, .reveal = 7};
  const struct narrowed second = {.position = 5, .lane = 2, .released = false};
  redecided_note(redecided, &first);
  redecided_note(redecided, &second);
  assert_false(redecided_find(redecided, 2, 5)->released);
  assert_int_equal(redecided_find(redecided, 2, 5)->reveal, 0);
  const struct narrowed passed = {.position = 4, .lane = 3};
  redecided_pass(redecided, 3, 4);
  redecided_note(redecided, &passed);  // as at start, where acknowledgements are read first
  assert_null(redecided_find(redecided, 3, 4));
  const struct narrowed above = {.position = 5, .lane = 3};
  redecided_note(redecided, &above);
  assert_non_null(redecided_find(redecided, 3, 5));
  redecided_free(redecided);
}

// The highest lane, and positions as far apart as there are.
static void its_edges(void **state) {
  (void)state;
  struct redecided *redecided = redecided_new();
  static const uint64_t positions[] = {1, UINT64_C(1) << 48, UINT64_MAX};
  for (size_t i = 0; i < 3; i++) {
    const struct narrowed narrowed = made(NUMBERS_LANES_MAX - 1, positions[i]);
    redecided_note(redecided, &narrowed);
  }
  for (size_t i = 0; i < 3; i++) check(redecided, NUMBERS_LANES_MAX - 1, positions[i]);
  redecided_pass(redecided, NUMBERS_LANES_MAX - 1, UINT64_MAX - 1);
  for (uint64_t position = 1; position < 2000; position++) {
    const struct narrowed narrowed = made(1, position);
    redecided_note(redecided, &narrowed);
  }
  assert_null(redecided_find(redecided, NUMBERS_LANES_MAX - 1, 1));
  check(redecided, NUMBERS_LANES_MAX - 1, UINT64_MAX);
  redecided_free(redecided);
  redecided_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_is_found_through_every_growth),
      cmocka_unit_test(only_what_is_passed_is_forgotten),
      cmocka_unit_test(a_later_finding_stands_in_place_of_an_earlier),
      cmocka_unit_test(its_edges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
