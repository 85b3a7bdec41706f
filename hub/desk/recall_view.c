// See recall_view.h.
#include "hub/desk/recall_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/definitions.h"
#include "hub/ledger/record.h"
#include "hub/wire/event.h"
#include "nav/v1/session.pb-c.h"

enum { NUMBER_SIZE = 24, RECALLS_MAX = 1000, READERS_MAX = 5000, ACKNOWLEDGEMENTS_MAX = 1000 };

struct following {
  const struct desk_request *request;
  struct definitions definitions;
  uint64_t seq;  // of the Recalled record
  const Nav__V1__Recalled *recalled;
  size_t missing;
  bool concerns_person;  // the person has read one of its events
  bool person_confirmed;
};

static const char *reason_name(uint32_t reason) {
  const char *name = wire_enum_name(&nav__v1__recall_reason__descriptor, (int)reason);
  return name == NULL ? "" : name;
}

static json_t *time_json(int64_t ms) {
  char at[NAV_RFC3339_SIZE];
  return json_string(nav_clock_rfc3339(ms, at));
}

// Runs sql for rows of (seq, record); stops where `row` gives false.
typedef bool record_row(struct following *following, const Nav__V1__Record *record, void *context);

static bool each_record(struct following *following, const char *name, const char *sql, int count,
                        const char *const *values, record_row *row, void *context, struct nav_error *err) {
  const struct desk_request *request = following->request;
  struct desk_cursor cursor;
  if (!desk_cursor_open(&cursor, request->database, name, sql, count, values, err)) return false;
  int got = 0;
  bool go_on = true;
  while (go_on && (got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(cursor.page, cursor.row, 1, &length);
    const Nav__V1__Record *record = record_stored(request->arena, bytes, length, err);
    if (record == NULL) got = -1;
    go_on = record != NULL && row(following, record, context);
  }
  desk_cursor_close(&cursor);
  if (got < 0) return false;
  char close[64];
  (void)snprintf(close, sizeof close, "CLOSE %s", name);
  PGresult *closed = desk_query(request->database, close, 0, NULL, err);
  PQclear(closed);
  return closed != NULL;
}

// ---- recipients ----

struct told {
  uint64_t position;
  int64_t at_ms;  // 0: not yet
  size_t looked;
};

// The first signed acknowledgement of the lane that covers the recall.
static bool covers(struct following *following, const Nav__V1__Record *record, void *context) {
  struct told *told = context;
  (void)following;
  if (record->acknowledged != NULL && record->acknowledged->position >= told->position) {
    told->at_ms = record->time_ms;
    return false;
  }
  return ++told->looked < ACKNOWLEDGEMENTS_MAX;
}

static bool names_lane(const Nav__V1__Recalled *recalled, uint32_t lane, bool *had_it) {
  bool named = false;
  *had_it = false;
  for (size_t i = 0; i < recalled->n_events; i++) {
    const Nav__V1__RecalledEvent *event = recalled->events[i];
    bool here = false;
    for (size_t k = 0; k < event->n_lanes; k++) here |= event->lanes[k] == lane;
    bool undelivered = false;
    for (size_t k = 0; k < event->n_undelivered; k++) undelivered |= event->undelivered[k] == lane;
    named |= here;
    *had_it |= here && !undelivered;
  }
  return named;
}

static json_t *recipient_json(struct following *following, uint32_t lane, bool had_it,
                              struct nav_error *err) {
  char lane_text[NUMBER_SIZE];
  char seq_text[NUMBER_SIZE];
  struct told told = {.position = following->seq};
  const struct desk_lane *names = definitions_lane(&following->definitions, lane);
  const char *values[] = {lane_text, seq_text};
  (void)snprintf(lane_text, sizeof lane_text, "%" PRIu32, lane);
  (void)snprintf(seq_text, sizeof seq_text, "%" PRIu64, following->seq);
  if (!each_record(
          following, "told",
          "SELECT seq, record FROM nav.ledger_view WHERE lane = $1::int AND kind = 30 AND seq > $2::bigint "
          "ORDER BY seq",
          2, values, covers, &told, err))
    return NULL;
  if (told.at_ms == 0) following->missing++;
  return json_pack("{s:s, s:s, s:I, s:b, s:b, s:o}", "agency", names == NULL ? "" : names->agency, "purpose",
                   names == NULL ? "" : names->purpose, "lane", (json_int_t)lane, "had_it", had_it ? 1 : 0,
                   "confirmed", told.at_ms != 0 ? 1 : 0, "at",
                   told.at_ms != 0 ? time_json(told.at_ms) : json_null());
}

static json_t *recipients(struct following *following, struct nav_error *err) {
  json_t *list = json_array();
  for (uint32_t lane = 1; lane < following->definitions.lanes_count; lane++) {
    bool had_it = false;
    if (!names_lane(following->recalled, lane, &had_it)) continue;
    json_t *one = recipient_json(following, lane, had_it, err);
    if (one == NULL) {
      json_decref(list);
      return NULL;
    }
    (void)json_array_append_new(list, one);
  }
  return list;
}

// ---- readers ----

struct readers {
  json_t *list;
  json_t *confirmed;  // person → time
  bool truncated;
};

static size_t read_of(const struct following *following, const uint64_t *seqs, size_t count) {
  size_t read = 0;
  for (size_t i = 0; i < following->recalled->n_events; i++)
    for (size_t k = 0; k < count; k++)
      if (seqs[k] == following->recalled->events[i]->event_seq) {
        read++;
        break;
      }
  return read;
}

static bool add_reader(struct following *following, struct readers *readers, const Nav__V1__Record *record,
                       const char *person, const char *agency, const char *how, size_t read) {
  const struct conf_person *known = NULL;
  for (size_t i = 0; i < following->request->agencies->persons_count; i++)
    if (strcmp(following->request->agencies->persons[i].id, person) == 0)
      known = &following->request->agencies->persons[i];
  if (agency == NULL || agency[0] == '\0') agency = known == NULL ? "" : known->agency;
  const json_t *at = json_object_get(readers->confirmed, person);
  if (strcmp(person, following->request->person->id) == 0) following->concerns_person = true;
  if (at == NULL) following->missing++;
  (void)json_array_append_new(
      readers->list,
      json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:b, s:O?}", "person", person, "agency", agency, "how", how,
                "events", (json_int_t)read, "reading", (json_int_t)record->seq, "read_at",
                time_json(record->time_ms), "confirmed", at != NULL ? 1 : 0, "at", at));
  readers->truncated = json_array_size(readers->list) >= READERS_MAX;
  return !readers->truncated;
}

static bool take_reading(struct following *following, const Nav__V1__Record *record, void *context) {
  struct readers *readers = context;
  size_t read = 0;
  if (record->record_case == NAV__V1__RECORD__RECORD_READ) {
    read = read_of(following, record->read->event_seqs, record->read->n_event_seqs);
    if (read > 0)
      return add_reader(following, readers, record, record->read->person, record->read->agency, "read", read);
  } else if (record->record_case == NAV__V1__RECORD__RECORD_BRIEFING_COMPILED) {
    const Nav__V1__BriefingCompiled *briefing = record->briefing_compiled;
    read = read_of(following, briefing->event_seqs, briefing->n_event_seqs);
    if (read > 0) return add_reader(following, readers, record, briefing->person, NULL, "briefing", read);
  }
  return true;
}

static bool take_confirmation(struct following *following, const Nav__V1__Record *record, void *context) {
  struct readers *readers = context;
  const char *person = record->recall_confirmed == NULL ? NULL : record->recall_confirmed->person;
  if (person == NULL) return true;
  if (strcmp(person, following->request->person->id) == 0) following->person_confirmed = true;
  (void)json_object_set_new(readers->confirmed, person, time_json(record->time_ms));
  return true;
}

// Every reading since the first of the events was accepted; who only made room for the record of a reading is
// in both.
static bool readers(struct following *following, struct readers *out, struct nav_error *err) {
  char about[NUMBER_SIZE];
  char first[NUMBER_SIZE];
  uint64_t least = following->seq;
  for (size_t i = 0; i < following->recalled->n_events; i++)
    if (following->recalled->events[i]->event_seq < least) least = following->recalled->events[i]->event_seq;
  (void)snprintf(about, sizeof about, "%" PRIu64, following->seq);
  (void)snprintf(first, sizeof first, "%" PRIu64, least);
  const char *about_values[] = {about};
  const char *first_values[] = {first};
  return each_record(
             following, "confirmed",
             "SELECT seq, record FROM nav.ledger_view WHERE about = $1::bigint AND kind = 71 ORDER BY seq", 1,
             about_values, take_confirmation, out, err) &&
         each_record(following, "readings",
                     "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind IN "
                     "(40, 41) AND "
                     "seq > $1::bigint ORDER BY seq",
                     1, first_values, take_reading, out, err);
}

// ---- one recall ----

static json_t *events_json(const Nav__V1__Recalled *recalled) {
  json_t *list = json_array();
  for (size_t i = 0; i < recalled->n_events; i++) {
    const Nav__V1__RecalledEvent *event = recalled->events[i];
    char id[2 * NAV_EVENT_ID_SIZE + 1] = "";
    if (event->event_id.len == NAV_EVENT_ID_SIZE) (void)nav_hex(id, event->event_id.data, NAV_EVENT_ID_SIZE);
    (void)json_array_append_new(
        list, json_pack("{s:s, s:I, s:I}", "event_id", id, "seq", (json_int_t)event->event_seq, "revision",
                        (json_int_t)event->revision));
  }
  return list;
}

static json_t *follow(struct following *following, const Nav__V1__Record *record, struct nav_error *err) {
  following->seq = record->seq;
  following->recalled = record->recalled;
  following->missing = 0;
  following->concerns_person = following->person_confirmed = false;
  struct readers found = {.list = json_array(), .confirmed = json_object()};
  json_t *lanes = recipients(following, err);
  bool ok = lanes != NULL && readers(following, &found, err);
  json_decref(found.confirmed);
  if (!ok) {
    json_decref(lanes);
    json_decref(found.list);
    return NULL;
  }
  return json_pack("{s:I, s:o, s:s?, s:s, s:o, s:o, s:o, s:b, s:I}", "recall", (json_int_t)record->seq, "at",
                   time_json(record->time_ms), "agency", record->recalled->agency, "reason",
                   reason_name(record->recalled->reason), "events", events_json(record->recalled),
                   "recipients", lanes, "readers", found.list, "truncated", found.truncated ? 1 : 0,
                   "missing", (json_int_t)following->missing);
}

static bool sees_all(const struct desk_request *request) {
  return (request->person->roles & (CONF_ROLE_AUDITOR | CONF_ROLE_OPERATOR)) != 0;
}

static bool is_own(const struct following *following) {
  return following->recalled->agency != NULL &&
         strcmp(following->recalled->agency, following->request->person->agency) == 0;
}

struct collecting {
  const Nav__V1__Record *records[RECALLS_MAX];
  size_t count;
};

static bool collect(struct following *following, const Nav__V1__Record *record, void *context) {
  struct collecting *collecting = context;
  (void)following;
  collecting->records[collecting->count++] = record;
  return collecting->count < RECALLS_MAX;
}

// What concerns one who is no auditor and of another agency than the sender's is that they have read it, no
// more.
static void show_only_own(json_t *recall) {
  (void)json_object_del(recall, "recipients");
  (void)json_object_del(recall, "readers");
  (void)json_object_del(recall, "missing");
}

json_t *recall_list(const struct desk_request *request, struct nav_error *err) {
  static struct collecting collecting;  // one request a process
  struct following following = {.request = request};
  json_t *list = json_array();
  bool ok =
      definitions_load(&following.definitions, request->database, request->arena, err) &&
      each_record(
          &following, "recalls",
          "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind = 70 ORDER BY "
          "seq DESC",
          0, NULL, collect, &collecting, err);
  for (size_t i = 0; ok && i < collecting.count; i++) {
    json_t *recall = follow(&following, collecting.records[i], err);
    ok = recall != NULL;
    bool all = ok && (sees_all(request) || is_own(&following));
    if (ok && (all || following.concerns_person)) {
      (void)json_object_set_new(recall, "to_confirm",
                                json_boolean(following.concerns_person && !following.person_confirmed));
      if (!all) show_only_own(recall);
      (void)json_array_append(list, recall);
    }
    json_decref(recall);
  }
  if (ok) return json_pack("{s:b, s:o}", "ok", 1, "recalls", list);
  json_decref(list);
  return NULL;
}

json_t *recall_status(const struct desk_request *request, struct nav_error *err) {
  static struct collecting collecting;
  struct following following = {.request = request};
  const json_t *number = json_object_get(request->json, "recall");
  char seq[NUMBER_SIZE];
  if (!json_is_integer(number) || json_integer_value(number) < 1) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "recall", "must be a recall's number");
    return NULL;
  }
  (void)snprintf(seq, sizeof seq, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
  const char *values[] = {seq};
  if (!definitions_load(&following.definitions, request->database, request->arena, err) ||
      !each_record(
          &following, "recalls",
          "SELECT seq, record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind = 70 AND (seq = "
          "$1::bigint OR about = $1::bigint) ORDER BY seq",
          1, values, collect, &collecting, err))
    return NULL;
  json_t *recall = collecting.count == 0 ? NULL : follow(&following, collecting.records[0], err);
  if (recall == NULL && collecting.count > 0) return NULL;
  bool all = recall != NULL && (sees_all(request) || is_own(&following));
  if (recall == NULL || (!all && !following.concerns_person)) {
    json_decref(recall);
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "recall",
                   "no such recall; see navctl recall list");
    return NULL;
  }
  if (!all) show_only_own(recall);
  return json_pack("{s:b, s:o}", "ok", 1, "recall", recall);
}
