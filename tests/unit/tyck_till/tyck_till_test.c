// Open311's forms in, CitizenReports and their updates out: a table of quirks, what must never leave, and the
// real samples.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/tyck_till/map_in.h"
#include "tests/unit/map_run/map_run.h"

static const char ADAPTER[] = "adapters/tyck_till/adapter.yaml";
static const char CASES[] = "tests/unit/tyck_till/cases";
static const char REAL[] = "../shared/data/citizen";

static void files_give_what_is_expected(void **state) {
  (void)state;
  assert_true(map_run_folder(&tyck_till_mapping, ADAPTER, CASES) >= 11);
}

static void who_reported_never_leaves(void **state) {
  (void)state;
  struct map_result result =
      map_run_file(&tyck_till_mapping, ADAPTER, "tests/unit/tyck_till/cases/submitter.json");
  assert_int_equal(result.events, 1);
  static const char *const never[] = {"Hemlig", "hemlig", "070", "example.org", "Hemliga"};
  for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
    if (strstr(map_result_text(&result), never[i]) != NULL) fail_msg("'%s' left the adapter", never[i]);
  }
  map_result_free(&result);
}

// The event that "in reply to" names is the report's own.
static void an_update_names_its_report(void **state) {
  (void)state;
  static const char text[] =
      "[{\"service_request_id\":\"1\",\"status\":\"closed\",\"requested_datetime\":\"2026-03-02T06:37:38Z\","
      "\"updated_datetime\":\"2026-03-05T06:37:38Z\",\"description\":\"Hemma hos någon\"}]";
  struct map_result result = map_run_text(&tyck_till_mapping, ADAPTER, text);
  assert_int_equal(result.events, 2);
  const char *id = strstr(map_result_text(&result), "\"id\":\"");
  const char *answered = strstr(map_result_text(&result), "\"navinreplyto\":\"");
  assert_non_null(id);
  assert_non_null(answered);
  assert_memory_equal(id + 6, answered + 16, 32);
  const char *update = strstr(map_result_text(&result), "event 1/update ");
  assert_non_null(update);
  assert_non_null(strstr(update, "\"time\":\"2026-03-05T06:37:38.000Z\""));
  assert_null(strstr(update, "Hemma"));  // the citizen's words stay in the report
  map_result_free(&result);
}

// Encoding, spelling of ids and numbers do not make another event of the same report.
static void forms_of_one_report_give_one_event(void **state) {
  (void)state;
  static const char *const forms[] = {
      "[{\"service_request_id\":5,\"requested_datetime\":\"2026-03-02T06:37:38Z\",\"lat\":59.5,\"long\":17.5,"
      "\"description\":\"v\xc3\xa4g\"}]",
      "{\"requests\":[{\"request\":[{\"description\":\"v\xe4g\",\"service_request_id\":\" "
      "5\",\"lat\":\"59,5\","
      "\"long\":\" 17.50\",\"requested_datetime\":\"2026-03-02 7:37:38,0+0100\",\"status\":null}]}]}",
      "\xef\xbb\xbf{\"service_requests\":[{\"service_request_id\":\"5\",\"requested_datetime\":\"2026-03-"
      "02T07:37:38\","
      "\"lat\":5.95e1,\"long\":17.5,\"description\":\" v\\u00e4g \",\"phone\":\"1\"}]}",
  };
  char *first = NULL;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    struct map_result result = map_run_text(&tyck_till_mapping, ADAPTER, forms[i]);
    const char *event = strstr(map_result_text(&result), "event ");
    assert_int_equal(result.events, 1);
    size_t length = strcspn(event, "\n");
    if (first == NULL) first = strndup(event, length);
    if (strncmp(first, event, length) != 0) fail_msg("%s\n%s", first, event);
    map_result_free(&result);
  }
  free(first);
}

static void real_samples_map(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t events;
    size_t skips;
  } cases[] = {
      {"open311status/service_requests.json", 3, 0},
      {"open311status/service_list.json", 0, 3},  // services are no reports
      {"helsinki/services_sv.json", 0, 10},
      {"helsinki/discovery.json", 0, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", REAL, cases[i].name);
    if (access(path, R_OK) != 0) {
      (void)printf("skipped: no ../shared/data\n");
      return;
    }
    struct map_result result = map_run_file(&tyck_till_mapping, ADAPTER, path);
    assert_true(result.mapped);
    assert_int_equal(result.events, cases[i].events);
    assert_int_equal(result.skips, cases[i].skips);
    map_result_free(&result);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected),
      cmocka_unit_test(who_reported_never_leaves),
      cmocka_unit_test(an_update_names_its_report),
      cmocka_unit_test(forms_of_one_report_give_one_event),
      cmocka_unit_test(real_samples_map),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
