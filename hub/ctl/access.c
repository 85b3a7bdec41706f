// navctl access check, test, explain: on the same code as nav-core, without asking it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/access/check.h"
#include "hub/access/explain.h"
#include "hub/access/testrun.h"
#include "hub/access/words.h"
#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/event_file.h"
#include "hub/ctl/faults.h"
#include "hub/ctl/output.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"

enum { ARENA_BYTES_MAX = 16 * 1024 * 1024 };

// The folder named, else the installation's. NULL: said.
static const char *config_folder(struct ctl *ctl, const char *named) {
  if (named != NULL) return named;
  const struct conf_nav *nav = ctl_nav(ctl);
  return nav != NULL ? nav->config_folder : NULL;
}

enum ctl_exit ctl_access_check(struct ctl *ctl) {
  const char *folder = config_folder(ctl, ctl->arguments_count > 0 ? ctl->arguments[0] : NULL);
  struct conf_faults faults = {0};
  if (folder == NULL) return CTL_FAILED;
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(folder, agencies, &faults);
  // Rules that load may still be dead, shadowed or always forbidden.
  if (rules != NULL) (void)access_check(rules, nav_clock_now_ms(), &faults);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  enum ctl_exit code = faults_print(ctl, folder, &faults);
  conf_faults_free(&faults);
  return code;
}

// ---- test ----

static void print_list(const char *title, char *const *items, size_t count) {
  if (count == 0) return;
  (void)printf("%s\n", title);
  for (size_t i = 0; i < count; i++) (void)printf("  %s\n", items[i]);
}

static json_t *text_list(char *const *items, size_t count) {
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) (void)json_array_append_new(list, json_string(items[i]));
  return list;
}

static bool print_report(const struct ctl *ctl, const struct access_test_report *report) {
  if (ctl->format == CTL_TABLE) {
    print_list("No test reaches these rules:", report->rules_unreached, report->rules_unreached_count);
    print_list("No test shows these rules not matching:", report->rules_without_negative,
               report->rules_without_negative_count);
    print_list("No test reaches these conditions:", report->conditions_unreached,
               report->conditions_unreached_count);
    return printf("%zu tests, %zu expectations, %zu failed\n", report->tests, report->expectations,
                  report->failed) >= 0;
  }
  json_t *json = json_pack(
      "{s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "files", (json_int_t)report->files, "tests",
      (json_int_t)report->tests, "expectations", (json_int_t)report->expectations, "failed",
      (json_int_t)report->failed, "rules_unreached",
      text_list(report->rules_unreached, report->rules_unreached_count), "rules_without_negative",
      text_list(report->rules_without_negative, report->rules_without_negative_count), "conditions_unreached",
      text_list(report->conditions_unreached, report->conditions_unreached_count));
  bool ok = output_json(ctl->format, json);
  json_decref(json);
  return ok;
}

static enum ctl_exit run_tests(struct ctl *ctl, const char *folder, const struct access_rules *rules) {
  struct access_test_report report = {0};
  struct conf_faults faults = {0};
  bool ok = access_test_run(rules, folder, &report, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  bool printed = print_report(ctl, &report);
  access_test_report_free(&report);
  if (!printed) return CTL_FAILED;
  return ok ? CTL_DONE : CTL_FINDINGS;
}

enum ctl_exit ctl_access_test(struct ctl *ctl) {
  const char *folder = config_folder(ctl, ctl->arguments_count > 0 ? ctl->arguments[0] : NULL);
  struct conf_faults faults = {0};
  enum ctl_exit code = CTL_FINDINGS;
  if (folder == NULL) return CTL_FAILED;
  struct conf_agencies *agencies = conf_agencies_load(folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(folder, agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  if (rules != NULL) code = run_tests(ctl, folder, rules);
  access_rules_free(rules);
  conf_agencies_free(agencies);
  return code;
}

// ---- explain ----

static bool find_lane(const struct access_rules *rules, const char *agency, const char *purpose,
                      size_t *lane) {
  for (size_t i = 0; i < access_lane_count(rules); i++) {
    const struct access_lane *l = access_lane(rules, i);
    if (strcmp(l->agency, agency) == 0 && strcmp(l->purpose, purpose) == 0) {
      *lane = i;
      return true;
    }
  }
  return false;
}

static bool print_sentences(const char *title, const json_t *list) {
  if (json_array_size(list) == 0) return true;
  (void)printf("\n%s\n", title);
  for (size_t i = 0; i < json_array_size(list); i++) {
    if (printf("  - %s\n", json_string_value(json_array_get(list, i))) < 0) return false;
  }
  return true;
}

static bool print_names(const char *title, const json_t *list, const char *between) {
  if (json_array_size(list) == 0) return true;
  (void)printf("%s", title);
  for (size_t i = 0; i < json_array_size(list); i++) {
    (void)printf("%s%s", i == 0 ? "" : between, json_string_value(json_array_get(list, i)));
  }
  return puts("") >= 0;
}

static bool print_classes(const char *title, const json_t *list, enum access_language language) {
  json_t *named = json_array();
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = words_class(json_string_value(json_array_get(list, i)), language);
    (void)json_array_append_new(named, json_string(name));
  }
  bool ok = print_names(title, named, ", ");
  json_decref(named);
  return ok;
}

// To be ticked, one by one.
static bool print_conditions(const char *title, const json_t *list) {
  if (json_array_size(list) == 0) return true;
  (void)printf("\n%s\n", title);
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *condition = json_array_get(list, i);
    if (printf("  [ ] %s\n", json_string_value(json_object_get(condition, "text"))) < 0) return false;
  }
  return true;
}

static const char *outcome_words(const json_t *json, bool english) {
  const char *outcome = json_string_value(json_object_get(json, "outcome"));
  if (strcmp(outcome, "release") == 0) return english ? "Released" : "Lämnas ut";
  if (strcmp(outcome, "withhold") == 0) return english ? "Withheld" : "Lämnas inte ut";
  if (json_is_true(json_object_get(json, "urgent")))
    return english ? "Held for urgent assessment" : "Väntar på brådskande bedömning";
  return english ? "Held for assessment" : "Väntar på bedömning";
}

// The verdict, where it stands in the law and in the rules, and what is shown.
static bool print_verdict(const json_t *json, bool english) {
  const char *paragraph = json_string_value(json_object_get(json, "paragraph"));
  const char *rule = json_string_value(json_object_get(json, "rule"));
  const char *basis = json_string_value(json_object_get(json, "basis"));
  const char *limit = json_string_value(json_object_get(json, "limit"));
  (void)puts(outcome_words(json, english));
  if (paragraph != NULL) (void)printf(english ? "Law: %s\n" : "Lagrum: %s\n", paragraph);
  if (rule != NULL && basis != NULL)
    (void)printf(english ? "Rule: %s (%s)\n" : "Regel: %s (%s)\n", rule, basis);
  if (rule != NULL && basis == NULL) (void)printf(english ? "Rule: %s\n" : "Regel: %s\n", rule);
  if (limit != NULL) (void)printf(english ? "Limit: %s\n" : "Begränsning: %s\n", limit);
  return print_classes(english ? "Shown: " : "Visas: ", json_object_get(json, "reveal"),
                       english ? ACCESS_ENGLISH : ACCESS_SWEDISH) &&
         print_names(english ? "Not shown: " : "Visas inte: ", json_object_get(json, "withheld"), ", ");
}

// Whom to turn to, in turn, and how long each has.
static bool print_ask(const json_t *json, bool english) {
  bool held = json_is_string(json_object_get(json, "answer_within"));
  const json_t *ask = json_object_get(json, "ask");
  const char *title =
      held ? (english ? "Assessed by: " : "Bedöms av: ") : (english ? "Turn to: " : "Vänd dig till: ");
  if (json_array_size(ask) > 0) (void)puts("");
  if (!print_names(title, ask, english ? ", then " : ", därefter ")) return false;
  if (!held) return true;
  return printf(english ? "Time for each to answer: %s\n" : "Var och en har på sig: %s\n",
                json_string_value(json_object_get(json, "answer_within"))) >= 0;
}

static bool print_explanation(const struct ctl *ctl, const json_t *json, bool english) {
  if (ctl->format != CTL_TABLE) return output_json(ctl->format, json);
  return print_verdict(json, english) &&
         print_sentences(english ? "Because:" : "Därför:", json_object_get(json, "because")) &&
         print_conditions(english ? "Whoever assesses ticks:" : "Den som bedömer prickar av:",
                          json_object_get(json, "conditions")) &&
         print_sentences(english ? "Not met, or not known:" : "Inte uppfyllt, eller inte känt:",
                         json_object_get(json, "missing")) &&
         print_sentences(english ? "What would make it lawful:" : "Det här skulle göra det lagligt:",
                         json_object_get(json, "would_allow")) &&
         print_ask(json, english);
}

static enum ctl_exit explain(struct ctl *ctl, const struct access_rules *rules, const Nav__V1__Event *event) {
  bool english = ctl_english(ctl);
  size_t lane = 0;
  if (!find_lane(rules, ctl_value(ctl, "to"), ctl_value(ctl, "purpose"), &lane)) {
    return ctl_complain(CTL_NOT_FOUND, "'%s' takes no part in '%s'; see agencies.yaml", ctl_value(ctl, "to"),
                        ctl_value(ctl, "purpose"));
  }
  if (conf_agency_find(access_rules_agencies(rules), event->source) == NULL) {
    return ctl_complain(CTL_NOT_FOUND, "the event's source '%s' is no agency of agencies.yaml",
                        event->source);
  }
  const struct access_question question = {.event = event, .now_ms = nav_clock_now_ms()};
  json_t *json = access_explain(rules, &question, lane, english ? ACCESS_ENGLISH : ACCESS_SWEDISH);
  bool ok = json != NULL && print_explanation(ctl, json, english);
  json_decref(json);
  return ok ? CTL_DONE : CTL_FAILED;
}

// The one event of --event.
static Nav__V1__Event *read_event(struct ctl *ctl, struct nav_arena *arena, struct nav_error *err) {
  json_t *list = event_file_read(ctl_value(ctl, "event"), err);
  if (list == NULL) return NULL;
  Nav__V1__Event *event = NULL;
  if (json_array_size(list) != 1) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, ctl_value(ctl, "event"), "must hold one event; it has %zu",
                   json_array_size(list));
  } else {
    event = wire_cloudevent_to_event(json_array_get(list, 0), arena, err);
    if (event != NULL && !wire_event_validate(event, err)) event = NULL;
  }
  json_decref(list);
  return event;
}

enum ctl_exit ctl_access_explain(struct ctl *ctl) {
  const char *folder = config_folder(ctl, ctl->arguments_count > 0 ? ctl->arguments[0] : NULL);
  struct nav_arena *arena = nav_arena_new(ARENA_BYTES_MAX);
  struct conf_faults faults = {0};
  struct nav_error err = {0};
  enum ctl_exit code = CTL_FAILED;
  struct conf_agencies *agencies = folder == NULL ? NULL : conf_agencies_load(folder, &faults);
  struct access_rules *rules = agencies == NULL ? NULL : access_rules_load(folder, agencies, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  const Nav__V1__Event *event = rules == NULL || arena == NULL ? NULL : read_event(ctl, arena, &err);
  if (event != NULL) {
    code = explain(ctl, rules, event);
  } else if (rules != NULL) {
    code = ctl_fail(&err);
  }
  access_rules_free(rules);
  conf_agencies_free(agencies);
  nav_arena_free(arena);
  return code;
}
