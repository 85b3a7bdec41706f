// Housing companies' cases in, events out: a table of files, the real ones where they are, and what must hold
// of all.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/housing/map_in.h"
#include "tests/unit/map_run/map_run.h"

static const char ADAPTER[] = "adapters/housing/adapter.yaml";
static const char CASES[] = "tests/unit/housing/cases";
static const char REAL[] = "../shared/data/housing/fi2-fastapi";

static void files_give_what_is_expected(void **state) {
  (void)state;
  assert_true(map_run_folder(&housing_mapping, ADAPTER, CASES) >= 6);
}

static void holds_none(struct map_result *result, const char *const *never, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strstr(map_result_text(result), never[i]) != NULL)
      fail_msg("'%s' is in %s", never[i], map_result_text(result));
  }
}

static void notifiers_and_registrars_never_leave(void **state) {
  (void)state;
  static const char *const never[] = {"Hemlig", "hemlig", "070-", "199002252394", "9002252394"};
  static const char *const files[] = {"tests/unit/housing/cases/cases.json",
                                      "tests/unit/housing/cases/cases-bad.json",
                                      "tests/unit/housing/cases/one-case.json"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    struct map_result result = map_run_file(&housing_mapping, ADAPTER, files[i]);
    assert_true(result.events > 0);
    holds_none(&result, never, sizeof never / sizeof never[0]);
    map_result_free(&result);
  }
}

static size_t count_of(struct map_result *result, const char *text) {
  size_t count = 0;
  for (const char *p = strstr(map_result_text(result), text); p != NULL; p = strstr(p + 1, text)) count++;
  return count;
}

static void the_sources_own_cases_map(void **state) {
  (void)state;
  static const char *const never[] = {"Jansson", "Ibrahimovic", "Brodd", "Friberg",   "ltskog",      "811010",
                                      "650718",  "@",           "070",   "Askersund", "OBJ-11020301"};
  char path[256];
  if (access(REAL, R_OK) != 0) {
    (void)printf("skipped: no ../shared/data\n");
    return;
  }
  (void)snprintf(path, sizeof path, "%s/caseservice-fi2cases.json", REAL);
  struct map_result result = map_run_file(&housing_mapping, ADAPTER, path);
  assert_int_equal(result.events, 20);
  assert_int_equal(result.skips, 0);
  assert_int_equal(count_of(&result, "nav.v1.Disturbance"), 1);
  assert_int_equal(count_of(&result, "\"kind\":\"graffiti\""), 3);
  assert_int_equal(count_of(&result, "\"kind\":\"vandalism\""), 3);
  assert_int_equal(count_of(&result, "\"kind\":\"litter\""), 3);
  assert_int_equal(count_of(&result, "\"kind\":\"fault\""), 10);
  assert_int_equal(count_of(&result, "\"status\":\"completed\""), 4);  // spelt Comleted
  holds_none(&result, never, sizeof never / sizeof never[0]);
  map_result_free(&result);

  (void)snprintf(path, sizeof path, "%s/caseservice-fi2case.json", REAL);
  result = map_run_file(&housing_mapping, ADAPTER, path);
  assert_int_equal(result.events, 1);
  holds_none(&result, never, sizeof never / sizeof never[0]);
  map_result_free(&result);
}

static void what_is_no_case_is_named_and_left(void **state) {
  (void)state;
  static const char *const files[] = {
      "leasecontractservice-fastAPIAdapterResult-fi2LeaseContractJson.json",
      "leasecontractservice-fastAPIAdapterResult-fi2LeaseContractsJson.json",
      "rentalservice-fastAPIAdapterResult-fi2SpatiSystemsJson.json",
      "tenantservice-fastAPIAdapterResult-fi2PartnersJson.json",
  };
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", REAL, files[i]);
    if (access(path, R_OK) != 0) {
      (void)printf("skipped: no ../shared/data\n");
      return;
    }
    struct map_result result = map_run_file(&housing_mapping, ADAPTER, path);
    assert_true(result.mapped);
    assert_int_equal(result.events, 0);
    assert_int_equal(result.skips, 1);
    map_result_free(&result);
  }
}

static struct map_result map_faulty(const char *category, const char *object, const char *description) {
  char text[1024];
  (void)snprintf(
      text, sizeof text,
      "{\"fi2case\":{\"id\":\"1\",\"fi2case_registrationdate\":\"2026-10-01\",\"fi2case_category\":{"
      "\"fi2class_code\":\"%s\"},"
      "\"fi2case_descr\":{\"usage\":\"Description\",\"$t\":\"%s\"},"
      "\"fi2case_parentobject\":{\"fi2item\":\"fi2property\",\"fi2parent_ids\":{\"fi2_id\":\"%s\"}}}}",
      category, description, object);
  return map_run_text(&housing_mapping, "tests/unit/housing/faulty-adapter.yaml", text);
}

// A wrong option costs only what meets it, and is named with what it should be.
static void wrong_options_are_named(void **state) {
  (void)state;
  static const struct {
    const char *category, *object, *description, *says;
  } rows[] = {
      {"A", "", "x", "'damage.explosion' is none of"},
      {"B", "", "x", "'disturbance' is none of"},
      {"C", "", "klotter", "words in adapter.yaml: 'damage' is none of"},
      {"C", "", "vatten", "words in adapter.yaml: 'damage' is none of"},
      {"E", "", "x", "'guard_round.night' is none of"},
      {"F", "", "x", "add 'category.F' under map:"},
      {"D", "P1", "x", "object.P1 in adapter.yaml is not 'area; municipality;"},
      {"D", "P2", "x", "object.P2 in adapter.yaml is not"},
      {"D", "P3", "x", "object.P3 in adapter.yaml is not"},
      {"D", "P4", "x", "object.P4 in adapter.yaml is not"},
      {"D", "P5", "x", "\"place\":{\"address\":\"Gatan 1\",\"precision\":\"address\"}"},
      {"D", "P6", "x", "event case:1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct map_result result = map_faulty(rows[i].category, rows[i].object, rows[i].description);
    assert_true(result.mapped);
    assert_int_equal(result.events + result.skips, 1);
    if (strstr(map_result_text(&result), rows[i].says) == NULL) {
      fail_msg("'%s' is not in %s", rows[i].says, map_result_text(&result));
    }
    map_result_free(&result);
  }
}

// A text longer than the hub takes is cut between characters and says so.
static void long_texts_are_cut(void **state) {
  (void)state;
  enum { LONG = 40000 };
  static char text[LONG * 2 + 512];
  size_t length = (size_t)snprintf(
      text, sizeof text,
      "{\"fi2case\":{\"id\":\"1\",\"fi2case_registrationdate\":\"2026-10-01\",\"fi2case_category\":{"
      "\"fi2class_code\":\"STOR-LJUD\"},\"fi2case_descr\":{\"usage\":\"Description\",\"$t\":\"x");
  for (size_t i = 0; i < LONG; i++) length += (size_t)snprintf(text + length, sizeof text - length, "ö");
  (void)snprintf(text + length, sizeof text - length, "\"}}}");
  struct map_result result = map_run_text(&housing_mapping, ADAPTER, text);
  assert_int_equal(result.events, 1);
  assert_non_null(strstr(map_result_text(&result), "öö […]\""));
  map_result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected), cmocka_unit_test(notifiers_and_registrars_never_leave),
      cmocka_unit_test(the_sources_own_cases_map),   cmocka_unit_test(what_is_no_case_is_named_and_left),
      cmocka_unit_test(wrong_options_are_named),     cmocka_unit_test(long_texts_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
