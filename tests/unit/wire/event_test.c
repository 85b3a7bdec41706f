// What an event must be: each line of event_cases.json changes the sample and says what becomes of it. Also
// the names of bodies and enums.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/wire/event.h"
#include "hub/wire/json.h"
#include "hub/wire/message.h"
#include "nav/v1/session.pb-c.h"
#include "tests/unit/wire/sample.h"

enum { ARENA_MAX = 4 * 1024 * 1024 };

static struct nav_arena *arena;

static int set_up(void **state) {
  (void)state;
  arena = nav_arena_new(ARENA_MAX);
  return arena == NULL;
}

static int tear_down(void **state) {
  (void)state;
  nav_arena_free(arena);
  return 0;
}

static void run_case(const json_t *one) {
  const char *what = json_string_value(json_object_get(one, "what"));
  const char *code = json_string_value(json_object_get(one, "code"));
  const char *place = json_string_value(json_object_get(one, "place"));
  json_t *json = sample_load("tests/unit/wire/sample.json");
  const char *path = NULL;
  json_t *value = NULL;
  json_object_foreach(json_object_get(one, "set"), path, value) sample_set_at(json, path, value);
  struct nav_error err = {0};
  const Nav__V1__Event *event = wire_cloudevent_to_event(json, arena, &err);
  if (event == NULL) fail_msg("%s: cannot be read: %s: %s", what, err.place, err.text);
  bool good = wire_event_validate(event, &err);
  if (code == NULL) {
    if (!good) fail_msg("%s: refused: %s: %s", what, err.place, err.text);
  } else {
    const char *got = wire_enum_name(&nav__v1__code__descriptor, err.code);
    if (good || got == NULL || strcmp(got, code) != 0 || strcmp(err.place, place) != 0) {
      fail_msg("%s: expected %s at '%s', got %s at '%s': %s", what, code, place, good ? "good" : got,
               err.place, err.text);
    }
    assert_int_equal(err.class, NAV_ERROR_PEER);
  }
  json_decref(json);
}

static void takes_and_refuses(void **state) {
  (void)state;
  json_t *cases = sample_load("tests/unit/wire/event_cases.json");
  assert_true(json_array_size(cases) > 50);
  for (size_t i = 0; i < json_array_size(cases); i++) {
    nav_arena_reset(arena);
    run_case(json_array_get(cases, i));
  }
  json_decref(cases);
}

static void expect(const Nav__V1__Event *event, int code, const char *place) {
  struct nav_error err = {0};
  if (wire_event_validate(event, &err)) fail_msg("taken, but %s was expected to be refused", place);
  assert_string_equal(err.place, place);
  assert_int_equal(err.code, code);
}

// What JSON cannot say, but a program that fills in structs can.
static void refuses_what_a_program_might_send(void **state) {
  (void)state;
  static char not_utf8[] = "\xff";
  Nav__V1__Event *event = sample_concern_report(arena);
  struct nav_error err = {0};
  assert_true(wire_event_validate(event, &err));

  char *name = event->subjects[0]->name;
  event->subjects[0]->name = not_utf8;
  expect(event, NAV__V1__CODE__CODE_BAD_UTF8, "subjects.0.name");
  event->subjects[0]->name = name;

  event->subjects[0]->role = (Nav__V1__Role)99;
  expect(event, NAV__V1__CODE__CODE_UNKNOWN_ENUM, "subjects.0.role");
  event->subjects[0]->role = NAV__V1__ROLE__ROLE_CHILD;

  event->place->position->latitude = NAN;
  expect(event, NAV__V1__CODE__CODE_BAD_VALUE, "place.position.latitude");
  event->place->position->latitude = 59;

  Nav__V1__ConcernReport *body = event->concern_report;
  event->concern_report = NULL;
  expect(event, NAV__V1__CODE__CODE_MISSING_FIELD, "concern_report");
  event->body_case = NAV__V1__EVENT__BODY__NOT_SET;
  expect(event, NAV__V1__CODE__CODE_MISSING_FIELD, "body");
  event->concern_report = body;
  event->body_case = NAV__V1__EVENT__BODY_CONCERN_REPORT;
  assert_true(wire_event_validate(event, &err));
}

static void texts_have_a_limit(void **state) {
  (void)state;
  Nav__V1__Event *event = sample_concern_report(arena);
  char *text = nav_arena_alloc(arena, 16386);
  assert_non_null(text);
  memset(text, 'a', 16385);
  text[16385] = '\0';
  event->concern_report->description = text;
  expect(event, NAV__V1__CODE__CODE_TOO_LARGE, "concern_report.description");
  struct nav_error err = {0};
  text[16384] = '\0';
  assert_true(wire_event_validate(event, &err));
}

static void subjects_have_a_limit(void **state) {
  (void)state;
  Nav__V1__Event *event = sample_concern_report(arena);
  Nav__V1__Subject *many[65];
  for (size_t i = 0; i < 65; i++) many[i] = event->subjects[i > 0];
  event->subjects = many;
  event->n_subjects = 65;
  expect(event, NAV__V1__CODE__CODE_TOO_MANY, "subjects");
  event->n_subjects = 64;
  struct nav_error err = {0};
  assert_true(wire_event_validate(event, &err));
}

static void knows_every_body_by_name_and_number(void **state) {
  (void)state;
  unsigned bodies = 0;
  for (uint32_t number = 0; number < 200; number++) {
    const char *name = wire_body_name(number);
    if (name == NULL) continue;
    assert_int_equal(wire_body_number(name), number);
    bodies++;
  }
  assert_int_equal(bodies, 33);
  assert_string_equal(wire_body_name(30), "ConcernReport");
  assert_null(wire_body_name(6));  // place: a message, but no body
  assert_int_equal(wire_body_number("Place"), 0);
  assert_int_equal(wire_body_number("concern_report"), 0);
  const Nav__V1__Event *event = sample_concern_report(arena);
  assert_string_equal(wire_event_body(event)->name, "concern_report");
  assert_ptr_equal(wire_event_body_message(event), event->concern_report);
}

static void an_event_without_body_has_none(void **state) {
  (void)state;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  assert_null(wire_event_body(&event));
  assert_null(wire_event_body_message(&event));
}

static void enums_have_short_names(void **state) {
  (void)state;
  static const struct {
    const ProtobufCEnumDescriptor *descriptor;
    int value;
    const char *name;
  } names[] = {
      {&nav__v1__social_intervention_kind__descriptor,
       NAV__V1__SOCIAL_INTERVENTION_KIND__SOCIAL_INTERVENTION_KIND_SIG, "sig"},
      {&nav__v1__protection__descriptor, NAV__V1__PROTECTION__PROTECTION_SKYDDAD_FOLKBOKFORING,
       "skyddad_folkbokforing"},
      {&nav__v1__role__descriptor, NAV__V1__ROLE__ROLE_UNSPECIFIED, "unspecified"},
      {&nav__v1__code__descriptor, NAV__V1__CODE__CODE_BAD_UTF8, "bad_utf8"},
      {&nav__v1__source_evaluation__descriptor, NAV__V1__SOURCE_EVALUATION__SOURCE_EVALUATION_X, "x"},
  };
  int value = -1;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_string_equal(wire_enum_name(names[i].descriptor, names[i].value), names[i].name);
    assert_true(wire_enum_value(names[i].descriptor, names[i].name, &value));
    assert_int_equal(value, names[i].value);
  }
  assert_null(wire_enum_name(&nav__v1__role__descriptor, 99));
  assert_null(wire_enum_name(&nav__v1__role__descriptor, -1));
  assert_false(wire_enum_value(&nav__v1__role__descriptor, "CHILD", &value));
  assert_false(wire_enum_value(&nav__v1__role__descriptor, "role_child", &value));
  assert_false(wire_enum_value(&nav__v1__role__descriptor, "", &value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(takes_and_refuses, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refuses_what_a_program_might_send, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_have_a_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(subjects_have_a_limit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(knows_every_body_by_name_and_number, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_event_without_body_has_none, set_up, tear_down),
      cmocka_unit_test_setup_teardown(enums_have_short_names, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
