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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected),
      cmocka_unit_test(notifiers_and_registrars_never_leave),
      cmocka_unit_test(the_sources_own_cases_map),
      cmocka_unit_test(what_is_no_case_is_named_and_left),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
