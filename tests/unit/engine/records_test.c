// Records found in JSON: what is given, at which byte, and what is said of texts that are broken.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/engine/records.h"
#include "adapters/engine/run.h"

enum { FOUND_MAX = 256 };

static const char *const wrappers[] = {"service_requests", "requests", "request", NULL};

struct found {
  char text[FOUND_MAX];
};

static void note_record(void *context, const struct record_slice *slice) {
  struct found *found = context;
  size_t length = strlen(found->text);
  (void)snprintf(found->text + length, sizeof found->text - length, "%zu@%zu %.*s|", slice->index,
                 slice->offset, (int)slice->length, (const char *)slice->bytes);
}

static const struct {
  const char *text;
  const char *found;
  const char *fault;  // NULL: the text is whole
  size_t fault_offset;
  bool is_list;
} walks[] = {
    {"[]", "", NULL, 0, true},
    {"", "", NULL, 0, false},
    {" \n", "", NULL, 0, false},
    {"[{\"a\":1},{\"b\":[2,{}]}]", "1@1 {\"a\":1}|2@9 {\"b\":[2,{}]}|", NULL, 0, true},
    {"\xEF\xBB\xBF[{}]", "1@4 {}|", NULL, 0, true},
    {"[{\"a\":\"}]\\\"{\"}]", "1@1 {\"a\":\"}]\\\"{\"}|", NULL, 0, true},
    {"{\"a\":1}", "1@0 {\"a\":1}|", NULL, 0, false},
    {"{\"a\":1}\n{\"b\":2}\n", "1@0 {\"a\":1}|2@8 {\"b\":2}|", NULL, 0, false},
    {"{\"requests\":[{\"request\":[{\"i\":1},{\"i\":2}]}]}", "1@25 {\"i\":1}|2@33 {\"i\":2}|", NULL, 0,
     false},
    {"{\"service_requests\":[{\"i\":1}],\"more\":{\"x\":[]}}", "1@21 {\"i\":1}|", NULL, 0, false},
    {"{\"request\":{\"i\":1}}", "1@11 {\"i\":1}|", NULL, 0, false},
    {"[{\"request\":{\"i\":1}},{\"i\":2}]", "1@12 {\"i\":1}|2@21 {\"i\":2}|", NULL, 0, true},
    {"{\"request\":\"text\"}", "1@0 {\"request\":\"text\"}|", NULL, 0, false},
    {"[1,null,{\"a\":1}]", "1@1 1|2@3 null|3@8 {\"a\":1}|", NULL, 0, true},
    {"[{\"a\":1},{\"b\":2", "1@1 {\"a\":1}|", "the file is cut off inside this record", 9, false},
    {"[{\"a\":1},{\"b\":\"2", "1@1 {\"a\":1}|", "the file is cut off inside this record", 9, false},
    {"[{\"a\":1},", "1@1 {\"a\":1}|", "a value is missing", 9, false},
    {"[{\"a\":1}", "1@1 {\"a\":1}|", "the file is cut off between two records", 8, false},
    {"[{\"a\":1} {\"b\":2}]", "1@1 {\"a\":1}|", "a ',' or ']' is missing", 9, false},
    {"[{}]x", "1@1 {}|2@4 x|", NULL, 0, false},
    {"{\"requests\":[{\"i\":1}", "1@13 {\"i\":1}|", "the file is cut off between two records", 20, false},
};

static void walks_give_their_records(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
    struct found found = {0};
    struct records_result result = records_walk("f", (const uint8_t *)walks[i].text, strlen(walks[i].text),
                                                wrappers, note_record, &found);
    if (strcmp(found.text, walks[i].found) != 0) fail_msg("%s gives %s", walks[i].text, found.text);
    if (result.whole != (walks[i].fault == NULL)) fail_msg("%s: whole is %d", walks[i].text, result.whole);
    if (result.is_list != walks[i].is_list) fail_msg("%s: is_list is %d", walks[i].text, result.is_list);
    if (walks[i].fault == NULL) continue;
    if (strcmp(result.fault, walks[i].fault) != 0) fail_msg("%s: %s", walks[i].text, result.fault);
    if (result.fault_offset != walks[i].fault_offset)
      fail_msg("%s: at %zu", walks[i].text, result.fault_offset);
  }
}

static void nesting_has_a_limit(void **state) {
  (void)state;
  uint8_t text[RECORDS_DEPTH_MAX * 4];
  struct found found = {0};
  memset(text, '[', sizeof text);
  struct records_result result = records_walk("f", text, sizeof text, NULL, note_record, &found);
  assert_false(result.whole);
  assert_string_equal(result.fault, "the lists are nested too deeply");
}

static void lines_are_records_and_blank_ones_none(void **state) {
  (void)state;
  static const char text[] = "{\"a\":1}\r\n\n  \nnonsense\n{\"b\"";
  struct found found = {0};
  struct records_result result =
      records_lines("f", (const uint8_t *)text, sizeof text - 1, note_record, &found);
  assert_string_equal(found.text, "1@0 {\"a\":1}\r|4@13 nonsense|5@22 {\"b\"|");
  assert_int_equal(result.count, 3);
}

struct sink {
  char skipped[512];
};

static void on_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  (void)context;
  (void)source_id;
  (void)event;
}

static void on_skip(void *context, const char *place, const char *reason) {
  struct sink *sink = context;
  (void)snprintf(sink->skipped, sizeof sink->skipped, "%s: %s", place, reason);
}

static struct nav_mapping_run *make_run(struct sink *sink) {
  static const uint8_t key[32] = {1};
  const struct run_settings settings = {
      .agency = "a", .id_key = key, .sink = {.context = sink, .event = on_event, .skip = on_skip}};
  return run_new(&settings);
}

static json_t *parse(struct nav_mapping_run *run, const char *text, size_t length, bool *converted) {
  const struct record_slice slice = {
      .file = "f", .bytes = (const uint8_t *)text, .length = length, .place = "f: record 1 at byte 0"};
  return records_parse(run, &slice, converted);
}

static void records_that_are_none_are_skipped_without_their_content(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *said;
  } cases[] = {
      {"{\"hemlig\":1,\"hemlig\":2}",
       "f: record 1 at byte 0: is not JSON: duplicate object key (at byte 12 of the record)"},
      {"{\"a\":hemlig}", "f: record 1 at byte 0: is not JSON: invalid token (at byte 11 of the record)"},
      {"{\"a\":99999999999999999999}",
       "f: record 1 at byte 0: is not JSON: too big integer (at byte 25 of the record)"},
      {"\"hemlig\"", "f: record 1 at byte 0: is not an object"},
      {"{\"a\":1}{}", "f: record 1 at byte 0: is not JSON: end of file expected (at byte 8 of the record)"},
  };
  struct sink sink = {0};
  struct nav_mapping_run *run = make_run(&sink);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_null(parse(run, cases[i].text, strlen(cases[i].text), NULL));
    assert_null(strstr(sink.skipped, "hemlig"));
    if (strncmp(sink.skipped, cases[i].said, 40) != 0) fail_msg("%s: %s", cases[i].text, sink.skipped);
  }
  run_free(run);
}

static void latin_text_is_read_as_what_it_is(void **state) {
  (void)state;
  static const char latin[] = "{\"t\":\"G\xE5rdsv\xE4gen \x96 \x80 \xD6\"}";
  struct sink sink = {0};
  bool converted = false;
  struct nav_mapping_run *run = make_run(&sink);
  json_t *json = parse(run, latin, sizeof latin - 1, &converted);
  assert_non_null(json);
  assert_true(converted);
  assert_string_equal(records_text(run, json, "t"), "Gårdsvägen – € Ö");
  json_decref(json);
  static const char utf8[] = "{\"t\":\"Gårdsvägen\"}";
  json = parse(run, utf8, sizeof utf8 - 1, &converted);
  assert_false(converted);
  json_decref(json);
  run_free(run);
}

static void members_are_taken_in_all_their_forms(void **state) {
  (void)state;
  static const char text[] =
      "{\"t\":\" \\u00a0a\\u00a0 b\\n\\n c \\u202f\",\"blank\":\" \",\"null\":null,\"i\":638344,\"s\":\" "
      "14-01 \","
      "\"n\":59.5,\"ns\":\"59,5\",\"np\":\" 59.5 "
      "\",\"hex\":\"0x10\",\"nan\":\"nan\",\"two\":\"1,2,3\",\"e\":\"\"}";
  struct sink sink = {0};
  double number = 0;
  struct nav_mapping_run *run = make_run(&sink);
  json_t *json = parse(run, text, sizeof text - 1, NULL);
  assert_non_null(json);
  assert_string_equal(records_text(run, json, "t"), "a b\nc");
  assert_null(records_text(run, json, "blank"));
  assert_null(records_text(run, json, "null"));
  assert_null(records_text(run, json, "absent"));
  assert_null(records_text(run, json, "i"));
  assert_string_equal(records_identifier(run, json, "i"), "638344");
  assert_string_equal(records_identifier(run, json, "s"), "14-01");
  assert_null(records_identifier(run, json, "n"));
  static const char *const good[] = {"n", "ns", "np"};
  static const char *const bad[] = {"hex", "nan", "two", "e", "null", "absent", "s"};
  for (size_t i = 0; i < 3; i++) {
    assert_true(records_number(json, good[i], &number));
    assert_true(number > 59.49 && number < 59.51);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (records_number(json, bad[i], &number)) fail_msg("%s is a number", bad[i]);
  }
  json_decref(json);
  run_free(run);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(walks_give_their_records),
      cmocka_unit_test(nesting_has_a_limit),
      cmocka_unit_test(lines_are_records_and_blank_ones_none),
      cmocka_unit_test(records_that_are_none_are_skipped_without_their_content),
      cmocka_unit_test(latin_text_is_read_as_what_it_is),
      cmocka_unit_test(members_are_taken_in_all_their_forms),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
