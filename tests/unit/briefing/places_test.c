// Places where several sources point: no two events of a cluster farther apart than 150 m, only exact places,
// real ones; and what a briefing says of agreed things, of persons and of one agency's own.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/clock.h"
#include "hub/desk/briefing/model.h"
#include "tests/unit/briefing/scene.h"

#define NOISE NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_NOISE
enum {
  RELEASE = NAV__V1__OUTCOME__OUTCOME_RELEASE,
  HOLD = NAV__V1__OUTCOME__OUTCOME_HOLD,
  WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD
};

static void put(struct scene *scene, const char *source, double east, double north, const char *address) {
  Nav__V1__Event *event = scene_disturbance(scene, source, scene_time(3, 20), NOISE, NULL);
  scene_put(scene, event, east, north, address);
}

static void two_sources_within_150_metres(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 20);
  put(&scene, "bolaget", 1000, 1000, "Torget 1");
  put(&scene, "bolaget", 1001, 1000, "Torget 1");
  put(&scene, "tyck", 1060, 1000, "Torget 9");  // 60 m away
  put(&scene, "bolaget", 2000, 2000, NULL);
  put(&scene, "tyck", 2170, 2000, NULL);  // 170 m: too far
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->shared_clusters, 1);
  assert_int_equal(briefing->clusters_count, 1);
  assert_int_equal(briefing->clusters[0].count, 3);
  assert_string_equal(briefing->clusters[0].address, "Torget 1");  // where most happened
  briefing_free(briefing);
  scene_close(&scene);
}

// A street of events 40 m apart is many places, not one.
static void no_chains(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 100);
  for (int i = 0; i < 60; i++) put(&scene, i % 2 == 0 ? "bolaget" : "tyck", 500 + 40.0 * i, 800, NULL);
  struct briefing *briefing = scene_compile(&scene);
  assert_true(briefing->shared_clusters > 8);
  for (size_t i = 0; i < briefing->clusters_count; i++) assert_true(briefing->clusters[i].count <= 4);
  briefing_free(briefing);
  scene_close(&scene);
}

static double apart_m(const struct item *a, const struct item *b) {
  double narrow = cos(a->latitude * 3.14159265358979323846 / 180);
  return 111195 * hypot(a->latitude - b->latitude, (a->longitude - b->longitude) * narrow);
}

static void never_wider_than_150_metres(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 3000);
  uint32_t random = 9;
  for (int i = 0; i < 3000; i++) {
    random = random * 1103515245U + 12345U;
    uint32_t other = random * 1103515245U + 12345U;
    put(&scene,
        i % 3 == 0   ? "polisen"
        : i % 3 == 1 ? "bolaget"
                     : "tyck",
        200 + (random >> 8) % 2000, 200 + (other >> 8) % 2000, NULL);
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->clusters_count, BRIEFING_CLUSTERS_MAX);
  for (size_t i = 0; i < briefing->clusters_count; i++) {
    const struct cluster *cluster = &briefing->clusters[i];
    for (size_t j = 0; j < cluster->items_count; j++) {
      for (size_t k = 0; k < j; k++) assert_true(apart_m(cluster->items[j], cluster->items[k]) <= 150.5);
    }
    assert_true(i == 0 || __builtin_popcountll(briefing->clusters[i - 1].senders) >=
                              __builtin_popcountll(cluster->senders));
  }
  briefing_free(briefing);
  scene_close(&scene);
}

static void only_exact_places_that_all_may_see(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 20);
  put(&scene, "bolaget", 1000, 1000, "Torget 1");
  put(&scene, "tyck", 1000, 1000, "Torget 1");
  scene_lanes(&scene)[0].reveal = SCENE_OPEN;  // the police may not see this one's place
  put(&scene, "skolan", 1000, 1000, "Torget 1");
  Nav__V1__Event *centroid = (Nav__V1__Event *)(uintptr_t)scene.events[scene.count - 1].event;
  centroid->place->precision = NAV__V1__PRECISION__PRECISION_AREA;
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->clusters_count, 0);
  assert_int_equal(briefing->incidents.count[SPAN_NOW], 2);  // counted in its area; the centroid in none
  briefing_free(briefing);
  scene_close(&scene);
}

static void positions_at_the_edges_of_the_earth(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 8);
  static const double corners[][2] = {{90, 180}, {-90, -180}, {0, 0}, {59.3, 17.9}};
  for (size_t i = 0; i < 4; i++) {
    Nav__V1__Event *event =
        scene_disturbance(&scene, i % 2 == 0 ? "tyck" : "bolaget", scene_time(3, 20), NOISE, "norr");
    scene_put(&scene, event, 0, 0, NULL);
    event->place->position->latitude = corners[i][0];
    event->place->position->longitude = corners[i][1];
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->clusters_count, 0);
  briefing_free(briefing);
  scene_close(&scene);
}

static Nav__V1__Event *agreed(struct scene *scene, Nav__V1__Action *action, Nav__V1__ActionStatus status,
                              int due_in_days) {
  Nav__V1__Event *event = scene_disturbance(scene, "tyck", scene_time(200, 9), NOISE, NULL);
  nav__v1__action__init(action);
  action->has_status = action->has_due_time_ms = true;
  action->status = status;
  action->due_time_ms = scene_time(-due_in_days, 12);
  event->body_case = NAV__V1__EVENT__BODY_ACTION;
  event->action = action;
  return event;
}

static void overdue_first(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 8);
  static Nav__V1__Action actions[4];
  static Nav__V1__Problem problem;
  (void)agreed(&scene, &actions[0], NAV__V1__ACTION_STATUS__ACTION_STATUS_ONGOING, 10);
  (void)agreed(&scene, &actions[1], NAV__V1__ACTION_STATUS__ACTION_STATUS_DONE, -30);
  (void)agreed(&scene, &actions[2], NAV__V1__ACTION_STATUS__ACTION_STATUS_PLANNED, -5);
  Nav__V1__Event *elsewhere = agreed(&scene, &actions[3], NAV__V1__ACTION_STATUS__ACTION_STATUS_PLANNED, -5);
  static char other_area[] = "annanstans";
  elsewhere->place->area = other_area;
  Nav__V1__Event *event = scene_disturbance(&scene, "polisen", scene_time(300, 9), NOISE, "norr");
  nav__v1__problem__init(&problem);
  event->body_case = NAV__V1__EVENT__BODY_PROBLEM;
  event->problem = &problem;
  actions[2].has_problem_id = true;
  actions[2].problem_id = event->id;
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->agreed_count, 4);
  assert_int_equal(briefing->agreed[0].event->body_case, NAV__V1__EVENT__BODY_PROBLEM);
  assert_true(briefing->agreed[1].overdue);
  assert_ptr_equal(briefing->agreed[1].problem, briefing->agreed[0].event);
  assert_false(briefing->agreed[2].overdue || briefing->agreed[3].overdue);
  briefing_free(briefing);
  scene_close(&scene);
}

// A timeline holds an event only where all may know that it is about that person.
static void persons(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 8);
  static char number[] = "200002292399";
  scene.person = (struct meeting_person){.id = "p1", .title = "Person 1", .personal_number = number};
  scene.meeting.kind = MEETING_SIG;
  scene.meeting.persons = &scene.person;
  scene.meeting.persons_count = 1;
  for (int i = 0; i < 4; i++) {
    Nav__V1__Event *event = scene_absence(&scene, scene_time(2 + i, 9), "norr");
    event->subjects[0]->personal_number = number;
    for (size_t j = 0; j < SCENE_PARTICIPANTS; j++) {
      scene_lanes(&scene)[j].reveal = SCENE_OPEN | SCENE_IDENTITY;
      scene_lanes(&scene)[j].subjects = 1;
    }
    if (i == 1) scene_lanes(&scene)[0].reveal = SCENE_OPEN;  // the police may not know who
    if (i == 2) scene_lanes(&scene)[0].subjects = 0;         // nor that there is anybody
  }
  struct briefing *briefing = scene_compile(&scene);
  assert_int_equal(briefing->timelines_count, 1);
  assert_int_equal(briefing->timelines[0].count, 2);
  assert_true(briefing->timelines[0].items[0]->time_ms < briefing->timelines[0].items[1]->time_ms);
  briefing_free(briefing);
  scene_close(&scene);
}

static void own_annex(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 20);
  for (int i = 0; i < 3; i++) {  // held for the police
    (void)scene_disturbance(&scene, "bolaget", scene_time(2 + i, 9), NOISE, "norr");
    scene_lanes(&scene)[0] = (struct joint_lane){.outcome = HOLD, .rule = "bedöms"};
  }
  (void)scene_disturbance(&scene, "bolaget", scene_time(2, 9), NOISE, "norr");  // counted for the school
  scene_lanes(&scene)[1] = (struct joint_lane){.outcome = WITHHOLD, .smallest_cell = 5};
  Nav__V1__Event *shown =
      scene_disturbance(&scene, "bolaget", scene_time(2, 9), NOISE, "norr");  // less for tyck
  static char words[] = "fritext";
  shown->disturbance->description = words;
  for (size_t i = 0; i < SCENE_PARTICIPANTS; i++) scene_lanes(&scene)[i].narrative = i != 3;
  for (size_t i = 0; i < 3; i++) scene_lanes(&scene)[i].reveal |= SCENE_NARRATIVE;
  (void)scene_disturbance(&scene, "tyck", scene_time(2, 9), NOISE, "norr");  // another's: not in it
  scene_lanes(&scene)[0] = (struct joint_lane){.outcome = WITHHOLD};
  (void)scene_disturbance(&scene, "bolaget", scene_time(40, 9), NOISE, "norr");  // not of the period
  scene_lanes(&scene)[0] = (struct joint_lane){.outcome = WITHHOLD};
  scene.input.for_agency = "bolaget";
  struct briefing *briefing = scene_compile(&scene);
  const struct annex *annex = briefing->annex;
  assert_non_null(annex);
  assert_int_equal(annex->own, 5);
  assert_int_equal(annex->left_out, 3);
  assert_int_equal(annex->counted, 1);
  assert_int_equal(annex->shown, 1);
  assert_int_equal(annex->rows_count, 3);
  assert_true(annex->rows[0].why == ANNEX_OUT && annex->rows[0].count == 3);
  assert_int_equal(annex->rows[0].participants, 1 << 0);
  assert_string_equal(annex->rows[0].lane->rule, "bedöms");
  assert_true(annex->rows[0].times[0] > annex->rows[0].times[1]);  // newest first
  assert_true(annex->rows[1].why == ANNEX_COUNT);
  assert_int_equal(annex->rows[1].participants, 1 << 1);
  assert_true(annex->rows[2].why == ANNEX_FIELDS && annex->rows[2].hidden == SCENE_NARRATIVE);
  assert_int_equal(annex->rows[2].participants, 1 << 3);
  briefing_free(briefing);
  scene_close(&scene);
}

static void the_ledgers_record(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 8);
  put(&scene, "bolaget", 1000, 1000, "Torget 1");
  put(&scene, "tyck", 1000, 1000, "Torget 1");
  (void)scene_absence(&scene, scene_time(2, 9), "norr");
  scene_lanes(&scene)[0] = (struct joint_lane){.outcome = WITHHOLD};
  struct briefing *briefing = scene_compile(&scene);
  Nav__V1__BriefingCompiled record;
  assert_true(briefing_record(briefing, &record));
  assert_string_equal(record.meeting, "staden-lagesbild");
  assert_string_equal(record.purpose, "lagesbild");
  assert_int_equal(record.n_participants, SCENE_PARTICIPANTS);
  assert_int_equal(record.n_event_seqs, 2);
  assert_int_equal(record.event_seqs[0], scene.events[0].seq);
  assert_int_equal(record.event_seqs[1], scene.events[1].seq);
  bool address = false, name = false;
  for (size_t i = 0; i < record.n_fields; i++) {
    address |= strcmp(record.fields[i], "place.address") == 0;
    name |= strstr(record.fields[i], "name") != NULL;
    assert_true(i == 0 || strcmp(record.fields[i - 1], record.fields[i]) < 0);
  }
  assert_true(address);
  assert_false(name);  // of the pupil, who was left out
  assert_null(record.for_agency);
  briefing_free(briefing);
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(two_sources_within_150_metres),
                                     cmocka_unit_test(no_chains),
                                     cmocka_unit_test(never_wider_than_150_metres),
                                     cmocka_unit_test(only_exact_places_that_all_may_see),
                                     cmocka_unit_test(positions_at_the_edges_of_the_earth),
                                     cmocka_unit_test(overdue_first),
                                     cmocka_unit_test(persons),
                                     cmocka_unit_test(own_annex),
                                     cmocka_unit_test(the_ledgers_record)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
