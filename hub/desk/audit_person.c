// `audit person`: everything the ledger has about a person, event by event. The AuditRead comes first, and
// with it the person's token; see audit_person_rows.c for what is read, mandate.h for what of it is shown.
#include "hub/desk/audit_person.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_extract.h"
#include "hub/desk/mandate.h"
#include "hub/desk/reasons.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_MAX = 32, REASON_MAX = 500, LIMIT_DEFAULT = 100, DELIVERIES_MAX = 200000 };

// What is told of one event.
struct telling {
  const struct desk_request *request;
  const struct person_rows *rows;
  struct definitions definitions;
  struct audit_lines lines;
  const struct person_event *event;
  size_t first, end;  // its pairs
  json_t *told;
  uint64_t last_told;  // event; 0: none
  size_t events_told;
  bool extracts;  // the answer has it in words, too
  struct extract extract;
  bool *are_told;  // of the pairs
  // What was released, and the line that says so; filled once the acknowledgements are known.
  struct person_delivery *deliveries;
  struct {
    json_t *line;
    size_t first, end;
    uint64_t event_seq;
  } * released;
  size_t deliveries_count;
  bool too_many;
};

static bool refuse(struct nav_error *err, const char *key, const char *what) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, key, "%s", what);
}

static bool read_whole(const json_t *request, const char *key, int64_t least, int64_t most, int64_t *value,
                       struct nav_error *err) {
  const json_t *json = json_object_get(request, key);
  if (json == NULL || json_is_null(json)) return true;
  if (!json_is_integer(json) || json_integer_value(json) < least || json_integer_value(json) > most)
    return refuse(err, key, "must be a whole number within its limits");
  *value = json_integer_value(json);
  return true;
}

static bool read_request(const struct desk_request *request, struct person_rows *rows, const char **number,
                         struct nav_error *err) {
  bool ok = true;
  int64_t before = INT64_MAX;
  int64_t limit = LIMIT_DEFAULT;
  const char *reason = desk_text(request, "reason", REASON_MAX, &ok, err);
  *number = ok ? desk_text(request, "number", NUMBER_MAX, &ok, err) : NULL;
  if (!ok) return false;
  if (reason == NULL || reason[0] == '\0')
    return refuse(err, "reason", "is missing: say why you ask about a person");
  if (*number == NULL) return refuse(err, "number", "is missing");
  const json_t *until = json_object_get(request->json, "until_ms");
  rows->request = request;
  rows->has_until = until != NULL && !json_is_null(until);
  if (!read_whole(request->json, "before", 1, INT64_MAX, &before, err) ||
      !read_whole(request->json, "limit", 1, PERSON_EVENTS_MAX, &limit, err) ||
      !read_whole(request->json, "until_ms", INT64_MIN, INT64_MAX, &rows->until_ms, err)) {
    return false;
  }
  rows->before = (uint64_t)before;
  rows->limit = (size_t)limit;
  return true;
}

// What stands in the AuditRead behind the person's token.
static const char *query_text(const struct person_rows *rows, struct nav_arena *arena) {
  char until[NAV_RFC3339_SIZE];
  const char *text = nav_arena_printf(arena, "limit=%zu", rows->limit);
  if (text != NULL && rows->has_until)
    text = nav_arena_printf(arena, "until=%s %s", nav_clock_rfc3339(rows->until_ms, until), text);
  if (text != NULL && rows->before != INT64_MAX)
    text = nav_arena_printf(arena, "before=%" PRIu64 " %s", rows->before, text);
  return text;
}

// ---- lines ----

static void note_delivery(struct telling *t, json_t *line, uint32_t lane, uint64_t position) {
  t->too_many = t->deliveries_count == DELIVERIES_MAX;
  if (t->too_many) return;
  size_t at = t->deliveries_count++;
  t->deliveries[at] = (struct person_delivery){.lane = lane, .position = position};
  t->released[at].line = line;
  t->released[at].first = t->first;
  t->released[at].end = t->end;
  t->released[at].event_seq = t->event->seq;
}

// The line, or NULL where the mandate does not cover it.
static json_t *tell(struct telling *t, const struct audit_line *line) {
  if (!mandate_shows(t->request->person, line)) return NULL;
  json_t *json = audit_line_json(line);
  if (json == NULL) return NULL;
  (void)json_object_set_new(json, "event_seq", json_integer((json_int_t)t->event->seq));
  (void)json_object_set_new(json, "delivered", json_null());
  (void)json_object_set_new(json, "acknowledged_seq", json_null());
  (void)json_object_set_new(json, "acknowledged_at", json_null());
  (void)json_object_set_new(json, "erased", json_boolean(t->event->erased));
  (void)json_array_append_new(t->told, json);
  if (t->last_told != t->event->seq) t->events_told++;
  t->last_told = t->event->seq;
  return json;
}

static bool is_release(const Nav__V1__LaneVerdict *verdict) {
  return verdict != NULL && verdict->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
}

static void tell_accepted(struct telling *t) {
  const Nav__V1__Accepted *accepted = t->event->record->accepted;
  const Nav__V1__VerdictDefined *verdict = definitions_verdict(&t->definitions, accepted->verdict);
  char time[NAV_RFC3339_SIZE];
  audit_lines_of(t->event->record, &t->definitions, t->request->arena, &t->lines);
  for (size_t i = 0; i < t->lines.count; i++) {
    json_t *line = tell(t, &t->lines.items[i]);
    if (line == NULL) continue;
    (void)json_object_set_new(line, "event_time",
                              json_string(nav_clock_rfc3339(accepted->event_time_ms, time)));
    if (verdict != NULL && i < verdict->n_lanes && is_release(verdict->lanes[i]))
      note_delivery(t, line, verdict->lanes[i]->lane, t->event->seq);
  }
}

static void tell_pair(struct telling *t, const struct person_pair *pair) {
  audit_lines_of(pair->record, &t->definitions, t->request->arena, &t->lines);
  struct audit_line *line = &t->lines.items[0];
  if (line->event_id == NULL) audit_line_name_event(line, t->event->record);
  json_t *json = tell(t, line);
  t->are_told[pair - t->rows->pairs] = json != NULL;
  if (json != NULL && pair->record->record_case == NAV__V1__RECORD__RECORD_HOLD_RELEASED &&
      is_release(pair->record->hold_released->lane))
    note_delivery(t, json, pair->record->hold_released->lane->lane, pair->seq);
}

static void tell_events(struct telling *t) {
  size_t pair = 0;
  for (size_t i = 0; i < t->rows->events_count; i++) {
    t->event = &t->rows->events[i];
    t->first = t->end = pair;
    while (t->end < t->rows->pairs_count && t->rows->pairs[t->end].event_seq == t->event->seq) t->end++;
    tell_accepted(t);
    for (; pair < t->end; pair++) tell_pair(t, &t->rows->pairs[pair]);
    if (t->extracts && t->last_told == t->event->seq)
      extract_event(&t->extract, t->event, &t->rows->pairs[t->first], &t->are_told[t->first],
                    t->end - t->first);
  }
}

// ---- deliveries ----

static bool recall_kept_back(const Nav__V1__Recalled *recalled, uint64_t event_seq, uint32_t lane) {
  for (size_t i = 0; i < recalled->n_events; i++) {
    const Nav__V1__RecalledEvent *event = recalled->events[i];
    for (size_t j = 0; event->event_seq == event_seq && j < event->n_undelivered; j++) {
      if (event->undelivered[j] == lane) return true;
    }
  }
  return false;
}

// A lane's acknowledgement passes over what was taken back, or decided again, before it was sent.
static bool was_kept_back(const struct telling *t, size_t at) {
  const struct person_delivery *delivery = &t->deliveries[at];
  for (size_t i = t->released[at].first; i < t->released[at].end; i++) {
    const Nav__V1__Record *record = t->rows->pairs[i].record;
    if (record->record_case == NAV__V1__RECORD__RECORD_RECALLED &&
        recall_kept_back(record->recalled, t->released[at].event_seq, delivery->lane))
      return true;
    if (record->record_case == NAV__V1__RECORD__RECORD_REDECIDED && record->seq < delivery->seq &&
        record->redecided->position == delivery->position && record->redecided->lane != NULL &&
        record->redecided->lane->lane == delivery->lane && !is_release(record->redecided->lane))
      return true;
  }
  return false;
}

static bool tell_deliveries(struct telling *t, struct nav_error *err) {
  if (!person_find_acknowledged(t->request, t->deliveries, t->deliveries_count, err)) return false;
  for (size_t i = 0; i < t->deliveries_count; i++) {
    const struct person_delivery *delivery = &t->deliveries[i];
    char at[NAV_RFC3339_SIZE];
    bool delivered = delivery->seq != 0 && !was_kept_back(t, i);
    (void)json_object_set_new(t->released[i].line, "delivered", json_boolean(delivered));
    if (!delivered) continue;
    (void)json_object_set_new(t->released[i].line, "acknowledged_seq",
                              json_integer((json_int_t)delivery->seq));
    (void)json_object_set_new(t->released[i].line, "acknowledged_at",
                              json_string(nav_clock_rfc3339(delivery->time_ms, at)));
  }
  return true;
}

// ---- the whole ----

static bool open_reasons(const struct desk_request *request, const struct person_rows *rows,
                         struct nav_error *err) {
  struct desk_reasons reasons = {0};
  for (size_t i = 0; i < rows->pairs_count; i++) desk_reasons_note(&reasons, rows->pairs[i].record);
  bool ok = desk_reasons_fetch(&reasons, request, err);
  for (size_t i = 0; ok && i < rows->pairs_count; i++)
    desk_reasons_fill(&reasons, rows->pairs[i].record, request->arena);
  desk_reasons_free(&reasons);
  return ok;
}

// The lines; and what it says in words, where that was asked for.
static json_t *tell_all(struct telling *t) {
  t->extracts = json_is_true(json_object_get(t->request->json, "extract"));
  if (t->extracts) extract_begin(&t->extract, t->request, &t->definitions);
  tell_events(t);
  return t->extracts ? extract_end(&t->extract) : NULL;
}

static json_t *answer(struct telling *t, struct person_rows *rows, struct nav_error *err) {
  t->rows = rows;
  t->deliveries = nav_arena_zalloc(t->request->arena, DELIVERIES_MAX, sizeof *t->deliveries);
  t->released = nav_arena_zalloc(t->request->arena, DELIVERIES_MAX, sizeof *t->released);
  t->told = json_array();
  if (t->deliveries == NULL || t->released == NULL || t->told == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  if (!definitions_load(&t->definitions, t->request->database, t->request->arena, err) ||
      !person_read_events(rows, err) || !person_read_pairs(rows, err)) {
    return NULL;
  }
  if (!open_reasons(t->request, rows, err)) return NULL;
  t->are_told = nav_arena_zalloc(t->request->arena, rows->pairs_count + 1, sizeof *t->are_told);
  if (t->are_told == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  json_t *extract = tell_all(t);
  if (t->too_many) {
    json_decref(extract);
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "limit",
                   "too many deliveries: ask for fewer events with --limit");
    return NULL;
  }
  if (!tell_deliveries(t, err)) {
    json_decref(extract);
    return NULL;
  }
  json_t *json = json_pack("{s:b, s:O, s:I, s:o}", "ok", 1, "lines", t->told, "events",
                           (json_int_t)t->events_told, "mandate", mandate_json(t->request->person));
  if (json != NULL && extract != NULL) (void)json_object_set(json, "extract", extract);
  json_decref(extract);
  if (json != NULL && rows->more)
    (void)json_object_set_new(json, "next",
                              json_integer((json_int_t)rows->events[rows->events_count - 1].seq));
  return json;
}

json_t *audit_person(const struct desk_request *request, struct nav_error *err) {
  struct person_rows rows = {0};
  const char *number = NULL;
  if (!read_request(request, &rows, &number, err)) return NULL;
  const char *query = query_text(&rows, request->arena);
  struct telling *t = nav_arena_zalloc(request->arena, 1, sizeof *t);
  if (query == NULL || t == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  if (!desk_record_audit_person(request, number, query, rows.token, err)) return NULL;
  t->request = request;
  json_t *json = answer(t, &rows, err);
  json_decref(t->told);
  return json;
}
