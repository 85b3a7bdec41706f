// A sealed case that its assessor opens: the conditions that stand before its release, and whom what travels
// is about; by the shipped rules. Called by: ctest. Must never: need a hub or keys.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/edge.h"
#include "hub/base/clock.h"
#include "hub/ctl/sealed.h"

enum { ARENA = 16 * 1024 * 1024 };

struct opened {
  const char *rule;  // that holds it, as Sealed names it
  struct conf_faults faults;
  struct sealed_case sealed;
};

// As sealed_open leaves it, of that lane; NULL: the first for which the edge seals the event.
static void open_case(struct opened *o, Nav__V1__Event *event, const char *purpose) {
  struct access_edge edge;
  size_t at = 0;
  *o = (struct opened){.sealed = {.arena = nav_arena_new(ARENA), .event = event, .now_ms = event->time_ms}};
  struct sealed_case *sealed = &o->sealed;
  sealed->agencies = conf_agencies_load("config", &o->faults);
  assert_non_null(sealed->agencies);
  sealed->rules = access_rules_load("config", sealed->agencies, &o->faults);
  assert_non_null(sealed->rules);
  assert_true(access_edge_decide(sealed->rules, event, event->time_ms, false, sealed->arena, &edge));
  assert_int_equal(edge.way, ACCESS_EDGE_SEAL);
  while (purpose != NULL && strcmp(edge.purposes[at], purpose) != 0) at++;
  o->rule = edge.rules[at];
  while (strcmp(access_lane(sealed->rules, sealed->lane)->agency, edge.recipients[at]) != 0 ||
         strcmp(access_lane(sealed->rules, sealed->lane)->purpose, edge.purposes[at]) != 0)
    sealed->lane++;
  sealed->decision = access_edge_held(sealed->rules, event, sealed->now_ms, sealed->lane, &sealed->view);
}

static void close_case(struct opened *o) {
  sealed_close(&o->sealed);
  conf_faults_free(&o->faults);
}

static Nav__V1__Event new_event(const char *source) {
  static uint8_t id[16] = {0, 0, 0x50, 0xf7, 1};
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_id = event.has_time_ms = event.has_revision = true;
  event.id = (ProtobufCBinaryData){sizeof id, id};
  event.source = (char *)(uintptr_t)source;
  event.revision = 1;
  event.time_ms = nav_clock_now_ms();
  return event;
}

static bool has(const json_t *conditions, const char *id) {
  for (size_t i = 0; i < json_array_size(conditions); i++)
    if (strcmp(json_string_value(json_object_get(json_array_get(conditions, i), "id")), id) == 0) return true;
  return false;
}

// Released to many, were it not for handling code H2. marks and incident outlive it.
static Nav__V1__Event limited_incident(Nav__V1__Marks *marks, Nav__V1__PublicIncident *incident) {
  Nav__V1__Event event = new_event("polisen");
  nav__v1__marks__init(marks);
  nav__v1__public_incident__init(incident);
  marks->has_handling = true;
  marks->handling = NAV__V1__HANDLING__HANDLING_H2;
  event.marks = marks;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = incident;
  return event;
}

// Handling code H2 makes a hold of what the rule would release: nav-core then asks its condition too.
static void what_limits_a_case_has_its_conditions_shown(void **state) {
  (void)state;
  Nav__V1__Marks marks;
  Nav__V1__PublicIncident incident;
  Nav__V1__Event event = limited_incident(&marks, &incident);
  struct opened o;
  open_case(&o, &event, NULL);
  json_t *swedish = sealed_conditions(&o.sealed, ACCESS_SWEDISH);
  json_t *english = sealed_conditions(&o.sealed, ACCESS_ENGLISH);
  assert_true(has(swedish, "permission") && has(english, "permission"));
  assert_int_equal(json_array_size(swedish), json_array_size(english));
  assert_false(json_equal(swedish, english));
  json_decref(swedish);
  json_decref(english);
  close_case(&o);
}

// Children of unknown age: the duty waits for assessment. The first person is nobody's to be told of: what
// travels has two of three, and numbers them anew.
static void persons_are_named_by_what_travels(void **state) {
  (void)state;
  Nav__V1__Event event = new_event("polisen");
  Nav__V1__ConcernReport body = NAV__V1__CONCERN_REPORT__INIT;
  Nav__V1__Subject persons[3];
  Nav__V1__Subject *list[3];
  enum ctl_exit code = CTL_DONE;
  for (size_t i = 0; i < 3; i++) {
    nav__v1__subject__init(&persons[i]);
    persons[i].has_role = persons[i].has_protection = true;
    persons[i].role = i == 0 ? NAV__V1__ROLE__ROLE_PARTICIPANT : NAV__V1__ROLE__ROLE_CHILD;
    persons[i].protection = NAV__V1__PROTECTION__PROTECTION_NONE;
    list[i] = &persons[i];
  }
  event.subjects = list;
  event.n_subjects = 3;
  body.assessed_by = (char *)(uintptr_t) "Prövare";
  event.body_case = NAV__V1__EVENT__BODY_CONCERN_REPORT;
  event.concern_report = &body;
  struct opened o;
  open_case(&o, &event, NULL);
  assert_true(sealed_travels(&o.sealed, &code));
  assert_int_equal(o.sealed.edge.event->n_subjects, 2);
  assert_true(access_edge_numbers(&o.sealed.edge, 1U << 1) == 1U << 0);
  assert_true(access_edge_numbers(&o.sealed.edge, 1U << 2 | 1U << 0) == 1U << 1);
  assert_true(access_edge_numbers(&o.sealed.edge, 1U << 0) == 0);
  assert_true(access_edge_numbers(&o.sealed.edge, UINT64_MAX) == 3);
  close_case(&o);
}

// A participant under 21 and a child, neither of whom has consented: by consent the police could have the
// first alone, by the rule that holds it both, and so would what leaves.
static void what_is_shown_is_what_the_rule_holds(void **state) {
  (void)state;
  Nav__V1__Event event = new_event("socialtjansten");
  Nav__V1__SocialIntervention body = NAV__V1__SOCIAL_INTERVENTION__INIT;
  Nav__V1__Marks marks = NAV__V1__MARKS__INIT;
  Nav__V1__Subject persons[2];
  Nav__V1__Subject *list[2];
  for (size_t i = 0; i < 2; i++) {
    nav__v1__subject__init(&persons[i]);
    persons[i].has_role = persons[i].has_protection = true;
    persons[i].role = i == 0 ? NAV__V1__ROLE__ROLE_PARTICIPANT : NAV__V1__ROLE__ROLE_CHILD;
    persons[i].protection = NAV__V1__PROTECTION__PROTECTION_SEKRETESSMARKERING;
    persons[i].personal_number = (char *)(uintptr_t) "201201012380";  // Skatteverket's test number
    persons[i].name = (char *)(uintptr_t) "Namn";
    list[i] = &persons[i];
  }
  event.subjects = list;
  event.n_subjects = 2;
  marks.has_handling = true;
  marks.handling = NAV__V1__HANDLING__HANDLING_H2;
  event.marks = &marks;
  body.has_kind = true;
  body.kind = NAV__V1__SOCIAL_INTERVENTION_KIND__SOCIAL_INTERVENTION_KIND_SIG;
  body.crime_risk = (char *)(uintptr_t) "risk";
  event.body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event.social_intervention = &body;
  struct opened o;
  open_case(&o, &event, "sig");
  struct access_decision now = o.sealed.decision;
  assert_string_equal(access_rule(o.sealed.rules, now.rule)->id, o.rule);
  assert_true(now.subjects == 3);
  const struct access_question could_be = {.event = &event, .now_ms = event.time_ms, .could_be = true};
  assert_true(access_decide_lane(o.sealed.rules, &could_be, o.sealed.lane).subjects == 1);
  enum ctl_exit code = CTL_DONE;
  json_t *shown = sealed_preview(&o.sealed, UINT16_MAX, UINT64_MAX, ACCESS_SWEDISH);
  assert_true(json_is_null(json_object_get(shown, "preview")));  // nobody has asked whether it travels
  json_decref(shown);
  assert_true(sealed_travels(&o.sealed, &code));
  shown = sealed_preview(&o.sealed, UINT16_MAX, UINT64_MAX, ACCESS_SWEDISH);
  assert_false(json_is_true(json_object_get(shown, "presumed")));
  json_t *subjects = json_object_get(json_object_get(json_object_get(shown, "preview"), "data"), "subjects");
  assert_int_equal(json_array_size(subjects), 2);
  const char *explained = json_string_value(json_object_get(json_object_get(shown, "explain"), "rule"));
  assert_string_equal(explained, o.rule);
  // The rule holds by itself: nothing limits it, and no condition but its basis's is asked.
  assert_int_equal(now.limit, ACCESS_NO_RULE);
  assert_false(has(json_object_get(shown, "conditions"), "permission"));
  json_decref(shown);
  close_case(&o);
}

// What its event has come to be released by leaves at once when it is published: it is no case to assess any
// more.
static void what_is_no_longer_sealed_does_not_travel(void **state) {
  (void)state;
  Nav__V1__Marks marks;
  Nav__V1__PublicIncident incident;
  Nav__V1__Event event = limited_incident(&marks, &incident);
  enum ctl_exit code = CTL_DONE;
  struct opened o;
  open_case(&o, &event, NULL);
  assert_true(sealed_travels(&o.sealed, &code));
  event.marks = NULL;  // as if the limit were gone from the rules
  assert_false(sealed_travels(&o.sealed, &code));
  assert_int_equal(code, CTL_REFUSED);
  close_case(&o);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_limits_a_case_has_its_conditions_shown),
                                     cmocka_unit_test(what_is_shown_is_what_the_rule_holds),
                                     cmocka_unit_test(what_is_no_longer_sealed_does_not_travel),
                                     cmocka_unit_test(persons_are_named_by_what_travels)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
