// See ratio.h.
#include "hub/desk/briefing/ratio.h"

#include <math.h>
#include <stdlib.h>

enum { FRACTION_STEPS_MAX = 10000, QUANTILE_STEPS_MAX = 200 };

static double away_from_zero(double value) {
  static const double tiny = 1e-300;
  return fabs(value) < tiny ? tiny : value;
}

// The continued fraction of the incomplete beta function by Lentz's method; converges fast for x < (a + 1) /
// (a + b + 2).
static double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= FRACTION_STEPS_MAX; m++) {
    double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    value *= d * c;
    double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    value *= d * c;
    if (fabs(d * c - 1) < 1e-14) break;
  }
  return value;
}

static double log_gamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);  // lgamma writes to a global
}

double ratio_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

// The x at which I_x(a, b) is `share`: Newton's steps, and a bisection where one would leave the bracket.
static double beta_quantile(double a, double b, double share) {
  double low = 0, high = 1, x = a / (a + b);
  double scale = log_gamma(a + b) - log_gamma(a) - log_gamma(b);
  for (int i = 0; i < QUANTILE_STEPS_MAX; i++) {
    double error = ratio_beta(a, b, x) - share;
    if (error < 0) {
      low = x;
    } else {
      high = x;
    }
    double density = exp(scale + (a - 1) * log(x) + (b - 1) * log1p(-x));
    double next = x - error / density;
    if (!(next > low && next < high)) next = (low + high) / 2;
    bool is_near = fabs(next - x) <= 1e-13 * x;
    x = next;
    if (is_near) break;
  }
  return x;
}

// P(at most k of n) with probability `share` each.
static double binomial_at_most(uint64_t k, uint64_t n, double share) {
  if (k >= n) return 1;
  return ratio_beta((double)(n - k), (double)k + 1, 1 - share);
}

// P(at least k of n), by its own formula: one minus the other tail would lose a small one.
static double binomial_at_least(uint64_t k, uint64_t n, double share) {
  if (k == 0) return 1;
  return ratio_beta((double)k, (double)(n - k) + 1, share);
}

struct rate_ratio rate_ratio(uint64_t now, uint64_t then, double now_days, double then_days) {
  if (now == 0 && then == 0) return (struct rate_ratio){.ratio = NAN, .low = 0, .high = INFINITY, .p = 1};
  double days = then_days / now_days, x = (double)now, y = (double)then;
  double share =
      now_days / (now_days + then_days);  // of the sum that falls in the later period by chance alone
  double low = now == 0 ? 0 : beta_quantile(x, y + 1, 0.025);
  double high = then == 0 ? 1 : beta_quantile(x + 1, y, 0.975);
  double below = binomial_at_most(now, now + then, share), above = binomial_at_least(now, now + then, share);
  return (struct rate_ratio){
      .ratio = then == 0 ? INFINITY : x / y * days,
      .low = low / (1 - low) * days,
      .high = then == 0 ? INFINITY : high / (1 - high) * days,
      .p = fmin(1, 2 * fmin(below, above)),
  };
}

static int by_p(const void *a, const void *b, void *context) {
  const double *p = context;
  double left = p[*(const size_t *)a], right = p[*(const size_t *)b];
  return (left > right) - (left < right);
}

void ratio_discover(const double *p, bool *found, size_t *order, size_t count, double level) {
  for (size_t i = 0; i < count; i++) {
    order[i] = i;
    found[i] = false;
  }
  qsort_r(order, count, sizeof *order, by_p, (void *)(uintptr_t)p);
  size_t last = 0;  // how many of the smallest stand
  for (size_t i = 0; i < count; i++) {
    if (p[order[i]] <= level * (double)(i + 1) / (double)count) last = i + 1;
  }
  for (size_t i = 0; i < last; i++) found[order[i]] = true;
}
