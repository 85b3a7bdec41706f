// The process beside nav-core that tries a configuration before it is loaded. It is a fresh one (nav-core
// --try), so that it holds no key, socket or database of the core's. See reload.h.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hub/access/check.h"
#include "hub/access/testrun.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/core/reload.h"

enum { WARNINGS_MAX = 200 };

static bool write_result(json_t *result) {
  char *text = result == NULL ? NULL : json_dumps(result, JSON_COMPACT);
  json_decref(result);
  bool ok = text != NULL && strlen(text) <= RELOAD_RESULT_BYTES_MAX && fputs(text, stdout) >= 0 &&
            fflush(stdout) == 0;
  free(text);
  return ok;
}

static json_t *first_of(const struct conf_faults *faults) {
  json_t *list = access_faults_json(faults);
  while (json_array_size(list) > WARNINGS_MAX) (void)json_array_remove(list, json_array_size(list) - 1);
  return list;
}

static void test(const struct access_rules *rules, const char *config_folder,
                 struct access_test_report *report, struct conf_faults *faults,
                 struct conf_faults *warnings) {
  if (access_lane_count(rules) >= NUMBERS_LANES_MAX) {
    conf_faults_add(faults, "agencies.yaml", 0, 0, "", "more than %d lanes (agency and purpose)",
                    NUMBERS_LANES_MAX - 1);
    return;
  }
  (void)access_check(rules, nav_clock_now_ms(), warnings);
  (void)access_test_run(rules, config_folder, report, faults);
}

int reload_try(const char *config_folder) {
  // Ends with nav-core, and when it takes too long.
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)alarm(RELOAD_LIMIT_S);
  struct conf_faults faults = {0};
  struct conf_faults warnings = {0};
  struct access_test_report report = {0};
  struct conf_agencies *agencies = conf_agencies_load(config_folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(config_folder, agencies, &faults);
  char hash[2 * NAV_SHA256_SIZE + 1] = "";
  if (rules != NULL) {
    (void)nav_hex(hash, access_rules_hash(rules), NAV_SHA256_SIZE);
    test(rules, config_folder, &report, &faults, &warnings);
  }
  bool ok = write_result(json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:I, s:o}", "hash", hash, "rules",
                                   (json_int_t)(rules == NULL ? 0 : access_rule_count(rules)), "lanes",
                                   (json_int_t)(rules == NULL ? 0 : access_lane_count(rules)), "tests",
                                   (json_int_t)report.tests, "expectations", (json_int_t)report.expectations,
                                   "faults", access_faults_json(&faults), "faults_dropped",
                                   (json_int_t)faults.dropped, "warnings", first_of(&warnings)));
  access_test_report_free(&report);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  conf_faults_free(&faults);
  conf_faults_free(&warnings);
  return ok ? 0 : 1;
}
