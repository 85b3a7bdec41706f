// Chance that repeats itself: the same seed and name give the same draws on every machine. No floating-point
// library is used. Called by: all of nav-sample-city. Must never: be used for a key.
#ifndef NAV_DEPLOY_SAMPLE_CITY_CHANCE_H
#define NAV_DEPLOY_SAMPLE_CITY_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
  uint64_t state;
};

// Each feed draws from a sequence of its own, so that --only gives the same files as the whole.
struct chance chance_begin(uint64_t seed, const char *name);
uint64_t chance_next(struct chance *chance);
// 0 … below - 1; below > 0.
unsigned chance_below(struct chance *chance, unsigned below);
int chance_between(struct chance *chance, int low, int high);  // both included
bool chance_percent(struct chance *chance, unsigned percent);
double chance_unit(struct chance *chance);  // 0 ≤ x < 1
// How often something happens that happens `mean` times on average.
unsigned chance_count(struct chance *chance, double mean);
// An index by weights; their sum is above 0.
size_t chance_weighted(struct chance *chance, const unsigned char *weights, size_t count);

#endif
