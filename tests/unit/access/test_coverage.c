// access test's report: what no test reaches, and which rules no test shows not matching. On a folder of its
// own, written anew for each case. Called by: ctest. Must never: leave the folder behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/access/testrun.h"

static const char agencies_text[] =
    "agencies:\n"
    "  - {id: pol, title: Polisen, kind: police, form: authority, purposes: [ett]}\n"
    "  - {id: skola, title: Skolan, kind: school, form: authority, purposes: [ett]}\n"
    "  - {id: bo, title: Bostad, kind: housing, form: municipal-company, purposes: [ett]}\n";
static const char law_text[] =
    "bases:\n"
    "  - {id: fri, statute: Lag, section: 1 §, text: T., english: E., from: [any], to: [any], verified: t}\n"
    "  - {id: antal, statute: Lag, section: 2 §, text: T., english: E., from: [any], to: [any], counts: "
    "true, "
    "verified: t}\n";
static const char rules_text[] =
    "purpose: {id: ett, title: Ett}\n"
    "rules:\n"
    "  - {id: open, permit: {from: bo, event: Damage, to: pol}, basis: fri, when: {body.kind: {in: [fire, "
    "graffiti]}}, answer_within: 4h}\n"
    "  - {id: limit, forbid: {from: bo, event: Damage, to: pol}, outcome: hold, when: {body.kind: {is: "
    "fire}}}\n"
    "  - {id: plain, permit: {from: skola, event: Damage, to: pol}, basis: fri}\n"
    "  - {id: counts, aggregate: {from: bo, event: Damage, to: skola}, basis: antal}\n";

#define HEAD "now: 2026-11-22T18:00:00+01:00\ntests:\n"
#define TEST(from, kind, to, rest)                                                                   \
  "  - {name: t, event: {source: " from ", type: Damage, body: {kind: " kind "}}, expect: [{to: " to \
  ", purpose: ett, " rest "}]}\n"

static void write_file(const char *folder, const char *name, const char *text) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static bool has(char *const *items, size_t count, const char *text) {
  for (size_t i = 0; i < count; i++)
    if (strstr(items[i], text) != NULL) return true;
  return false;
}

static const char *const folders[] = {"areas", "access", "access/tests"};
static const char *const files[] = {"agencies.yaml", "law.yaml", "access/ett.yaml", "access/tests/ett.yaml"};

static void remove_all(const char *folder) {
  char path[256];
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    (void)unlink(path);
  }
  for (size_t i = sizeof folders / sizeof folders[0]; i > 0; i--) {
    (void)snprintf(path, sizeof path, "%s/%s", folder, folders[i - 1]);
    (void)rmdir(path);
  }
  (void)rmdir(folder);
}

static void run(const char *tests, struct access_test_report *report) {
  char folder[] = "/tmp/nav-coverage-XXXXXX";
  struct conf_faults faults = {0};
  assert_non_null(mkdtemp(folder));
  for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
    assert_int_equal(mkdir(path, 0700), 0);
  }
  write_file(folder, files[0], agencies_text);
  write_file(folder, files[1], law_text);
  write_file(folder, files[2], rules_text);
  write_file(folder, files[3], tests);
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  struct access_rules *rules = access_rules_load(folder, agencies, &faults);
  bool passed = rules != NULL && access_test_run(rules, folder, report, &faults);
  remove_all(folder);
  if (!passed) conf_faults_print(&faults);
  assert_true(passed);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
}

#define UNREACHED(report, text) has((report).rules_unreached, (report).rules_unreached_count, text)
#define POSITIVE(report, text) \
  has((report).rules_without_negative, (report).rules_without_negative_count, text)
#define CONDITION(report, text) has((report).conditions_unreached, (report).conditions_unreached_count, text)

// A limit decides where a decision names it, and not where it only stood by.
static void limits_count(void **state) {
  (void)state;
  struct access_test_report report;
  run(HEAD TEST("bo", "fire", "pol", "outcome: hold, limit: limit"), &report);
  assert_false(UNREACHED(report, "limit"));
  assert_false(UNREACHED(report, "open"));
  assert_true(UNREACHED(report, "plain"));
  assert_true(UNREACHED(report, "counts"));
  assert_true(POSITIVE(report, "limit"));
  assert_true(CONDITION(report, "limit: body.kind (fire) always met"));
  assert_false(CONDITION(report, "answer_within"));
  access_test_report_free(&report);
  run(HEAD TEST("bo", "graffiti", "pol", "outcome: release"), &report);
  assert_true(UNREACHED(report, "limit"));
  assert_false(POSITIVE(report, "limit"));
  access_test_report_free(&report);
}

// A rule with conditions must be seen to fail; one without, next to what it does not bind.
static void both_ways(void **state) {
  (void)state;
  struct access_test_report report;
  run(HEAD TEST("skola", "fire", "bo", "outcome: withhold"), &report);
  assert_true(POSITIVE(report, "open"));
  assert_false(POSITIVE(report, "plain"));
  access_test_report_free(&report);
  run(HEAD TEST("bo", "vandalism", "pol", "outcome: withhold"), &report);
  assert_false(POSITIVE(report, "open"));
  access_test_report_free(&report);
}

// Counts are looked at where a test expects them, or their absence.
static void counts_both_ways(void **state) {
  (void)state;
  struct access_test_report report;
  run(HEAD TEST("bo", "fire", "skola", "outcome: withhold"), &report);
  assert_true(UNREACHED(report, "counts") && POSITIVE(report, "counts"));
  access_test_report_free(&report);
  run(HEAD TEST("bo", "fire", "skola", "outcome: withhold, counts: 5"), &report);
  assert_true(!UNREACHED(report, "counts") && POSITIVE(report, "counts"));
  access_test_report_free(&report);
  run(HEAD TEST("bo", "fire", "pol", "outcome: hold, counts: none"), &report);
  assert_true(UNREACHED(report, "counts") && !POSITIVE(report, "counts"));
  access_test_report_free(&report);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(limits_count), cmocka_unit_test(both_ways),
                                     cmocka_unit_test(counts_both_ways)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
