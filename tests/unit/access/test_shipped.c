// The shipped configuration: it loads without a fault, and every test in config/access/tests holds. Called
// by: ctest. Must never: pass with no tests read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hub/access/access.h"
#include "hub/access/testrun.h"

static void shipped_rules_hold(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct conf_agencies *agencies = conf_agencies_load("config", &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load("config", agencies, &faults);
  struct access_test_report report = {0};
  bool passed = rules != NULL && access_test_run(rules, "config", &report, &faults);
  conf_faults_print(&faults);
  printf("%zu files, %zu tests, %zu expectations, %zu failed\n", report.files, report.tests,
         report.expectations, report.failed);
  for (size_t i = 0; i < report.rules_unreached_count; i++)
    printf("no test reaches rule %s\n", report.rules_unreached[i]);
  for (size_t i = 0; i < report.conditions_unreached_count; i++)
    printf("%s\n", report.conditions_unreached[i]);
  assert_true(passed);
  assert_true(report.tests >= 60);
  assert_int_equal(report.rules_unreached_count, 0);
  assert_int_equal(report.conditions_unreached_count, 0);
  access_test_report_free(&report);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(shipped_rules_hold)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
