// See hold_commands.h.
#include "hub/core/hold_commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/access/classes.h"
#include "hub/access/law.h"
#include "hub/core/hold_decide.h"
#include "hub/core/holds.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"

enum { REASON_MAX = 2000, LIST_MAX = 5000 };

static const char *kind_name(enum hold_kind kind) {
  return kind == HOLD_REQUEST ? "request" : kind == HOLD_SEALED ? "sealed" : "event";
}

// What happens where nobody answers before the deadline.
static const char *next_step(const struct hold *hold) {
  if (!hold->must_answer && !hold->urgent && hold->level >= 1) return "lapses";
  return hold->level == 0 ? "deputies" : "on-call";
}

static json_t *hold_json(const struct core *core, const struct hold *hold) {
  char id[48];
  char to[256];
  char event_id[33];
  const struct number_lane *lane = &core->numbers->lanes[hold->lane];
  (void)snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu32, hold->event_seq, hold->lane);
  for (size_t i = 0; i < 16; i++) (void)snprintf(event_id + 2 * i, 3, "%02x", hold->event_id[i]);
  return json_pack(
      "{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:b, s:b, s:I, s:I, s:I, s:s, s:s}",
      "hold", id, "kind", kind_name(hold->kind), "seq", (json_int_t)hold->event_seq, "event_id", event_id,
      "agency", core->numbers->agencies[hold->agency], "to", lane->agency, "purpose", lane->purpose, "type",
      wire_body_name(hold->type) == NULL ? "" : wire_body_name(hold->type), "rule",
      hold->rule == NULL ? "" : hold->rule, "basis", hold->basis == NULL ? "" : hold->basis, "limit",
      hold->limit, "reveal", access_class_list(hold->reveal), "persons", access_person_list(hold->subjects),
      "urgent", hold->urgent ? 1 : 0, "must_answer", hold->must_answer ? 1 : 0, "opened_ms",
      (json_int_t)hold->opened_ms, "deadline_ms", (json_int_t)hold->deadline_ms, "level",
      (json_int_t)hold->level, "assessor", hold_assessor(core, hold, to), "then", next_step(hold));
}

bool hold_seen_by(const struct conf_person *person, const char *agency) {
  if (person == NULL) return false;
  if ((person->roles & (CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR)) != 0) return true;
  return (person->roles & CONF_ROLE_ASSESSOR) != 0 && strcmp(agency, person->agency) == 0;
}

static bool may_see(const struct control_request *request, const struct hold *hold) {
  return hold_seen_by(request->person, request->core->numbers->agencies[hold->agency]);
}

// Urgent ones first, then by deadline.
static int by_turn(const void *a, const void *b) {
  const struct hold *x = *(const struct hold *const *)a;
  const struct hold *y = *(const struct hold *const *)b;
  if (x->urgent != y->urgent) return x->urgent ? -1 : 1;
  if (x->deadline_ms != y->deadline_ms) return x->deadline_ms < y->deadline_ms ? -1 : 1;
  return (x->event_seq > y->event_seq) - (x->event_seq < y->event_seq);
}

json_t *hold_command_list(struct control_request *request, struct nav_error *err) {
  const struct core *core = request->core;
  const struct hold **list = calloc(holds_count(core->holds) + 1, sizeof *list);
  if (list == NULL) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  size_t count = 0;
  for (size_t i = 0; i < holds_slots(core->holds); i++) {
    const struct hold *hold = holds_at(core->holds, i);
    if (hold != NULL && hold->event_seq <= core->committed_seq && may_see(request, hold))
      list[count++] = hold;
  }
  qsort(list, count, sizeof *list, by_turn);
  json_t *items = json_array();
  for (size_t i = 0; i < count && i < LIST_MAX; i++)
    (void)json_array_append_new(items, hold_json(core, list[i]));
  free(list);
  return json_pack("{s:b, s:I, s:o}", "ok", 1, "count", (json_int_t)count, "holds", items);
}

// The same words to who may not know of it.
static void *none_waits(struct nav_error *err) {
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "hold",
                 "nothing of your agency waits under that number; see navctl hold list");
  return NULL;
}

// "4021-3", or "4021" where one lane alone waits.
static struct hold *find(const struct control_request *request, struct nav_error *err) {
  const struct core *core = request->core;
  const char *text = json_string_value(json_object_get(request->json, "hold"));
  char *end = NULL;
  uint64_t seq = text == NULL ? 0 : strtoull(text, &end, 10);
  bool whole = end != NULL && *end == '\0';
  uint32_t lane = !whole && end != NULL && *end == '-' ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
  struct hold *found = NULL;
  size_t waiting = 0;
  for (size_t i = 0; seq > 0 && i < holds_slots(core->holds); i++) {
    struct hold *hold = holds_at(core->holds, i);
    bool same = hold != NULL && hold->event_seq == seq && (whole || hold->lane == lane) &&
                seq <= core->committed_seq && may_see(request, hold);
    if (!same) continue;
    found = hold;
    waiting++;
  }
  if (waiting == 1) return found;
  if (waiting > 1) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "hold",
                   "%zu recipients wait for this event: name one, as navctl hold list shows it (SEQ-LANE)",
                   waiting);
  } else {
    (void)none_waits(err);
  }
  return NULL;
}

json_t *hold_command_get(struct control_request *request, struct nav_error *err) {
  const struct hold *hold = find(request, err);
  return hold == NULL ? NULL : json_pack("{s:b, s:o}", "ok", 1, "hold", hold_json(request->core, hold));
}

// ---- deciding ----

// A named assessor of the agency that decides, and nobody else.
static bool is_assessor(const struct control_request *request, const struct hold *hold,
                        struct nav_error *err) {
  const struct core *core = request->core;
  const struct conf_agency *agency = conf_agency_find(core->agencies, core->numbers->agencies[hold->agency]);
  bool named = false;
  for (size_t i = 0; agency != NULL && i < agency->assessors_count; i++)
    named |= strcmp(agency->assessors[i], request->person->id) == 0;
  if (named && agency != NULL && strcmp(request->person->agency, agency->id) == 0) return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "",
                  "%s is no assessor of %s: agencies.yaml names them (assessors)", request->person->id,
                  core->numbers->agencies[hold->agency]);
}

static bool read_reveal(const json_t *request, uint16_t *reveal, struct nav_error *err) {
  const json_t *list = json_object_get(request, "reveal");
  *reveal = UINT16_MAX;
  if (!json_is_array(list)) return true;
  *reveal = 1U << NAV__V1__SENSITIVITY__SENSITIVITY_OPEN;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *name = json_string_value(json_array_get(list, i));
    uint16_t class = access_class_bit(name);
    if (class == 0)
      return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "reveal",
                      "'%s' is no class of fields", name == NULL ? "" : name);
    *reveal |= class;
  }
  return true;
}

static bool read_subjects(const json_t *request, uint64_t *subjects, struct nav_error *err) {
  const json_t *list = json_object_get(request, "subjects");
  *subjects = UINT64_MAX;
  if (!json_is_array(list)) return true;
  *subjects = 0;
  for (size_t i = 0; i < json_array_size(list); i++) {
    json_int_t index = json_integer_value(json_array_get(list, i));
    if (!json_is_integer(json_array_get(list, i)) || index < 0 || index >= ACCESS_SUBJECTS_MAX)
      return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "subjects",
                      "persons are named by their place in the event, from 0");
    *subjects |= UINT64_C(1) << index;
  }
  return true;
}

static bool has_condition(const json_t *list, const char *id) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_array_get(list, i));
    if (text != NULL && strcmp(text, id) == 0) return true;
  }
  return false;
}

// Every condition has been found to hold, and no other is named.
static bool check_conditions(const struct control_request *request, const struct hold *hold,
                             struct nav_error *err) {
  const json_t *list = json_object_get(request->json, "conditions");
  const struct law_condition *conditions[ACCESS_CONDITIONS_MAX];
  size_t count = access_conditions(request->core->rules, hold->basis, hold->limit, conditions);
  for (size_t i = 0; i < count; i++) {
    if (has_condition(list, conditions[i]->id)) continue;
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, "conditions",
                    "'%s' must be found to hold before it is released: %s", conditions[i]->id,
                    conditions[i]->text);
  }
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *id = json_string_value(json_array_get(list, i));
    bool known = false;
    for (size_t k = 0; id != NULL && k < count; k++) known |= strcmp(conditions[k]->id, id) == 0;
    if (!known)
      return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "conditions",
                      "'%s' is no condition of basis '%s'", id == NULL ? "" : id,
                      hold->basis == NULL ? "" : hold->basis);
  }
  return true;
}

static bool check_kind(const struct hold *hold, bool release, struct nav_error *err) {
  if (hold->deciding)
    return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                    "somebody is deciding it at this moment");
  if (!release || hold->kind == HOLD_EVENT) return true;
  if (hold->kind == HOLD_REQUEST)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "release",
                    "a request is answered by an event that names it in in_reply_to, or refused");
  return nav_fail(
      err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "release",
      "the hub cannot read it: release it with the agency's own keys (navctl hold release --as AGENCY)");
}

json_t *hold_command_decide(struct control_request *request, struct nav_error *err) {
  struct hold *hold = find(request, err);
  if (hold == NULL || !is_assessor(request, hold, err)) return NULL;
  const json_t *release = json_object_get(request->json, "release");
  const char *reason = json_string_value(json_object_get(request->json, "reason"));
  struct hold_decision decision = {
      .connection = request->connection, .hold = hold, .release = json_is_true(release)};
  if (!json_is_boolean(release)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, "release", "true or false");
    return NULL;
  }
  if (reason == NULL || reason[0] == '\0' || strlen(reason) > REASON_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, "reason",
                   "an assessment needs its reason, at most %d bytes", REASON_MAX);
    return NULL;
  }
  bool ok = check_kind(hold, decision.release, err) && read_reveal(request->json, &decision.reveal, err) &&
            read_subjects(request->json, &decision.subjects, err) &&
            (!decision.release || check_conditions(request, hold, err));
  if (ok) (void)hold_decide(request, &decision, reason, err);
  return NULL;
}

// ---- what nav-desk asks ----

static struct hold *waiting_at(const struct core *core, const json_t *request, struct nav_error *err) {
  json_int_t seq = json_integer_value(json_object_get(request, "seq"));
  json_int_t lane = json_integer_value(json_object_get(request, "lane"));
  struct hold *hold = seq < 1 || lane < 0 || lane > UINT32_MAX
                          ? NULL
                          : holds_find(core->holds, (uint64_t)seq, (uint32_t)lane);
  if (hold != NULL && hold->event_seq <= core->committed_seq) return hold;
  return none_waits(err);
}

// NULL: nobody.
static const struct conf_person *person_of(const struct conf_agencies *agencies, const char *id) {
  for (size_t i = 0; id != NULL && i < agencies->persons_count; i++)
    if (strcmp(agencies->persons[i].id, id) == 0) return &agencies->persons[i];
  return NULL;
}

// To who may not know of it nothing waits.
json_t *hold_owner(const struct core *core, const json_t *request, struct nav_error *err) {
  const char *person = json_string_value(json_object_get(request, "person"));
  const struct hold *hold = waiting_at(core, request, err);
  if (hold == NULL) return NULL;
  const char *agency = core->numbers->agencies[hold->agency];
  if (hold_seen_by(person_of(core->agencies, person), agency))
    return json_pack("{s:b, s:s, s:s}", "ok", 1, "kind", kind_name(hold->kind), "agency", agency);
  return none_waits(err);
}

static json_t *preview_json(const struct hold_preview *preview) {
  const Nav__V1__LaneVerdict *lane = &preview->lane;
  return json_pack("{s:b, s:b, s:i, s:o, s:b, s:o}", "ok", 1, "leaves", preview->leaves ? 1 : 0, "reveal",
                   (int)lane->reveal, "subjects", json_sprintf("%" PRIx64, lane->subjects),
                   "narrative_edited", lane->narrative_edited ? 1 : 0, "explain", preview->explain);
}

json_t *hold_preview(const struct core *core, const json_t *request, struct nav_error *err) {
  const char *text = json_string_value(json_object_get(request, "event"));
  struct hold_decision decision = {.release = true, .hold = waiting_at(core, request, err)};
  struct hold_preview preview;
  size_t length = 0;
  if (decision.hold == NULL || !read_reveal(request, &decision.reveal, err) ||
      !read_subjects(request, &decision.subjects, err))
    return NULL;
  uint8_t *bytes = text == NULL ? NULL : wire_json_from_base64(text, &length);
  bool ok = bytes != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "event", "is no base64, or no memory");
  ok = ok && hold_decide_preview(
                 core, &decision, bytes, length,
                 json_is_true(json_object_get(request, "english")) ? ACCESS_ENGLISH : ACCESS_SWEDISH,
                 &preview, err);
  free(bytes);
  return ok ? preview_json(&preview) : NULL;
}
