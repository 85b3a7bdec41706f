// navctl recall send, list, status, confirm: taking back what was wrong or unlawful, and following it until
// everybody has confirmed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"
#include "hub/ctl/publish.h"

enum { TIMEOUT_MS = 150000, WAIT_MS = 60000 };

// ---- send ----

// The same events taken back for the same reason on the same day is the same Recall.
static bool make_id(struct ctl *ctl, const char *agency, const char *reason, int64_t now_ms, char hex[33],
                    enum ctl_exit *code) {
  struct keys_agency keys;
  uint8_t id[NAV_EVENT_ID_SIZE];
  char source_id[512];
  size_t used = (size_t)snprintf(source_id, sizeof source_id, "recall %s", reason);
  for (int i = 0; i < ctl->arguments_count && used < sizeof source_id; i++)
    used += (size_t)snprintf(source_id + used, sizeof source_id - used, " %s", ctl->arguments[i]);
  if (!publish_keys(ctl, agency, &keys, code)) return false;
  nav_event_id(id, keys.id_key, now_ms, agency, source_id);
  explicit_bzero(&keys, sizeof keys);
  (void)nav_hex(hex, id, sizeof id);
  return true;
}

enum ctl_exit ctl_recall_send(struct ctl *ctl) {
  static const char *const reasons[] = {"wrong", "unlawful", "withdrawn"};
  static const struct ctl_column columns[] = {{"id", "ID", false},       {"status", "STATUS", false},
                                              {"seq", "SEQ", true},      {"code", "CODE", false},
                                              {"field", "FIELD", false}, {"reason", "REASON", false}};
  const char *agency = ctl_value(ctl, "as");
  const char *reason = ctl_value(ctl, "reason");
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  char at[NAV_RFC3339_SIZE];
  bool known = false;
  enum ctl_exit code = CTL_DONE;
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) known |= strcmp(reasons[i], reason) == 0;
  if (!known) return ctl_complain(CTL_USAGE, "--reason '%s' is none of wrong, unlawful, withdrawn", reason);
  int64_t now_ms = nav_clock_now_ms();
  if (!make_id(ctl, agency, reason, now_ms, id, &code)) return code;
  json_t *ids = json_array();
  for (int i = 0; i < ctl->arguments_count; i++)
    (void)json_array_append_new(ids, json_string(ctl->arguments[i]));
  json_t *events = json_pack("[{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:{s:{s:o, s:s}}}]", "specversion", "1.0",
                             "id", id, "source", agency, "type", "nav.v1.Recall", "time",
                             nav_clock_rfc3339(now_ms, at), "navrevision", 1, "datacontenttype",
                             "application/json", "data", "body", "event_ids", ids, "reason", reason);
  json_t *receipts = NULL;
  code = events == NULL ? ctl_complain(CTL_FAILED, "no memory")
                        : publish_events(ctl, agency, events, WAIT_MS, &receipts);
  bool ok = receipts == NULL || output_rows(ctl->format, columns, sizeof columns / sizeof *columns, receipts);
  json_decref(receipts);
  json_decref(events);
  return ok ? code : CTL_FAILED;
}

// ---- follow ----

enum ctl_exit ctl_recall_list(struct ctl *ctl) {
  static const struct ctl_column columns[] = {{"recall", "RECALL", true},
                                              {"at", "AT", false},
                                              {"agency", "AGENCY", false},
                                              {"reason", "REASON", false},
                                              {"count", "EVENTS", true},
                                              {"missing", "NOT CONFIRMED", true},
                                              {"to_confirm", "YOURS TO CONFIRM", false}};
  enum ctl_exit code = CTL_DONE;
  json_t *answer = ctl_ask(ctl, true, json_pack("{s:s}", "command", "recall-list"), TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  json_t *recalls = json_object_get(answer, "recalls");
  for (size_t i = 0; i < json_array_size(recalls); i++) {
    json_t *recall = json_array_get(recalls, i);
    (void)json_object_set_new(recall, "count",
                              json_integer((json_int_t)json_array_size(json_object_get(recall, "events"))));
  }
  bool ok = output_rows(ctl->format, columns, sizeof columns / sizeof *columns, recalls);
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

static bool read_number(const struct ctl *ctl, json_int_t *number) {
  char *end = NULL;
  *number = strtoll(ctl->arguments[0], &end, 10);
  return *number > 0 && end != ctl->arguments[0] && *end == '\0';
}

static bool print_status(const struct ctl *ctl, const json_t *recall) {
  static const struct ctl_column recipients[] = {{"agency", "RECIPIENT", false},
                                                 {"purpose", "PURPOSE", false},
                                                 {"had_it", "HAD IT", false},
                                                 {"confirmed", "CONFIRMED", false},
                                                 {"at", "AT", false}};
  static const struct ctl_column readers[] = {
      {"person", "READER", false}, {"agency", "AGENCY", false},       {"how", "HOW", false},
      {"read_at", "READ", false},  {"confirmed", "CONFIRMED", false}, {"at", "AT", false}};
  char at[OUTPUT_TIME_SIZE];
  if (ctl->format != CTL_TABLE) return output_json(ctl->format, recall);
  (void)printf("Recall %" JSON_INTEGER_FORMAT " by %s, %s: %s, %zu events\n\n",
               json_integer_value(json_object_get(recall, "recall")),
               json_string_value(json_object_get(recall, "agency")),
               output_time(output_text_of(recall, "at"), at),
               json_string_value(json_object_get(recall, "reason")),
               json_array_size(json_object_get(recall, "events")));
  if (!output_rows(CTL_TABLE, recipients, sizeof recipients / sizeof *recipients,
                   json_object_get(recall, "recipients")))
    return false;
  (void)puts("");
  if (!output_rows(CTL_TABLE, readers, sizeof readers / sizeof *readers, json_object_get(recall, "readers")))
    return false;
  json_int_t missing = json_integer_value(json_object_get(recall, "missing"));
  return missing == 0 ? puts("\nEverybody has confirmed.") >= 0
                      : printf("\n%" JSON_INTEGER_FORMAT " have not confirmed.\n", missing) >= 0;
}

enum ctl_exit ctl_recall_status(struct ctl *ctl) {
  json_int_t number = 0;
  enum ctl_exit code = CTL_DONE;
  if (!read_number(ctl, &number))
    return ctl_complain(CTL_USAGE, "'%s' is no recall's number", ctl->arguments[0]);
  json_t *answer = ctl_ask(ctl, true, json_pack("{s:s, s:I}", "command", "recall-status", "recall", number),
                           TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  bool ok = print_status(ctl, json_object_get(answer, "recall"));
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit ctl_recall_confirm(struct ctl *ctl) {
  json_int_t number = 0;
  enum ctl_exit code = CTL_DONE;
  if (!read_number(ctl, &number))
    return ctl_complain(CTL_USAGE, "'%s' is no recall's number", ctl->arguments[0]);
  json_t *request = json_pack("{s:s, s:I}", "command", "recall-confirm", "recall", number);
  if (request != NULL && ctl_value(ctl, "note") != NULL)
    (void)json_object_set_new(request, "note", json_string(ctl_value(ctl, "note")));
  json_t *answer = ctl_ask(ctl, false, request, TIMEOUT_MS, &code);
  json_decref(answer);
  return code;
}
