// Rows as table, JSON, NDJSON and CSV; a cell that a spreadsheet would run is disarmed.
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/access/classes.h"
#include "hub/access/law.h"
#include "hub/ctl/output.h"

static const struct ctl_column columns[] = {{"seq", "SEQ", true},
                                            {"title", "TITLE", false},
                                            {"note", NULL, false},
                                            {"list", "LIST", false},
                                            {"on", "ON", false}};

static json_t *rows(void) {
  return json_pack("[{s:i, s:s, s:s, s:[s,s], s:b}, {s:i, s:n, s:s, s:[], s:b}]", "seq", 17, "title",
                   "Hässelby", "note", "=1+1", "list", "home", "health", "on", 1, "seq", -3, "title", "note",
                   "a,\"b\"\nc", "list", "on", 0);
}

// What is printed to standard output, as text.
static char *printed(enum ctl_format format, const json_t *list) {
  static char text[4096];
  char *made = NULL;
  size_t length = 0;
  FILE *kept = stdout;
  stdout = open_memstream(&made, &length);
  assert_non_null(stdout);
  bool ok = output_rows(format, columns, sizeof columns / sizeof *columns, list);
  (void)fclose(stdout);
  stdout = kept;
  assert_true(ok);
  (void)snprintf(text, sizeof text, "%s", made);
  free(made);
  return text;
}

static void csv_is_rfc_4180_and_harmless(void **state) {
  (void)state;
  json_t *list = rows();
  assert_string_equal(printed(CTL_CSV, list),
                      "seq,title,note,list,on\r\n"
                      "17,Hässelby,\"'=1+1\",home health,yes\r\n"
                      "-3,,\"a,\"\"b\"\"\nc\",,no\r\n");
  json_decref(list);
  static const char *const armed[] = {"=x", "+x", "-x", "@x", "\tx"};
  for (size_t i = 0; i < sizeof armed / sizeof *armed; i++) {
    list = json_pack("[{s:s}]", "title", armed[i]);
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, ",\"'%s\",", armed[i]);
    assert_non_null(strstr(printed(CTL_CSV, list), wanted));
    json_decref(list);
  }
}

static void json_is_the_list_and_ndjson_a_line_each(void **state) {
  (void)state;
  json_t *list = rows();
  json_error_t error;
  json_t *back = json_loads(printed(CTL_JSON, list), 0, &error);
  assert_true(json_equal(back, list));
  json_decref(back);
  char *text = printed(CTL_NDJSON, list);
  char *end = strchr(text, '\n');
  assert_non_null(end);
  assert_non_null(strstr(end + 1, "\"seq\":-3"));
  assert_int_equal(strchr(end + 1, '\n')[1], '\0');
  json_decref(list);
}

static void table_shows_titled_columns(void **state) {
  (void)state;
  json_t *list = rows();
  const char *text = printed(CTL_TABLE, list);
  assert_non_null(strstr(text, "SEQ TITLE"));
  assert_non_null(strstr(text, " 17 Hässelby"));
  assert_non_null(strstr(text, "home health"));
  assert_null(strstr(text, "=1+1"));  // a column without a title
  json_decref(list);
}

static void nothing_is_printed_of_no_rows(void **state) {
  (void)state;
  json_t *list = json_array();
  assert_string_equal(printed(CTL_JSON, list), "[]\n");
  assert_string_equal(printed(CTL_NDJSON, list), "");
  assert_string_equal(printed(CTL_CSV, list), "seq,title,note,list,on\r\n");
  json_decref(list);
}

// ---- what answers hold ----

static void a_text_is_never_missing(void **state) {
  (void)state;
  json_t *object = json_pack("{s:s, s:i, s:n}", "word", "ja", "number", 7, "nothing");
  assert_string_equal(output_text_of(object, "word"), "ja");
  assert_string_equal(output_text_of(object, "number"), "");
  assert_string_equal(output_text_of(object, "nothing"), "");
  assert_string_equal(output_text_of(object, "absent"), "");
  assert_string_equal(output_text_of(NULL, "word"), "");
  json_decref(object);
}

static void classes_have_one_name_and_one_bit(void **state) {
  (void)state;
  uint16_t all = 0;
  for (size_t i = 0; law_class_names[i] != NULL; i++) {
    uint16_t bit = access_class_bit(law_class_names[i]);
    assert_int_equal(bit, 1U << (i + 1));
    json_t *one = access_class_list(bit);
    assert_int_equal(json_array_size(one), 1);
    assert_string_equal(json_string_value(json_array_get(one, 0)), law_class_names[i]);
    json_decref(one);
    all |= bit;
  }
  assert_int_equal(access_class_bit("identitet"), 0);
  assert_int_equal(access_class_bit(""), 0);
  assert_int_equal(access_class_bit(NULL), 0);
  json_t *whole = access_class_list(UINT16_MAX), *same = access_class_list(all), *none = access_class_list(1);
  assert_true(json_equal(whole, same));  // bits of no class have no name
  assert_int_equal(json_array_size(none), 0);
  json_decref(whole);
  json_decref(same);
  json_decref(none);
}

// Swedish time for people, summer and winter; programs get it as it was. What is not only a time is left.
static void a_table_has_times_for_people(void **state) {
  (void)state;
  static const struct {
    const char *is, *shown;
  } times[] = {{"2026-11-20T10:00:09.123Z", "2026-11-20 11.00.09"},
               {"2026-07-20T23:30:00Z", "2026-07-21 01.30.00"},
               {"2026-10-25T00:59:59.999Z", "2026-10-25 02.59.59"},
               {"until 2026-11-20T10:00:00Z", "until 2026-11-20T10:00:00Z"},
               {"2026-11-20T10:00:00Z, or before", "2026-11-20T10:00:00Z, or before"},
               {"2026-13-20T10:00:00Z", "2026-13-20T10:00:00Z"},
               {"2026-11-20", "2026-11-20"}};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    json_t *list = json_pack("[{s:s}]", "title", times[i].is);
    const char *text = printed(CTL_TABLE, list);
    if (strstr(text, times[i].shown) == NULL) fail_msg("'%s' does not show '%s'", text, times[i].shown);
    assert_non_null(strstr(printed(CTL_CSV, list), times[i].is));
    assert_non_null(strstr(printed(CTL_NDJSON, list), times[i].is));
    json_decref(list);
  }
}

int main(void) {
  (void)setlocale(LC_CTYPE, "C.UTF-8");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(csv_is_rfc_4180_and_harmless),
      cmocka_unit_test(json_is_the_list_and_ndjson_a_line_each),
      cmocka_unit_test(table_shows_titled_columns),
      cmocka_unit_test(a_table_has_times_for_people),
      cmocka_unit_test(nothing_is_printed_of_no_rows),
      cmocka_unit_test(a_text_is_never_missing),
      cmocka_unit_test(classes_have_one_name_and_one_bit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
