// How long decide and redact take on the shipped rules: microseconds an event. Goals: decide for all lanes 2
// µs, redact 3 µs. Called by: people, on a Release build: build/bin/access_bench. Must never: be run under a
// sanitizer and believed.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/base/clock.h"
#include "hub/base/error.h"
#include "tests/unit/access/made_events.h"

enum { EVENTS = 512, ROUNDS = 400, LANES = 256, MEMORY = 64 * 1024 * 1024 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22
static const uint8_t key[32] = {1};

struct bench {
  const struct access_rules *rules;
  Nav__V1__Event *events[EVENTS];
  size_t events_count;
  struct access_decision *decisions;  // [event][lane]
  size_t lanes;
};

static void report(const char *what, const char *rounds_of, int64_t ms, size_t count) {
  printf("%-28s %8.3f us %s (%zu in %lld ms)\n", what, 1000.0 * (double)ms / (double)count, rounds_of, count,
         (long long)ms);
}

static void bench_decide(struct bench *bench) {
  int64_t start = nav_clock_monotonic_ms();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_question question = {.event = bench->events[i], .now_ms = now_ms};
      access_decide(bench->rules, &question, bench->decisions + i * bench->lanes);
    }
  }
  report("decide, all lanes", "an event", nav_clock_monotonic_ms() - start, ROUNDS * bench->events_count);
}

static void bench_decide_lane(struct bench *bench) {
  int64_t start = nav_clock_monotonic_ms();
  size_t released = 0;
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_question question = {.event = bench->events[i], .now_ms = now_ms};
      released += access_decide_lane(bench->rules, &question, (i + round) % bench->lanes).outcome ==
                  NAV__V1__OUTCOME__OUTCOME_RELEASE;
    }
  }
  report("decide, one lane", "an event", nav_clock_monotonic_ms() - start, ROUNDS * bench->events_count);
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
  int64_t start = nav_clock_monotonic_ms();
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
  report("redact what is released", "a copy", nav_clock_monotonic_ms() - start, copies);
}

static void bench_redact(struct bench *bench, struct nav_arena *arena, const char *what, uint16_t reveal,
                         uint64_t subjects, bool paths) {
  int64_t start = nav_clock_monotonic_ms();
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < bench->events_count; i++) {
      struct access_redaction redaction = redaction_of(bench, i % bench->lanes, reveal, subjects);
      struct access_paths withheld;
      nav_arena_reset(arena);
      NAV_ASSERT(access_redact(&redaction, bench->events[i], arena, paths ? &withheld : NULL) != NULL);
    }
  }
  report(what, "a copy", nav_clock_monotonic_ms() - start, ROUNDS * bench->events_count);
}

static void make_events(struct bench *bench, const struct conf_agencies *agencies, struct nav_arena *arena) {
  const char *sources[64] = {NULL};
  const char *areas[] = {"bromma", "alvik", "solna", "vallingby", NULL};
  struct made_chance chance = {4711};
  for (size_t i = 0; i < agencies->agencies_count && i < 63; i++) sources[i] = agencies->agencies[i].id;
  for (size_t i = 0; i < EVENTS; i++) bench->events[i] = made_random_event(&chance, sources, areas, arena);
  bench->events_count = EVENTS;
}

int main(int count, char **arguments) {
  const char *folder = count > 1 ? arguments[1] : "config";
  if (sodium_init() < 0) return EXIT_FAILURE;  // chooses the fast code for this machine
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(folder, agencies, &faults);
  conf_faults_print(&faults);
  if (rules == NULL) return EXIT_FAILURE;
  struct nav_arena *made = nav_arena_new(MEMORY);
  struct nav_arena *arena = nav_arena_new(MEMORY);
  struct bench bench = {.rules = rules, .lanes = access_lane_count(rules)};
  bench.decisions = calloc(EVENTS * bench.lanes, sizeof *bench.decisions);
  if (made == NULL || arena == NULL || bench.decisions == NULL) return EXIT_FAILURE;
  make_events(&bench, agencies, made);
  printf("%zu rules, %zu lanes, %d events by chance\n", access_rule_count(rules), bench.lanes, EVENTS);
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
  conf_faults_free(&faults);
  return EXIT_SUCCESS;
}
