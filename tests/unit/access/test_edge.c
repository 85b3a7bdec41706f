// The edge: what it lets travel leads the hub to the very decisions that the whole event would, and holds
// nothing that no lane may be told; on the tests' own rules and the shipped ones, over events made by chance.
// Called by: ctest. Must never: ask the edge itself whether it was right.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/edge.h"
#include "hub/wire/message.h"
#include "tests/unit/access/made_events.h"

enum { EVENTS = 6000, LANES = 512, ARENA = 64 * 1024 * 1024 };

#define EVERY_CLASS 0x1FEU
#define NARRATIVE (1U << NAV__V1__SENSITIVITY__SENSITIVITY_NARRATIVE)

static const int64_t now_ms = 1795370400000;  // 2026-11-22
static char child_number[] = "201201012380";  // Skatteverket's test number

struct loaded {
  struct conf_faults faults;
  struct conf_agencies *agencies;
  struct access_rules *rules;
  struct nav_arena *arena;
};

static struct loaded load(const char *folder) {
  struct loaded loaded = {.arena = nav_arena_new(ARENA)};
  loaded.agencies = conf_agencies_load(folder, &loaded.faults);
  if (loaded.agencies != NULL) loaded.rules = access_rules_load(folder, loaded.agencies, &loaded.faults);
  conf_faults_print(&loaded.faults);
  assert_non_null(loaded.rules);
  assert_true(access_lane_count(loaded.rules) <= LANES);
  return loaded;
}

static void unload(struct loaded *loaded) {
  access_rules_free(loaded->rules);
  conf_agencies_free(loaded->agencies);
  conf_faults_free(&loaded->faults);
  nav_arena_free(loaded->arena);
}

static struct access_edge edge_of(const struct loaded *loaded, const Nav__V1__Event *event, bool is_known) {
  struct access_edge edge;
  assert_true(access_edge_decide(loaded->rules, event, now_ms, is_known, loaded->arena, &edge));
  return edge;
}

// ---- what the hub would decide and pass on ----

static int answer_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                          const char *purpose, const char *message) {
  (void)subject;
  (void)recipient;
  (void)purpose;
  (void)message;
  return *(int *)context;
}

static int answer_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  (void)event;
  (void)recipient;
  return *(int *)context;
}

static void hub_decides(const struct loaded *loaded, const Nav__V1__Event *event, int answer,
                        struct access_decision *out) {
  const struct access_question question = {.event = event,
                                           .now_ms = now_ms,
                                           .consent = answer_consent,
                                           .consent_context = &answer,
                                           .request = answer_request,
                                           .request_context = &answer};
  access_decide(loaded->rules, &question, out);
}

static bool can_leave(const struct access_decision *decision) {
  return decision->outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
}

static Nav__V1__Event *redact(const struct loaded *loaded, const Nav__V1__Event *event,
                              const struct access_decision *decision) {
  const struct access_redaction redaction = {.reveal = decision->reveal,
                                             .subjects = decision->subjects,
                                             .narrative_edited = decision->narrative_edited,
                                             .areas = access_rules_areas(loaded->rules),
                                             .now_ms = now_ms};
  Nav__V1__Event *copy = access_redact(&redaction, event, loaded->arena, NULL);
  assert_non_null(copy);
  for (size_t i = 0; i < copy->n_subjects; i++)
    copy->subjects[i]->age_band = NULL;  // the hub's to say, or not
  return copy;
}

static struct nav_buffer pack(const void *message) {
  struct nav_buffer out;
  nav_buffer_init(&out, 1024 * 1024);
  assert_true(wire_encode(message, &out));
  return out;
}

static void assert_same_message(const void *a, const void *b) {
  struct nav_buffer left = pack(a);
  struct nav_buffer right = pack(b);
  assert_int_equal(left.length, right.length);
  assert_memory_equal(left.data, right.data, left.length);
  nav_buffer_free(&left);
  nav_buffer_free(&right);
}

// Every lane gets from what travelled exactly what it would have got from the whole event, about the same
// persons. Gives how many decisions speak of persons that have other numbers in what travelled.
static size_t check_sent(const struct loaded *loaded, const Nav__V1__Event *event,
                         const struct access_edge *edge) {
  static struct access_decision whole[LANES], sent[LANES];
  size_t renumbered = 0;
  for (int answer = -1; answer <= 1; answer++) {
    hub_decides(loaded, event, answer, whole);
    hub_decides(loaded, edge->event, answer, sent);
    for (size_t i = 0; i < access_lane_count(loaded->rules); i++) {
      assert_int_equal(whole[i].outcome, sent[i].outcome);
      assert_int_equal(whole[i].rule, sent[i].rule);
      assert_int_equal(whole[i].reveal, sent[i].reveal);
      assert_int_equal(whole[i].hold_rule, sent[i].hold_rule);
      assert_int_equal(whole[i].limit, sent[i].limit);
      if (!can_leave(&whole[i])) continue;
      assert_same_message(redact(loaded, event, &whole[i]), redact(loaded, edge->event, &sent[i]));
      assert_true(access_edge_numbers(edge, whole[i].subjects) == sent[i].subjects);
      assert_true(access_edge_numbers(edge, whole[i].hold_subjects) == sent[i].hold_subjects);
      renumbered += sent[i].subjects != whole[i].subjects ? 1 : 0;
    }
  }
  return renumbered;
}

// The least copy holds nothing beyond what some lane may be told: redacted by all of that, it stays as it is.
static void check_least(const struct loaded *loaded, const Nav__V1__Event *event,
                        const struct access_edge *edge) {
  static struct access_decision whole[LANES];
  struct access_decision all = {.reveal = 0, .subjects = UINT64_MAX, .narrative_edited = true};
  for (int answer = -2; answer <= 1; answer++) {
    const struct access_question could_be = {.event = event, .now_ms = now_ms, .could_be = true};
    if (answer == -2) access_decide(loaded->rules, &could_be, whole);
    if (answer > -2) hub_decides(loaded, event, answer, whole);
    for (size_t i = 0; i < access_lane_count(loaded->rules); i++) {
      uint16_t shown = (uint16_t)(whole[i].reveal | whole[i].hold_reveal);
      bool text = whole[i].narrative_edited || whole[i].reveal == EVERY_CLASS;
      if (can_leave(&whole[i])) all.reveal |= text ? shown : (uint16_t)(shown & ~NARRATIVE);
    }
  }
  assert_same_message(redact(loaded, edge->event, &all), edge->event);
}

static void check_home(const struct loaded *loaded, const Nav__V1__Event *event) {
  static struct access_decision whole[LANES];
  for (int answer = -1; answer <= 1; answer++) {
    hub_decides(loaded, event, answer, whole);
    for (size_t i = 0; i < access_lane_count(loaded->rules); i++) assert_false(can_leave(&whole[i]));
  }
}

// Who opens it is shown each lane by the very rule that Sealed names.
static void check_named(const struct loaded *loaded, const Nav__V1__Event *event,
                        const struct access_edge *edge) {
  for (size_t k = 0; k < edge->lanes_count; k++) {
    size_t lane = 0;
    while (strcmp(edge->recipients[k], access_lane(loaded->rules, lane)->agency) != 0 ||
           strcmp(edge->purposes[k], access_lane(loaded->rules, lane)->purpose) != 0)
      lane++;
    struct access_edge_view view;
    const struct access_decision held = access_edge_held(loaded->rules, event, now_ms, lane, &view);
    const struct access_decision again = access_decide_lane(loaded->rules, &view.question, lane);
    assert_true(again.rule == held.rule && again.subjects == held.subjects);
    assert_int_equal(held.outcome, NAV__V1__OUTCOME__OUTCOME_HOLD);
    assert_string_equal(access_rule(loaded->rules, held.rule)->id, edge->rules[k]);
  }
}

static void check_sealed(const struct loaded *loaded, const Nav__V1__Event *event,
                         const struct access_edge *edge) {
  static struct access_decision whole[LANES];
  assert_true(edge->lanes_count > 0);
  for (int answer = -1; answer <= 1; answer++) {
    hub_decides(loaded, event, answer, whole);
    for (size_t i = 0; i < access_lane_count(loaded->rules); i++) {
      assert_int_not_equal(whole[i].outcome, NAV__V1__OUTCOME__OUTCOME_RELEASE);
      if (!can_leave(&whole[i])) continue;
      const struct access_lane *lane = access_lane(loaded->rules, i);
      bool named = false;
      for (size_t k = 0; k < edge->lanes_count; k++)
        named |=
            strcmp(edge->recipients[k], lane->agency) == 0 && strcmp(edge->purposes[k], lane->purpose) == 0;
      assert_true(named);
    }
  }
}

struct tally {
  size_t ways[3], copies[ACCESS_EDGE_COPIES], renumbered;
  uint64_t whole_bodies;  // bit n: a body of field number n (less 64) travelled whole
};

static void run_by_chance(const char *folder, const char *const *sources, const char *const *areas,
                          uint64_t seed, struct tally *tally) {
  struct loaded loaded = load(folder);
  struct made_chance chance = {seed};
  struct nav_arena *events = nav_arena_new(ARENA);
  for (int i = 0; i < EVENTS; i++) {
    nav_arena_reset(events);
    nav_arena_reset(loaded.arena);
    const Nav__V1__Event *event = made_random_event(&chance, sources, areas, events);
    struct access_edge edge = edge_of(&loaded, event, false);
    tally->ways[edge.way]++;
    if (edge.way == ACCESS_EDGE_HOME) check_home(&loaded, event);
    if (edge.way == ACCESS_EDGE_SEAL) {
      check_sealed(&loaded, event, &edge);
      check_named(&loaded, event, &edge);
      struct access_edge opened;
      assert_true(access_edge_unseal(loaded.rules, event, now_ms, loaded.arena, &opened));
      assert_int_equal(opened.way, ACCESS_EDGE_SEND);
      tally->renumbered += check_sent(&loaded, event, &opened);
    }
    if (edge.way != ACCESS_EDGE_SEND) continue;
    if (edge.event != event) tally->copies[edge.copy]++;
    if (edge.event == event) tally->whole_bodies |= UINT64_C(1) << (event->body_case % 64);
    tally->renumbered += check_sent(&loaded, event, &edge);
    if (edge.copy == ACCESS_EDGE_UNION) check_least(&loaded, event, &edge);
    struct access_edge again = edge_of(&loaded, event, false);
    assert_same_message(edge.event, again.event);
  }
  nav_arena_free(events);
  unload(&loaded);
  printf("%s: %zu home, %zu sent, %zu sealed; copies %zu %zu %zu %zu %zu\n", folder, tally->ways[0],
         tally->ways[1], tally->ways[2], tally->copies[0], tally->copies[1], tally->copies[2],
         tally->copies[3], tally->copies[4]);
}

static void the_hub_decides_alike(void **state) {
  (void)state;
  static const char *const sources[] = {"pol", "soc-norr", "soc-soder", "skola",
                                        "bo",  "forening", "utanfor",   NULL};
  static const char *const areas[] = {"norr", "soder", "okand", NULL};
  static const char *const shipped[] = {"polisen",     "socialtjansten",    "skolan",     "bostadsbolaget",
                                        "tycktill",    "brandforsvaret",    "stadsdelen", "kriminalvarden",
                                        "grannstodet", "forsakringskassan", NULL};
  static const char *const shipped_areas[] = {"bromma", "hasselby-vallingby", "upplands-bro", "okand", NULL};
  struct tally tally = {0};
  run_by_chance("tests/unit/access/config", sources, areas, 1, &tally);
  struct tally second = {0};
  run_by_chance("config", shipped, shipped_areas, 2, &second);
  for (size_t i = 0; i < 3; i++) assert_true(second.ways[i] > 100);
  assert_true(tally.renumbered + second.renumbered > 20);
  // Conditions need no more than their own fields, and only what governs sharing itself travels whole.
  assert_true(second.copies[ACCESS_EDGE_UNION] > 100 && second.copies[ACCESS_EDGE_PERSONS] > 100);
  assert_int_equal(second.copies[ACCESS_EDGE_CLASSES], 0);
  const uint64_t governing = UINT64_C(1) << (95 % 64) | UINT64_C(1) << (96 % 64) | UINT64_C(1) << (97 % 64) |
                             UINT64_C(1) << (98 % 64);
  assert_int_equal(second.whole_bodies, governing);
}

// ---- single cases, by the shipped rules ----

static Nav__V1__Event *new_event(struct nav_arena *arena, const char *source, size_t subjects) {
  static uint8_t id[16] = {0, 0, 0x50, 0xf7, 1};
  Nav__V1__Event *event = nav_arena_alloc(arena, sizeof *event);
  nav__v1__event__init(event);
  event->has_id = event->has_time_ms = true;
  event->id = (ProtobufCBinaryData){sizeof id, id};
  event->source = (char *)(uintptr_t)source;
  event->time_ms = now_ms;
  event->subjects = nav_arena_zalloc(arena, subjects + 1, sizeof *event->subjects);
  event->n_subjects = subjects;
  for (size_t i = 0; i < subjects; i++) {
    event->subjects[i] = nav_arena_alloc(arena, sizeof *event->subjects[i]);
    nav__v1__subject__init(event->subjects[i]);
    event->subjects[i]->name = (char *)(uintptr_t) "Test Testsson";
    event->subjects[i]->personal_number = child_number;
    event->subjects[i]->has_role = event->subjects[i]->has_protection = true;
    event->subjects[i]->role = NAV__V1__ROLE__ROLE_CHILD;
    event->subjects[i]->protection = NAV__V1__PROTECTION__PROTECTION_NONE;
  }
  return event;
}

static void field_work_stays_home(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__FieldWorkNote note = NAV__V1__FIELD_WORK_NOTE__INIT;
  Nav__V1__Event *event = new_event(loaded.arena, "socialtjansten", 0);
  event->body_case = NAV__V1__EVENT__BODY_FIELD_WORK_NOTE;
  event->field_work_note = &note;
  assert_int_equal(edge_of(&loaded, event, false).way, ACCESS_EDGE_HOME);
  // What the hub has an earlier revision of must not stand there uncorrected.
  note.observation = (char *)(uintptr_t) "hemligt";
  struct access_edge known = edge_of(&loaded, event, true);
  assert_int_equal(known.way, ACCESS_EDGE_SEND);
  assert_null(known.event->field_work_note->observation);
  unload(&loaded);
}

static void an_incident_at_school_is_told_without_its_persons(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__SchoolIncident incident = NAV__V1__SCHOOL_INCIDENT__INIT;
  incident.has_kind = true;
  incident.kind = NAV__V1__SCHOOL_INCIDENT_KIND__SCHOOL_INCIDENT_KIND_KRANKNING;
  incident.description = (char *)(uintptr_t) "fritext";
  incident.injury = (char *)(uintptr_t) "skada";
  Nav__V1__Event *event = new_event(loaded.arena, "skolan", 1);
  event->body_case = NAV__V1__EVENT__BODY_SCHOOL_INCIDENT;
  event->school_incident = &incident;
  struct access_edge edge = edge_of(&loaded, event, false);
  assert_int_equal(edge.way, ACCESS_EDGE_SEND);
  assert_null(edge.event->school_incident->description);
  assert_null(edge.event->school_incident->injury);
  assert_int_equal(edge.event->school_incident->kind, incident.kind);
  for (size_t i = 0; i < edge.event->n_subjects; i++) {
    assert_null(edge.event->subjects[i]->name);
    assert_null(edge.event->subjects[i]->personal_number);
  }
  unload(&loaded);
}

static void risk_for_the_police_is_sealed(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__SocialIntervention body = NAV__V1__SOCIAL_INTERVENTION__INIT;
  body.has_kind = true;
  body.kind = NAV__V1__SOCIAL_INTERVENTION_KIND__SOCIAL_INTERVENTION_KIND_MUMIN;
  body.crime_risk = (char *)(uintptr_t) "risk";
  Nav__V1__Event *event = new_event(loaded.arena, "socialtjansten", 1);
  event->body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event->social_intervention = &body;
  struct access_edge edge = edge_of(&loaded, event, false);
  assert_int_equal(edge.way, ACCESS_EDGE_SEAL);
  assert_int_equal(edge.lanes_count, 1);
  assert_string_equal(edge.recipients[0], "polisen");
  assert_string_equal(edge.purposes[0], "young-at-risk");
  assert_string_equal(edge.rules[0], "social-risk-to-police");
  assert_false(edge.urgent);
  unload(&loaded);
}

// With consent the plan may go, so it travels; the hub finds the consent by the number.
static void where_consent_decides_the_hub_must_know_whose(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__SocialIntervention body = NAV__V1__SOCIAL_INTERVENTION__INIT;
  body.has_kind = true;
  body.kind = NAV__V1__SOCIAL_INTERVENTION_KIND__SOCIAL_INTERVENTION_KIND_SIG;
  body.case_number = (char *)(uintptr_t) "dnr";
  Nav__V1__Event *event = new_event(loaded.arena, "socialtjansten", 1);
  event->subjects[0]->role = NAV__V1__ROLE__ROLE_PARTICIPANT;
  event->subjects[0]->telephone = (char *)(uintptr_t) "0701740605";
  event->body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event->social_intervention = &body;
  struct access_edge edge = edge_of(&loaded, event, false);
  assert_int_equal(edge.way, ACCESS_EDGE_SEND);
  assert_string_equal(edge.event->subjects[0]->personal_number, child_number);
  assert_null(edge.event->subjects[0]->telephone);
  unload(&loaded);
}

static void what_governs_sharing_travels_whole(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__Consent consent = NAV__V1__CONSENT__INIT;
  Nav__V1__Event *event = new_event(loaded.arena, "socialtjansten", 1);
  event->body_case = NAV__V1__EVENT__BODY_CONSENT;
  event->consent = &consent;
  struct access_edge edge = edge_of(&loaded, event, false);
  assert_int_equal(edge.way, ACCESS_EDGE_SEND);
  assert_ptr_equal(edge.event, event);
  unload(&loaded);
}

static void an_unknown_sender_sends_nothing(void **state) {
  (void)state;
  struct loaded loaded = load("config");
  Nav__V1__PublicIncident body = NAV__V1__PUBLIC_INCIDENT__INIT;
  Nav__V1__Event *event = new_event(loaded.arena, "polisen", 0);
  event->body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event->public_incident = &body;
  assert_int_equal(edge_of(&loaded, event, false).way, ACCESS_EDGE_SEND);
  event->source = (char *)(uintptr_t) "nagon-annan";
  assert_int_equal(edge_of(&loaded, event, false).way, ACCESS_EDGE_HOME);
  unload(&loaded);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_hub_decides_alike),
                                     cmocka_unit_test(field_work_stays_home),
                                     cmocka_unit_test(an_incident_at_school_is_told_without_its_persons),
                                     cmocka_unit_test(risk_for_the_police_is_sealed),
                                     cmocka_unit_test(where_consent_decides_the_hub_must_know_whose),
                                     cmocka_unit_test(what_governs_sharing_travels_whole),
                                     cmocka_unit_test(an_unknown_sender_sends_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
