// Lists and opens events as a briefing does, through hub/desk/reader, and prints them as JSON, so that a test
// sees what a reader is given.
//   read_events HOME PERSON START_MS END_MS OPEN(0|1)
// Called by: tests/flow/desk.py, edge_test.py. Must never: be part of an installation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/reader_private.h"
#include "hub/wire/json.h"

static const struct conf_person *find_person(const struct conf_agencies *agencies, const char *id) {
  for (size_t i = 0; i < agencies->persons_count; i++) {
    if (strcmp(agencies->persons[i].id, id) == 0) return &agencies->persons[i];
  }
  return NULL;
}

static json_t *event_json(const struct desk_reader *reader, const struct desk_event *event) {
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  uint32_t number = desk_reader_lane(reader, "social-bromma", "lagesbild");
  const Nav__V1__LaneVerdict *lane = desk_event_lane(event, number);
  return json_pack("{s:I, s:s, s:i, s:s, s:i, s:I, s:i, s:i, s:b, s:o}", "seq", (json_int_t)event->seq, "id",
                   nav_hex(id, event->id, sizeof event->id), "revision", (int)event->revision, "agency",
                   event->agency, "type", (int)event->type, "time_ms", (json_int_t)event->time_ms, "verdict",
                   (int)event->verdict->number, "lane_outcome", lane == NULL ? -1 : (int)lane->outcome,
                   "erased", event->erased ? 1 : 0, "event",
                   event->event == NULL ? json_null() : wire_cloudevent_from_event(event->event));
}

static bool read_all(struct desk_reader *reader, const struct desk_span *span, bool open, json_t *out,
                     struct nav_error *err) {
  struct desk_events events;
  const struct desk_reading reading = {"lagesbild", "test-meeting", "a test reads"};
  struct desk_feed *feeds = NULL;
  size_t feeds_count = 0;
  struct desk_state state;
  if (!desk_reader_state(reader, &state, err) || !desk_reader_feeds(reader, &feeds, &feeds_count, err) ||
      !desk_reader_list(reader, span, 1, NULL, 0, &events, err)) {
    return false;
  }
  struct desk_event **chosen = calloc(events.count + 1, sizeof *chosen);
  if (chosen == NULL) return false;
  for (size_t i = 0; i < events.count; i++)
    chosen[i] = &events.items[events.count - 1 - i];  // any order must do
  bool ok = !open || desk_reader_open(reader, &reading, chosen, events.count, err);
  free(chosen);
  for (size_t i = 0; ok && i < events.count; i++) {
    (void)json_array_append_new(json_object_get(out, "events"), event_json(reader, &events.items[i]));
  }
  (void)json_object_set_new(out, "checkpoint_size", json_integer((json_int_t)state.checkpoint_size));
  (void)json_object_set_new(out, "records", json_integer((json_int_t)state.records));
  (void)json_object_set_new(out, "feeds", json_integer((json_int_t)feeds_count));
  return ok;
}

int main(int argc, char **argv) {
  struct conf_faults faults = {0};
  struct nav_error err = {0};
  if (argc != 6) return 2;
  struct conf_nav *nav = conf_nav_load(argv[1], &faults);
  struct conf_agencies *agencies = nav == NULL ? NULL : conf_agencies_load(nav->config_folder, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (agencies == NULL) return 1;
  struct desk_request request = {.nav = nav,
                                 .agencies = agencies,
                                 .person = find_person(agencies, argv[2]),
                                 .now_ms = nav_clock_now_ms(),
                                 .arena = nav_arena_new(DESK_ARENA_BYTES_MAX)};
  const struct desk_span span = {strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10)};
  json_t *out = json_pack("{s:[]}", "events");
  request.database = desk_database_open(nav->database_desk, &err);
  struct desk_reader *reader = request.database == NULL ? NULL : desk_reader_new(&request, &err);
  bool ok = reader != NULL && read_all(reader, &span, argv[5][0] == '1', out, &err);
  if (ok) {
    ok = json_dumpf(out, stdout, JSON_COMPACT) == 0;
  } else {
    (void)fprintf(stderr, "class %d: %s: %s\n", (int)err.class, err.place, err.text);
  }
  json_decref(out);
  desk_database_close(request.database);
  nav_arena_free(request.arena);
  conf_agencies_free(agencies);
  conf_nav_free(nav);
  return ok ? 0 : 1;
}
