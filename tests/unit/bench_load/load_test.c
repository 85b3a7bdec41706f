// What the benchmark's figures rest on: marks that come back as they were written and lie as chance would lay
// them, a histogram whose parts are right to 1.6 percent, and which events a slow moment of the machine
// touched. Called by: ctest. Must never: time anything.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// After what it needs.
#include <cmocka.h>

#include "tests/bench/load/histogram.h"
#include "tests/bench/load/mark.h"
#include "tests/bench/load/steady.h"

enum { MARKS = 4096, BITS = 8 * MARK_SIZE };

static void marks_come_back(void **state) {
  static const struct mark marks[] = {{0, 0, 0, 0},
                                      {UINT16_MAX, UINT16_MAX, UINT32_MAX, UINT32_MAX},
                                      {1, 15, 67108863, 3600000000u},
                                      {77, 3, 65536, 65535},
                                      {0x1234, 0x5678, 0x9abcdef0u, 0x0fedcba9u}};
  (void)state;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    uint8_t bytes[MARK_SIZE];
    mark_write(bytes, &marks[i]);
    struct mark back = mark_read(bytes);
    assert_int_equal(back.run, marks[i].run);
    assert_int_equal(back.publisher, marks[i].publisher);
    assert_int_equal(back.number, marks[i].number);
    assert_int_equal(back.due_us, marks[i].due_us);
  }
}

// Marks of events one after another differ in half of their bits: each bit changes in 40 to 60 percent of the
// steps.
static void marks_are_scattered(void **state) {
  unsigned changes[BITS] = {0};
  uint8_t before[MARK_SIZE], now[MARK_SIZE];
  (void)state;
  mark_write(before, &(struct mark){.run = 7, .number = 0});
  for (uint32_t number = 1; number <= MARKS; number++) {
    mark_write(now, &(struct mark){.run = 7, .number = number, .due_us = number * 33});
    for (unsigned bit = 0; bit < BITS; bit++)
      changes[bit] += ((before[bit / 8] ^ now[bit / 8]) >> (bit % 8)) & 1;
    memcpy(before, now, sizeof now);
  }
  for (unsigned bit = 0; bit < BITS; bit++) assert_in_range(changes[bit], MARKS * 2 / 5, MARKS * 3 / 5);
}

static void near(double value, double wanted) { assert_true(fabs(value - wanted) <= wanted * 0.016 + 1); }

static void histogram_tells_parts(void **state) {
  struct histogram *h = calloc(1, sizeof *h);
  (void)state;
  assert_non_null(h);
  assert_true(histogram_part(h, 0.5) == 0);
  for (uint64_t us = 1; us <= 100000; us++) histogram_add(h, us * 1000);
  near(histogram_part(h, 0.5), 50000e3);
  near(histogram_part(h, 0.99), 99000e3);
  near(histogram_part(h, 0), 1000);
  assert_int_equal(h->max_ns, 100000000);
  assert_int_equal(h->count, 100000);
  free(h);
}

// From single nanoseconds to the largest number there is.
static void histogram_takes_any_value(void **state) {
  (void)state;
  for (uint64_t ns = 1; ns != 0; ns <<= 1) {
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    histogram_add(h, ns);
    near(histogram_part(h, 0.5), (double)ns);
    free(h);
  }
}

static void histograms_add_up(void **state) {
  struct histogram *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
  (void)state;
  assert_true(a != NULL && b != NULL);
  for (unsigned i = 0; i < 10; i++) histogram_add(a, 1000);
  for (unsigned i = 0; i < 30; i++) histogram_add(b, 1000000);
  histogram_merge(a, b);
  assert_int_equal(a->count, 40);
  assert_int_equal(a->max_ns, 1000000);
  near(histogram_part(a, 0.2), 1000);
  near(histogram_part(a, 0.3), 1000000);
  free(a);
  free(b);
}

// ---- the machine's own slow moments ----

enum { MS = 1000000, WORK_NS = 20000, WORKS = 1000 };

// A work each millisecond; those of slow_ms take so many times as long, and the next ones come that much
// later.
static void machine(struct steady *steady, const unsigned *slow_ms, size_t slow, unsigned times) {
  uint64_t now_ns = 0;
  for (uint32_t i = 0; i < WORKS; i++) {
    uint32_t took_ns = WORK_NS + i % 7 * 1000;
    for (size_t k = 0; k < slow; k++)
      if (slow_ms[k] == i) took_ns = times * WORK_NS;
    steady->works[i] = (struct steady_work){now_ns, now_ns + took_ns, took_ns};
    now_ns += took_ns + MS;
  }
  atomic_store(&steady->count, WORKS);
}

static void slow_moments_are_found(void **state) {
  static const unsigned slow_ms[] = {300, 301, 302, 303, 500, 600, 601, 700, 701, 702};
  enum { SLOW = sizeof slow_ms / sizeof *slow_ms };
  struct steady *steady = calloc(1, sizeof *steady);
  struct steady_spans *spans = calloc(1, sizeof *spans);
  (void)state;
  assert_true(steady != NULL && spans != NULL);
  assert_false(steady_find(steady, spans));  // nothing was noted
  machine(steady, slow_ms, SLOW, 10);
  assert_true(steady_find(steady, spans));
  assert_int_equal(spans->count, 2);  // one or two in a row may be an interrupt's
  assert_int_equal(spans->list[0].from_ns, steady->works[300].begin_ns);
  assert_int_equal(spans->list[0].to_ns, steady->works[303].end_ns);
  assert_int_equal(spans->list[1].to_ns, steady->works[702].end_ns);
  uint64_t from = spans->list[1].from_ns, to = spans->list[1].to_ns;
  assert_false(steady_touches(spans, from - 21 * MS));
  assert_true(steady_touches(spans, from - 19 * MS));  // it was still on its way
  assert_true(steady_touches(spans, from + 1));
  assert_true(steady_touches(spans, to + 49 * MS));  // it was due behind what had piled up
  assert_false(steady_touches(spans, to + 51 * MS));
  near(1e6 * steady_slow_part(spans, from - MS, to + MS),
       1e6 * (double)(to - from) / (double)(to - from + 2 * MS));
  machine(steady, slow_ms, SLOW, 2);  // not so much slower: a neighbour on the same core does as much
  assert_true(steady_find(steady, spans));
  assert_int_equal(spans->count, 0);
  assert_false(steady_touches(spans, 300 * MS));
  static const unsigned last_ms[] = {WORKS - 3, WORKS - 2, WORKS - 1};
  machine(steady, last_ms, 3, 10);
  assert_true(steady_find(steady, spans));
  assert_int_equal(spans->count, 1);
  atomic_store(&steady->count, STEADY_WORKS_MAX + 1);
  assert_false(steady_find(steady, spans));  // more than was kept
  free(steady);
  free(spans);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(marks_come_back),       cmocka_unit_test(marks_are_scattered),
      cmocka_unit_test(histogram_tells_parts), cmocka_unit_test(histogram_takes_any_value),
      cmocka_unit_test(histograms_add_up),     cmocka_unit_test(slow_moments_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
