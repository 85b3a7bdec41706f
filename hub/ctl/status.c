// navctl status: nav-core's own account of itself.
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 10000, WATCH_S = 2 };

static const struct ctl_column agency_columns[] = {
    {"id", "AGENCY", false},        {"title", "TITLE", false},      {"connected", "CONNECTED", false},
    {"sent", "SENT", true},         {"accepted", "ACCEPTED", true}, {"duplicate", "DUPLICATE", true},
    {"rejected", "REJECTED", true}, {"received", "RECEIVED", true}, {"withheld", "WITHHELD", true},
    {"held", "HELD", true},
};

static const struct ctl_column lane_columns[] = {
    {"number", "LANE", true},         {"agency", "AGENCY", false},    {"purpose", "PURPOSE", false},
    {"cursor", "CURSOR", true},       {"received", "RECEIVED", true}, {"behind", "BEHIND", true},
    {"set_aside", "SET ASIDE", true},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void print_holds(const json_t *holds) {
  json_int_t open = json_integer_value(json_object_get(holds, "open"));
  if (open == 0) return;
  (void)printf("Waiting %" JSON_INTEGER_FORMAT " for assessment or an answer, %" JSON_INTEGER_FORMAT
               " urgent, %" JSON_INTEGER_FORMAT " past a deadline\n",
               open, json_integer_value(json_object_get(holds, "urgent")),
               json_integer_value(json_object_get(holds, "escalated")));
}

static bool print_tables(const json_t *status) {
  const json_t *rules = json_object_get(status, "rules");
  const json_t *ledger = json_object_get(status, "ledger");
  const char *hash = json_string_value(json_object_get(rules, "hash"));
  const char *root = json_string_value(json_object_get(ledger, "root"));
  const char *log_id = json_string_value(json_object_get(ledger, "log_id"));
  (void)printf("Rules   %.16s\n", hash != NULL ? hash : "");
  (void)printf("Ledger  %" JSON_INTEGER_FORMAT " records, %" JSON_INTEGER_FORMAT " events, log %s\n",
               json_integer_value(json_object_get(ledger, "records")),
               json_integer_value(json_object_get(ledger, "events")), log_id != NULL ? log_id : "");
  (void)printf("Root    %s\n", root != NULL ? root : "");
  print_holds(json_object_get(status, "holds"));
  if (json_is_false(json_object_get(status, "database")))
    (void)puts("Database  not reached: nothing is accepted until it is back");
  (void)puts("");
  bool ok =
      output_rows(CTL_TABLE, agency_columns, COUNT(agency_columns), json_object_get(status, "agencies"));
  (void)puts("");
  return output_rows(CTL_TABLE, lane_columns, COUNT(lane_columns), json_object_get(status, "lanes")) && ok;
}

static bool print_status(enum ctl_format format, json_t *status) {
  (void)json_object_del(status, "ok");
  if (format == CTL_TABLE) return print_tables(status);
  if (format == CTL_CSV) {
    return output_rows(format, agency_columns, COUNT(agency_columns), json_object_get(status, "agencies"));
  }
  return output_json(format, status);
}

static enum ctl_exit status_once(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *status = ctl_ask(ctl, false, json_pack("{s:s}", "command", "status"), TIMEOUT_MS, &code);
  if (status == NULL) return code;
  bool ok = print_status(ctl->format, status);
  json_decref(status);
  return ok ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit ctl_status(struct ctl *ctl) {
  enum ctl_exit code = status_once(ctl);
  while (ctl_value(ctl, "watch") != NULL && code == CTL_DONE) {
    const struct timespec pause = {.tv_sec = WATCH_S};
    (void)fflush(stdout);
    (void)nanosleep(&pause, NULL);
    if (isatty(STDOUT_FILENO) != 0) (void)fputs("\x1b[H\x1b[2J", stdout);
    code = status_once(ctl);
  }
  return code;
}
