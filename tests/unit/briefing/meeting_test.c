// Meetings: a table of files and their faults, each at its place; what good files give; who may open a
// briefing, and when; and that the meetings we ship load with the agencies and areas we ship.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/meeting.h"
#include "tests/unit/briefing/scene.h"
#include "tests/unit/conf/cases.h"

enum { CASES = 9 };

static struct scene scene;

static struct conf_person persons[] = {
    {.id = (char[]){"anna"},
     .title = (char[]){"Anna"},
     .agency = (char[]){"bolaget"},
     .roles = CONF_ROLE_CHAIR},
    {.id = (char[]){"per"},
     .title = (char[]){"Per"},
     .agency = (char[]){"polisen"},
     .roles = CONF_ROLE_READER},
    {.id = (char[]){"pia"},
     .title = (char[]){"Pia"},
     .agency = (char[]){"polisen"},
     .roles = CONF_ROLE_READER},
    {.id = (char[]){"sara"},
     .title = (char[]){"Sara"},
     .agency = (char[]){"skolan"},
     .roles = CONF_ROLE_READER},
    {.id = (char[]){"bo"}, .title = (char[]){"Bo"}, .agency = (char[]){"brand"}, .roles = CONF_ROLE_READER}};

static int open_scene(void **state) {
  (void)state;
  static char picture[] = "lagesbild", young[] = "unga";
  static char *purposes[] = {picture, young};
  scene_open(&scene, 1);
  for (size_t i = 0; i < 3; i++) {
    scene.agencies.agencies[i].purposes = purposes;
    scene.agencies.agencies[i].purposes_count = 2;
  }
  scene.agencies.persons = persons;
  scene.agencies.persons_count = sizeof persons / sizeof *persons;
  return 0;
}

static int close_scene(void **state) {
  (void)state;
  scene_close(&scene);
  return 0;
}

static bool load(const char *folder, struct conf_faults *faults) {
  struct meetings *meetings = meetings_load(folder, &scene.agencies, &scene.areas, faults);
  meetings_free(meetings);
  return meetings != NULL;
}

static void faults_at_their_places(void **state) {
  (void)state;
  assert_int_equal(cases_run("tests/unit/briefing/meeting.cases", load), CASES);
}

static struct meetings *load_text(const char *yaml) {
  char folder[] = "/tmp/nav-meeting-XXXXXX", path[80];
  struct conf_faults faults = {0};
  assert_non_null(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/meetings", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  (void)snprintf(path, sizeof path, "%s/meetings/a.yaml", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(yaml, file) >= 0);
  assert_int_equal(fclose(file), 0);
  struct meetings *meetings = meetings_load(folder, &scene.agencies, &scene.areas, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  (void)unlink(path);
  (void)snprintf(path, sizeof path, "%s/meetings", folder);
  (void)rmdir(path);
  (void)rmdir(folder);
  assert_non_null(meetings);
  return meetings;
}

static const char whole[] =
    "id: norr\nkind: lagesbild\ntitle: Norr\npurpose: lagesbild\narea: norr\nperiod: {weeks: 4}\nopens: "
    "2026-11-23T09:00\n"
    "closes: 2026-11-30\nchair: anna\nparts:\n"
    "  - {id: alla, title: Alla, participants: [polisen, skolan, bolaget], attendees: {polisen: [per]}}\n"
    "  - {id: unga, title: Unga, purpose: unga, participants: [polisen, skolan]}\n";

static void what_a_file_gives(void **state) {
  (void)state;
  struct meetings *meetings = load_text(whole);
  const struct meeting *meeting = meeting_find(meetings, "norr");
  assert_non_null(meeting);
  assert_null(meeting_find(meetings, "söder"));
  assert_int_equal(meeting->end_day, nav_days_from_date(2026, 11, 23));
  assert_int_equal(meeting->start_day, nav_days_from_date(2026, 10, 26));
  assert_string_equal(meeting->parts[0].purpose, "lagesbild");
  assert_string_equal(meeting->parts[1].purpose, "unga");
  assert_ptr_equal(meeting_part_find(meeting, NULL), &meeting->parts[0]);
  assert_ptr_equal(meeting_part_find(meeting, "unga"), &meeting->parts[1]);
  assert_null(meeting_part_find(meeting, "andra"));
  struct briefing_span spans[BRIEFING_SPANS];
  briefing_spans(meeting, spans);
  assert_int_equal(spans[SPAN_BEFORE].end_day, meeting->start_day);
  assert_int_equal(spans[SPAN_YEAR].start_day, meeting->start_day - 364);
  // 26 October 2026 is after summer time has ended: midnight is 23:00 UTC; 28 September is within it.
  assert_int_equal(spans[SPAN_NOW].start_ms, nav_days_from_date(2026, 10, 26) * 86400000 - 3600000);
  assert_int_equal(spans[SPAN_BEFORE].start_ms, nav_days_from_date(2026, 9, 28) * 86400000 - 2 * 3600000);
  meetings_free(meetings);
}

static void who_may_open_it_and_when(void **state) {
  (void)state;
  struct meetings *meetings = load_text(whole);
  const struct meeting *meeting = meeting_find(meetings, "norr");
  const struct meeting_part *all = &meeting->parts[0], *young = &meeting->parts[1];
  int64_t before = meeting->opens_ms - 1, during = meeting->opens_ms, after = meeting->closes_ms;
  static const struct {
    size_t person, part;
    bool before, during;
  } rows[] = {{0, 0, true, true},    // the chair, whose agency takes part
              {0, 1, false, false},  // not in the part where it does not
              {1, 0, false, true},   // named
              {1, 1, false, true},   // of an agency that names nobody
              {2, 0, false, false},  // of an agency that names others
              {2, 1, false, true},  {3, 0, false, true}, {4, 0, false, false}, {4, 1, false, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct meeting_part *part = rows[i].part == 0 ? all : young;
    const struct conf_person *person = &persons[rows[i].person];
    assert_int_equal(meeting_refuses(meeting, part, person, before) == NULL, rows[i].before);
    assert_int_equal(meeting_refuses(meeting, part, person, during) == NULL, rows[i].during);
    assert_non_null(meeting_refuses(meeting, part, person, after));
  }
  meetings_free(meetings);
}

static void shipped_meetings_load(void **state) {
  (void)state;
  static const char *const ids[] = {"bromma-lagesbild", "hasselby-vallingby-lagesbild",
                                    "upplands-bro-lagesbild", "brommaplan-platssamverkan", "sig-exempel"};
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("config", &faults);
  struct nav_areas *areas = nav_areas_load("config", &faults);
  struct meetings *meetings =
      agencies != NULL && areas != NULL ? meetings_load("config", agencies, areas, &faults) : NULL;
  conf_faults_print(&faults);
  assert_non_null(meetings);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) assert_non_null(meeting_find(meetings, ids[i]));
  meetings_free(meetings);
  nav_areas_free(areas);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(faults_at_their_places), cmocka_unit_test(what_a_file_gives),
      cmocka_unit_test(who_may_open_it_and_when), cmocka_unit_test(shipped_meetings_load)};
  return cmocka_run_group_tests(tests, open_scene, close_scene);
}
