// See assess.h. The preview is made by the same redaction as a delivery; a person who is not identified in it
// gets a pseudonym then, which nav-core alone can make.
#include "hub/desk/assess.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/access/explain.h"
#include "hub/access/law.h"
#include "hub/base/id.h"
#include "hub/desk/reader_private.h"
#include "hub/wire/json.h"
#include "nav/v1/session.pb-c.h"

enum {
  REASON_MAX = 500,
  PERMITTED = NAV__V1__CODE__CODE_NOT_PERMITTED,
  NOT_FOUND = NAV__V1__CODE__CODE_NOT_FOUND
};

struct assessing {
  const struct desk_request *request;
  struct desk_reader *reader;
  struct desk_event *event;
  const struct desk_lane *lane;
  struct access_rules *rules;
  size_t rules_lane;
  enum access_language language;
  uint16_t reveal;  // as asked for; UINT16_MAX: all that may
  uint64_t subjects;
};

static bool load_rules(struct assessing *a, struct nav_error *err) {
  NAV_ASSERT(a->lane != NULL);  // find_case has found it
  struct conf_faults faults = {0};
  struct desk_state state;
  if (!desk_reader_state(a->reader, &state, err)) return false;
  a->rules = access_rules_load(a->request->nav->config_folder, a->request->agencies, &faults);
  conf_faults_free(&faults);
  if (a->rules == NULL || memcmp(access_rules_hash(a->rules), state.rules_hash, sizeof state.rules_hash) != 0)
    return nav_fail(
        err, NAV_ERROR_LOCAL, 0, a->request->nav->config_folder,
        "the rules here are not those in force: take them into use (navctl access load), or put the old "
        "files back");
  for (size_t i = 0; i < access_lane_count(a->rules); i++) {
    const struct access_lane *lane = access_lane(a->rules, i);
    if (strcmp(lane->agency, a->lane->agency) != 0 || strcmp(lane->purpose, a->lane->purpose) != 0) continue;
    a->rules_lane = i;
    return true;
  }
  return nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "lane",
                  "%s no longer takes part in %s: it can only be refused", a->lane->agency, a->lane->purpose);
}

static bool is_assessor(const struct desk_request *request, const char *agency) {
  const struct conf_agency *own = conf_agency_find(request->agencies, agency);
  if (own == NULL || strcmp(request->person->agency, agency) != 0) return false;
  for (size_t i = 0; i < own->assessors_count; i++)
    if (strcmp(own->assessors[i], request->person->id) == 0) return true;
  return false;
}

// A Request is the asked agency's to assess, everything else its sender's.
static const char *who_decides(const struct assessing *a) {
  return a->event->type == NAV__V1__EVENT__BODY_REQUEST ? a->lane->agency : a->event->agency;
}

static bool find_case(struct assessing *a, struct nav_error *err) {
  const json_t *seq = json_object_get(a->request->json, "seq");
  const json_t *lane = json_object_get(a->request->json, "lane");
  struct desk_events events;
  if (!json_is_integer(seq) || json_integer_value(seq) < 1 || !json_is_integer(lane))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "hold", "name a hold: SEQ-LANE");
  if (!desk_reader_event(a->reader, (uint64_t)json_integer_value(seq), &events, err)) return false;
  a->lane = definitions_lane(&a->reader->definitions, json_integer_value(lane));
  if (events.count == 0 || a->lane == NULL)
    return nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "hold", "no such event or lane; see navctl hold list");
  a->event = &events.items[0];
  if (is_assessor(a->request, who_decides(a))) return true;
  return nav_fail(err, NAV_ERROR_PEER, PERMITTED, "",
                  "%s is no assessor of %s: agencies.yaml names them (assessors)", a->request->person->id,
                  who_decides(a));
}

static bool open_event(const struct assessing *a, struct desk_event *event, struct nav_error *err) {
  NAV_ASSERT(a->event != NULL && a->lane != NULL);
  bool ok = true;
  const char *reason = desk_text(a->request, "reason", REASON_MAX, &ok, err);
  struct desk_event *chosen[] = {event};
  if (!ok) return false;
  char standard[96];
  (void)snprintf(standard, sizeof standard, "bedömning av händelse %" PRIu64, a->event->seq);
  const struct desk_reading reading = {
      .purpose = a->lane->purpose, .meeting = "", .reason = reason != NULL ? reason : standard};
  return desk_reader_open(a->reader, &reading, chosen, 1, err);
}

// Who asks and why: the Request that the event answers, or is.
static json_t *asked(const struct assessing *a, struct nav_error *err, bool *ok) {
  const Nav__V1__Event *event = a->event->event;
  char id[2 * NAV_EVENT_ID_SIZE + 1];
  if (event->body_case != NAV__V1__EVENT__BODY_REQUEST) {
    struct desk_events events;
    if (!event->has_in_reply_to || event->in_reply_to.len != NAV_EVENT_ID_SIZE) return json_null();
    *ok = desk_reader_event_by_id(a->reader, event->in_reply_to.data, &events, err);
    bool request = *ok && events.count == 1 && events.items[0].type == NAV__V1__EVENT__BODY_REQUEST;
    if (request) *ok = open_event(a, &events.items[0], err);
    event = request && *ok ? events.items[0].event : NULL;
    if (event == NULL || event->request == NULL) return json_null();
  }
  const Nav__V1__Request *request = event->request;
  json_t *messages = json_array();
  for (size_t i = 0; i < request->n_messages; i++)
    (void)json_array_append_new(messages, json_string(request->messages[i]));
  return json_pack("{s:s?, s:s?, s:s?, s:s?, s:o, s:s}", "by", request->asked_by, "agency", event->source,
                   "basis", request->basis, "need", request->need, "messages", messages, "event_id",
                   nav_hex(id, event->id.data, event->id.len == NAV_EVENT_ID_SIZE ? NAV_EVENT_ID_SIZE : 0));
}

static void read_choice(struct assessing *a) {
  const json_t *reveal = json_object_get(a->request->json, "reveal");
  const json_t *subjects = json_object_get(a->request->json, "subjects");
  a->reveal = json_is_array(reveal) ? 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN : UINT16_MAX;
  for (size_t i = 0; i < json_array_size(reveal); i++)
    a->reveal |= access_class_bit(json_string_value(json_array_get(reveal, i)));
  a->subjects = json_is_array(subjects) ? 0 : UINT64_MAX;
  for (size_t i = 0; i < json_array_size(subjects); i++) {
    json_int_t index = json_integer_value(json_array_get(subjects, i));
    if (index >= 0 && index < ACCESS_SUBJECTS_MAX) a->subjects |= UINT64_C(1) << index;
  }
}

// As nav-core says it of a release: numbers that are misread would show nobody, and nobody would notice.
static bool names_nobody(const struct assessing *a, uint64_t held, uint64_t whom) {
  return held != 0 && a->subjects != UINT64_MAX && a->subjects != 0 && (whom & a->subjects) == 0;
}

// Exactly what would leave: what the verdict held, what the rules hold or release now, what the assessor
// chooses. NULL: *err.
static json_t *preview(const struct assessing *a, json_t *withheld, struct nav_error *err) {
  const struct access_question question = {
      .event = a->event->event, .now_ms = a->request->now_ms, .could_be = true};
  struct access_decision now = access_decide_lane(a->rules, &question, a->rules_lane);
  const Nav__V1__LaneVerdict *stored = desk_event_lane(a->event, a->lane->number);
  bool whole = stored != NULL && stored->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  bool held = whole || (stored != NULL && stored->hold_rule != NULL);
  if (!held || now.outcome == NAV__V1__OUTCOME__OUTCOME_WITHHOLD) return json_null();
  uint64_t stored_whom = whole ? stored->subjects : stored->hold_subjects;
  uint64_t whom = stored_whom & (now.subjects | now.hold_subjects);
  if (names_nobody(a, stored_whom, whom)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "subjects",
                   "none of the persons named is one that the rule is about");
    return NULL;
  }
  struct access_redaction redaction = {
      .reveal = (uint16_t)((whole ? stored->reveal : stored->hold_reveal) &
                           (uint32_t)(now.reveal | now.hold_reveal) & a->reveal),
      .subjects = whom & a->subjects,
      .narrative_edited = now.narrative_edited,
      .recipient = a->lane->agency,
      .purpose = a->lane->purpose,
      .areas = access_rules_areas(a->rules),
      .now_ms = a->request->now_ms};
  struct access_paths paths = {NULL, 0};
  const Nav__V1__Event *copy = access_redact(&redaction, a->event->event, a->request->arena, &paths);
  for (size_t i = 0; i < paths.count; i++) (void)json_array_append_new(withheld, json_string(paths.items[i]));
  json_t *shown = copy == NULL ? json_null() : wire_cloudevent_from_event(copy);
  if (shown == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return shown;
}

// Of what is sealed the edge says which rule holds it; of the rest the stored verdict says on which basis.
static const char *basis_of(const struct assessing *a, const Nav__V1__LaneVerdict *stored) {
  const Nav__V1__Event *event = a->event->event;
  const Nav__V1__Sealed *sealed = event->body_case == NAV__V1__EVENT__BODY_SEALED ? event->sealed : NULL;
  for (size_t i = 0;
       sealed != NULL && i < sealed->n_recipients && i < sealed->n_purposes && i < sealed->n_rules; i++) {
    if (strcmp(sealed->recipients[i], a->lane->agency) != 0 ||
        strcmp(sealed->purposes[i], a->lane->purpose) != 0)
      continue;
    const struct access_rule_info *rule = access_rule_named(a->rules, sealed->rules[i]);
    return rule == NULL ? NULL : rule->basis;
  }
  return stored == NULL ? NULL : stored->hold_basis != NULL ? stored->hold_basis : stored->basis;
}

static json_t *conditions(const struct assessing *a) {
  const Nav__V1__LaneVerdict *stored = desk_event_lane(a->event, a->lane->number);
  const char *id = basis_of(a, stored);
  const struct law_condition *conditions[ACCESS_CONDITIONS_MAX];
  size_t count = access_conditions(a->rules, id, stored == NULL ? NULL : stored->limit_rule, conditions);
  json_t *list = json_array();
  for (size_t i = 0; i < count; i++) {
    const char *text = a->language == ACCESS_ENGLISH ? conditions[i]->english : conditions[i]->text;
    (void)json_array_append_new(list, json_pack("{s:s, s:s}", "id", conditions[i]->id, "text", text));
  }
  return list;
}

static json_t *sealed_hex(const struct assessing *a) {
  const Nav__V1__Event *event = a->event->event;
  if (event->body_case != NAV__V1__EVENT__BODY_SEALED || event->sealed->content.len == 0) return json_null();
  char *hex = nav_arena_alloc(a->request->arena, 2 * event->sealed->content.len + 1);
  return hex == NULL ? json_null()
                     : json_string(nav_hex(hex, event->sealed->content.data, event->sealed->content.len));
}

static json_t *describe(struct assessing *a, struct nav_error *err) {
  const struct conf_agency *recipient = conf_agency_find(a->request->agencies, a->lane->agency);
  bool ok = true;
  json_t *request = asked(a, err, &ok);
  if (!ok) {
    json_decref(request);
    return NULL;
  }
  const struct access_question question = {.event = a->event->event, .now_ms = a->request->now_ms};
  json_t *withheld = json_array();
  json_t *copy = preview(a, withheld, err);
  if (copy == NULL) {
    json_decref(request);
    json_decref(withheld);
    return NULL;
  }
  return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:s}}", "ok", 1, "event",
                   wire_cloudevent_from_event(a->event->event), "preview", copy, "withheld", withheld,
                   "explain", access_explain(a->rules, &question, a->rules_lane, a->language), "conditions",
                   conditions(a), "asked", request, "sealed", sealed_hex(a), "recipient", "agency",
                   a->lane->agency, "title", recipient == NULL ? a->lane->agency : recipient->title,
                   "purpose", a->lane->purpose);
}

json_t *assess_show(const struct desk_request *request, struct nav_error *err) {
  struct assessing a = {.request = request, .reader = desk_reader_new(request, err)};
  const char *language = json_string_value(json_object_get(request->json, "lang"));
  json_t *answer = NULL;
  a.language = language != NULL && strcmp(language, "en") == 0 ? ACCESS_ENGLISH : ACCESS_SWEDISH;
  read_choice(&a);
  if (a.reader != NULL && find_case(&a, err) && load_rules(&a, err) && open_event(&a, a.event, err)) {
    if (a.event->event == NULL) {
      (void)nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "hold",
                     "its content is no longer kept: it can only be refused");
    } else {
      answer = describe(&a, err);
    }
  }
  access_rules_free(a.rules);
  return answer;
}
