// Every kind of ledger record says what it holds, in Swedish and English: audit_words.json has records and
// the sentences that are expected of them. A kind of ledger.proto without a sentence, or without a case here,
// fails.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/desk/audit_words_parts.h"
#include "hub/ledger/record.h"
#include "hub/wire/json.h"
#include "nav/v1/session.pb-c.h"

enum { ARENA_MAX = 64 * 1024 * 1024, LATER_MAX = 8, KIND_FIRST = 10 };

static const char agencies_yaml[] =
    "agencies:\n"
    "  - {id: polisen, title: Polisen i norr, kind: police, form: authority, purposes: [young-at-risk], "
    "assessors: [per]}\n"
    "  - {id: skolan, title: Solskolan, kind: school, form: authority, purposes: [young-at-risk], assessors: "
    "[rut, rolf]}\n"
    "  - {id: soc, title: Socialtjänsten, kind: social, form: authority, purposes: [young-at-risk]}\n"
    "persons:\n"
    "  - {id: per, title: Per, agency: polisen, roles: [assessor]}\n"
    "  - {id: rut, title: Rut, agency: skolan, roles: [assessor]}\n"
    "  - {id: rolf, title: Rolf, agency: skolan, roles: [assessor]}\n";
static const char law_yaml[] =
    "bases:\n"
    "  - {id: osl-10-18a, statute: 'Offentlighets- och sekretesslagen (2009:400), OSL', section: 10 kap. 18 "
    "a §, text: T,\n"
    "     english: E, from: [school], to: [police], trigger: own-initiative, weighing: case-by-case, "
    "verified: V}\n"
    "  - {id: sol-19-1, statute: 'Socialtjänstlagen (2025:400), SoL', section: 19 kap. 1 §, text: T, "
    "english: E,\n"
    "     from: [school], to: [social], trigger: own-initiative, duty: true, verified: V}\n";
static const char access_yaml[] =
    "purpose: {id: young-at-risk, title: Unga}\n"
    "rules:\n"
    "  - {id: concern, note: n, note_english: n, permit: {from: school, event: ConcernReport, to: social},\n"
    "     basis: sol-19-1, roles: [child], when: {body.assessed_by: {present: true}}, reveal: all}\n";

struct fixture {
  struct nav_arena *arena;
  struct conf_agencies *agencies;
  struct access_rules *rules;
  json_t *cases;
  struct definitions definitions;
};

static void load_rules(struct fixture *f) {
  static const struct conf_text items[] = {
      {"access/young-at-risk.yaml", access_yaml, sizeof access_yaml - 1},
      {"agencies.yaml", agencies_yaml, sizeof agencies_yaml - 1},
      {"law.yaml", law_yaml, sizeof law_yaml - 1},
  };
  const struct conf_texts texts = {items, sizeof items / sizeof items[0]};
  struct conf_faults faults = {0};
  f->agencies = conf_agencies_load_texts(&texts, &faults);
  f->rules = f->agencies == NULL ? NULL : access_rules_load_texts(&texts, f->agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  assert_non_null(f->rules);
}

static void *from_json(struct fixture *f, const ProtobufCMessageDescriptor *descriptor, const json_t *json) {
  struct nav_error err;
  void *message = wire_json_to_message(descriptor, json, f->arena, &err);
  if (message == NULL) fail_msg("%s: %s", err.place, err.text);
  return message;
}

static void load_definitions(struct fixture *f, const json_t *verdicts) {
  static struct desk_lane lanes[] = {{0}, {1, "polisen", "young-at-risk"}, {2, "soc", "young-at-risk"}};
  static const Nav__V1__VerdictDefined *list[8];
  for (size_t i = 0; i < json_array_size(verdicts); i++)
    list[i] = from_json(f, &nav__v1__verdict_defined__descriptor, json_array_get(verdicts, i));
  f->definitions = (struct definitions){
      .lanes = lanes, .lanes_count = 3, .verdicts = list, .verdicts_count = json_array_size(verdicts)};
}

static int set_up(void **state) {
  static struct fixture f;
  json_error_t error;
  json_t *file = json_load_file("tests/unit/desk/audit_words.json", 0, &error);
  if (file == NULL) fail_msg("audit_words.json:%d: %s", error.line, error.text);
  f.arena = nav_arena_new(ARENA_MAX);
  load_rules(&f);
  load_definitions(&f, json_object_get(file, "verdicts"));
  f.cases = json_incref(json_object_get(file, "cases"));
  json_decref(file);
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  json_decref(f->cases);
  access_rules_free(f->rules);
  conf_agencies_free(f->agencies);
  nav_arena_free(f->arena);
  return 0;
}

static const Nav__V1__Record *record_of(struct fixture *f, const json_t *json) {
  return json == NULL ? NULL : from_json(f, &nav__v1__record__descriptor, json);
}

// Somebody whose mandate is those agencies; NULL: everything is theirs.
static const struct conf_person *reader_of(struct fixture *f, const json_t *agencies) {
  struct conf_person *person = nav_arena_zalloc(f->arena, 1, sizeof *person);
  const char **list = nav_arena_zalloc(f->arena, json_array_size(agencies) + 1, sizeof *list);
  if (agencies == NULL) return NULL;
  for (size_t i = 0; i < json_array_size(agencies); i++)
    list[i] = json_string_value(json_array_get(agencies, i));
  person->mandate = (void *)list;
  person->mandate_count = json_array_size(agencies);
  return person;
}

static struct audit_words words_of(struct fixture *f, const json_t *one) {
  static const Nav__V1__Record *later[LATER_MAX];
  const json_t *list = json_object_get(one, "later");
  struct audit_words words = {
      .record = record_of(f, json_object_get(one, "record")),
      .definitions = &f->definitions,
      .agencies = f->agencies,
      .reader = reader_of(f, json_object_get(one, "reader")),
      .rules = f->rules,
      .rules_then = json_is_true(json_object_get(one, "rules_then")) ? f->rules : NULL,
      .law_is_then = !json_is_true(json_object_get(one, "law_changed")),
      .hold_answer_ms = 86400000,
      .hold_urgent_ms = 3600000,
      .about = record_of(f, json_object_get(one, "about")),
      .other = record_of(f, json_object_get(one, "other")),
      .later = later,
      .later_count = json_array_size(list),
      .checkpoint_size = (uint64_t)json_integer_value(json_object_get(one, "checkpoint")),
      .arena = f->arena};
  for (size_t i = 0; i < words.later_count && i < LATER_MAX; i++)
    later[i] = record_of(f, json_array_get(list, i));
  return words;
}

static void test_sentences(void **state) {
  struct fixture *f = *state;
  size_t wrong = 0;
  assert_true(json_array_size(f->cases) > 0);
  for (size_t i = 0; i < json_array_size(f->cases); i++) {
    const json_t *one = json_array_get(f->cases, i);
    struct audit_words words = words_of(f, one);
    json_t *said = json_pack("{s:o, s:o}", "sv", audit_words(&words, ACCESS_SWEDISH), "en",
                             audit_words(&words, ACCESS_ENGLISH));
    assert_non_null(said);
    if (json_equal(json_object_get(said, "sv"), json_object_get(one, "sv")) == 0 ||
        json_equal(json_object_get(said, "en"), json_object_get(one, "en")) == 0) {
      (void)fprintf(stderr, "case %zu (%s) says:\n", i,
                    record_kind_name((uint16_t)words.record->record_case));
      (void)json_dumpf(said, stderr, JSON_INDENT(2));
      wrong++;
    }
    json_decref(said);
  }
  if (wrong > 0) fail_msg("%zu cases of audit_words.json differ", wrong);
}

static bool has_case(struct fixture *f, const char *kind) {
  for (size_t i = 0; i < json_array_size(f->cases); i++) {
    if (json_object_get(json_object_get(json_array_get(f->cases, i), "record"), kind) != NULL) return true;
  }
  return false;
}

static void test_every_kind(void **state) {
  struct fixture *f = *state;
  const ProtobufCMessageDescriptor *record = &nav__v1__record__descriptor;
  size_t missing = 0;
  size_t kinds = 0;
  for (unsigned i = 0; i < record->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &record->fields[i];
    if (field->id < KIND_FIRST) continue;
    kinds++;
    if (!audit_words_known((uint16_t)field->id)) {
      (void)fprintf(stderr, "hub/desk/audit_words.c has no sentence for %s (%u)\n", field->name, field->id);
      missing++;
    }
    if (!has_case(f, field->name)) {
      (void)fprintf(stderr, "tests/unit/desk/audit_words.json has no case of %s (%u)\n", field->name,
                    field->id);
      missing++;
    }
  }
  assert_true(kinds > 30);
  assert_int_equal(missing, 0);
}

static void test_every_name(void **state) {
  (void)state;
  const ProtobufCMessageDescriptor *event = &nav__v1__event__descriptor;
  for (unsigned i = 0; i < event->n_fields; i++) {
    bool is_body = (event->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (is_body && !name_event_known(event->fields[i].id))
      fail_msg("audit_words_names.c has no words for the event %s", event->fields[i].name);
  }
  const ProtobufCEnumDescriptor *codes = &nav__v1__code__descriptor;
  for (unsigned i = 0; i < codes->n_values; i++) {
    if (!name_code_known(codes->values[i].value))
      fail_msg("audit_words_names.c has no words for %s", codes->values[i].name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_kind),
      cmocka_unit_test(test_every_name),
      cmocka_unit_test(test_sentences),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
