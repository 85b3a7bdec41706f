// See steady.h.
#include "tests/bench/load/steady.h"

#include <stdlib.h>
#include <time.h>

enum {
  TURNS = 12000,  // of the work: some 15 µs, so 1.5 percent of a processor
  EVERY_NS = 1000000,
  WORKS_MIN = 100,
  NS_A_MS = 1000000,
};

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  (void)clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// In registers alone: neither memory nor a cache that others fill makes it slower.
static uint64_t work(uint64_t x) {
  for (int i = 0; i < TURNS; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

void steady_run(struct steady *steady, const _Atomic bool *quit) {
  static volatile uint64_t kept = 88172645463325252u;
  while (!atomic_load(quit)) {
    struct steady_work it = {.begin_ns = clock_ns(CLOCK_MONOTONIC)};
    uint64_t before_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    kept = work(kept);
    it.took_ns = (uint32_t)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before_ns);
    it.end_ns = clock_ns(CLOCK_MONOTONIC);
    uint32_t count = atomic_load(&steady->count);
    if (count < STEADY_WORKS_MAX) steady->works[count] = it;
    atomic_store(&steady->count, count + 1);
    struct timespec pause = {0, EVERY_NS};
    (void)nanosleep(&pause, NULL);
  }
}

static int by_time(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a;
  uint32_t y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

// 0: no memory.
static uint32_t median_ns(const struct steady *steady, size_t count) {
  uint32_t *times = calloc(count, sizeof *times);
  if (times == NULL) return 0;
  for (size_t i = 0; i < count; i++) times[i] = steady->works[i].took_ns;
  qsort(times, count, sizeof *times, by_time);
  uint32_t median = times[count / 2];
  free(times);
  return median;
}

// False: no room.
static bool add(struct steady_spans *spans, uint64_t from_ns, uint64_t to_ns) {
  if (spans->count == STEADY_SPANS_MAX) return false;
  spans->list[spans->count++] = (struct steady_span){from_ns, to_ns};
  return true;
}

bool steady_find(const struct steady *steady, struct steady_spans *spans) {
  size_t count = atomic_load(&steady->count);
  spans->count = 0;
  if (count < WORKS_MIN || count > STEADY_WORKS_MAX) return false;
  uint64_t slow_ns = STEADY_TIMES_SLOW * (uint64_t)median_ns(steady, count);
  bool ok = slow_ns > 0;
  size_t first = 0;  // of those in a row up to i
  for (size_t i = 0; ok && i <= count; i++) {
    if (i < count && steady->works[i].took_ns > slow_ns) continue;
    if (i - first >= STEADY_IN_A_ROW)
      ok = add(spans, steady->works[first].begin_ns, steady->works[i - 1].end_ns);
    first = i + 1;
  }
  return ok;
}

bool steady_touches(const struct steady_spans *spans, uint64_t due_ns) {
  size_t low = 0;
  size_t high = spans->count;
  while (low < high) {  // the first that does not end long enough before
    size_t middle = low + (high - low) / 2;
    if (spans->list[middle].to_ns + (uint64_t)STEADY_AFTER_MS * NS_A_MS < due_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < spans->count && spans->list[low].from_ns <= due_ns + (uint64_t)STEADY_BEFORE_MS * NS_A_MS;
}

double steady_slow_part(const struct steady_spans *spans, uint64_t from_ns, uint64_t to_ns) {
  uint64_t slow_ns = 0;
  for (size_t i = 0; i < spans->count; i++) {
    uint64_t from = spans->list[i].from_ns > from_ns ? spans->list[i].from_ns : from_ns;
    uint64_t to = spans->list[i].to_ns < to_ns ? spans->list[i].to_ns : to_ns;
    if (to > from) slow_ns += to - from;
  }
  return to_ns > from_ns ? (double)slow_ns / (double)(to_ns - from_ns) : 0;
}
