// A small district with five agencies, a meeting and events, for tests and the bench of the briefing:
// everything in one arena. Called by: tests/unit/briefing, tests/bench/briefing_bench. Must never: go through
// rules; lanes are given as the test wants them.
#ifndef NAV_TESTS_UNIT_BRIEFING_SCENE_H
#define NAV_TESTS_UNIT_BRIEFING_SCENE_H

#include "hub/desk/briefing/briefing.h"

enum {
  SCENE_PARTICIPANTS = 4,  // polisen, skolan, bolaget, tyck; brand sends and is not at the table
  SCENE_OPEN = 1 << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN,
  SCENE_PLACE = 1 << NAV__V1__SENSITIVITY__SENSITIVITY_PLACE,
  SCENE_NARRATIVE = 1 << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE,
  SCENE_IDENTITY = 1 << NAV__V1__SENSITIVITY__SENSITIVITY_IDENTITY,
  SCENE_ALL = 0x1FE,
};

struct scene {
  struct nav_arena *arena;
  struct nav_areas areas;
  struct conf_agencies agencies;
  struct meeting meeting;
  struct meeting_part part;
  struct meeting_participant participants[SCENE_PARTICIPANTS];
  struct meeting_person person;
  struct briefing_feed feeds[SCENE_PARTICIPANTS];
  struct briefing_event *events;
  size_t count, room;
  struct briefing_input input;
  uint8_t key[32], hash[32];
};

// The meeting opens 2026-11-23: the period is 26 October to 22 November.
void scene_open(struct scene *scene, size_t room);
void scene_close(struct scene *scene);
struct briefing *scene_compile(struct scene *scene);  // stops the test on an error

// Days before the meeting opens, at an hour; minutes past it, so that it is not midnight.
int64_t scene_time(int days_before, int hour);

// Each adds an event, released to all with its place, and gives it to be changed. area: "norr", "soder",
// "lilla"; NULL: none.
Nav__V1__Event *scene_disturbance(struct scene *scene, const char *source, int64_t time_ms,
                                  Nav__V1__DisturbanceKind kind, const char *area);
Nav__V1__Event *scene_report(struct scene *scene, const char *source, int64_t time_ms, const char *service,
                             const char *area);
Nav__V1__Event *scene_absence(struct scene *scene, int64_t time_ms,
                              const char *area);  // from skolan, with a pupil
// Sets an exact position, metres east and north of the district's south-west corner.
void scene_put(struct scene *scene, Nav__V1__Event *event, double east_m, double north_m,
               const char *address);
// The lanes of the newest event: one for each participant.
struct joint_lane *scene_lanes(struct scene *scene);

#endif
