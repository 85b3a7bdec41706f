// See assess.h. The preview is made by the same redaction as a delivery; a person who is not identified in it
// gets a pseudonym then, which nav-core alone can make.
#include "hub/desk/assess.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/access/explain.h"
#include "hub/base/id.h"
#include "hub/desk/core_link.h"
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
  struct core_link_owner owner;
  struct access_rules *rules;
  size_t rules_lane;
  enum access_language language;
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

// nav-core says whose it is: nothing of it is read before.
static bool find_case(struct assessing *a, struct nav_error *err) {
  const json_t *seq = json_object_get(a->request->json, "seq");
  const json_t *lane = json_object_get(a->request->json, "lane");
  struct desk_events events;
  if (!json_is_integer(seq) || json_integer_value(seq) < 1 || !json_is_integer(lane))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "hold", "name a hold: SEQ-LANE");
  if (!core_link_owner(a->request->nav, (uint64_t)json_integer_value(seq), json_integer_value(lane),
                       a->request->person->id, &a->owner, err))
    return false;
  if (!is_assessor(a->request, a->owner.agency))
    return nav_fail(err, NAV_ERROR_PEER, PERMITTED, "",
                    "%s is no assessor of %s: agencies.yaml names them (assessors)", a->request->person->id,
                    a->owner.agency);
  if (!desk_reader_event(a->reader, (uint64_t)json_integer_value(seq), &events, err)) return false;
  a->lane = definitions_lane(&a->reader->definitions, json_integer_value(lane));
  if (events.count == 0 || a->lane == NULL)
    return nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "hold", "no such event or lane; see navctl hold list");
  a->event = &events.items[0];
  return true;
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

// The event as the verdict of nav-core's would leave it; the paths left out go to withheld. NULL: *err.
static json_t *redacted(const struct assessing *a, const struct core_link_preview *leaves, json_t *withheld,
                        struct nav_error *err) {
  const struct access_redaction redaction = {.reveal = leaves->reveal,
                                             .subjects = leaves->subjects,
                                             .narrative_edited = leaves->narrative_edited,
                                             .recipient = a->lane->agency,
                                             .purpose = a->lane->purpose,
                                             .areas = access_rules_areas(a->rules),
                                             .now_ms = a->request->now_ms};
  struct access_paths paths = {NULL, 0};
  const Nav__V1__Event *copy = access_redact(&redaction, a->event->event, a->request->arena, &paths);
  for (size_t i = 0; i < paths.count; i++) (void)json_array_append_new(withheld, json_string(paths.items[i]));
  json_t *shown = copy == NULL ? NULL : wire_cloudevent_from_event(copy);
  if (shown == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return shown;
}

// Exactly what would leave at this moment, and why: nav-core decides it as it decides a release, by registers
// that nobody else has. *copy: null where nothing would. Of what is sealed, or is a request, only the agency
// can say it, and it is explained without the registers. False: *err.
static bool preview(const struct assessing *a, json_t **copy, json_t **explain, json_t *withheld,
                    struct nav_error *err) {
  if (!a->owner.is_event) {
    const struct access_question question = {.event = a->event->event, .now_ms = a->request->now_ms};
    *explain = access_explain(a->rules, &question, a->rules_lane, a->language);
    *copy = json_null();
    return true;
  }
  const struct core_link_case asked = {.seq = a->event->seq,
                                       .lane = a->lane->number,
                                       .event = a->event->event,
                                       .reveal = json_object_get(a->request->json, "reveal"),
                                       .subjects = json_object_get(a->request->json, "subjects"),
                                       .english = a->language == ACCESS_ENGLISH};
  struct core_link_preview leaves;
  if (!core_link_preview(a->request->nav, &asked, &leaves, err)) return false;
  *explain = leaves.explain;
  *copy = leaves.leaves ? redacted(a, &leaves, withheld, err) : json_null();
  if (*copy == NULL) json_decref(*explain);
  return *copy != NULL;
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
  return access_conditions_json(a->rules, id, stored == NULL ? NULL : stored->limit_rule, a->language);
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
  json_t *copy, *explain, *withheld = json_array();
  if (!preview(a, &copy, &explain, withheld, err)) {
    json_decref(request);
    json_decref(withheld);
    return NULL;
  }
  json_t *answer =
      json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:s, s:s}}", "ok", 1, "event",
                wire_cloudevent_from_event(a->event->event), "preview", copy, "withheld", withheld, "explain",
                explain, "conditions", conditions(a), "asked", request, "sealed", sealed_hex(a), "recipient",
                "agency", a->lane->agency, "title", recipient == NULL ? a->lane->agency : recipient->title,
                "purpose", a->lane->purpose);
  if (answer == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return answer;
}

json_t *assess_show(const struct desk_request *request, struct nav_error *err) {
  struct assessing a = {.request = request, .reader = desk_reader_new(request, err)};
  json_t *answer = NULL;
  a.language = desk_english(request) ? ACCESS_ENGLISH : ACCESS_SWEDISH;
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
