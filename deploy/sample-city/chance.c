// See chance.h. SplitMix64 (Steele, Lea, Flood 2014).
#include "deploy/sample-city/chance.h"

enum { TRIALS_MIN = 16, TRIALS_A_UNIT = 8 };

struct chance chance_begin(uint64_t seed, const char *name) {
  uint64_t hash = UINT64_C(14695981039346656037);  // FNV-1a of the name
  for (const unsigned char *p = (const unsigned char *)name; *p != '\0'; p++) {
    hash = (hash ^ *p) * UINT64_C(1099511628211);
  }
  return (struct chance){.state = seed * UINT64_C(0x9E3779B97F4A7C15) + hash};
}

uint64_t chance_next(struct chance *chance) {
  uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

unsigned chance_below(struct chance *chance, unsigned below) {
  return (unsigned)(((chance_next(chance) >> 32) * below) >> 32);
}

int chance_between(struct chance *chance, int low, int high) {
  return low + (int)chance_below(chance, (unsigned)(high - low + 1));
}

bool chance_percent(struct chance *chance, unsigned percent) { return chance_below(chance, 100) < percent; }

double chance_unit(struct chance *chance) { return (double)(chance_next(chance) >> 11) / 9007199254740992.0; }

// Many trials of a small chance: near enough to Poisson's, and the same bits everywhere.
unsigned chance_count(struct chance *chance, double mean) {
  if (mean <= 0) return 0;
  unsigned trials = TRIALS_MIN + (unsigned)(mean * TRIALS_A_UNIT);
  double each = mean / trials;
  unsigned count = 0;
  for (unsigned i = 0; i < trials; i++) count += chance_unit(chance) < each;
  return count;
}

size_t chance_weighted(struct chance *chance, const unsigned char *weights, size_t count) {
  unsigned sum = 0;
  for (size_t i = 0; i < count; i++) sum += weights[i];
  unsigned drawn = chance_below(chance, sum);
  size_t index = 0;
  while (drawn >= weights[index]) drawn -= weights[index++];
  return index;
}
