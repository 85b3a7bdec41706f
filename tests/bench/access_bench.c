// How long decide and redact take: on the shipped rules lane decisions a second (goal: 2 million on one core)
// and microseconds a copy (goal: 3); on 1,000 rules × 50 agencies × 6 purposes an event's whole verdict
// (goal: 10 µs in 99 of 100 events) and the memory of the compiled set; and how long 5,000 lines full of
// faults take to refuse (goal: 100 ms). Called by: people, on a Release build: build/bin/access_bench. Must
// never: be run under a sanitizer and believed.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/access/access.h"
#include "hub/base/clock.h"
#include "hub/base/error.h"
#include "tests/unit/access/made_events.h"
#include "tests/unit/access/made_rules.h"

enum { EVENTS = 512, ROUNDS = 400, LARGE_ROUNDS = 200, LARGE_EVENTS = 4096, MEMORY = 64 * 1024 * 1024 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22
static const uint8_t key[32] = {1};

struct bench {
  const struct access_rules *rules;
  Nav__V1__Event *events[EVENTS];
  size_t events_count;
  struct access_decision *decisions;  // [event][lane]
  size_t lanes;
};

static int64_t ns_of(clockid_t clock) {
  struct timespec now;
  int got = clock_gettime(clock, &now);
  NAV_ASSERT(got == 0);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t now_ns(void) { return ns_of(CLOCK_MONOTONIC); }
static int64_t processor_ns(void) { return ns_of(CLOCK_PROCESS_CPUTIME_ID); }

// All but single verdicts is told in processor time, which a busy machine does not lengthen.
static void report(const char *what, const char *rounds_of, int64_t ns, size_t count) {
  printf("%-28s %8.3f us %s (%zu in %lld ms)\n", what, (double)ns / 1000.0 / (double)count, rounds_of, count,
         (long long)(ns / 1000000));
}

static void bench_decide(struct bench *bench) {
  int64_t start = processor_ns();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_question question = {.event = bench->events[i], .now_ms = now_ms};
      access_decide(bench->rules, &question, bench->decisions + i * bench->lanes);
    }
  }
  int64_t ns = processor_ns() - start;
  report("decide, all lanes", "an event", ns, ROUNDS * bench->events_count);
  printf("  %.1f million lane decisions a second\n",
         (double)(ROUNDS * bench->events_count * bench->lanes) * 1000.0 / (double)(ns > 0 ? ns : 1));
}

static void bench_decide_lane(struct bench *bench) {
  int64_t start = processor_ns();
  size_t released = 0;
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_question question = {.event = bench->events[i], .now_ms = now_ms};
      released += access_decide_lane(bench->rules, &question, (i + round) % bench->lanes).outcome ==
                  NAV__V1__OUTCOME__OUTCOME_RELEASE;
    }
  }
  report("decide, one lane", "an event", processor_ns() - start, ROUNDS * bench->events_count);
  printf("  (%zu released)\n", released);
}

static struct access_redaction redaction_of(const struct bench *bench, size_t lane, uint16_t reveal,
                                            uint64_t subjects) {
  return (struct access_redaction){.reveal = reveal,
                                   .subjects = subjects,
                                   .recipient = access_lane(bench->rules, lane)->agency,
                                   .purpose = access_lane(bench->rules, lane)->purpose,
                                   .pseudonym_key = key,
                                   .areas = access_rules_areas(bench->rules),
                                   .now_ms = now_ms};
}

// Every copy that the shipped rules release, as delivery makes it.
static void bench_redact_released(struct bench *bench, struct nav_arena *arena) {
  int64_t start = processor_ns();
  size_t copies = 0;
  for (size_t round = 0; round < ROUNDS / 10; round++) {
    for (size_t i = 0; i < bench->events_count * bench->lanes; i++) {
      const struct access_decision *decision = &bench->decisions[i];
      if (decision->outcome != NAV__V1__OUTCOME__OUTCOME_RELEASE) continue;
      struct access_redaction redaction =
          redaction_of(bench, i % bench->lanes, decision->reveal, decision->subjects);
      struct access_paths withheld;
      nav_arena_reset(arena);
      NAV_ASSERT(access_redact(&redaction, bench->events[i / bench->lanes], arena, &withheld) != NULL);
      copies++;
    }
  }
  report("redact what is released", "a copy", processor_ns() - start, copies);
}

static void bench_redact(struct bench *bench, struct nav_arena *arena, const char *what, uint16_t reveal,
                         uint64_t subjects, bool paths) {
  int64_t start = processor_ns();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_redaction redaction = redaction_of(bench, i % bench->lanes, reveal, subjects);
      struct access_paths withheld;
      nav_arena_reset(arena);
      NAV_ASSERT(access_redact(&redaction, bench->events[i], arena, paths ? &withheld : NULL) != NULL);
    }
  }
  report(what, "a copy", processor_ns() - start, ROUNDS * bench->events_count);
}

static size_t agencies_of(const struct conf_agencies *agencies, const char *sources[64]) {
  size_t count = 0;
  for (; count < agencies->agencies_count && count < 63; count++)
    sources[count] = agencies->agencies[count].id;
  sources[count] = NULL;
  return count;
}

static void make_events(struct bench *bench, const struct conf_agencies *agencies, struct nav_arena *arena) {
  const char *sources[64];
  const char *areas[] = {"bromma", "alvik", "solna", "vallingby", NULL};
  struct made_chance chance = {4711};
  (void)agencies_of(agencies, sources);
  for (size_t i = 0; i < EVENTS; i++) bench->events[i] = made_random_event(&chance, sources, areas, arena);
  bench->events_count = EVENTS;
}

static bool load(const char *folder, struct conf_agencies **agencies, struct access_rules **rules) {
  struct conf_faults faults = {0};
  *agencies = conf_agencies_load(folder, &faults);
  *rules = *agencies == NULL ? NULL : access_rules_load(folder, *agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return *rules != NULL;
}

static bool bench_shipped(const char *folder) {
  struct conf_agencies *agencies = NULL;
  struct access_rules *rules = NULL;
  if (!load(folder, &agencies, &rules)) return false;
  struct nav_arena *made = nav_arena_new(MEMORY);
  struct nav_arena *arena = nav_arena_new(MEMORY);
  struct bench bench = {.rules = rules, .lanes = access_lane_count(rules)};
  bench.decisions = calloc(EVENTS * bench.lanes, sizeof *bench.decisions);
  NAV_ASSERT(made != NULL && arena != NULL && bench.decisions != NULL);
  make_events(&bench, agencies, made);
  printf("%s: %zu rules, %zu lanes, %zu bytes compiled, %d events by chance\n", folder,
         access_rule_count(rules), bench.lanes, access_rules_memory(rules), EVENTS);
  bench_decide(&bench);
  bench_decide_lane(&bench);
  bench_redact_released(&bench, arena);
  bench_redact(&bench, arena, "redact, all revealed", 0x1FE, UINT64_MAX, true);
  bench_redact(&bench, arena, "redact, open only", 2, UINT64_MAX, true);
  bench_redact(&bench, arena, "  without the paths", 2, UINT64_MAX, false);
  bench_redact(&bench, arena, "redact, no persons", 6, 0, true);
  free(bench.decisions);
  nav_arena_free(arena);
  nav_arena_free(made);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  return true;
}

static int by_size(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void print_verdicts(const char *what, int64_t *took, size_t count) {
  qsort(took, count, sizeof *took, by_size);
  size_t half = count / 2;
  size_t most = count * 99 / 100;
  printf("  %-40s p50 %6.2f us, p99 %6.2f us, most %8.2f us\n", what, (double)took[half] / 1000.0,
         (double)took[most] / 1000.0, (double)took[count - 1] / 1000.0);
}

// The whole verdict of each event, every time by itself. The middle of an event's rounds is what it costs; a
// single round may hold another program's turn.
static void bench_verdicts(const struct access_rules *rules, Nav__V1__Event *const *events) {
  size_t lanes = access_lane_count(rules);
  int64_t *took = calloc((size_t)LARGE_ROUNDS * LARGE_EVENTS, sizeof *took);
  int64_t *middle = calloc(LARGE_EVENTS, sizeof *middle);
  struct access_decision *decisions = calloc(lanes, sizeof *decisions);
  NAV_ASSERT(took != NULL && middle != NULL && decisions != NULL);
  for (size_t round = 0; round < LARGE_ROUNDS; round++) {
    for (size_t i = 0; i < LARGE_EVENTS; i++) {
      struct access_question question = {.event = events[i], .now_ms = now_ms};
      int64_t start = now_ns();
      access_decide(rules, &question, decisions);
      took[i * LARGE_ROUNDS + round] = now_ns() - start;
    }
  }
  for (size_t i = 0; i < LARGE_EVENTS; i++) {
    qsort(took + i * LARGE_ROUNDS, LARGE_ROUNDS, sizeof *took, by_size);
    middle[i] = took[i * LARGE_ROUNDS + LARGE_ROUNDS / 2];
  }
  print_verdicts("an event's whole verdict:", middle, LARGE_EVENTS);
  print_verdicts("  every single one, by the clock:", took, (size_t)LARGE_ROUNDS * LARGE_EVENTS);
  free(decisions);
  free(middle);
  free(took);
}

static bool bench_large(void) {
  const struct made_rules what = {.agencies = 50, .purposes = 6, .rules = 1000};
  char folder[MADE_FOLDER_SIZE];
  static Nav__V1__Event *events[LARGE_EVENTS];
  static const char *const areas[] = {"o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7", NULL};
  const char *sources[64];
  struct conf_agencies *agencies = NULL;
  struct access_rules *rules = NULL;
  struct made_chance chance = {4711};
  made_rules_write(&what, folder);
  int64_t start = processor_ns();
  bool good = load(folder, &agencies, &rules);
  int64_t loaded = processor_ns();
  made_rules_remove(&what, folder);
  struct nav_arena *arena = nav_arena_new(MEMORY);
  NAV_ASSERT(arena != NULL);
  if (good) {
    (void)agencies_of(agencies, sources);
    for (size_t i = 0; i < LARGE_EVENTS; i++) events[i] = made_random_event(&chance, sources, areas, arena);
    printf("\nlarge: %zu rules, %u agencies, %u purposes, %zu lanes, %zu bytes compiled, loaded in %.1f ms\n",
           access_rule_count(rules), what.agencies, what.purposes, access_lane_count(rules),
           access_rules_memory(rules), (double)(loaded - start) / 1e6);
    bench_verdicts(rules, events);
  }
  nav_arena_free(arena);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  return good;
}

static void bench_faults(void) {
  const struct made_rules what = {.agencies = 50, .purposes = 6, .rules = 1250, .faulty = true};
  char folder[MADE_FOLDER_SIZE];
  struct conf_faults faults = {0};
  made_rules_write(&what, folder);
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  NAV_ASSERT(agencies != NULL);
  int64_t start = processor_ns();
  const struct access_rules *rules = access_rules_load(folder, agencies, &faults);
  int64_t ended = processor_ns();
  NAV_ASSERT(rules == NULL);
  printf("\nrefused: %u lines with %zu faults in %.1f ms\n", what.rules * MADE_RULE_LINES,
         faults.count + faults.dropped, (double)(ended - start) / 1e6);
  made_rules_remove(&what, folder);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(int count, char **arguments) {
  if (sodium_init() < 0) return EXIT_FAILURE;  // chooses the fast code for this machine
  if (!bench_shipped(count > 1 ? arguments[1] : "config") || !bench_large()) return EXIT_FAILURE;
  bench_faults();
  return EXIT_SUCCESS;
}
