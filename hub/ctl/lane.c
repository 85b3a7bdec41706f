// navctl lane list, redeliver, replay: what recipients could not take, and what is sent to them again.
// nav-core does it, on the record.
#include <stdio.h>
#include <stdlib.h>

#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 30 * 1000 };

// milliseconds since 1970 become text, as tables and programs are told times.
static void name_times(json_t *rows) {
  size_t i = 0;
  json_t *row = NULL;
  json_array_foreach(rows, i, row) {
    char text[NAV_RFC3339_SIZE];
    int64_t ms = (int64_t)json_integer_value(json_object_get(row, "since_ms"));
    (void)json_object_set_new(row, "since", json_string(nav_clock_rfc3339(ms, text)));
    (void)json_object_del(row, "since_ms");
  }
}

enum ctl_exit ctl_lane_list(struct ctl *ctl) {
  static const struct ctl_column columns[] = {{"agency", "AGENCY", false},
                                              {"purpose", "PURPOSE", false},
                                              {"position", "POSITION", true},
                                              {"since", "SET ASIDE", false},
                                              {"seq", "RECORD", true}};
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, false, json_pack("{s:s}", "command", "lane-list"), TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  json_t *rows = json_object_get(answer, "lanes");
  name_times(rows);
  bool ok = output_rows(ctl->format, columns, sizeof columns / sizeof *columns, rows);
  if (ok && ctl->format == CTL_TABLE && json_array_size(rows) == 0) ok = puts("Nothing is set aside.") >= 0;
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

static bool number_of(const char *text, uint64_t *number) {
  char *end = NULL;
  *number = strtoull(text, &end, 10);
  return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= INT64_MAX;
}

static json_t *request_of(const struct ctl *ctl, const char *command) {
  return json_pack("{s:s, s:s, s:s, s:s}", "command", command, "agency", ctl->arguments[0], "purpose",
                   ctl->arguments[1], "reason", ctl_value(ctl, "reason"));
}

// Takes request.
static enum ctl_exit order(struct ctl *ctl, json_t *request, const struct ctl_column *columns, size_t count) {
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, false, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  (void)json_object_del(answer, "ok");
  json_t *rows = json_pack("[O]", answer);
  bool ok = output_rows(ctl->format, columns, count, rows);
  json_decref(rows);
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit ctl_lane_redeliver(struct ctl *ctl) {
  static const struct ctl_column columns[] = {
      {"seq", "RECORD", true}, {"delivered", "DELIVERED", false}, {"nothing", "WHY NOT", false}};
  uint64_t position = 0;
  if (!number_of(ctl->arguments[2], &position))
    return ctl_complain(CTL_USAGE, "'%s' is no position: navctl lane list shows them", ctl->arguments[2]);
  json_t *request = request_of(ctl, "lane-redeliver");
  if (request != NULL) (void)json_object_set_new(request, "position", json_integer((json_int_t)position));
  return order(ctl, request, columns, 3);
}

enum ctl_exit ctl_lane_replay(struct ctl *ctl) {
  static const struct ctl_column columns[] = {
      {"after", "AFTER", true}, {"up_to", "UP TO", true}, {"seq", "RECORD", true}};
  const char *after = ctl_value(ctl, "after");
  const char *since = ctl_value(ctl, "since");
  uint64_t position = 0;
  int64_t since_ms = 0;
  if ((after == NULL) == (since == NULL))
    return ctl_complain(CTL_USAGE, "say from where: --after POSITION, or --since TIME");
  if (after != NULL && !number_of(after, &position))
    return ctl_complain(CTL_USAGE, "'%s' is no position: navctl status shows where each lane is", after);
  if (since != NULL && !ctl_parse_time(since, nav_clock_now_ms(), &since_ms))
    return ctl_complain(CTL_USAGE, "'%s' is no time: 7d, 36h, 2026-11-22 or RFC 3339", since);
  json_t *request = request_of(ctl, "lane-replay");
  if (request != NULL && after != NULL)
    (void)json_object_set_new(request, "after", json_integer((json_int_t)position));
  if (request != NULL && since != NULL)
    (void)json_object_set_new(request, "since_ms", json_integer((json_int_t)since_ms));
  return order(ctl, request, columns, 3);
}
