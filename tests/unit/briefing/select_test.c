// The joint part by intersection: as a table, and as a property: whatever the verdicts, the joint copy holds
// no field that any participant but the sender could not have had by its own verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/desk/briefing/select.h"
#include "tests/unit/briefing/scene.h"

enum {
  RELEASE = NAV__V1__OUTCOME__OUTCOME_RELEASE,
  HOLD = NAV__V1__OUTCOME__OUTCOME_HOLD,
  WITHHOLD = NAV__V1__OUTCOME__OUTCOME_WITHHOLD,
  ROUNDS = 20000
};

#define LANE(...) \
  { __VA_ARGS__ }
#define OWN \
  { .is_sender = true, .outcome = WITHHOLD }

static const struct row {
  const char *what;
  size_t count;
  struct joint_lane lanes[3];
  enum joint_how how;
  uint16_t reveal;
  uint64_t subjects;
  bool narrative;
  uint32_t cell;
} rows[] = {
    {"all released: what all may see",
     2,
     {LANE(.outcome = RELEASE, .reveal = 0x46, .subjects = 5),
      LANE(.outcome = RELEASE, .reveal = 0x0E, .subjects = 6)},
     JOINT_RECORD,
     0x06,
     4,
     false,
     0},
    {"the sender's own lane limits nothing",
     2,
     {OWN, LANE(.outcome = RELEASE, .reveal = 0x06, .subjects = 3)},
     JOINT_RECORD,
     0x06,
     3,
     false,
     0},
    {"one withheld: out",
     3,
     {OWN, LANE(.outcome = RELEASE, .reveal = 0x06), LANE(.outcome = WITHHOLD)},
     JOINT_OUT,
     0,
     0,
     false,
     0},
    {"one held: out",
     2,
     {LANE(.outcome = RELEASE, .reveal = 0x06), LANE(.outcome = HOLD, .reveal = 0x06)},
     JOINT_OUT,
     0,
     0,
     false,
     0},
    {"one may count: all count",
     2,
     {LANE(.outcome = RELEASE, .reveal = 0x46), LANE(.outcome = WITHHOLD, .smallest_cell = 5)},
     JOINT_COUNT,
     0x02,
     0,
     false,
     5},
    {"the largest smallest cell",
     2,
     {LANE(.outcome = HOLD, .smallest_cell = 5), LANE(.outcome = WITHHOLD, .smallest_cell = 10)},
     JOINT_COUNT,
     0x02,
     0,
     false,
     10},
    {"one may count, one nothing: out",
     3,
     {LANE(.outcome = RELEASE, .reveal = 6), LANE(.smallest_cell = 5), LANE(.outcome = WITHHOLD)},
     JOINT_OUT,
     0,
     0,
     false,
     0},
    {"free text only if for all",
     2,
     {LANE(.outcome = RELEASE, .reveal = 0x1FE, .narrative = true), LANE(.outcome = RELEASE, .reveal = 0x12)},
     JOINT_RECORD,
     0x02,
     0,
     false,
     0},
    {"free text by each its own way",
     2,
     {LANE(.outcome = RELEASE, .reveal = 0x1FE, .narrative = true),
      LANE(.outcome = RELEASE, .reveal = 0x16, .narrative = true)},
     JOINT_RECORD,
     0x16,
     0,
     true,
     0},
    {"only the sender at the table: out", 1, {OWN}, JOINT_OUT, 0, 0, false, 0},
    {"nobody: out", 0, {OWN}, JOINT_OUT, 0, 0, false, 0},
};

static void intersections(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct joint joint = joint_of(rows[i].lanes, rows[i].count);
    bool same =
        joint.how == rows[i].how && joint.smallest_cell == rows[i].cell &&
        (joint.how == JOINT_OUT || (joint.reveal == rows[i].reveal && joint.narrative == rows[i].narrative &&
                                    joint.subjects == rows[i].subjects));
    if (!same) print_error("%s\n", rows[i].what);
    assert_true(same);
  }
}

static void stored_and_decided_now(void **state) {
  (void)state;
  struct joint_lane stored = {
      .outcome = RELEASE, .reveal = 0x5E, .subjects = 7, .narrative = true, .rule = "då", .is_sender = true};
  struct joint_lane less = {
      .outcome = RELEASE, .reveal = 0x46, .subjects = 5, .rule = "nu", .smallest_cell = 5};
  struct joint_lane forbidden = {.outcome = WITHHOLD, .rule = "förbud"};
  struct joint_lane more = {
      .outcome = RELEASE, .reveal = 0x1FE, .subjects = 15, .narrative = true, .rule = "nu"};
  struct joint_lane both = joint_lane_and(&stored, &less);
  assert_true(both.outcome == RELEASE && both.reveal == 0x46 && both.subjects == 5 && !both.narrative &&
              both.decided_now);
  assert_true(both.is_sender && both.smallest_cell == 5);
  both = joint_lane_and(&stored, &forbidden);
  assert_true(both.outcome == WITHHOLD && both.reveal == 0 && both.decided_now);
  assert_string_equal(both.rule, "förbud");
  both = joint_lane_and(&stored, &more);  // rules never open what was closed when it came
  assert_true(both.reveal == 0x5E && both.subjects == 7 && !both.decided_now);
  assert_string_equal(both.rule, "då");
  struct joint_lane closed = {.outcome = WITHHOLD};
  assert_int_equal(joint_lane_and(&closed, &more).outcome, WITHHOLD);
}

static void verdicts_become_lanes(void **state) {
  (void)state;
  Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
  assert_int_equal(joint_lane_of_verdict(NULL).outcome, WITHHOLD);
  assert_int_equal(joint_lane_of_verdict(&verdict).outcome, WITHHOLD);  // unspecified is not released
  verdict.outcome = NAV__V1__OUTCOME__OUTCOME_HOLD;
  verdict.reveal = 0x1FE;
  assert_int_equal(joint_lane_of_verdict(&verdict).reveal,
                   0);  // what a hold would reveal is not yet revealed
  verdict.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
  verdict.reveal = 0xFFFFFFFE;  // bits of no class
  assert_int_equal(joint_lane_of_verdict(&verdict).reveal, 0x1FE);
  verdict.reveal = SCENE_NARRATIVE | SCENE_PLACE;
  assert_false(joint_lane_of_verdict(&verdict).narrative);
  verdict.narrative_edited = true;
  assert_true(joint_lane_of_verdict(&verdict).narrative);
}

static uint64_t seed = 20261122;

static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static Nav__V1__LaneVerdict random_verdict(void) {
  Nav__V1__LaneVerdict verdict = NAV__V1__LANE_VERDICT__INIT;
  verdict.outcome = next() % 4 == 0 ? NAV__V1__OUTCOME__OUTCOME_HOLD : NAV__V1__OUTCOME__OUTCOME_RELEASE;
  verdict.reveal = (uint32_t)(next() & next() % 2 ? next() & 0x1FE : 0x1FE);
  verdict.subjects = next() & 7;
  verdict.narrative_edited = next() % 2 == 0;
  return verdict;
}

static Nav__V1__Event *redact_for(const Nav__V1__Event *event, uint16_t reveal, uint64_t subjects,
                                  bool edited, const char *recipient, struct nav_arena *arena) {
  static const uint8_t key[32] = {1};
  struct access_redaction redaction = {.reveal = reveal,
                                       .subjects = subjects,
                                       .narrative_edited = edited,
                                       .recipient = recipient,
                                       .purpose = "lagesbild",
                                       .pseudonym_key = key,
                                       .now_ms = scene_time(0, 9)};
  Nav__V1__Event *copy = access_redact(&redaction, event, arena, NULL);
  assert_non_null(copy);
  return copy;
}

// Every scalar of the joint copy stands in the participant's own copy too. What generalises (age band,
// pseudonym) aside: it stands for a field that the participant has more of.
static void assert_subject_within(const Nav__V1__Subject *joint, const Nav__V1__Subject *own) {
  assert_true(joint->name == NULL || own->name != NULL);
  assert_true(joint->personal_number == NULL || own->personal_number != NULL);
  assert_true(joint->birth_date == NULL || own->birth_date != NULL);
  assert_true(joint->telephone == NULL || own->telephone != NULL);
  assert_true(joint->home_address == NULL || own->home_address != NULL);
  assert_true(joint->home_area == NULL || own->home_area != NULL);
  assert_true(joint->age_band == NULL || own->age_band != NULL || own->birth_date != NULL);
}

static void assert_within(const Nav__V1__Event *joint, const Nav__V1__Event *own) {
  const Nav__V1__SocialIntervention *x = joint->social_intervention, *y = own->social_intervention;
  assert_true(x->plan == NULL || y->plan != NULL);
  assert_true(x->crime_risk == NULL || y->crime_risk != NULL);
  assert_true(x->description == NULL || y->description != NULL);
  assert_true(x->case_number == NULL || y->case_number != NULL);
  const Nav__V1__Place *here = joint->place, *there = own->place;
  if (here != NULL) {
    assert_non_null(there);
    assert_true(here->position == NULL || there->position != NULL);
    assert_true(here->address == NULL || there->address != NULL);
    assert_true(here->dwelling == NULL || there->dwelling != NULL);
  }
  for (size_t i = 0; i < joint->n_subjects; i++) {
    const Nav__V1__Subject *found = NULL;
    for (size_t j = 0; j < own->n_subjects; j++) {
      if (own->subjects[j]->role == joint->subjects[i]->role)
        found = own->subjects[j];  // roles tell the three apart
    }
    assert_non_null(found);
    assert_subject_within(joint->subjects[i], found);
  }
}

static Nav__V1__Event *full_event(struct scene *scene) {
  static Nav__V1__SocialIntervention body;
  static Nav__V1__Subject subjects[3];
  static Nav__V1__Subject *list[] = {&subjects[0], &subjects[1], &subjects[2]};
  Nav__V1__Event *event = scene_disturbance(scene, "brand", scene_time(3, 20),
                                            NAV__V1__DISTURBANCE_KIND__DISTURBANCE_KIND_NOISE, "norr");
  scene_put(scene, event, 300, 300, "Gatan 1");
  static char dwelling[] = "lgh 1203", plan[] = "plan", risk[] = "risk", text[] = "fritext", number[] = "S1",
              name[] = "N N", date[] = "2010-05-05", phone[] = "070", home[] = "Gatan 2", area[] = "norr",
              person[] = "200002292399";
  event->place->dwelling = dwelling;
  nav__v1__social_intervention__init(&body);
  body.plan = plan;
  body.crime_risk = risk;
  body.description = text;
  body.case_number = number;
  event->body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event->social_intervention = &body;
  for (int i = 0; i < 3; i++) {
    nav__v1__subject__init(&subjects[i]);
    subjects[i].has_role = true;
    subjects[i].role = (Nav__V1__Role)(i + 1);
    subjects[i].name = name;
    subjects[i].birth_date = date;
    subjects[i].personal_number = person;
    subjects[i].telephone = phone;
    subjects[i].home_address = home;
    subjects[i].home_area = area;
  }
  event->subjects = list;
  event->n_subjects = 3;
  return event;
}

static void nothing_that_anyone_may_not_see(void **state) {
  (void)state;
  struct scene scene;
  scene_open(&scene, 1);
  const Nav__V1__Event *event = full_event(&scene);
  struct nav_arena *arena = nav_arena_new(1 << 22);
  size_t shown = 0, with_text = 0;
  for (size_t round = 0; round < ROUNDS; round++) {
    Nav__V1__LaneVerdict verdicts[3];
    struct joint_lane lanes[4] = {OWN};
    size_t others = 1 + next() % 3;
    for (size_t i = 0; i < others; i++) {
      verdicts[i] = random_verdict();
      lanes[i + 1] = joint_lane_of_verdict(&verdicts[i]);
    }
    struct joint joint = joint_of(lanes, others + 1);
    bool all_release = true;
    for (size_t i = 0; i < others; i++)
      all_release &= verdicts[i].outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
    assert_int_equal(joint.how == JOINT_RECORD, all_release);
    if (!all_release) continue;
    nav_arena_reset(arena);
    const Nav__V1__Event *copy =
        redact_for(event, joint.reveal, joint.subjects, joint.narrative, "meeting/x/y", arena);
    for (size_t i = 0; i < others; i++) {
      assert_within(copy, redact_for(event, (uint16_t)verdicts[i].reveal, verdicts[i].subjects,
                                     verdicts[i].narrative_edited, "agency", arena));
    }
    shown++;
    with_text += copy->social_intervention->description != NULL;
  }
  assert_true(shown > ROUNDS / 4);
  assert_true(with_text > 100);  // the property is not held by showing nothing
  nav_arena_free(arena);
  scene_close(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intersections), cmocka_unit_test(stored_and_decided_now),
      cmocka_unit_test(verdicts_become_lanes), cmocka_unit_test(nothing_that_anyone_may_not_see)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
