// The decision in every detail, by small rule sets that stand beside the events they decide: each field of a
// verdict is compared. Called by: ctest, tests/access/mutate.py. Must never: leave a field of a verdict
// unlooked at.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/access.h"
#include "hub/access/build.h"
#include "hub/access/event_yaml.h"
#include "tests/unit/access/verdict_cases.h"

#define FOLDER "tests/unit/access/config"

enum { LANES = 16, TEXT_SIZE = 16384, MEMORY = 16 * 1024 * 1024 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22

static int told_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                        const char *purpose, const char *message) {
  const struct verdict_case *test = context;
  assert_non_null(subject);
  assert_non_null(recipient);
  assert_string_equal(purpose, "ett");
  assert_non_null(message);
  return test->consent;
}

static int told_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  const struct verdict_case *test = context;
  assert_true(event->has_in_reply_to);
  assert_non_null(recipient);
  return test->request;
}

static uint16_t rule_index(const struct access_rules *rules, const char *id) {
  if (id == NULL) return ACCESS_NO_RULE;
  for (size_t i = 0; i < access_rule_count(rules); i++)
    if (strcmp(access_rule(rules, (uint16_t)i)->id, id) == 0) return (uint16_t)i;
  fail_msg("no rule %s", id);
  return ACCESS_NO_RULE;
}

static const char *rule_id(const struct access_rules *rules, uint16_t index) {
  return index == ACCESS_NO_RULE ? "none" : access_rule(rules, index)->id;
}

static size_t lane_of(const struct access_rules *rules, const char *agency) {
  for (size_t i = 0; i < access_lane_count(rules); i++)
    if (strcmp(access_lane(rules, i)->agency, agency) == 0 &&
        strcmp(access_lane(rules, i)->purpose, "ett") == 0)
      return i;
  fail_msg("no lane of %s", agency);
  return 0;
}

static struct access_decision wanted_decision(const struct access_rules *rules,
                                              const struct verdict *verdict) {
  struct access_decision wanted = {.outcome = verdict->outcome == 'r'   ? NAV__V1__OUTCOME__OUTCOME_RELEASE
                                              : verdict->outcome == 'h' ? NAV__V1__OUTCOME__OUTCOME_HOLD
                                                                        : NAV__V1__OUTCOME__OUTCOME_WITHHOLD,
                                   .is_volatile = verdict->is_volatile,
                                   .narrative_edited = verdict->edited,
                                   .urgent = verdict->urgent,
                                   .rule = rule_index(rules, verdict->rule),
                                   .hold_rule = rule_index(rules, verdict->hold_rule),
                                   .limit = rule_index(rules, verdict->limit),
                                   .reveal = verdict->reveal,
                                   .hold_reveal = verdict->hold_reveal,
                                   .subjects = verdict->subjects,
                                   .hold_subjects = verdict->hold_subjects};
  return wanted;
}

static bool same(const struct access_decision *a, const struct access_decision *b) {
  return a->outcome == b->outcome && a->is_volatile == b->is_volatile &&
         a->narrative_edited == b->narrative_edited && a->urgent == b->urgent && a->rule == b->rule &&
         a->hold_rule == b->hold_rule && a->limit == b->limit && a->reveal == b->reveal &&
         a->hold_reveal == b->hold_reveal && a->subjects == b->subjects &&
         a->hold_subjects == b->hold_subjects;
}

static void show(const struct access_rules *rules, const char *what, const struct access_decision *d) {
  printf("  %s: outcome %d, rule %s, hold %s, limit %s, reveal %x %x, subjects %llx %llx%s%s%s\n", what,
         d->outcome, rule_id(rules, d->rule), rule_id(rules, d->hold_rule), rule_id(rules, d->limit),
         d->reveal, d->hold_reveal, (unsigned long long)d->subjects, (unsigned long long)d->hold_subjects,
         d->is_volatile ? ", volatile" : "", d->urgent ? ", urgent" : "",
         d->narrative_edited ? ", edited" : "");
}

static void check_case(struct verdict_case *test, const struct rules_source *law,
                       const struct conf_agencies *agencies, struct nav_arena *arena) {
  static char text[TEXT_SIZE];
  static struct access_decision decisions[LANES];
  struct conf_faults faults = {0};
  int length = snprintf(text, sizeof text, "purpose: {id: ett, title: Ett}\nrules:\n%s", test->rules);
  struct rules_source source = {"access/ett.yaml", text, (size_t)length};
  struct access_rules *rules =
      rules_build(law, &source, 1, agencies, nav_areas_load(FOLDER, &faults), &faults);
  struct conf_node *node = conf_tree_parse(test->event, strlen(test->event), test->name, arena, &faults);
  Nav__V1__Event *event = node == NULL ? NULL : event_from_yaml(node, now_ms, false, arena, &faults);
  conf_faults_print(&faults);
  if (rules == NULL || event == NULL) fail_msg("%s: cannot be read", test->name);
  struct access_question question = {.event = event,
                                     .now_ms = now_ms,
                                     .consent = test->consent == VERDICT_NOBODY ? NULL : told_consent,
                                     .consent_context = test,
                                     .request = test->request == VERDICT_NOBODY ? NULL : told_request,
                                     .request_context = test,
                                     .only_recipient = test->only,
                                     .could_be = test->could_be};
  memset(decisions, 0xAA, sizeof decisions);
  access_decide(rules, &question, decisions);
  for (size_t i = access_lane_count(rules); i < LANES; i++) {  // nothing is written past the last lane
    struct access_decision untouched;
    memset(&untouched, 0xAA, sizeof untouched);
    assert_memory_equal(&decisions[i], &untouched, sizeof untouched);
  }
  for (size_t i = 0; i < 3 && test->verdicts[i].to != NULL; i++) {
    size_t lane = lane_of(rules, test->verdicts[i].to);
    struct access_decision wanted = wanted_decision(rules, &test->verdicts[i]);
    struct access_decision alone = access_decide_lane(rules, &question, lane);
    if (same(&decisions[lane], &wanted) && same(&alone, &wanted)) continue;
    show(rules, "expected", &wanted);
    show(rules, "got", &decisions[lane]);
    show(rules, "got alone", &alone);
    fail_msg("%s: %s", test->name, test->verdicts[i].to);
  }
  access_rules_free(rules);
  conf_faults_free(&faults);
}

// Rules of the purpose ett on the tests' own agencies, areas and law.
struct scene {
  struct conf_agencies *agencies;
  struct rules_source law;
  char law_text[TEXT_SIZE];
};

static int open_scene(void **state) {
  static struct scene scene;
  struct conf_faults faults = {0};
  FILE *file = fopen(FOLDER "/law.yaml", "r");
  assert_non_null(file);
  scene.law = (struct rules_source){"law.yaml", scene.law_text, fread(scene.law_text, 1, TEXT_SIZE, file)};
  scene.agencies = conf_agencies_load(FOLDER, &faults);
  assert_non_null(scene.agencies);
  *state = &scene;
  return fclose(file);
}

static int close_scene(void **state) {
  struct scene *scene = *state;
  conf_agencies_free(scene->agencies);
  return 0;
}

static void verdicts(void **state) {
  const struct scene *scene = *state;
  struct nav_arena *arena = nav_arena_new(MEMORY);
  for (size_t i = 0; i < verdict_cases_count; i++) {
    struct verdict_case test = verdict_cases[i];
    nav_arena_reset(arena);
    check_case(&test, &scene->law, scene->agencies, arena);
  }
  nav_arena_free(arena);
}

// One rule set and an event made by hand, with what YAML cannot write; the decision for the police.
static struct access_decision decide_for_police(const struct scene *scene, const char *text,
                                                Nav__V1__Event *event) {
  char bo[] = "bo";
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  struct conf_faults faults = {0};
  struct rules_source source = {"access/ett.yaml", text, strlen(text)};
  struct access_rules *rules =
      rules_build(&scene->law, &source, 1, scene->agencies, nav_areas_load(FOLDER, &faults), &faults);
  conf_faults_print(&faults);
  assert_non_null(rules);
  event->source = bo;
  event->body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event->damage = &damage;
  const struct access_question question = {.event = event, .now_ms = now_ms};
  struct access_decision decision = access_decide_lane(rules, &question, lane_of(rules, "pol"));
  access_rules_free(rules);
  conf_faults_free(&faults);
  return decision;
}

#define HEAD "purpose: {id: ett, title: Ett}\nrules:\n"
#define PERMIT_DAMAGE "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri"

// As many persons as a decision can tell apart, one fewer, and one more.
static void sixty_four_persons(void **state) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[ACCESS_SUBJECTS_MAX + 1];
  char name[] = "N";
  for (size_t i = 0; i <= ACCESS_SUBJECTS_MAX; i++) subjects[i] = &subject;
  subject.has_protection = 1;
  subject.protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  subject.name = name;
  event.subjects = subjects;
  const char *rules = HEAD PERMIT_DAMAGE ", when: {subject.name: {present: true}}}\n";
  event.n_subjects = ACCESS_SUBJECTS_MAX;
  assert_true(decide_for_police(*state, rules, &event).subjects == UINT64_MAX);
  event.n_subjects = ACCESS_SUBJECTS_MAX - 1;
  assert_true(decide_for_police(*state, rules, &event).subjects == UINT64_MAX >> 1);
  event.n_subjects = ACCESS_SUBJECTS_MAX + 1;
  assert_int_equal(decide_for_police(*state, rules, &event).outcome, NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
  Nav__V1__Subject other = NAV__V1__SUBJECT__INIT;  // the last one alone fails
  subjects[ACCESS_SUBJECTS_MAX - 1] = &other;
  other.has_protection = 1;
  other.protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  event.n_subjects = ACCESS_SUBJECTS_MAX;
  assert_int_equal(decide_for_police(*state, rules, &event).outcome, NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
}

// A role that is set to nothing, the last that there is, and one of a schema newer than this program: a
// forbid takes in whoever may be anybody, a permit leaves them out.
static void roles_that_are_not_known(void **state) {
  static const struct {
    int role;
    bool known;
  } roles[] = {{NAV__V1__ROLE__ROLE_UNSPECIFIED, false},
               {RULES_ROLE_LAST, true},
               {RULES_ROLE_LAST + 1, false},
               {40, false}};
  const char *permit = HEAD PERMIT_DAMAGE ", roles: [other]}\n";
  const char *forbid = HEAD PERMIT_DAMAGE
      "}\n  - {id: stopp, forbid: {from: bo, event: Damage, to: pol}, roles: [victim], "
      "when: {subject.name: {present: true}}}\n";
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
    Nav__V1__Event event = NAV__V1__EVENT__INIT;
    Nav__V1__Subject victim = NAV__V1__SUBJECT__INIT;
    Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
    Nav__V1__Subject *subjects[] = {&victim, &subject};
    char name[] = "N";
    event.subjects = subjects;
    event.n_subjects = 2;
    victim.has_protection = subject.has_protection = 1;
    victim.protection = subject.protection = NAV__V1__PROTECTION__PROTECTION_NONE;
    victim.has_role = subject.has_role = 1;
    victim.role = NAV__V1__ROLE__ROLE_VICTIM;
    subject.role = (Nav__V1__Role)roles[i].role;
    subject.name = name;
    assert_true(decide_for_police(*state, permit, &event).subjects == (roles[i].known ? 2 : 0));
    assert_int_equal(decide_for_police(*state, forbid, &event).outcome,
                     roles[i].known ? NAV__V1__OUTCOME__OUTCOME_RELEASE : NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
  }
}

// A duty that cannot tell whom it is about shows those whose role is set to nothing too.
static void a_duty_and_a_role_set_to_nothing(void **state) {
  const char *rules = HEAD
      "  - {id: a, permit: {from: [bo], event: Damage, to: [soc-norr]}, basis: plikt, roles: [child], when: "
      "{subject.age: {below: 18}}}\n";
  const struct scene *scene = *state;
  struct conf_faults faults = {0};
  struct rules_source source = {"access/ett.yaml", rules, strlen(rules)};
  struct access_rules *built =
      rules_build(&scene->law, &source, 1, scene->agencies, nav_areas_load(FOLDER, &faults), &faults);
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&subject};
  char bo[] = "bo";
  assert_non_null(built);
  event.source = bo;
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  event.subjects = subjects;
  event.n_subjects = 1;
  subject.has_role = 1;
  const struct access_question question = {.event = &event, .now_ms = now_ms};
  struct access_decision decision = access_decide_lane(built, &question, lane_of(built, "soc-norr"));
  assert_int_equal(decision.outcome, NAV__V1__OUTCOME__OUTCOME_HOLD);
  assert_true(decision.subjects == 1);
  access_rules_free(built);
  conf_faults_free(&faults);
}

// An event from nobody is nobody's: not the first agency's either.
static void an_event_from_nobody(void **state) {
  const struct scene *scene = *state;
  const char *text = HEAD "  - {id: a, permit: {from: pol, event: Damage, to: skola}, basis: fri}\n";
  struct conf_faults faults = {0};
  struct rules_source source = {"access/ett.yaml", text, strlen(text)};
  struct access_rules *rules =
      rules_build(&scene->law, &source, 1, scene->agencies, nav_areas_load(FOLDER, &faults), &faults);
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Damage damage = NAV__V1__DAMAGE__INIT;
  static char pol[] = "pol";
  assert_non_null(rules);
  event.body_case = NAV__V1__EVENT__BODY_DAMAGE;
  event.damage = &damage;
  const struct access_question question = {.event = &event, .now_ms = now_ms};
  size_t lane = lane_of(rules, "skola");
  assert_int_equal(access_decide_lane(rules, &question, lane).outcome, NAV__V1__OUTCOME__OUTCOME_WITHHOLD);
  event.source = pol;
  assert_int_equal(access_decide_lane(rules, &question, lane).outcome, NAV__V1__OUTCOME__OUTCOME_RELEASE);
  access_rules_free(rules);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verdicts),
      cmocka_unit_test(sixty_four_persons),
      cmocka_unit_test(roles_that_are_not_known),
      cmocka_unit_test(a_duty_and_a_role_set_to_nothing),
      cmocka_unit_test(an_event_from_nobody),
  };
  return cmocka_run_group_tests(tests, open_scene, close_scene);
}
