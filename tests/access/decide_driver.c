// Asks hub/access about many events of many rule sets: JSON lines in, JSON lines out. Called by:
// oracle_test.py. Must never: decide anything itself.
//
//   {"load": FOLDER}                     → {"lanes": [[agency, purpose]…]} or {"faults": [[file, line,
//   what]…]}
//   {"event": CLOUDEVENT, "now": MS, "consent": [{recipient or "*": -1, 0, 1}… by subject], "request":
//    {recipient or "*": -1, 0, 1}, "only": AGENCY, "could_be": true}
//                                        → {"lanes": [ANSWER…]} in the order of load's lanes
//   {"counts": [SOURCE, MESSAGE], "now": MS} → {"lanes": [[rule or null, smallest cell] or null…]}
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/access.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"

enum { ARENA_SIZE = 16 << 20, LANES_MAX = 1024 };

struct driver {
  struct conf_faults faults;
  struct conf_agencies *agencies;
  struct access_rules *rules;
  struct nav_arena *arena;
  struct access_decision decisions[LANES_MAX];
};

_Noreturn static void stop(const char *what) {
  (void)fprintf(stderr, "decide_driver: %s\n", what);
  exit(2);
}

static void unload(struct driver *driver) {
  access_rules_free(driver->rules);
  conf_agencies_free(driver->agencies);
  conf_faults_free(&driver->faults);
  driver->rules = NULL;
  driver->agencies = NULL;
  memset(&driver->faults, 0, sizeof driver->faults);
}

static json_t *load(struct driver *driver, const char *folder) {
  unload(driver);
  driver->agencies = conf_agencies_load(folder, &driver->faults);
  if (driver->agencies != NULL) driver->rules = access_rules_load(folder, driver->agencies, &driver->faults);
  json_t *list = json_array();
  if (driver->rules == NULL) {
    for (size_t i = 0; i < driver->faults.count; i++) {
      const struct conf_fault *fault = &driver->faults.items[i];
      (void)json_array_append_new(list, json_pack("[sis]", fault->file, fault->line, fault->what));
    }
    return json_pack("{so}", "faults", list);
  }
  if (access_lane_count(driver->rules) > LANES_MAX) stop("too many lanes");
  for (size_t i = 0; i < access_lane_count(driver->rules); i++) {
    const struct access_lane *lane = access_lane(driver->rules, i);
    (void)json_array_append_new(list, json_pack("[ss]", lane->agency, lane->purpose));
  }
  return json_pack("{so}", "lanes", list);
}

// ---- what the question knows of consent and requests ----

struct known {
  const Nav__V1__Event *event;
  const json_t *consent;
  const json_t *request;
};

static int by_recipient(const json_t *answers, const char *recipient) {
  const json_t *answer = json_object_get(answers, recipient);
  if (answer == NULL) answer = json_object_get(answers, "*");
  return answer != NULL ? (int)json_integer_value(answer) : -1;
}

static int told_consent(void *context, const Nav__V1__Subject *subject, const char *recipient,
                        const char *purpose, const char *message) {
  (void)purpose;
  (void)message;
  const struct known *known = context;
  for (size_t i = 0; i < known->event->n_subjects; i++) {
    if (known->event->subjects[i] == subject)
      return by_recipient(json_array_get(known->consent, i), recipient);
  }
  stop("asked about a subject that is not of the event");
}

static int told_request(void *context, const Nav__V1__Event *event, const char *recipient) {
  const struct known *known = context;
  if (event != known->event) stop("asked about another event");
  return by_recipient(known->request, recipient);
}

// ---- answers ----

static json_t *rule_name(const struct driver *driver, uint16_t rule) {
  return rule == ACCESS_NO_RULE ? json_null() : json_string(access_rule(driver->rules, rule)->id);
}

static bool same_decision(const struct access_decision *a, const struct access_decision *b) {
  return a->outcome == b->outcome && a->is_volatile == b->is_volatile &&
         a->narrative_edited == b->narrative_edited && a->urgent == b->urgent && a->rule == b->rule &&
         a->hold_rule == b->hold_rule && a->limit == b->limit && a->reveal == b->reveal &&
         a->hold_reveal == b->hold_reveal && a->subjects == b->subjects &&
         a->hold_subjects == b->hold_subjects;
}

static void add_copy(const struct driver *driver, const struct access_question *question, size_t lane,
                     json_t *answer) {
  static const uint8_t key[32] = {1};
  const struct access_decision *decision = &driver->decisions[lane];
  struct access_redaction redaction = {
      .reveal = decision->reveal,
      .subjects = decision->subjects,
      .narrative_edited = decision->narrative_edited,
      .recipient = access_lane(driver->rules, lane)->agency,
      .purpose = access_lane(driver->rules, lane)->purpose,
      .pseudonym_key = key,
      .areas = access_rules_areas(driver->rules),
      .now_ms = question->now_ms,
  };
  struct access_paths withheld = {0};
  const Nav__V1__Event *copy = access_redact(&redaction, question->event, driver->arena, &withheld);
  if (copy == NULL) stop("no memory for a copy");
  json_t *paths = json_array();
  for (size_t i = 0; i < withheld.count; i++)
    (void)json_array_append_new(paths, json_string(withheld.items[i]));
  (void)json_object_set_new(answer, "withheld", paths);
  (void)json_object_set_new(answer, "copy", wire_cloudevent_from_event(copy));
  (void)json_object_set_new(answer, "personal",
                            json_boolean(access_redaction_is_personal(&redaction, question->event)));
}

static json_t *lane_answer(const struct driver *driver, const struct access_question *question, size_t lane) {
  static const char *const outcomes[] = {"unspecified", "withhold", "hold", "release"};
  const struct access_decision *decision = &driver->decisions[lane];
  const struct access_decision single = access_decide_lane(driver->rules, question, lane);
  if (!same_decision(decision, &single)) return json_pack("{sb}", "lane_differs", 1);
  const char *basis =
      decision->rule != ACCESS_NO_RULE ? access_rule(driver->rules, decision->rule)->basis : NULL;
  json_t *answer =
      json_pack("{ss so so so si si sI sI sb sb sb ss?}", "outcome", outcomes[decision->outcome & 3], "rule",
                rule_name(driver, decision->rule), "hold_rule", rule_name(driver, decision->hold_rule),
                "limit", rule_name(driver, decision->limit), "reveal", (int)decision->reveal, "hold_reveal",
                (int)decision->hold_reveal, "subjects", (json_int_t)decision->subjects, "hold_subjects",
                (json_int_t)decision->hold_subjects, "urgent", decision->urgent, "edited",
                decision->narrative_edited, "volatile", decision->is_volatile, "basis", basis);
  if (decision->outcome != NAV__V1__OUTCOME__OUTCOME_WITHHOLD) add_copy(driver, question, lane, answer);
  return answer;
}

static json_t *decide(struct driver *driver, const json_t *line) {
  struct nav_error err = {0};
  nav_arena_reset(driver->arena);
  const Nav__V1__Event *event = wire_cloudevent_to_event(json_object_get(line, "event"), driver->arena, &err);
  if (event == NULL) {
    (void)fprintf(stderr, "decide_driver: %s: %s\n", err.place, err.text);
    stop("not an event");
  }
  struct known known = {event, json_object_get(line, "consent"), json_object_get(line, "request")};
  struct access_question question = {
      .event = event,
      .now_ms = json_integer_value(json_object_get(line, "now")),
      .consent = known.consent != NULL ? told_consent : NULL,
      .consent_context = &known,
      .request = known.request != NULL ? told_request : NULL,
      .request_context = &known,
      .only_recipient = json_string_value(json_object_get(line, "only")),
      .could_be = json_is_true(json_object_get(line, "could_be")),
  };
  access_decide(driver->rules, &question, driver->decisions);
  json_t *list = json_array();
  for (size_t i = 0; i < access_lane_count(driver->rules); i++)
    (void)json_array_append_new(list, lane_answer(driver, &question, i));
  return json_pack("{so}", "lanes", list);
}

static json_t *counts(const struct driver *driver, const json_t *line) {
  const json_t *what = json_object_get(line, "counts");
  const char *source = json_string_value(json_array_get(what, 0));
  const char *message = json_string_value(json_array_get(what, 1));
  if (source == NULL || message == NULL) stop("counts of what?");
  int64_t now_ms = json_integer_value(json_object_get(line, "now"));
  json_t *list = json_array();
  for (size_t i = 0; i < access_lane_count(driver->rules); i++) {
    struct access_aggregate found = {0};
    bool allowed =
        access_aggregate_allowed(driver->rules, source, wire_body_number(message), i, now_ms, &found);
    (void)json_array_append_new(
        list, allowed ? json_pack("[oI]", rule_name(driver, found.rule), (json_int_t)found.smallest_cell)
                      : json_null());
  }
  return json_pack("{so}", "lanes", list);
}

static json_t *answer(struct driver *driver, const json_t *line) {
  const char *folder = json_string_value(json_object_get(line, "load"));
  if (folder != NULL) return load(driver, folder);
  if (driver->rules == NULL) stop("no rules are loaded");
  return json_object_get(line, "event") != NULL ? decide(driver, line) : counts(driver, line);
}

int main(void) {
  static struct driver driver;
  driver.arena = nav_arena_new(ARENA_SIZE);
  if (driver.arena == NULL) stop("no memory");
  char *text = NULL;
  size_t size = 0;
  ssize_t length = 0;
  while ((length = getline(&text, &size, stdin)) > 0) {
    struct nav_error err = {0};
    json_t *line = wire_json_parse(text, (size_t)length, &err);
    if (line == NULL) stop(err.text);
    json_t *out = answer(&driver, line);
    if (out == NULL || json_dumpf(out, stdout, JSON_COMPACT) != 0) stop("cannot answer");
    (void)putchar('\n');
    (void)fflush(stdout);
    json_decref(out);
    json_decref(line);
  }
  free(text);
  unload(&driver);
  nav_arena_free(driver.arena);
  return 0;
}
