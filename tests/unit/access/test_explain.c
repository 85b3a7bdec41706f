// Explanations: the JSON that others rely on, both languages, and that no content of an event stands in them.
// Called by: ctest. The sentences themselves are tested in config/access/tests (because, would_allow).
// Must never: accept a sentence with an empty place in it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/explain.h"
#include "hub/access/schema.h"
#include "tests/unit/access/made_events.h"

enum { EVENTS = 300 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22

static void check_sentences(const json_t *list) {
  size_t index = 0;
  json_t *item = NULL;
  assert_true(json_is_array(list));
  json_array_foreach(list, index, item) {
    const char *text = json_string_value(item);
    assert_non_null(text);
    assert_true(strlen(text) > 10);
    if (strstr(text, "%s") != NULL || strstr(text, "  ") != NULL || strstr(text, ": .") != NULL ||
        strstr(text, "()") != NULL)
      fail_msg("an empty place in: %s", text);
  }
}

static void check_json(const json_t *json) {
  static const char *const keys[] = {"outcome", "rule",      "basis",      "reveal",      "withheld",
                                     "because", "urgent",    "to",         "would_allow", "purpose",
                                     "counts",  "hold_rule", "obligations"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) assert_non_null(json_object_get(json, keys[i]));
  const char *outcome = json_string_value(json_object_get(json, "outcome"));
  bool withheld = strcmp(outcome, "withhold") == 0;
  assert_true(withheld || strcmp(outcome, "hold") == 0 || strcmp(outcome, "release") == 0);
  assert_true(json_array_size(json_object_get(json, "because")) > 0);
  if (withheld) assert_int_equal(json_array_size(json_object_get(json, "reveal")), 0);
  if (withheld) assert_int_equal(json_array_size(json_object_get(json, "withheld")), 0);
  if (!withheld) assert_true(json_is_string(json_object_get(json, "rule")));
  check_sentences(json_object_get(json, "because"));
  check_sentences(json_object_get(json, "would_allow"));
  char *text = json_dumps(json, 0);
  assert_null(strstr(text, "PLANTED"));
  free(text);
}

static void every_lane_of_events_by_chance(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("config", &faults);
  struct access_rules *rules = access_rules_load("config", agencies, &faults);
  assert_non_null(rules);
  const char *sources[64] = {NULL};
  const char *areas[] = {"bromma", "alvik", "solna", NULL};
  for (size_t i = 0; i < agencies->agencies_count && i < 63; i++) sources[i] = agencies->agencies[i].id;
  struct made_chance chance = {99};
  struct nav_arena *arena = nav_arena_new(1 << 20);
  size_t differ = 0;
  for (size_t i = 0; i < EVENTS; i++) {
    nav_arena_reset(arena);
    struct access_question question = {.event = made_random_event(&chance, sources, areas, arena),
                                       .now_ms = now_ms};
    for (size_t lane = 0; lane < access_lane_count(rules); lane++) {
      json_t *swedish = access_explain(rules, &question, lane, ACCESS_SWEDISH);
      json_t *english = access_explain(rules, &question, lane, ACCESS_ENGLISH);
      check_json(swedish);
      check_json(english);
      assert_true(json_equal(json_object_get(swedish, "outcome"), json_object_get(english, "outcome")));
      differ += !json_equal(json_object_get(swedish, "because"), json_object_get(english, "because"));
      json_decref(swedish);
      json_decref(english);
    }
  }
  assert_int_equal(differ, EVENTS * access_lane_count(rules));
  nav_arena_free(arena);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

// A whole explanation, as a person reads it.
static void one_in_english(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("config", &faults);
  struct access_rules *rules = access_rules_load("config", agencies, &faults);
  assert_non_null(rules);
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__SocialIntervention intervention = NAV__V1__SOCIAL_INTERVENTION__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&subject};
  char source[] = "socialtjansten", risk[] = "risk", date[] = "2009-06-01", name[] = "N";
  event.source = source;
  event.body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event.social_intervention = &intervention;
  event.subjects = subjects;
  event.n_subjects = 1;
  intervention.crime_risk = risk;
  subject.has_role = subject.has_protection = 1;
  subject.role = NAV__V1__ROLE__ROLE_PARTICIPANT;
  subject.protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  subject.birth_date = date;
  subject.name = name;
  struct access_question question = {.event = &event, .now_ms = now_ms};
  for (size_t lane = 0; lane < access_lane_count(rules); lane++) {
    const struct access_lane *info = access_lane(rules, lane);
    if (strcmp(info->agency, "polisen") != 0 || strcmp(info->purpose, "young-at-risk") != 0) continue;
    json_t *json = access_explain(rules, &question, lane, ACCESS_ENGLISH);
    char *text = json_dumps(json, 0);
    assert_string_equal(json_string_value(json_object_get(json, "outcome")), "hold");
    assert_non_null(strstr(text, "Decisive: the person's age is below 21."));
    assert_non_null(
        strstr(text, "A particular risk of criminal activity; can help prevent it; not unsuitable"));
    assert_non_null(strstr(text, "assesses the single case before anything is told"));
    assert_non_null(strstr(text, "Socialjouren"));
    free(text);
    json_decref(json);
  }
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_lane_of_events_by_chance),
                                     cmocka_unit_test(one_in_english)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
