// Renders a meeting's briefing from events on standard input (NDJSON of CloudEvents JSON, as adapters'
// --dry-run prints), deciding each by the rules of a configuration folder: to look at a briefing without a
// hub.
//   nav-police --dry-run … | briefing_preview CONFIG MEETING json|text|html [--part PART] [--for AGENCY]
//   [--now TIME] > briefing.html
// Called by: developers, tests/bench. Must never: be installed; nothing here is recorded.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/briefing.h"
#include "hub/wire/json.h"

struct preview {
  struct conf_agencies *agencies;
  struct access_rules *rules;
  struct meetings *meetings;
  const struct meeting *meeting;
  const struct meeting_part *part;
  struct nav_arena *arena;
  struct briefing_event *events;
  size_t events_count;
  int64_t now_ms;
};

static _Noreturn void stop(const char *what, const char *detail) {
  (void)fprintf(stderr, "briefing_preview: %s: %s\n", what, detail);
  exit(1);
}

static size_t lane_of(const struct preview *preview, const char *agency) {
  for (size_t i = 0; i < access_lane_count(preview->rules); i++) {
    const struct access_lane *lane = access_lane(preview->rules, i);
    if (strcmp(lane->agency, agency) == 0 && strcmp(lane->purpose, preview->part->purpose) == 0) return i;
  }
  stop(agency, "no such lane");
}

static const struct joint_lane *lanes_of(struct preview *preview, const Nav__V1__Event *event) {
  size_t count = preview->part->participants_count;
  struct joint_lane *lanes = nav_arena_zalloc(preview->arena, count, sizeof *lanes);
  if (lanes == NULL) stop("memory", "none");
  for (size_t i = 0; i < count; i++) {
    const char *agency = preview->part->participants[i].agency;
    size_t lane = lane_of(preview, agency);
    struct access_question question = {.event = event, .now_ms = preview->now_ms};
    struct access_decision decision = access_decide_lane(preview->rules, &question, lane);
    struct access_aggregate aggregate = {0};
    lanes[i] = joint_lane_of_decision(preview->rules, &decision);
    lanes[i].is_sender = strcmp(agency, event->source) == 0;
    if (access_aggregate_allowed(preview->rules, event->source, (uint32_t)event->body_case, lane,
                                 preview->now_ms, &aggregate)) {
      lanes[i].smallest_cell = aggregate.smallest_cell;
    }
  }
  return lanes;
}

static void read_events(struct preview *preview) {
  char *line = NULL;
  size_t room = 0, number = 0;
  preview->events = calloc(BRIEFING_EVENTS_MAX, sizeof *preview->events);
  if (preview->events == NULL) stop("memory", "none");
  while (getline(&line, &room, stdin) > 0 && preview->events_count < BRIEFING_EVENTS_MAX) {
    struct nav_error err = {0};
    json_t *json = json_loads(line, 0, NULL);
    const Nav__V1__Event *event = json != NULL ? wire_cloudevent_to_event(json, preview->arena, &err) : NULL;
    json_decref(json);
    number++;
    if (event == NULL) {
      (void)fprintf(stderr, "line %zu: %s %s\n", number, err.place, err.text);
      continue;
    }
    preview->events[preview->events_count++] =
        (struct briefing_event){.seq = number, .event = event, .lanes = lanes_of(preview, event)};
  }
  free(line);
}

static void load(struct preview *preview, const char *folder, const char *meeting, const char *part) {
  struct conf_faults faults = {0};
  preview->agencies = conf_agencies_load(folder, &faults);
  if (preview->agencies != NULL) preview->rules = access_rules_load(folder, preview->agencies, &faults);
  if (preview->rules != NULL) {
    preview->meetings = meetings_load(folder, preview->agencies, access_rules_areas(preview->rules), &faults);
  }
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (preview->meetings == NULL) stop(folder, "not loaded");
  preview->meeting = meeting_find(preview->meetings, meeting);
  if (preview->meeting == NULL) stop(meeting, "no such meeting");
  preview->part = meeting_part_find(preview->meeting, part);
  if (preview->part == NULL) stop(part, "no such part");
}

static size_t find_feeds(const struct preview *preview, struct briefing_feed *feeds) {
  size_t count = 0;
  for (size_t i = 0; i < preview->part->participants_count; i++) {
    struct briefing_feed *feed = &feeds[count++];
    *feed = (struct briefing_feed){.agency = preview->part->participants[i].agency};
    for (size_t j = 0; j < preview->events_count; j++) {
      const Nav__V1__Event *event = preview->events[j].event;
      if (strcmp(event->source, feed->agency) == 0 && event->time_ms > feed->newest_ms)
        feed->newest_ms = event->time_ms;
    }
  }
  return count;
}

static void print(const struct preview *preview, const char *output, const char *for_agency) {
  struct nav_error err = {0};
  struct nav_buffer out;
  struct briefing_feed feeds[MEETING_PARTICIPANTS_MAX];
  uint8_t key[32] = {0};
  struct briefing_input input = {.meeting = preview->meeting,
                                 .part = preview->part,
                                 .agencies = preview->agencies,
                                 .areas = access_rules_areas(preview->rules),
                                 .rules = preview->rules,
                                 .events = preview->events,
                                 .events_count = preview->events_count,
                                 .feeds = feeds,
                                 .feeds_count = find_feeds(preview, feeds),
                                 .rules_hash = access_rules_hash(preview->rules),
                                 .checkpoint = "förhandsvisning, ingen loggbok",
                                 .pseudonym_key = key,
                                 .now_ms = preview->now_ms,
                                 .for_agency = for_agency};
  nav_buffer_init(&out, BRIEFING_OUTPUT_MAX);
  int64_t start = nav_clock_monotonic_ms();
  struct briefing *briefing = briefing_compile(&input, &err);
  if (briefing == NULL) stop(err.place, err.text);
  int64_t compiled = nav_clock_monotonic_ms();
  bool done = strcmp(output, "json") == 0   ? briefing_render_json(briefing, for_agency, &out, &err)
              : strcmp(output, "html") == 0 ? briefing_render_html(briefing, for_agency, &out, &err)
                                            : briefing_render_text(briefing, for_agency, &out, &err);
  if (!done) stop(err.place, err.text);
  (void)fprintf(stderr, "%zu events, compiled in %lld ms, rendered in %lld ms\n", preview->events_count,
                (long long)(compiled - start), (long long)(nav_clock_monotonic_ms() - compiled));
  (void)fwrite(out.data, 1, out.length, stdout);
  briefing_free(briefing);
  nav_buffer_free(&out);
}

int main(int argc, char **argv) {
  const char *part = NULL, *for_agency = NULL;
  struct preview preview = {.arena = nav_arena_new((size_t)2 << 30)};
  if (argc < 4 || sodium_init() < 0 || preview.arena == NULL)
    stop("usage", "CONFIG MEETING json|text|html [--part P] [--for A] [--now T]");
  for (int i = 4; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--part") == 0) part = argv[i + 1];
    if (strcmp(argv[i], "--for") == 0) for_agency = argv[i + 1];
    if (strcmp(argv[i], "--now") == 0 && !nav_clock_parse(argv[i + 1], true, &preview.now_ms))
      stop("--now", "is not a time");
  }
  load(&preview, argv[1], argv[2], part);
  if (preview.now_ms == 0) preview.now_ms = preview.meeting->opens_ms;
  read_events(&preview);
  print(&preview, argv[3], for_agency);
  free(preview.events);
  nav_arena_free(preview.arena);
  meetings_free(preview.meetings);
  access_rules_free(preview.rules);
  conf_agencies_free(preview.agencies);
  return 0;
}
