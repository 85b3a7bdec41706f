// What every command does alike: configuration, complaints and exit codes, questions to nav-core and
// nav-desk. See ctl.h.
#include "hub/ctl/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hub/base/text.h"
#include "hub/conf/check.h"
#include "hub/ctl/progress.h"
#include "hub/wire/control.h"
#include "nav/v1/session.pb-c.h"

enum { WATCH_S = 2 };

const struct conf_nav *ctl_nav(struct ctl *ctl) {
  if (ctl->nav != NULL) return ctl->nav;
  struct conf_faults faults = {0};
  ctl->nav = conf_nav_load(ctl->home, &faults);
  conf_faults_print(&faults);
  conf_faults_free(&faults);
  return ctl->nav;
}

enum ctl_exit ctl_complain(enum ctl_exit code, const char *format, ...) {
  va_list args;
  (void)fputs("navctl: ", stderr);
  va_start(args, format);
  (void)vfprintf(stderr, format, args);
  va_end(args);
  (void)fputc('\n', stderr);
  return code;
}

enum ctl_exit ctl_no_agency(const char *id) {
  return ctl_complain(CTL_USAGE, "'%s' is no agency's id: a-z, 0-9 and '-', at most %d", id,
                      CONF_ID_LENGTH_MAX);
}

enum ctl_exit ctl_fail(const struct nav_error *err) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  enum ctl_exit code = CTL_FAILED;
  if (err->class == NAV_ERROR_RETRY) code = CTL_UNREACHABLE;
  if (err->code == NAV__V1__CODE__CODE_NOT_PERMITTED) code = CTL_REFUSED;
  if (err->code == NAV__V1__CODE__CODE_NOT_FOUND) code = CTL_NOT_FOUND;
  (void)nav_error_string(err, text, sizeof text);
  nav_text_printable(text);
  return ctl_complain(code, "%s", text);
}

void ctl_printable(json_t *json) {
  const char *key = NULL;
  json_t *value = NULL;
  size_t i = 0;
  void *next = NULL;
  if (json_is_string(json)) {
    char *text = strdup(json_string_value(json));
    if (text != NULL) nav_text_printable(text);
    (void)json_string_set(json, text == NULL ? "" : text);
    free(text);
  }
  json_object_foreach_safe(json, next, key, value) ctl_printable(value);
  json_array_foreach(json, i, value) ctl_printable(value);
}

static void show(void *context, const json_t *progress) {
  json_int_t records = json_integer_value(json_object_get(progress, "records"));
  json_int_t of = json_integer_value(json_object_get(progress, "of"));
  ctl_progress_show(context, records < 0 ? 0 : (uint64_t)records, of < 0 ? 0 : (uint64_t)of);
}

// What nav-core or nav-desk finds wrong in a request is what the command line said.
static enum ctl_exit not_answered(const struct nav_error *err) {
  enum ctl_exit code = ctl_fail(err);
  bool said_wrong = err->code == NAV__V1__CODE__CODE_BAD_VALUE ||
                    err->code == NAV__V1__CODE__CODE_MISSING_FIELD ||
                    err->code == NAV__V1__CODE__CODE_TOO_LARGE;
  return said_wrong && err->class == NAV_ERROR_PEER ? CTL_USAGE : code;
}

static json_t *ask(struct ctl *ctl, bool desk, json_t *request, int timeout_ms, struct ctl_progress *progress,
                   enum ctl_exit *code) {
  const struct conf_nav *nav = ctl_nav(ctl);
  struct nav_error err = {0};
  json_t *answer = NULL;
  *code = CTL_FAILED;
  if (nav != NULL && request == NULL) {
    (void)nav_fail(&err, NAV_ERROR_LOCAL, 0, "", "no memory, or a text that is not UTF-8");
    *code = ctl_fail(&err);
  } else if (nav != NULL) {
    answer = control_call_told(desk ? nav->desk_socket : nav->core_socket, request, timeout_ms,
                               progress != NULL ? show : NULL, progress, &err);
    ctl_progress_end(progress);
    *code = answer != NULL ? CTL_DONE : not_answered(&err);
  }
  json_decref(request);
  if (ctl->format == CTL_TABLE) ctl_printable(answer);
  return answer;
}

json_t *ctl_ask(struct ctl *ctl, bool desk, json_t *request, int timeout_ms, enum ctl_exit *code) {
  return ask(ctl, desk, request, timeout_ms, NULL, code);
}

json_t *ctl_ask_shown(struct ctl *ctl, bool desk, json_t *request, int timeout_ms, enum ctl_exit *code) {
  struct ctl_progress progress = {0};
  if (!ctl_progress_begin(&progress)) return ask(ctl, desk, request, timeout_ms, NULL, code);
  (void)json_object_set_new(request, "progress", json_true());
  return ask(ctl, desk, request, timeout_ms, &progress, code);
}

enum ctl_exit ctl_run(struct ctl *ctl) {
  const struct timespec pause = {.tv_sec = WATCH_S};
  enum ctl_exit code = ctl->command->run(ctl);
  while (code == CTL_DONE && ctl_watches(ctl)) {
    (void)fflush(stdout);
    (void)nanosleep(&pause, NULL);
    if (isatty(STDOUT_FILENO) != 0) (void)fputs("\x1b[H\x1b[2J", stdout);
    code = ctl->command->run(ctl);
  }
  return code;
}
