// See scene.h.
#include "tests/unit/briefing/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"

static const double west = 17.90, south = 59.30, metres_a_degree = 111195, narrow = 0.51;

static const char *const agency_ids[] = {"polisen", "skolan", "bolaget", "tyck", "brand"};
static const char *const agency_titles[] = {"Polisen", "Skolan", "Bostadsbolaget", "Tyck till",
                                            "Brandförsvaret"};
enum { AGENCIES = 5 };

static void *take(struct scene *scene, size_t count, size_t size) {
  void *memory = nav_arena_zalloc(scene->arena, count, size);
  NAV_ASSERT(memory != NULL);
  return memory;
}

static char *text(struct scene *scene, const char *value) {
  char *copy = nav_arena_strdup(scene->arena, value);
  NAV_ASSERT(copy != NULL);
  return copy;
}

static void add_area(struct scene *scene, const char *id, const char *title, uint32_t population, double x,
                     double y, double side) {
  struct nav_area *area = &scene->areas.items[scene->areas.count++];
  double corners[] = {x, y, x + side, y, x + side, y + side, x, y + side};
  *area = (struct nav_area){.id = text(scene, id),
                            .title = text(scene, title),
                            .municipality = text(scene, "0180"),
                            .population = population};
  if (scene->areas.count > 1) area->parent = text(scene, "staden");
  area->points = take(scene, 8, sizeof *area->points);
  area->points_count = 4;
  memcpy(area->points, corners, sizeof corners);
}

static void add_areas(struct scene *scene) {
  scene->areas.items = take(scene, 4, sizeof *scene->areas.items);
  add_area(scene, "staden", "Staden", 20000, west, south, 0.06);
  add_area(scene, "soder", "Söder", 12000, west, south, 0.02);
  add_area(scene, "norr", "Norr", 7700, west + 0.02, south + 0.02, 0.03);
  add_area(scene, "lilla", "Lilla udden", 300, west + 0.03, south, 0.01);
}

static void add_agencies(struct scene *scene) {
  scene->agencies.agencies = take(scene, AGENCIES, sizeof *scene->agencies.agencies);
  scene->agencies.agencies_count = AGENCIES;
  for (size_t i = 0; i < AGENCIES; i++) {
    scene->agencies.agencies[i] =
        (struct conf_agency){.id = text(scene, agency_ids[i]), .title = text(scene, agency_titles[i])};
  }
}

static void add_meeting(struct scene *scene) {
  static const char *areas[] = {"staden"};
  int64_t opens = nav_days_from_date(2026, 11, 23);
  for (size_t i = 0; i < SCENE_PARTICIPANTS; i++) {
    scene->participants[i] = (struct meeting_participant){.agency = agency_ids[i]};
    scene->feeds[i] =
        (struct briefing_feed){.agency = agency_ids[i], .newest_ms = scene_time(1, 20 - (int)i)};
  }
  scene->part = (struct meeting_part){.id = "gemensam",
                                      .title = "Gemensam del",
                                      .purpose = "lagesbild",
                                      .participants = scene->participants,
                                      .participants_count = SCENE_PARTICIPANTS};
  scene->meeting = (struct meeting){.id = "staden-lagesbild",
                                    .kind = MEETING_LAGESBILD,
                                    .title = "Lägesbildsmöte Staden",
                                    .chair = "anna",
                                    .areas = areas,
                                    .areas_count = 1,
                                    .parts = &scene->part,
                                    .parts_count = 1,
                                    .opens_ms = scene_time(0, 0),
                                    .closes_ms = INT64_MAX,
                                    .start_day = opens - 28,
                                    .end_day = opens};
}

void scene_open(struct scene *scene, size_t room) {
  memset(scene, 0, sizeof *scene);
  scene->arena = nav_arena_new((size_t)4 << 30);
  NAV_ASSERT(scene->arena != NULL);
  add_areas(scene);
  add_agencies(scene);
  add_meeting(scene);
  scene->events = take(scene, room, sizeof *scene->events);
  scene->room = room;
  for (size_t i = 0; i < 32; i++) scene->hash[i] = (uint8_t)i;
  scene->input = (struct briefing_input){.meeting = &scene->meeting,
                                         .part = &scene->part,
                                         .agencies = &scene->agencies,
                                         .areas = &scene->areas,
                                         .events = scene->events,
                                         .feeds = scene->feeds,
                                         .feeds_count = SCENE_PARTICIPANTS,
                                         .rules_hash = scene->hash,
                                         .checkpoint = "12 poster, rot ab",
                                         .pseudonym_key = scene->key,
                                         .now_ms = scene_time(0, 9)};
}

void scene_close(struct scene *scene) { nav_arena_free(scene->arena); }

struct briefing *scene_compile(struct scene *scene) {
  struct nav_error err = {0};
  scene->input.events_count = scene->count;
  struct briefing *briefing = briefing_compile(&scene->input, &err);
  if (briefing == NULL) (void)fprintf(stderr, "%s: %s\n", err.place, err.text);
  NAV_ASSERT(briefing != NULL);
  return briefing;
}

int64_t scene_time(int days_before, int hour) {
  struct nav_civil civil = {.hour = hour, .minute = 10};
  nav_date_from_days(nav_days_from_date(2026, 11, 23) - days_before, &civil.year, &civil.month, &civil.day);
  return nav_ms_from_civil_stockholm(&civil) - (hour == 0 ? 600000 : 0);
}

static Nav__V1__Event *add_event(struct scene *scene, const char *source, int64_t time_ms, const char *area) {
  NAV_ASSERT(scene->count < scene->room);
  struct briefing_event *entry = &scene->events[scene->count++];
  Nav__V1__Event *event = take(scene, 1, sizeof *event);
  nav__v1__event__init(event);
  entry->seq = 100 + 3 * scene->count;
  event->has_id = true;
  event->id.len = 16;
  event->id.data = take(scene, 1, 16);
  memcpy(event->id.data, &scene->count, sizeof scene->count);
  event->source = text(scene, source);
  event->has_revision = event->has_time_ms = true;
  event->revision = 1;
  event->time_ms = time_ms;
  event->place = take(scene, 1, sizeof *event->place);
  nav__v1__place__init(event->place);
  event->place->has_precision = true;
  event->place->precision = NAV__V1__PRECISION__PRECISION_AREA;
  if (area != NULL) event->place->area = text(scene, area);
  entry->event = event;
  entry->lanes = take(scene, SCENE_PARTICIPANTS, sizeof *entry->lanes);
  for (size_t i = 0; i < SCENE_PARTICIPANTS; i++) {
    scene_lanes(scene)[i] = (struct joint_lane){.is_sender = strcmp(agency_ids[i], source) == 0,
                                                .outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE,
                                                .reveal = SCENE_OPEN | SCENE_PLACE,
                                                .rule = "lagesbild-alla",
                                                .basis = "lag-2023-196-9"};
  }
  return event;
}

struct joint_lane *scene_lanes(struct scene *scene) {
  return (struct joint_lane *)(uintptr_t)scene->events[scene->count - 1].lanes;
}

Nav__V1__Event *scene_disturbance(struct scene *scene, const char *source, int64_t time_ms,
                                  Nav__V1__DisturbanceKind kind, const char *area) {
  Nav__V1__Event *event = add_event(scene, source, time_ms, area);
  event->body_case = NAV__V1__EVENT__BODY_DISTURBANCE;
  event->disturbance = take(scene, 1, sizeof *event->disturbance);
  nav__v1__disturbance__init(event->disturbance);
  event->disturbance->has_kind = true;
  event->disturbance->kind = kind;
  return event;
}

Nav__V1__Event *scene_report(struct scene *scene, const char *source, int64_t time_ms, const char *service,
                             const char *area) {
  Nav__V1__Event *event = add_event(scene, source, time_ms, area);
  event->body_case = NAV__V1__EVENT__BODY_CITIZEN_REPORT;
  event->citizen_report = take(scene, 1, sizeof *event->citizen_report);
  nav__v1__citizen_report__init(event->citizen_report);
  event->citizen_report->service_name = text(scene, service);
  return event;
}

Nav__V1__Event *scene_absence(struct scene *scene, int64_t time_ms, const char *area) {
  Nav__V1__Event *event = add_event(scene, "skolan", time_ms, area);
  event->body_case = NAV__V1__EVENT__BODY_ABSENCE;
  event->absence = take(scene, 1, sizeof *event->absence);
  nav__v1__absence__init(event->absence);
  event->absence->has_kind = true;
  event->absence->kind = NAV__V1__ABSENCE_KIND__ABSENCE_KIND_REPORTED;
  event->n_subjects = 1;
  event->subjects = take(scene, 1, sizeof *event->subjects);
  event->subjects[0] = take(scene, 1, sizeof **event->subjects);
  nav__v1__subject__init(event->subjects[0]);
  event->subjects[0]->name = text(scene, "Elev Elevsson");
  return event;
}

void scene_put(struct scene *scene, Nav__V1__Event *event, double east_m, double north_m,
               const char *address) {
  event->place->position = take(scene, 1, sizeof *event->place->position);
  nav__v1__position__init(event->place->position);
  event->place->position->has_latitude = event->place->position->has_longitude = true;
  event->place->position->latitude = south + north_m / metres_a_degree;
  event->place->position->longitude = west + east_m / (metres_a_degree * narrow);
  event->place->precision = NAV__V1__PRECISION__PRECISION_POINT;
  if (address != NULL) event->place->address = text(scene, address);
}
