// Rate ratios, their intervals and p values against published and independently summed values; false
// discovery by the example of Benjamini and Hochberg (1995).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hub/desk/briefing/ratio.h"

static void near(double value, double expected, double relative) {
  if (fabs(value - expected) > relative * fabs(expected) + 1e-15) {
    print_error("%.12g is not %.12g\n", value, expected);
    fail();
  }
}

// Made with Python's fractions: exact binomial sums and bisection, nothing of this code's.
static const struct {
  uint64_t now, then;
  double now_days, then_days;
  double ratio, low, high, p;
} known[] = {
#include "ratio_known.inc"
};

static void known_ratios(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    struct rate_ratio rate = rate_ratio(known[i].now, known[i].then, known[i].now_days, known[i].then_days);
    near(rate.ratio, known[i].ratio, 1e-9);
    near(rate.low, known[i].low, 1e-7);
    near(rate.high, known[i].high, 1e-7);
    near(rate.p, known[i].p, 1e-7);
  }
}

// Clopper and Pearson's interval for 10 of 15 is 0.3838 to 0.8818 in any table of it.
static void table_value(void **state) {
  (void)state;
  struct rate_ratio rate = rate_ratio(10, 5, 28, 28);
  near(rate.low, 0.38380 / (1 - 0.38380), 2e-4);
  near(rate.high, 0.88176 / (1 - 0.88176), 2e-4);
}

static void zeros(void **state) {
  (void)state;
  struct rate_ratio none = rate_ratio(0, 0, 28, 28), fresh = rate_ratio(6, 0, 28, 28),
                    gone = rate_ratio(0, 6, 28, 28);
  assert_true(isnan(none.ratio) && none.p == 1);
  assert_true(isinf(fresh.ratio) && isinf(fresh.high));
  near(fresh.low, 1 / (pow(0.025, -1.0 / 6) - 1), 1e-9);  // (α/2)^(1/n) is the share's lower limit
  near(fresh.p, 2.0 / 64, 1e-12);
  assert_true(gone.ratio == 0 && gone.low == 0);
  near(gone.high, pow(0.025, -1.0 / 6) - 1, 1e-9);
}

// 1/RR has the mirrored interval, and the same p.
static void mirrored(void **state) {
  (void)state;
  for (uint64_t x = 1; x < 60; x += 3) {
    for (uint64_t y = 1; y < 60; y += 7) {
      struct rate_ratio one = rate_ratio(x, y, 7, 21), other = rate_ratio(y, x, 21, 7);
      near(one.low, 1 / other.high, 1e-9);
      near(one.high, 1 / other.low, 1e-9);
      near(one.p, other.p, 1e-9);
    }
  }
}

static void large_counts(void **state) {
  (void)state;
  struct rate_ratio rate = rate_ratio(100000, 99000, 1, 1);
  assert_true(rate.low < rate.ratio && rate.ratio < rate.high && rate.high - rate.low < 0.02);
  // Near the normal approximation there: log ratio ± 1.96 × √(1/x + 1/y).
  double wide = 1.959964 * sqrt(1.0 / 100000 + 1.0 / 99000);
  near(log(rate.high), log(100.0 / 99) + wide, 0.01);
}

static void false_discovery(void **state) {
  (void)state;
  static const double p[] = {0.0459, 0.0001, 0.3240, 0.0004, 0.4262, 0.0019, 0.5719, 0.0095,
                             0.6528, 0.0201, 0.7590, 0.0278, 1.0000, 0.0298, 0.0344};
  enum { COUNT = sizeof p / sizeof *p };
  bool found[COUNT];
  size_t order[COUNT];
  ratio_discover(p, found, order, COUNT, 0.05);
  for (size_t i = 0; i < COUNT; i++)
    assert_int_equal(found[i], p[i] <= 0.0095);  // four of them, as in the paper
  ratio_discover(p, found, order, 0, 0.05);      // none
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(known_ratios), cmocka_unit_test(table_value),
                                     cmocka_unit_test(zeros),        cmocka_unit_test(mirrored),
                                     cmocka_unit_test(large_counts), cmocka_unit_test(false_discovery)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
