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

#include "hub/access/build.h"
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
  static const char *const keys[] = {"outcome", "rule",       "basis",       "reveal",       "withheld",
                                     "because", "urgent",     "to",          "would_allow",  "purpose",
                                     "counts",  "hold_rule",  "obligations", "limit",        "paragraph",
                                     "missing", "conditions", "ask",         "answer_within"};
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
  check_sentences(json_object_get(json, "missing"));
  bool held = strcmp(outcome, "hold") == 0;
  assert_int_equal(held, json_is_string(json_object_get(json, "answer_within")));
  if (!withheld && !held) assert_int_equal(json_array_size(json_object_get(json, "ask")), 0);
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

// ---- what is asked of whom ----

static char law_text[65536];

static const char rules_text[] =
    "purpose: {id: ett, title: Ett}\nrules:\n"
    "  - {id: h, permit: {from: social, event: VictimSupport, to: pol}, basis: villkor, outcome: hold, when: "
    "{subject.protected: {is: none}, subject.age: {below: 21}}, reveal: [identity]}\n"
    "  - {id: r, permit: {from: social, event: CaseCounts, to: pol}, basis: fri}\n"
    "  - {id: l, forbid: {from: social, event: CaseCounts, to: pol}, outcome: hold, note: Först en "
    "människa., note_english: A person first.}\n"
    "  - {id: e, permit: {from: social, event: VictimSupport, to: bo}, basis: fri, when: "
    "{recipient.addressed: {is: true}}}\n"
    "  - {id: k, permit: {from: social, event: SocialIntervention, to: pol}, basis: fri, when: "
    "{marks.urgent: {is: true}}}\n";

// The test's law, and one more entry: with conditions to tick, and a time to answer.
static struct access_rules *build_rules(const struct conf_agencies *agencies, const char *text,
                                        size_t text_length) {
  static const char more[] =
      "\n  - {id: villkor, statute: \"Prövningslagen (2020:1), PrL\", section: 9 §, text: T., english: E., "
      "from: [social], to: [police], weighing: case-by-case, threshold: Risk, threshold_english: A risk, "
      "answer_within: 36h, conditions: [{id: risk, text: Det finns en risk, english: There is a risk}, {id: "
      "hjalper, text: Det hjälper, english: It helps}], verified: test}\n";
  struct conf_faults faults = {0};
  FILE *file = fopen("tests/unit/access/config/law.yaml", "r");
  assert_non_null(file);
  size_t length = fread(law_text, 1, sizeof law_text - sizeof more, file);
  assert_int_equal(fclose(file), 0);
  memcpy(law_text + length, more, sizeof more);
  const struct rules_source law = {"law.yaml", law_text, length + sizeof more - 1};
  const struct rules_source source = {"access/ett.yaml", text, text_length};
  struct access_rules *rules =
      rules_build(&law, &source, 1, agencies, nav_areas_load("tests/unit/access/config", &faults), &faults);
  conf_faults_print(&faults);
  assert_non_null(rules);
  conf_faults_free(&faults);
  return rules;
}

static json_t *explain_to(const struct access_rules *rules, const struct access_question *question,
                          const char *agency, enum access_language language) {
  for (size_t lane = 0; lane < access_lane_count(rules); lane++)
    if (strcmp(access_lane(rules, lane)->agency, agency) == 0 &&
        strcmp(access_lane(rules, lane)->purpose, "ett") == 0)
      return access_explain(rules, question, lane, language);
  return NULL;
}

// The value at the key has the text somewhere.
static void has(const json_t *json, const char *key, const char *text) {
  char *dumped = json_dumps(json_object_get(json, key), JSON_ENCODE_ANY | JSON_COMPACT);
  if (dumped == NULL || strstr(dumped, text) == NULL)
    fail_msg("%s: '%s' is not in %s", key, text, dumped == NULL ? "" : dumped);
  free(dumped);
}

static void what_is_asked_of_whom(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("tests/unit/access/config", &faults);
  struct access_rules *rules = build_rules(agencies, rules_text, sizeof rules_text - 1);
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__VictimSupport support = NAV__V1__VICTIM_SUPPORT__INIT;
  Nav__V1__CaseCounts counts = NAV__V1__CASE_COUNTS__INIT;
  Nav__V1__SocialIntervention intervention = NAV__V1__SOCIAL_INTERVENTION__INIT;
  Nav__V1__Subject subject = NAV__V1__SUBJECT__INIT;
  Nav__V1__Subject *subjects[] = {&subject};
  char source[] = "soc-norr", date[] = "2009-06-01";
  struct access_question question = {.event = &event, .now_ms = now_ms};
  event.source = source;
  event.body_case = NAV__V1__EVENT__BODY_VICTIM_SUPPORT;
  event.victim_support = &support;
  event.subjects = subjects;
  event.n_subjects = 1;
  subject.has_protection = 1;
  subject.protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  subject.birth_date = date;
  json_t *held = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
  has(held, "outcome", "hold");
  has(held, "paragraph", "9 § PrL");
  has(held, "conditions", "[{\"id\":\"risk\",\"text\":\"There is a risk\"},{\"id\":\"hjalper\"");
  has(held, "ask", "[\"Jouren\"]");
  has(held, "answer_within", "36 hours");
  json_decref(held);
  json_t *swedish = explain_to(rules, &question, "pol", ACCESS_SWEDISH);
  has(swedish, "conditions", "Det finns en risk");
  has(swedish, "answer_within", "36 timmar");
  json_decref(swedish);

  // What nobody knows, and who else could have it.
  subject.birth_date = NULL;
  json_t *unknown = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
  has(unknown, "outcome", "withhold");
  has(unknown, "missing", "the person's age is below 21");
  has(unknown, "would_allow", "9 § PrL opens, if the person's age is below 21.");
  has(unknown, "would_allow", "can have it instead, by rule e, if the event is addressed");
  has(unknown, "ask", "Jouren");
  json_decref(unknown);

  // Protection that is not stated, of a rule that names no protected persons.
  event.body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event.social_intervention = &intervention;
  subject.has_protection = 0;
  json_t *unstated = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
  has(unstated, "missing", "whether any of the persons is protected");
  json_decref(unstated);

  // A limit: what would be released waits for a person.
  event.body_case = NAV__V1__EVENT__BODY_CASE_COUNTS;
  event.case_counts = &counts;
  event.n_subjects = 0;
  json_t *limited = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
  has(limited, "outcome", "hold");
  has(limited, "limit", "\"l\"");
  has(limited, "because", "A person first.");
  has(limited, "would_allow", "finds that it may be told, and releases");
  has(limited, "answer_within", "as the hub is set");
  json_decref(limited);

  // An answer to what may not be passed on.
  question.only_recipient = "skola";
  json_t *only = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
  has(only, "outcome", "withhold");
  has(only, "because", "only who told it, Skolan, gets the answer");
  json_decref(only);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

// ---- a forbid and several persons ----

static const char person_rules[] =
    "purpose: {id: ett, title: Ett}\nrules:\n"
    "  - {id: e, permit: {from: social, event: VictimSupport, to: bo}, basis: fri}\n"
    "  - {id: p, permit: {from: social, event: VictimSupport, to: pol}, basis: fri}\n"
    "  - {id: both, forbid: {from: social, event: VictimSupport, to: [bo, pol]}, when: {subject.age: {below: "
    "10}, subject.home_area: {in: [norr]}}}\n"
    "  - {id: s, permit: {from: social, event: VictimSupport, to: skola}, basis: fri, when: {marks.urgent: "
    "{is: true}}}\n";

struct made_person {
  const char *birth_date, *home_area;
};

// Explained to the school, whose own permit does not match, and to the police, whom the forbid is about.
static void explain_persons(const struct access_rules *rules, const struct made_person persons[2],
                            json_t **school, json_t **police) {
  Nav__V1__VictimSupport support = NAV__V1__VICTIM_SUPPORT__INIT;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Subject subjects[2], *list[2];
  char source[] = "soc-norr";
  for (size_t i = 0; i < 2; i++) {
    subjects[i] = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
    subjects[i].has_protection = 1;
    subjects[i].protection = NAV__V1__PROTECTION__PROTECTION_NONE;
    subjects[i].birth_date = (char *)(uintptr_t)persons[i].birth_date;
    subjects[i].home_area = (char *)(uintptr_t)persons[i].home_area;
    list[i] = &subjects[i];
  }
  event.source = source;
  event.body_case = NAV__V1__EVENT__BODY_VICTIM_SUPPORT;
  event.victim_support = &support;
  event.subjects = list;
  event.n_subjects = 2;
  const struct access_question question = {.event = &event, .now_ms = now_ms};
  *school = explain_to(rules, &question, "skola", ACCESS_ENGLISH);
  *police = explain_to(rules, &question, "pol", ACCESS_ENGLISH);
}

// A forbid is met by one person who meets all of it, not by two who meet half each; and what is told of it is
// what holds of that person.
static void a_forbid_is_about_one_person_at_a_time(void **state) {
  (void)state;
  static const char child[] = "2020-01-01", adult[] = "1980-01-01", here[] = "norr", there[] = "soder";
  static const struct {
    struct made_person persons[2];
    const char *outcome, *missing;
    bool is_open;  // the housing company can have it instead
  } cases[] = {
      {{{child, there}, {adult, here}}, "release", NULL, true},  // half each
      {{{adult, there}, {adult, here}}, "release", NULL, true},
      {{{adult, there}, {child, here}}, "withhold", NULL, false},
      {{{child, there}, {NULL, here}}, "withhold", "the person's age is below 10", false},  // nobody knows
      {{{NULL, there}, {child, here}}, "withhold", NULL, false},
  };
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("tests/unit/access/config", &faults);
  struct access_rules *rules = build_rules(agencies, person_rules, sizeof person_rules - 1);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    json_t *school = NULL;
    json_t *police = NULL;
    explain_persons(rules, cases[i].persons, &school, &police);
    has(police, "outcome", cases[i].outcome);
    if (cases[i].missing != NULL) has(police, "missing", cases[i].missing);
    if (cases[i].missing == NULL) assert_int_equal(json_array_size(json_object_get(police, "missing")), 0);
    char *instead = json_dumps(json_object_get(school, "would_allow"), 0);
    assert_int_equal(strstr(instead, "by rule e") != NULL, cases[i].is_open);
    free(instead);
    json_decref(school);
    json_decref(police);
  }
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_lane_of_events_by_chance), cmocka_unit_test(one_in_english),
      cmocka_unit_test(what_is_asked_of_whom), cmocka_unit_test(a_forbid_is_about_one_person_at_a_time)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
