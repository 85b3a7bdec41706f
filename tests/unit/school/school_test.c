// Schools' answers in, events out: a table of files, and what must hold of them whatever the table says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/school/map_in.h"
#include "tests/unit/map_run/map_run.h"

enum { STANDARD_MAX = 1024 * 1024 };

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

static char *read_text(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  char *text = calloc(1, STANDARD_MAX);
  assert_non_null(text);
  assert_in_range(fread(text, 1, STANDARD_MAX - 1, file), 1, STANDARD_MAX - 2);
  (void)fclose(file);
  return text;
}

// The keys and words that the mapping reads are the standard's own, its spelling mistakes included.
static void keys_are_the_standards(void **state) {
  (void)state;
  static const char *const words[] = {
      "        attendanceSum:",
      "        validAbsenceSum:",
      "        invalidAbsenceSum:",
      "        otherAttendanceSum:",
      "        offeredSum:",
      "        securityMarking:",
      "        civicNo:",
      "        birthDate:",
      "        enroledAt:",
      "        activitites:",
      "        timeOfOccurance:",
      "          - Skyddad folkbokföring",
      "          - Sekretessmarkering",
      "      - Beviljad ledighet",
      "      - Anmäld frånvaro",
      "        _embedded:",
  };
  char *standard = read_text("../shared/data/schools/ss12000-2.1.0-openapi.yaml");
  if (standard == NULL) {
    (void)printf("skipped: no ../shared/data\n");
    return;
  }
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strstr(standard, words[i]) == NULL) fail_msg("the standard has no '%s'", words[i]);
  }
  free(standard);
}

// A real server's other records: named, and none shared.
static void persons_groups_and_activities_stay(void **state) {
  (void)state;
  static const struct {
    const char *file;
    const char *kind;
  } rows[] = {{"sample-person.json", "is a person"},
              {"sample-group_json.json", "is a group"},
              {"sample-activity.json", "is an activity"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "../shared/data/schools/skolverket-dnp/%s", rows[i].file);
    if (access(path, R_OK) != 0) {
      (void)printf("skipped: no ../shared/data\n");
      return;
    }
    struct map_result result = map_run_file(&school_mapping, ADAPTER, path);
    assert_int_equal(result.events, 0);
    assert_int_equal(result.skips, 1);
    assert_non_null(strstr(map_result_text(&result), rows[i].kind));
    map_result_free(&result);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected), cmocka_unit_test(nobody_but_the_pupil_leaves),
      cmocka_unit_test(reasons_carry_no_content),    cmocka_unit_test(sums_have_a_name_of_their_own),
      cmocka_unit_test(keys_are_the_standards),      cmocka_unit_test(persons_groups_and_activities_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
