// Schools' answers in, events out: a table of files, and what must hold of them whatever the table says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/school/map_in.h"
#include "tests/unit/map_run/map_run.h"

static const char ADAPTER[] = "adapters/school/adapter.yaml";
static const char CASES[] = "tests/unit/school/cases";

static void files_give_what_is_expected(void **state) {
  (void)state;
  assert_true(map_run_folder(&school_mapping, ADAPTER, CASES) >= 10);
}

static void nobody_but_the_pupil_leaves(void **state) {
  (void)state;
  static const char *const never[] = {"Hemlig",   "hemlig", "070",           "Vårdnadshavare",
                                      "f0000001", "19630",  "concern_report"};
  struct map_result result = map_run_file(&school_mapping, ADAPTER, "tests/unit/school/cases/absences.json");
  assert_int_equal(result.events, 5);
  for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
    if (strstr(map_result_text(&result), never[i]) != NULL)
      fail_msg("'%s' is in %s", never[i], map_result_text(&result));
  }
  map_result_free(&result);
}

static void reasons_carry_no_content(void **state) {
  (void)state;
  struct map_result result =
      map_run_file(&school_mapping, ADAPTER, "tests/unit/school/cases/absences-bad.json");
  assert_int_equal(result.events, 1);
  assert_int_equal(result.skips, 13);
  assert_null(strstr(map_result_text(&result), "201002212396"));
  assert_null(strstr(map_result_text(&result), "Anna"));
  map_result_free(&result);
}

// The same sums fetched again, with other minutes, are the same event; another period is another.
static void sums_have_a_name_of_their_own(void **state) {
  (void)state;
  static const char form[] =
      "[{\"activity\":{\"id\":\"b\"},\"student\":{\"id\":\"e\"},\"startDate\":\"2026-10-01\",\"endDate\":"
      "\"2026-10-%s\","
      "\"attendanceSum\":%d}]";
  char ids[3][64];
  for (int i = 0; i < 3; i++) {
    char text[256];
    (void)snprintf(text, sizeof text, form, i == 2 ? "30" : "31", i);
    struct map_result result = map_run_text(&school_mapping, ADAPTER, text);
    assert_int_equal(result.events, 1);
    const char *id = strstr(map_result_text(&result), "\"id\":\"");
    assert_non_null(id);
    memcpy(ids[i], id, 40);
    ids[i][40] = '\0';
    map_result_free(&result);
  }
  assert_string_equal(ids[0], ids[1]);
  assert_string_not_equal(ids[0], ids[2]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected),
      cmocka_unit_test(nobody_but_the_pupil_leaves),
      cmocka_unit_test(reasons_carry_no_content),
      cmocka_unit_test(sums_have_a_name_of_their_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
