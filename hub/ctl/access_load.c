// navctl access load: the installation's rules are rehearsed by nav-desk on what has happened, and then put
// in force by nav-core, which builds, checks and tests them first and records the change.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/access_rehearse.h"
#include "hub/ctl/faults.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 150 * 1000 };

// "none": no rehearsal, and the record says so. False: said.
static bool do_rehearse(struct ctl *ctl, const struct conf_nav *nav, json_t **rehearsal,
                        enum ctl_exit *code) {
  const char *since = ctl_value(ctl, "since");
  *rehearsal = NULL;
  if (since != NULL && strcmp(since, "none") == 0) return true;
  *rehearsal = rehearsal_ask(ctl, NULL, nav->config_folder, since != NULL ? since : "30d", NULL, code);
  if (*rehearsal == NULL && *code == CTL_UNREACHABLE)
    (void)ctl_complain(CTL_DONE, "without nav-desk there is no rehearsal; --since none loads without one");
  if (*rehearsal != NULL && ctl->format == CTL_TABLE) return rehearsal_print(CTL_TABLE, *rehearsal);
  return *rehearsal != NULL;
}

static json_t *make_request(struct ctl *ctl, const json_t *rehearsal) {
  json_t *request =
      json_pack("{s:s, s:b}", "command", "access-load", "dry_run", ctl_value(ctl, "dry-run") != NULL);
  if (rehearsal == NULL) return request;
  // Only what was rehearsed is to be loaded.
  (void)json_object_set(request, "rehearsal", json_object_get(rehearsal, "summary"));
  (void)json_object_set(request, "expect", json_object_get(rehearsal, "hash"));
  return request;
}

static void print_warnings(const json_t *warnings) {
  for (size_t i = 0; i < json_array_size(warnings); i++) {
    const json_t *warning = json_array_get(warnings, i);
    (void)fprintf(stderr, "%s:%d:%d: %s\n", output_text_of(warning, "file"),
                  (int)json_integer_value(json_object_get(warning, "line")),
                  (int)json_integer_value(json_object_get(warning, "column")),
                  output_text_of(warning, "what"));
  }
}

static bool print_table(const json_t *answer) {
  bool loaded = json_is_true(json_object_get(answer, "loaded"));
  const char *what = !loaded                                            ? "would be loaded"
                     : json_is_true(json_object_get(answer, "changed")) ? "loaded"
                                                                        : "loaded, no rule changed";
  return printf("%s: rules %s, %lld rules, %lld lanes, %lld tests passed\n", what,
                output_text_of(answer, "hash"),
                (long long)json_integer_value(json_object_get(answer, "rules")),
                (long long)json_integer_value(json_object_get(answer, "lanes")),
                (long long)json_integer_value(json_object_get(answer, "tests"))) >= 0;
}

// Takes rehearsal.
static bool print_loaded(struct ctl *ctl, json_t *answer, json_t *rehearsal) {
  print_warnings(json_object_get(answer, "warnings"));
  bool ok = true;
  if (ctl->format == CTL_TABLE) {
    ok = print_table(answer);
    json_decref(rehearsal);
    return ok;
  }
  (void)json_object_del(answer, "ok");
  (void)json_object_del(answer, "faults");
  (void)json_object_del(answer, "faults_dropped");
  if (rehearsal != NULL) (void)json_object_del(rehearsal, "ok");
  (void)json_object_set_new(answer, "rehearsal", rehearsal != NULL ? rehearsal : json_null());
  return output_json(ctl->format, answer);
}

enum ctl_exit ctl_access_load(struct ctl *ctl) {
  const struct conf_nav *nav = ctl_nav(ctl);
  enum ctl_exit code = CTL_FAILED;
  json_t *rehearsal = NULL;
  if (nav == NULL || !do_rehearse(ctl, nav, &rehearsal, &code)) {
    json_decref(rehearsal);
    return code;
  }
  json_t *answer = ctl_ask(ctl, false, make_request(ctl, rehearsal), TIMEOUT_MS, &code);
  if (answer != NULL && json_array_size(json_object_get(answer, "faults")) > 0) {
    code = faults_print_json(ctl, nav->config_folder, answer);
  } else if (answer != NULL) {
    code = print_loaded(ctl, answer, json_incref(rehearsal)) ? CTL_DONE : CTL_FAILED;
  }
  json_decref(answer);
  json_decref(rehearsal);
  return code;
}
