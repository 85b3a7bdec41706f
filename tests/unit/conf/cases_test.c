// Every fault at its place, all at once: the tables nav.cases, agencies.cases and tree.cases.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"
#include "hub/conf/tree.h"
#include "tests/unit/conf/cases.h"

static bool load_nav(const char *folder, struct conf_faults *faults) {
  struct conf_nav *nav = conf_nav_load(folder, faults);
  conf_nav_free(nav);
  return nav != NULL;
}

static bool load_agencies(const char *folder, struct conf_faults *faults) {
  struct conf_agencies *agencies = conf_agencies_load(folder, faults);
  conf_agencies_free(agencies);
  return agencies != NULL;
}

static bool load_tree(const char *folder, struct conf_faults *faults) {
  char path[300];
  (void)snprintf(path, sizeof path, "%s/a.yaml", folder);
  struct nav_arena *arena = nav_arena_new(1 << 20);
  (void)conf_tree_load(path, "a.yaml", arena, faults);
  nav_arena_free(arena);
  return faults->count == 0;
}

static void test_tree(void **state) {
  (void)state;
  assert_in_range(cases_run("tests/unit/conf/tree.cases", load_tree), 15, 1000);
}

static void test_nav(void **state) {
  (void)state;
  assert_in_range(cases_run("tests/unit/conf/nav.cases", load_nav), 15, 1000);
}

static void test_agencies(void **state) {
  (void)state;
  assert_in_range(cases_run("tests/unit/conf/agencies.cases", load_agencies), 15, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree),
      cmocka_unit_test(test_nav),
      cmocka_unit_test(test_agencies),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
