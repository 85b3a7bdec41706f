// navctl status: nav-core's own account of itself.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 10000 };

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

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

static bool stands_by(const json_t *status) {
  return strcmp(text_of(json_object_get(status, "node"), "state"), "stands by") == 0;
}

static void print_node(const json_t *status) {
  const json_t *node = json_object_get(status, "node");
  char time[OUTPUT_TIME_SIZE];
  const char *since = output_time(text_of(node, "since"), time);
  if (stands_by(status))
    (void)printf("Node    %s stands by; %s is active since %s\n", text_of(node, "name"),
                 text_of(node, "active"), since);
  else
    (void)printf("Node    %s is active since %s; what was sent, duplicate and rejected counts from then\n",
                 text_of(node, "name"), since);
}

// What of a lane is out of the ordinary.
static void print_lanes_apart(const json_t *lanes) {
  size_t i = 0;
  const json_t *lane = NULL;
  json_array_foreach(lanes, i, lane) {
    const char *agency = json_string_value(json_object_get(lane, "agency"));
    const char *purpose = json_string_value(json_object_get(lane, "purpose"));
    const json_t *replay = json_object_get(lane, "replay");
    if (json_is_true(json_object_get(lane, "full")))
      (void)printf("%s, %s: nothing more can be set aside, and delivery stands still; see navctl lane list\n",
                   agency, purpose);
    if (replay != NULL)
      (void)printf("%s, %s: is sent again what it has had, up to position %" JSON_INTEGER_FORMAT
                   " (now at %" JSON_INTEGER_FORMAT ")\n",
                   agency, purpose, json_integer_value(json_object_get(replay, "up_to")),
                   json_integer_value(json_object_get(replay, "at")));
  }
}

static bool print_tables(const json_t *status) {
  const json_t *rules = json_object_get(status, "rules");
  const json_t *ledger = json_object_get(status, "ledger");
  const char *hash = json_string_value(json_object_get(rules, "hash"));
  const char *root = json_string_value(json_object_get(ledger, "root"));
  const char *log_id = json_string_value(json_object_get(ledger, "log_id"));
  print_node(status);
  if (stands_by(status)) return true;  // it knows nothing of the rest
  (void)printf("Rules   %.16s\n", hash != NULL ? hash : "");
  (void)printf("Ledger  %" JSON_INTEGER_FORMAT " records, %" JSON_INTEGER_FORMAT " events, log %s\n",
               json_integer_value(json_object_get(ledger, "records")),
               json_integer_value(json_object_get(ledger, "events")), log_id != NULL ? log_id : "");
  (void)printf("Root    %s\n", root != NULL ? root : "");
  if (json_is_false(json_object_get(ledger, "counted")))
    (void)puts("Counts  of older events are still being read: events, accepted, withheld and held grow");
  print_holds(json_object_get(status, "holds"));
  if (json_is_false(json_object_get(status, "database")))
    (void)puts("Database  not reached: nothing is accepted until it is back");
  (void)puts("");
  bool ok =
      output_rows(CTL_TABLE, agency_columns, COUNT(agency_columns), json_object_get(status, "agencies"));
  (void)puts("");
  const json_t *lanes = json_object_get(status, "lanes");
  ok = output_rows(CTL_TABLE, lane_columns, COUNT(lane_columns), lanes) && ok;
  print_lanes_apart(lanes);
  return ok;
}

static bool print_status(enum ctl_format format, json_t *status) {
  (void)json_object_del(status, "ok");
  if (format == CTL_TABLE) return print_tables(status);
  if (format == CTL_CSV) {
    return output_rows(format, agency_columns, COUNT(agency_columns), json_object_get(status, "agencies"));
  }
  return output_json(format, status);
}

enum ctl_exit ctl_status(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *status = ctl_ask(ctl, false, json_pack("{s:s}", "command", "status"), TIMEOUT_MS, &code);
  if (status == NULL) return code;
  bool ok = print_status(ctl->format, status);
  json_decref(status);
  return ok ? CTL_DONE : CTL_FAILED;
}
