// navctl retention erase: the content of single events, or of one person's, before its time. nav-core does it
// and says what it did; nobody's number is kept here.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { TIMEOUT_MS = 10 * 60 * 1000, TEXT_SIZE = 1024 };

// ---- the request ----

// "skolan/00004fbe…" as {"agency","id"}. False: said.
static bool add_name(json_t *events, const char *text, size_t length, enum ctl_exit *code) {
  const char *slash = memchr(text, '/', length);
  json_t *event = NULL;
  if (slash != NULL && slash > text)
    event = json_pack("{s:s%, s:s%}", "agency", text, (size_t)(slash - text), "id", slash + 1,
                      length - (size_t)(slash - text) - 1);
  if (event == NULL) {
    *code = ctl_complain(CTL_USAGE, "'%.*s' is no event: write AGENCY/ID, as in navctl audit search",
                         (int)length, text);
    return false;
  }
  return json_array_append_new(events, event) == 0;
}

static bool add_names(json_t *events, const char *list, enum ctl_exit *code) {
  for (const char *at = list; at != NULL; at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1)
    if (!add_name(events, at, strcspn(at, ","), code)) return false;
  return true;
}

// NULL: said, and *code set.
static json_t *request_of(const struct ctl *ctl, enum ctl_exit *code) {
  const char *events = ctl_value(ctl, "event");
  const char *person = ctl_value(ctl, "person");
  const char *basis = ctl_value(ctl, "basis");
  const char *reason = ctl_value(ctl, "reason");
  bool named = events != NULL || ctl->arguments_count > 0;
  *code = CTL_USAGE;
  if (named == (person != NULL)) {
    *code = ctl_complain(CTL_USAGE, "name the events (--event AGENCY/ID) or a person (--person NUMBER)");
    return NULL;
  }
  json_t *request = json_pack("{s:s, s:s, s:s, s:b}", "command", "retention-erase", "basis", basis, "reason",
                              reason, "dry", ctl_value(ctl, "dry-run") != NULL ? 1 : 0);
  if (request == NULL) {
    *code = ctl_complain(CTL_USAGE, "the basis and the reason must be UTF-8");
    return NULL;
  }
  if (person != NULL) {
    (void)json_object_set_new(request, "number", json_string(person));
    return request;
  }
  json_t *names = json_array();
  bool ok = events == NULL || add_names(names, events, code);
  for (int i = 0; ok && i < ctl->arguments_count; i++) ok = add_names(names, ctl->arguments[i], code);
  (void)json_object_set_new(request, "events", names);
  if (ok) return request;
  json_decref(request);
  return NULL;
}

// ---- the answer ----

// A table has room for words, not for a list: "polisen sig (had), skolan sig (missed)".
static void add_recipients(json_t *event) {
  const json_t *lanes = json_object_get(event, "lanes");
  char text[TEXT_SIZE] = "";
  size_t used = 0;
  for (size_t i = 0; i < json_array_size(lanes) && used < sizeof text; i++) {
    const json_t *lane = json_array_get(lanes, i);
    int n = snprintf(text + used, sizeof text - used, "%s%s %s (%s)", i == 0 ? "" : ", ",
                     output_text_of(lane, "agency"), output_text_of(lane, "purpose"),
                     output_text_of(lane, "state"));
    used += n > 0 ? (size_t)n : 0;
  }
  (void)json_object_set_new(event, "recipients", json_string(text));
}

static void for_people(json_t *event, bool done) {
  add_recipients(event);
  if (!done && strcmp(output_text_of(event, "state"), "erased") == 0)
    (void)json_object_set_new(event, "state", json_string("to be erased"));
}

static long long count_of(const json_t *answer, const char *key) {
  return (long long)json_integer_value(json_object_get(answer, key));
}

// What a recipient has had is not erased by this: whose it is, and the way to it.
static void say_recipients(const json_t *answer) {
  size_t i = 0;
  const json_t *lane = NULL;
  bool any = false;
  json_array_foreach(json_object_get(answer, "lanes"), i, lane) {
    long long had = count_of(lane, "had");
    if (had > 0)
      (void)ctl_complain(CTL_DONE, "%s has had %lld of them for %s", output_text_of(lane, "agency"), had,
                         output_text_of(lane, "purpose"));
    any = any || had > 0;
  }
  if (any)
    (void)ctl_complain(
        CTL_DONE,
        "what they have had is not erased by this: their sender takes it back with navctl recall "
        "send");
}

static bool print(const struct ctl *ctl, json_t *answer, bool done) {
  static const struct ctl_column columns[] = {{"agency", "AGENCY", false},
                                              {"id", "EVENT", false},
                                              {"revision", NULL, true},
                                              {"seq", "SEQ", true},
                                              {"type", "TYPE", false},
                                              {"class", "CLASS", true},
                                              {"day", "ACCEPTED", false},
                                              {"recipients", "RECIPIENTS", false},
                                              {"holds_closed", "HOLDS CLOSED", true},
                                              {"state", "STATE", false},
                                              {"against", "AGAINST", false},
                                              {"lanes", NULL, false},
                                              {"record", "RECORD", true}};
  json_t *events = json_object_get(answer, "events");
  size_t count = sizeof columns / sizeof *columns - (done ? 0 : 1);  // a preview has no record
  size_t i = 0;
  json_t *event = NULL;
  if (ctl->format == CTL_TABLE) json_array_foreach(events, i, event) for_people(event, done);
  bool ok = output_rows(ctl->format, columns, count, events);
  if (!ok || ctl->format != CTL_TABLE) return ok;
  return printf("%s: %lld events; %lld kept; %lld had been erased before%s.\n",
                done ? "Erased" : "To be erased", count_of(answer, "erased"), count_of(answer, "kept"),
                count_of(answer, "already"),
                json_is_true(json_object_get(answer, "more")) ? "; there is more: run it again" : "") >= 0;
}

enum ctl_exit ctl_retention_erase(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  json_t *request = request_of(ctl, &code);
  if (request == NULL) return code;
  json_t *answer = ctl_ask(ctl, false, request, TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  code = print(ctl, answer, !json_is_true(json_object_get(answer, "dry"))) ? CTL_DONE : CTL_FAILED;
  say_recipients(answer);
  if (ctl->format != CTL_TABLE && json_is_true(json_object_get(answer, "more")))
    (void)ctl_complain(CTL_DONE, "there is more: run it again");
  if (json_is_string(json_object_get(answer, "failed")))
    code =
        ctl_complain(CTL_FAILED,
                     "%lld events were erased and are recorded; of the rest, which stands as kept, no record "
                     "could be made, and nothing was erased: give the order again (%s)",
                     count_of(answer, "erased"), output_text_of(answer, "failed"));
  if (count_of(answer, "keys_left") > 0)
    code = ctl_complain(CTL_FAILED, "%lld key files could not be changed: nav-core's log names them",
                        count_of(answer, "keys_left"));
  json_decref(answer);
  return code;
}
