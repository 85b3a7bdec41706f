// The matrix says what the rules can ever let through. Over events by chance: whatever the decision releases,
// holds or counts stands in a row; and rows that should not be there are not. Called by: ctest. Must never:
// make a row's answer from the matrix itself; the decision alone knows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/build.h"
#include "hub/access/matrix.h"
#include "tests/unit/access/made_events.h"

#define TEST_FOLDER "tests/unit/access/config"

enum { EVENTS = 40000, ROWS_MAX = 20000 };

static const int64_t now_ms = 1795370400000;  // 2026-11-22

struct rows {
  struct access_matrix_row items[ROWS_MAX];
  size_t count;
};

static bool keep(void *context, const struct access_matrix_row *row) {
  struct rows *rows = context;
  assert_true(rows->count < ROWS_MAX);
  rows->items[rows->count++] = *row;
  return true;
}

static int by_chance(struct made_chance *chance) { return (int)made_number(chance, 3) - 1; }

static int consent_by_chance(void *context, const Nav__V1__Subject *subject, const char *recipient,
                             const char *purpose, const char *message) {
  (void)subject, (void)recipient, (void)purpose, (void)message;
  return by_chance(context);
}

static int request_by_chance(void *context, const Nav__V1__Event *event, const char *recipient) {
  (void)event, (void)recipient;
  return by_chance(context);
}

static const struct access_matrix_row *find_row(const struct rows *rows, size_t sender, size_t body,
                                                size_t lane, uint16_t rule) {
  for (size_t i = 0; i < rows->count; i++) {
    const struct access_matrix_row *row = &rows->items[i];
    if (row->rule == rule && row->lane == lane && row->sender == sender && row->body == body) return row;
  }
  return NULL;
}

static void check_subjects(const struct access_matrix_row *row, const Nav__V1__Event *event,
                           uint64_t subjects) {
  for (size_t i = 0; i < event->n_subjects; i++) {
    const Nav__V1__Subject *subject = event->subjects[i];
    bool is_marked = subject->has_protection && subject->protection > NAV__V1__PROTECTION__PROTECTION_NONE;
    if (is_marked) assert_true(row->protected);
    unsigned role = subject->has_role ? (unsigned)subject->role : 0;
    if ((subjects >> i & 1U) != 0) assert_true((row->roles >> role & 1U) != 0);
  }
}

// Every field that a copy holds is of a class that the row tells; the hub's own generalisations are open.
static void check_fields(const struct access_matrix_row *row, const ProtobufCMessage *message,
                         const struct schema_plan *plan) {
  for (size_t i = 0; i < plan->plain_count; i++) {
    const struct schema_field *field = &plan->fields[i];
    if (field->is_repeated || !schema_present(message, field->descriptor)) continue;
    if (field->message != NULL) {
      const char *at = (const char *)message + field->offset;
      check_fields(row, *(ProtobufCMessage *const *)(const void *)at, field->message);
    } else if ((row->classes >> field->class & 1U) == 0) {
      fail_msg("%s of class %d is told, and the row says nothing of it", field->descriptor->name,
               field->class);
    }
  }
}

static void check_copy(const struct access_rules *rules, const struct access_matrix_row *row,
                       const Nav__V1__Event *event, uint16_t reveal, uint64_t subjects, bool edited,
                       struct nav_arena *arena) {
  static const uint8_t key[32] = {1};
  struct access_redaction redaction = {.reveal = reveal,
                                       .subjects = subjects,
                                       .narrative_edited = edited,
                                       .recipient = access_lane(rules, row->lane)->agency,
                                       .purpose = access_lane(rules, row->lane)->purpose,
                                       .pseudonym_key = key,
                                       .areas = access_rules_areas(rules),
                                       .now_ms = now_ms};
  Nav__V1__Event *copy = access_redact(&redaction, event, arena, NULL);
  assert_non_null(copy);
  check_fields(row, &copy->base, schema_event_plan());
  const struct schema_field *body = schema_body_field((uint32_t)copy->body_case);
  if (body != NULL) {
    const char *at = (const char *)copy + body->offset;
    check_fields(row, *(ProtobufCMessage *const *)(const void *)at, body->message);
  }
  for (size_t i = 0; i < copy->n_subjects; i++)
    check_fields(row, &copy->subjects[i]->base, schema_subject_plan());
}

static bool lists(const json_t *list, const char *rule) {
  size_t index = 0;
  json_t *item = NULL;
  json_array_foreach(list, index, item) {
    if (strcmp(json_string_value(json_object_get(item, "rule")), rule) == 0) return true;
  }
  return false;
}

static void check_decision(const struct access_rules *rules, const struct rows *rows,
                           const Nav__V1__Event *event, size_t lane, const struct access_decision *decision,
                           struct nav_arena *arena) {
  size_t sender = (size_t)rules_agency_index(rules, event->source);
  size_t body = (size_t)schema_body_index((uint32_t)event->body_case);
  bool released = decision->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
  if (decision->outcome < NAV__V1__OUTCOME__OUTCOME_HOLD) return;
  const struct access_matrix_row *row = find_row(rows, sender, body, lane, decision->rule);
  if (row == NULL)
    fail_msg("no row for %s: %s from %s to %s", access_rule(rules, decision->rule)->id,
             schema_body_name(body), event->source, access_lane(rules, lane)->agency);
  assert_true(released ? row->outcome == ACCESS_MATRIX_RELEASE
                       : row->outcome == ACCESS_MATRIX_HOLD || row->may_hold);
  assert_int_equal(decision->reveal & ~row->reveal, 0);
  check_subjects(row, event, decision->subjects);
  check_copy(rules, row, event, decision->reveal, decision->subjects, decision->narrative_edited, arena);
  const struct access_matrix_row *held = row;
  if (decision->hold_rule != ACCESS_NO_RULE) {
    held = find_row(rows, sender, body, lane, decision->hold_rule);
    assert_non_null(held);
    assert_true(held->outcome == ACCESS_MATRIX_HOLD || held->may_hold);
    assert_int_equal(decision->hold_reveal & ~held->reveal, 0);
    check_subjects(held, event, decision->hold_subjects);
  }
  if (decision->limit == ACCESS_NO_RULE) return;
  json_t *json = access_matrix_json(rules, held, now_ms, ACCESS_SWEDISH);
  assert_true(lists(json_object_get(json, "limited_by"), access_rule(rules, decision->limit)->id));
  json_decref(json);
}

static void check_counts(const struct access_rules *rules, const struct rows *rows,
                         const Nav__V1__Event *event, size_t lane) {
  struct access_aggregate aggregate;
  size_t sender = (size_t)rules_agency_index(rules, event->source);
  bool allowed =
      access_aggregate_allowed(rules, event->source, (uint32_t)event->body_case, lane, now_ms, &aggregate);
  if (!allowed || aggregate.rule == ACCESS_NO_RULE) return;
  size_t body = (size_t)schema_body_index((uint32_t)event->body_case);
  const struct access_matrix_row *row = find_row(rows, sender, body, lane, aggregate.rule);
  assert_non_null(row);
  assert_int_equal(row->outcome, ACCESS_MATRIX_COUNTS);
}

// Gives how many decisions let something through.
static size_t check_events(const struct access_rules *rules, const char *const *areas, struct rows *rows) {
  static struct access_decision decisions[RULES_LANES_MAX];
  const char *sources[64] = {NULL};
  const struct conf_agencies *agencies = access_rules_agencies(rules);
  const struct access_matrix_filter all = {0};
  struct made_chance chance = {7};
  struct nav_arena *arena = nav_arena_new(1 << 22);
  size_t passed = 0;
  for (size_t i = 0; i < agencies->agencies_count && i < 63; i++) sources[i] = agencies->agencies[i].id;
  rows->count = 0;
  assert_true(access_matrix_rows(rules, &all, now_ms, keep, rows));
  for (size_t i = 0; i < EVENTS; i++) {
    nav_arena_reset(arena);
    struct access_question question = {.event = made_random_event(&chance, sources, areas, arena),
                                       .now_ms = now_ms,
                                       .consent = consent_by_chance,
                                       .consent_context = &chance,
                                       .request = request_by_chance,
                                       .request_context = &chance};
    access_decide(rules, &question, decisions);
    for (size_t lane = 0; lane < access_lane_count(rules); lane++) {
      passed += decisions[lane].outcome >= NAV__V1__OUTCOME__OUTCOME_HOLD;
      check_decision(rules, rows, question.event, lane, &decisions[lane], arena);
      check_counts(rules, rows, question.event, lane);
    }
  }
  nav_arena_free(arena);
  return passed;
}

static void whatever_passes_has_a_row(void **state) {
  (void)state;
  static struct rows rows;
  static const char *const shipped_areas[] = {"bromma", "alvik", "solna", NULL};
  static const char *const test_areas[] = {"norr", "norr-liten", "soder", NULL};
  const char *const folders[] = {"config", TEST_FOLDER};
  const char *const *areas[] = {shipped_areas, test_areas};
  for (size_t i = 0; i < 2; i++) {
    struct conf_faults faults = {0};
    struct conf_agencies *agencies = conf_agencies_load(folders[i], &faults);
    struct access_rules *rules = access_rules_load(folders[i], agencies, &faults);
    assert_non_null(rules);
    assert_true(check_events(rules, areas[i], &rows) > 1000);
    access_rules_free(rules);
    conf_agencies_free(agencies);
    conf_faults_free(&faults);
  }
}

// ---- what stands in the rows ----

static char law_text[65536];

static struct access_rules *build(const char *text, const struct conf_agencies *agencies) {
  char whole[8192];
  struct conf_faults faults = {0};
  FILE *file = fopen(TEST_FOLDER "/law.yaml", "r");
  assert_non_null(file);
  struct rules_source law = {"law.yaml", law_text, fread(law_text, 1, sizeof law_text, file)};
  assert_int_equal(fclose(file), 0);
  int length = snprintf(whole, sizeof whole, "purpose: {id: ett, title: Ett}\nrules:\n%s", text);
  struct rules_source source = {"access/ett.yaml", whole, (size_t)length};
  struct access_rules *rules =
      rules_build(&law, &source, 1, agencies, nav_areas_load(TEST_FOLDER, &faults), &faults);
  conf_faults_print(&faults);
  assert_non_null(rules);
  conf_faults_free(&faults);
  return rules;
}

#define CLASS(name) (1U << NAV__V1__SENSITIVITY__SENSITIVITY_##name)
#define ROLE(name) (1U << NAV__V1__ROLE__ROLE_##name)
#define OUTCOME(name) (1U << ACCESS_MATRIX_##name)

static const struct {
  const char *name, *rules;
  struct access_matrix_filter filter;
  size_t count;
} cases[] = {
    {"kinds expand to agencies, but for the sender itself",
     "  - {id: a, permit: {from: pol, event: Damage, to: [{all: social}, pol]}, basis: fri}\n",
     {0},
     2},
    {"by sender's kind",
     "  - {id: a, permit: {from: [pol, bo], event: Damage, to: skola}, basis: fri}\n",
     {.from = "housing"},
     1},
    {"by recipient",
     "  - {id: a, permit: {from: bo, event: Damage, to: [skola, pol]}, basis: fri}\n",
     {.to = "pol"},
     1},
    {"by message",
     "  - {id: a, permit: {from: bo, event: [Damage, GuardRound], to: pol}, basis: fri}\n",
     {.event = "GuardRound"},
     1},
    {"by purpose",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n",
     {.purpose = "tva"},
     0},
    {"who takes no part has nothing",
     "  - {id: a, permit: {from: utanfor, event: Damage, to: pol}, basis: fri}\n",
     {0},
     0},
    {"an unconditional forbid removes the row",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n",
     {0},
     1},
    {"but not where it is excepted",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, except: [a]}\n",
     {0},
     2},
    {"nor a conditional one, nor one that begins later, nor a limit",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, when: {marks.urgent: {is: true}}}\n"
     "  - {id: g, forbid: {from: bo, event: Damage, to: pol}, valid_from: 2027-01-01}\n"
     "  - {id: l, forbid: {from: bo, event: Damage, to: pol}, outcome: hold}\n",
     {0},
     1},
    {"one that asks only what the permit asks does",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {is: fire}}}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}, when: {body.kind: {is: fire}}}\n",
     {0},
     0},
    {"what has ended is gone",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: gammal}\n",
     {0},
     0},
    {"what begins later is there",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, valid_from: 2027-01-01}\n",
     {0},
     1},
    {"tests that exclude each other open nothing",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {subject.age: {below: 10, "
     "atLeast: 20}}}\n",
     {0},
     0},
    {"a limit makes a hold",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: l, forbid: {from: bo, event: Damage, to: pol}, outcome: hold}\n",
     {.outcomes = OUTCOME(HOLD)},
     1},
    {"or may make one",
     "  - {id: a, permit: {from: bo, event: Damage, to: [pol, skola]}, basis: fri}\n"
     "  - {id: l, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, when: {marks.urgent: {is: "
     "true}}}\n",
     {.outcomes = OUTCOME(HOLD)},
     1},
    {"counts",
     "  - {id: a, aggregate: {from: bo, event: Damage, to: pol}, basis: antal}\n",
     {.outcomes = OUTCOME(COUNTS)},
     1},
    {"counts are of no person",
     "  - {id: a, aggregate: {from: bo, event: Damage, to: pol}, basis: antal}\n",
     {.roles = ROLE(CHILD)},
     0},
    {"an unconditional forbid closes counts too",
     "  - {id: a, aggregate: {from: bo, event: Damage, to: pol}, basis: antal}\n"
     "  - {id: f, forbid: {from: bo, event: Damage, to: pol}}\n",
     {0},
     0},
    {"a class",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [identity]}\n",
     {.classes = CLASS(IDENTITY)},
     1},
    {"a class that is not revealed",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [place]}\n",
     {.classes = CLASS(IDENTITY)},
     0},
    {"nobody is kept, so nobody's identity is told",
     "  - {id: a, permit: {from: bo, event: FireIncident, to: pol}, basis: fri, reveal: [identity], roles: "
     "none}\n",
     {.classes = CLASS(IDENTITY)},
     0},
    {"nor where no person may be named",
     "  - {id: a, permit: {from: bo, event: FireIncident, to: pol}, basis: fri, reveal: [identity], when: "
     "{subjects: {present: false}}}\n",
     {.classes = CLASS(IDENTITY)},
     0},
    {"a number of the case tells who, also without persons",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, reveal: [identity], roles: none}\n",
     {.classes = CLASS(IDENTITY)},
     1},
    {"a role that is kept",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [child]}\n",
     {.roles = ROLE(CHILD)},
     1},
    {"a role that is removed",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [suspect]}\n",
     {.roles = ROLE(CHILD)},
     0},
    {"a role that a test excludes",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {subject.role: {is: "
     "suspect}}}\n",
     {.roles = ROLE(CHILD)},
     0},
    {"an age that excludes children keeps the row, with its condition",
     "  - {id: a, permit: {from: bo, event: Damage, to: pol}, basis: fri, roles: [child], when: "
     "{subject.age: {atLeast: 18}}}\n",
     {.roles = ROLE(CHILD)},
     1},
};

static void filters_and_forbids(void **state) {
  (void)state;
  static struct rows rows;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(TEST_FOLDER, &faults);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct access_rules *rules = build(cases[i].rules, agencies);
    rows.count = 0;
    assert_true(access_matrix_rows(rules, &cases[i].filter, now_ms, keep, &rows));
    if (rows.count != cases[i].count)
      fail_msg("%s: %zu rows, not %zu", cases[i].name, rows.count, cases[i].count);
    access_rules_free(rules);
  }
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

static bool says(const json_t *json, const char *text) {
  char *dumped = json_dumps(json, JSON_ENCODE_ANY);
  bool found = strstr(dumped, text) != NULL;
  free(dumped);
  return found;
}

// The keys that others read, and the conditions as sentences.
static void a_row_in_words(void **state) {
  (void)state;
  static struct rows rows;
  static const char *const keys[] = {"from",       "event",    "to",           "purpose",    "outcome",
                                     "may_hold",   "classes",  "roles",        "protected",  "basis",
                                     "section",    "statute",  "rule",         "conditions", "forbidden_by",
                                     "limited_by", "reveal",   "file",         "line",       "obligations",
                                     "valid_from", "valid_to", "smallest_cell"};
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load(TEST_FOLDER, &faults);
  struct access_rules *rules = build(
      "  - {id: a, permit: {from: skola, event: Damage, to: social}, basis: fri, roles: [child, victim], "
      "when: {subject.age: {atLeast: 18}}, reveal: [identity, narrative], valid_to: 2027-12-31}\n"
      "  - {id: f, forbid: {from: skola, event: Damage, to: {all: social}}, roles: [suspect], when: "
      "{marks.handling: {present: true, in: [h3]}}}\n"
      "  - {id: l, forbid: {from: skola, event: Damage, to: {all: social}}, outcome: hold}\n"
      "  - {id: never, forbid: {from: skola, event: Damage, to: {all: social}}, valid_to: 2025-01-01}\n",
      agencies);
  const struct access_matrix_filter filter = {.to = "soc-norr"};
  rows.count = 0;
  assert_true(access_matrix_rows(rules, &filter, now_ms, keep, &rows));
  assert_int_equal(rows.count, 1);
  json_t *english = access_matrix_json(rules, &rows.items[0], now_ms, ACCESS_ENGLISH);
  json_t *swedish = access_matrix_json(rules, &rows.items[0], now_ms, ACCESS_SWEDISH);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    assert_non_null(json_object_get(english, keys[i]));
  assert_true(says(json_object_get(english, "outcome"), "hold"));  // an unconditional limit
  assert_true(says(english, "the person's age is at least 18"));
  assert_true(says(english, "the recipient is the addressee, else the board where the person lives"));
  assert_true(says(english, "until 2027-12-31"));
  assert_true(says(english, "free text comes along only if"));
  assert_true(says(english, "one of the persons is suspect"));
  assert_true(says(swedish, "hanteringskoden är H3"));
  assert_true(says(json_object_get(english, "valid_to"), "2027-12-31"));
  assert_false(says(english, "never"));
  json_decref(english);
  json_decref(swedish);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(whatever_passes_has_a_row),
                                     cmocka_unit_test(filters_and_forbids), cmocka_unit_test(a_row_in_words)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
