// `audit follow-up`: goes once through the rare records of the time asked for and says what stands out. The
// auditor's mandate holds: of agencies outside it nothing is counted. See follow_up.h.
#include "hub/desk/follow_up.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_seq.h"
#include "hub/desk/rules_changed.h"
#include "hub/ledger/record.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/session.pb-c.h"

enum { DAYS_DEFAULT = 30, MS_A_DAY = 86400000, NUMBER_SIZE = 24, RECORD_ARENA_MAX = 32 * 1024 * 1024 };

static const char rule_swedish[] =
    "Utanför arbetstid: inte vardag 07–19, svensk tid; helgdagar räknas som vardagar. Ovanlig mängd: en dag "
    "då någon läste minst 20 händelser, och mer än tre gånger sin egen median för tidigare dagar (av minst "
    "fem) eller, med färre egna dagar, mer än tre gånger medianen för andras dagar.";
static const char rule_english[] =
    "Outside working hours: not Monday to Friday 07–19, Swedish time; public holidays count as weekdays. "
    "Unusual volume: a day on which somebody read at least 20 events, and more than three times their own "
    "median of earlier days (of at least five) or, with fewer days of their own, more than three times the "
    "median of others' days.";

void follow_note_seq(struct follow_seqs *seqs, uint64_t seq) {
  if (seqs->count < FOLLOW_SEQS_MAX) seqs->items[seqs->count++] = seq;
}

json_t *follow_seqs_json(const struct follow_seqs *seqs) {
  json_t *list = json_array();
  for (size_t i = 0; i < seqs->count; i++)
    (void)json_array_append_new(list, json_integer((json_int_t)seqs->items[i]));
  return list;
}

struct follow_group *follow_group(struct follow_up *f, enum follow_what what, const char *who) {
  for (size_t i = 0; i < f->groups_count; i++) {
    if (f->groups[i].what == what && strcmp(f->groups[i].who, who) == 0) return &f->groups[i];
  }
  char *copy = f->groups_count < FOLLOW_GROUPS_MAX ? nav_arena_strdup(f->request->arena, who) : NULL;
  if (copy == NULL) {
    f->complete = false;
    return NULL;
  }
  struct follow_group *group = &f->groups[f->groups_count++];
  *group = (struct follow_group){.what = what, .who = copy, .shortest_ms = INT64_MAX};
  return group;
}

void follow_add(struct follow_up *f, json_t *finding) {
  if (finding == NULL || json_array_append_new(f->findings, finding) != 0) f->complete = false;
}

// What an assessor opens of a sealed event comes as its next revision, right before the release: they had had
// the sealed one to decide on. $2: its type. (Nothing tells an opening from a next revision that the agency
// itself sent in clear: its time counts from the sealed one too.)
static const char records_sql[] =
    "SELECT l.seq, l.record, coalesce((SELECT s.at FROM nav.ledger_view s WHERE s.event_id = e.event_id AND "
    "s.agency = e.agency AND s.revision = e.revision::bigint - 1 AND s.type = $2::int), e.at) "
    "FROM nav.ledger_view l LEFT JOIN nav.ledger_view e ON e.seq = l.about "
    "AND l.kind IN (60, 61, 63) WHERE l.kind NOT IN (20, 21, 30) AND l.kind IN (25, 40, 41, 50, 60, 61, 63, "
    "80, 81) "
    "AND "
    "l.seq >= $1::bigint ORDER BY l.seq";

static void take(struct follow_up *f, const Nav__V1__Record *record, int64_t accepted_ms) {
  f->records++;
  if (record->record_case == NAV__V1__RECORD__RECORD_REDECIDED) {
    if (record->redecided->lane != NULL) follow_rule_used(f, record->redecided->lane);
  } else if (record->record_case == NAV__V1__RECORD__RECORD_READ ||
             record->record_case == NAV__V1__RECORD__RECORD_BRIEFING_COMPILED) {
    follow_reading(f, record);
  } else {
    follow_case(f, record, accepted_ms);
  }
}

static bool gather(struct follow_up *f, struct nav_error *err) {
  struct desk_cursor cursor;
  char first[NUMBER_SIZE], sealed[NUMBER_SIZE];
  const char *values[] = {first, sealed};
  struct nav_arena *arena = nav_arena_new(RECORD_ARENA_MAX);
  (void)snprintf(first, sizeof first, "%" PRIu64, f->first_seq);
  (void)snprintf(sealed, sizeof sealed, "%d", NAV__V1__EVENT__BODY_SEALED);
  if (arena == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  if (!desk_cursor_open(&cursor, f->request->database, "follow_up", records_sql, 2, values, err)) {
    nav_arena_free(arena);
    return false;
  }
  int got = 0;
  while (f->records < FOLLOW_RECORDS_MAX && (got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(cursor.page, cursor.row, 1, &length);
    nav_arena_reset(arena);
    const Nav__V1__Record *record = record_stored(arena, bytes, length, err);
    if (record == NULL) {
      got = -1;
      break;
    }
    bool timed = !desk_is_null(cursor.page, cursor.row, 2);
    take(f, record, timed ? desk_time_us(cursor.page, cursor.row, 2) / 1000 : 0);
  }
  if (got > 0) f->complete = false;
  desk_cursor_close(&cursor);
  nav_arena_free(arena);
  return got >= 0;
}

static bool read_rules(struct follow_up *f, struct nav_error *err) {
  const Nav__V1__Record *record = NULL;
  if (!rules_changed_read(f->request, UINT64_MAX, &record, err)) return false;
  if (record == NULL) return true;
  f->rules = record->rules_changed;
  f->rules_seq = record->seq;
  f->rules_used = nav_arena_zalloc(f->request->arena, f->rules->n_rules + 1, sizeof *f->rules_used);
  return f->rules_used != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
}

static bool find_first(struct follow_up *f, int64_t since_ms, struct nav_error *err) {
  PGresult *result =
      desk_query(f->request->database, "SELECT coalesce(max(seq), 0) FROM nav.ledger_view", 0, NULL, err);
  if (result == NULL) return false;
  uint64_t end = (uint64_t)desk_int8(result, 0, 0) + 1;
  PQclear(result);
  return audit_seq_at(f->request->database, since_ms, end, &f->first_seq, err);
}

static json_t *answer(struct follow_up *f, int64_t since_ms, struct nav_error *err) {
  char since[NAV_RFC3339_SIZE];
  struct nav_arena *arena = f->request->arena;
  f->complete = true;
  f->groups = nav_arena_zalloc(arena, FOLLOW_GROUPS_MAX, sizeof *f->groups);
  f->days = nav_arena_zalloc(arena, FOLLOW_GROUPS_MAX, sizeof *f->days);
  f->findings = json_array();
  if (f->groups == NULL || f->days == NULL || f->findings == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  if (!definitions_load(&f->definitions, f->request->database, arena, err) || !read_rules(f, err) ||
      !find_first(f, since_ms, err) || !gather(f, err)) {
    return NULL;
  }
  follow_tell_volume(f);
  follow_tell_groups(f);
  if (!follow_tell_quiet(f, err)) return NULL;
  return json_pack("{s:b, s:s, s:b, s:I, s:s, s:O}", "ok", 1, "since", nav_clock_rfc3339(since_ms, since),
                   "complete", f->complete ? 1 : 0, "records", (json_int_t)f->records, "rule",
                   f->english ? rule_english : rule_swedish, "findings", f->findings);
}

json_t *audit_follow_up(const struct desk_request *request, struct nav_error *err) {
  const json_t *since = json_object_get(request->json, "since_ms");
  int64_t since_ms = request->now_ms - DAYS_DEFAULT * (int64_t)MS_A_DAY;
  char time[NAV_RFC3339_SIZE];
  if (since != NULL && !json_is_integer(since)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "since_ms", "must be a whole number");
    return NULL;
  }
  if (since != NULL) since_ms = json_integer_value(since);
  const char *query =
      nav_arena_printf(request->arena, "audit follow-up since=%s", nav_clock_rfc3339(since_ms, time));
  struct follow_up *f = nav_arena_zalloc(request->arena, 1, sizeof *f);
  if (query == NULL || f == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  if (!desk_record_audit(request, query, err)) return NULL;
  f->request = request;
  f->english = desk_english(request);
  json_t *json = answer(f, since_ms, err);
  json_decref(f->findings);
  return json;
}
