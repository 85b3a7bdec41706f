// navctl meeting list, briefing show: answered by nav-desk, which records each opening first.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 300000 };

static const struct ctl_column meeting_columns[] = {
    {"id", "MEETING", false},      {"kind", "KIND", false},   {"title", "TITLE", false},
    {"purpose", "PURPOSE", false}, {"opens", "OPENS", false}, {"closes", "CLOSES", false},
};

enum ctl_exit ctl_meeting_list(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, true, json_pack("{s:s}", "command", "meeting-list"), TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  bool ok = output_rows(ctl->format, meeting_columns, sizeof meeting_columns / sizeof *meeting_columns,
                        json_object_get(answer, "meetings"));
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit ctl_briefing_show(struct ctl *ctl) {
  static const char *const texts[] = {"for", "part", "reason"};
  enum ctl_exit code = CTL_DONE;
  const char *output = ctl->format == CTL_JSON ? "json" : ctl->format == CTL_HTML ? "html" : "text";
  json_t *request =
      json_pack("{s:s, s:s, s:s}", "command", "briefing", "meeting", ctl->arguments[0], "output", output);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *value = ctl_value(ctl, texts[i]);
    if (value != NULL) (void)json_object_set_new(request, texts[i], json_string(value));
  }
  // The meeting itself is reason enough to open its briefing; who has a better one says so.
  if (ctl_value(ctl, "reason") == NULL) {
    (void)json_object_set_new(request, "reason", json_sprintf("möte %s", ctl->arguments[0]));
  }
  json_t *answer = ctl_ask(ctl, true, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  const char *body = json_string_value(json_object_get(answer, "body"));
  size_t length = json_string_length(json_object_get(answer, "body"));
  bool ok = body != NULL && fwrite(body, 1, length, stdout) == length;
  if (ok && length > 0 && body[length - 1] != '\n') ok = putchar('\n') != EOF;
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}
