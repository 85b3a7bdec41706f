// How long a briefing of 100,000 events takes: compile, and each rendering. One JSON line a round; ends with
// 1 where compile takes more than a second (on a release build; --report only tells). Called by: developers,
// tests/bench. Must never: be installed.
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "tests/unit/briefing/scene.h"

enum { EVENTS = 100000, ROUNDS = 3, COMPILE_MS_MAX = 1000, WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD };

static uint32_t state = 20261122;

static uint32_t random_below(uint32_t limit) {
  state = state * 1664525U + 1013904223U;
  return (uint32_t)((uint64_t)state * limit >> 32);
}

// Two months and a month of last year; half with an exact place, at 3,000 addresses; a tenth as counts, a
// tenth kept from somebody.
static void add(struct scene *scene) {
  static const char *const services[] = {"Klotter", "Nedskräpning", "Trasig belysning", "Otrygg plats",
                                         "Parkering"};
  static const char *const areas[] = {"norr", "soder", "lilla", "staden"};
  int day = (int)random_below(84);
  int64_t time_ms = scene_time(day < 56 ? day + 1 : day - 56 + 365, (int)random_below(24));
  const char *area = areas[random_below(4)];
  Nav__V1__Event *event = NULL;
  if (random_below(2) == 0) {
    event =
        scene_disturbance(scene, "bolaget", time_ms, (Nav__V1__DisturbanceKind)(1 + random_below(7)), area);
  } else {
    event = scene_report(scene, "tyck", time_ms, services[random_below(5)], area);
  }
  if (random_below(2) == 0) {
    uint32_t address = random_below(3000);
    scene_put(scene, event, 500 + address % 60 * 50.0, 500 + address / 60.0 * 50, "Gatan 1");
  }
  uint32_t kept = random_below(10);
  if (kept == 0) scene_lanes(scene)[0] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  if (kept == 1 || kept == 2) scene_lanes(scene)[1] = (struct joint_lane){.outcome = WITHHOLD};
}

typedef bool render(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                    struct nav_error *err);

static long long render_ms(const struct briefing *briefing, render *how) {
  struct nav_buffer out;
  struct nav_error err = {0};
  int64_t start = nav_clock_monotonic_ms();
  nav_buffer_init(&out, BRIEFING_OUTPUT_MAX);
  if (!how(briefing, NULL, &out, &err)) (void)fprintf(stderr, "briefing_bench: %s\n", err.text);
  nav_buffer_free(&out);
  return (long long)(nav_clock_monotonic_ms() - start);
}

static long long round_ms(struct scene *scene) {
  int64_t start = nav_clock_monotonic_ms();
  struct briefing *briefing = scene_compile(scene);
  long long compile = (long long)(nav_clock_monotonic_ms() - start);
  (void)printf(
      "{\"case\": \"briefing\", \"events\": %zu, \"compile_ms\": %lld, \"html_ms\": %lld, \"json_ms\": %lld, "
      "\"text_ms\": %lld}\n",
      scene->count, compile, render_ms(briefing, briefing_render_html),
      render_ms(briefing, briefing_render_json), render_ms(briefing, briefing_render_text));
  briefing_free(briefing);
  return compile;
}

int main(int argc, char **argv) {
  struct scene scene;
  long long best = COMPILE_MS_MAX + 1;
  if (sodium_init() < 0) return 1;
  scene_open(&scene, EVENTS);
  for (int i = 0; i < EVENTS; i++) add(&scene);
  for (int i = 0; i < ROUNDS; i++) {
    long long compile = round_ms(&scene);
    if (compile < best) best = compile;
  }
  scene_close(&scene);
  bool only_report = argc > 1 && strcmp(argv[1], "--report") == 0;
  return best <= COMPILE_MS_MAX || only_report ? 0 : 1;
}
