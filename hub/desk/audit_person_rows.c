// What the ledger has about the events of a person, by index alone: nav.person by token, then for these few
// events the records about them (ledger_about, nav.mention) and the acknowledgements (ledger_lane). Nothing
// is scanned, so that the time goes with what is found and not with the ledger: 91 events of one person
// among 2 million records took navctl 0.22 to 0.31 s with sanitizers on, of which 0.13 s are any command's.
// See audit_person.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/desk/audit_person.h"
#include "hub/ledger/record.h"

enum { NUMBER_SIZE = 24, ACKNOWLEDGED_FIRST = 4 };

static bool no_memory(struct nav_error *err) { return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory"); }

static Nav__V1__Record *decode(const struct desk_request *request, const PGresult *result, int row,
                               int column, struct nav_error *err) {
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(result, row, column, &length);
  return record_stored(request->arena, bytes, length, err);
}

// ---- events ----

// The content's partition follows from the event's class and day, so that one partition's index is asked.
static const char events_sql[] =
    "SELECT p.seq, l.record, EXISTS (SELECT 1 FROM nav.content_view c WHERE c.seq = p.seq AND c.part = "
    "l.bucket_class * 1000000 + to_char(date '1970-01-01' + l.bucket_day, 'YYYYMM')::int) "
    "FROM nav.person_view p JOIN nav.ledger_view l ON l.seq = p.seq "
    "WHERE p.token = decode($1::text, 'hex') AND p.seq < $2::bigint AND "
    "($3::bigint IS NULL OR l.at < to_timestamp($3::bigint / 1000.0)) ORDER BY p.seq DESC LIMIT $4::int";

static bool take_events(struct person_rows *rows, const PGresult *result, struct nav_error *err) {
  int count = PQntuples(result);
  rows->more = (size_t)count > rows->limit;
  if (rows->more) count = (int)rows->limit;
  rows->events = nav_arena_zalloc(rows->request->arena, (size_t)count + 1, sizeof *rows->events);
  if (rows->events == NULL) return no_memory(err);
  for (int i = 0; i < count; i++) {
    struct person_event *event = &rows->events[rows->events_count];
    event->seq = (uint64_t)desk_int8(result, i, 0);
    event->record = decode(rows->request, result, i, 1, err);
    if (event->record == NULL || event->record->record_case != NAV__V1__RECORD__RECORD_ACCEPTED)
      return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "seq %" PRIu64 " is no event: run navctl audit verify",
                      event->seq);
    event->erased = PQgetvalue(result, i, 2)[0] == 0;
    rows->events_count++;
  }
  return true;
}

bool person_read_events(struct person_rows *rows, struct nav_error *err) {
  char token[2 * CORE_LINK_TOKEN_SIZE + 1];
  char before[NUMBER_SIZE];
  char until[NUMBER_SIZE];
  char limit[NUMBER_SIZE];
  (void)snprintf(before, sizeof before, "%" PRIu64, rows->before);
  (void)snprintf(until, sizeof until, "%" PRId64, rows->until_ms);
  (void)snprintf(limit, sizeof limit, "%zu", rows->limit + 1);
  const char *values[] = {nav_hex(token, rows->token, sizeof rows->token), before,
                          rows->has_until ? until : NULL, limit};
  PGresult *result = desk_query(rows->request->database, events_sql, 4, values, err);
  if (result == NULL) return false;
  bool ok = take_events(rows, result, err);
  PQclear(result);
  return ok;
}

// ---- records about them ----

static const char pairs_sql[] =
    "WITH asked AS MATERIALIZED (SELECT unnest($1::bigint[]) AS seq), "
    "named AS MATERIALIZED (SELECT m.event_seq, m.seq FROM asked a JOIN nav.mention_view m ON m.event_seq = "
    "a.seq) "
    "SELECT event_seq, seq FROM ("
    "SELECT event_seq, seq FROM named UNION "
    "SELECT a.seq, l.seq FROM asked a JOIN nav.ledger_view l ON l.about = a.seq UNION "
    // Who has confirmed a recall.
    "SELECT n.event_seq, l.seq FROM named n JOIN nav.ledger_view l ON l.about = n.seq WHERE l.kind = 71) AS "
    "u "
    "ORDER BY event_seq DESC, seq LIMIT $2::int";

static int by_seq(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

// Each record is read and decoded once, however many of the events it names.
static bool read_records(struct person_rows *rows, struct nav_error *err) {
  uint64_t *seqs = nav_arena_zalloc(rows->request->arena, rows->pairs_count + 1, sizeof *seqs);
  size_t count = 0;
  if (seqs == NULL) return no_memory(err);
  for (size_t i = 0; i < rows->pairs_count; i++) seqs[i] = rows->pairs[i].seq;
  qsort(seqs, rows->pairs_count, sizeof *seqs, by_seq);
  for (size_t i = 0; i < rows->pairs_count; i++) {
    if (count == 0 || seqs[count - 1] != seqs[i]) seqs[count++] = seqs[i];
  }
  const char *values[] = {desk_array(rows->request->arena, seqs, count)};
  if (values[0] == NULL) return no_memory(err);
  PGresult *result = desk_query(
      rows->request->database,
      "SELECT seq, record FROM nav.ledger_view WHERE seq = ANY($1::bigint[]) ORDER BY seq", 1, values, err);
  if (result == NULL) return false;
  Nav__V1__Record **records = nav_arena_zalloc(rows->request->arena, count + 1, sizeof *records);
  bool ok = records != NULL && (size_t)PQntuples(result) == count;
  if (!ok) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "records are missing: run navctl audit verify");
  for (size_t i = 0; ok && i < count; i++)
    ok = (records[i] = decode(rows->request, result, (int)i, 1, err)) != NULL;
  PQclear(result);
  for (size_t i = 0; ok && i < rows->pairs_count; i++) {
    const uint64_t *at = bsearch(&rows->pairs[i].seq, seqs, count, sizeof *seqs, by_seq);
    rows->pairs[i].record = at == NULL ? NULL : records[at - seqs];
  }
  return ok;
}

// An event that was erased singly keeps its row, which nothing opens any more.
static void note_erased(struct person_rows *rows) {
  size_t at = 0;
  for (size_t i = 0; i < rows->pairs_count; i++) {
    const Nav__V1__Record *record = rows->pairs[i].record;
    if (record == NULL || record->record_case != NAV__V1__RECORD__RECORD_EVENTS_ERASED) continue;
    while (at < rows->events_count && rows->events[at].seq != rows->pairs[i].event_seq) at++;
    if (at < rows->events_count) rows->events[at].erased = true;
  }
}

bool person_read_pairs(struct person_rows *rows, struct nav_error *err) {
  uint64_t seqs[PERSON_EVENTS_MAX];
  char limit[NUMBER_SIZE];
  for (size_t i = 0; i < rows->events_count; i++) seqs[i] = rows->events[i].seq;
  (void)snprintf(limit, sizeof limit, "%d", PERSON_PAIRS_MAX + 1);
  const char *values[] = {desk_array(rows->request->arena, seqs, rows->events_count), limit};
  if (values[0] == NULL) return no_memory(err);
  PGresult *result = desk_query(rows->request->database, pairs_sql, 2, values, err);
  if (result == NULL) return false;
  size_t count = (size_t)PQntuples(result);
  rows->pairs = nav_arena_zalloc(rows->request->arena, count + 1, sizeof *rows->pairs);
  for (size_t i = 0; rows->pairs != NULL && i < count; i++) {
    rows->pairs[i] = (struct person_pair){.event_seq = (uint64_t)desk_int8(result, (int)i, 0),
                                          .seq = (uint64_t)desk_int8(result, (int)i, 1)};
  }
  rows->pairs_count = rows->pairs == NULL ? 0 : count;
  PQclear(result);
  if (rows->pairs == NULL) return no_memory(err);
  if (count > PERSON_PAIRS_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "limit",
                    "more than %d records: ask for fewer events with --limit", PERSON_PAIRS_MAX);
  if (!read_records(rows, err)) return false;
  note_erased(rows);
  return true;
}

// ---- acknowledgements ----

static const char first_sql[] =
    "SELECT u.i, a.record FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS u(lane, position, i) "
    "CROSS JOIN LATERAL (SELECT seq, record FROM nav.ledger_view WHERE lane = u.lane AND seq > u.position "
    "AND "
    "kind = 30 ORDER BY seq LIMIT 4) AS a ORDER BY u.i, a.seq";

static void take_acknowledged(struct person_delivery *delivery, const Nav__V1__Record *record) {
  if (delivery->seq != 0 || record->record_case != NAV__V1__RECORD__RECORD_ACKNOWLEDGED ||
      record->acknowledged->position < delivery->position) {
    return;
  }
  delivery->seq = record->seq;
  delivery->time_ms = record->time_ms;
}

// A lane's acknowledgements never go back, so that the first that covers a position is found by halving.
static bool find_by_halving(const struct desk_request *request, struct person_delivery *delivery,
                            uint64_t last, struct nav_error *err) {
  uint64_t low = delivery->position + 1;
  uint64_t high = last + 1;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    char lane[NUMBER_SIZE];
    char from[NUMBER_SIZE];
    (void)snprintf(lane, sizeof lane, "%" PRIu32, delivery->lane);
    (void)snprintf(from, sizeof from, "%" PRIu64, middle);
    const char *values[] = {lane, from};
    PGresult *result =
        desk_query(request->database,
                   "SELECT record FROM nav.ledger_view WHERE lane = $1::int AND seq >= $2::bigint "
                   "AND kind = 30 ORDER BY seq LIMIT 1",
                   2, values, err);
    if (result == NULL) return false;
    const Nav__V1__Record *record = PQntuples(result) == 0 ? NULL : decode(request, result, 0, 0, err);
    bool none = PQntuples(result) == 0;
    PQclear(result);
    if (record == NULL && !none) return false;
    struct person_delivery found = {.position = delivery->position};
    if (record != NULL) take_acknowledged(&found, record);
    if (none || found.seq != 0) {
      high = middle;
      if (found.seq != 0) {
        delivery->seq = found.seq;
        delivery->time_ms = found.time_ms;
      }
    } else {
      low = (record->seq > middle ? record->seq : middle) + 1;  // a tampered record may not lead back
    }
  }
  return true;
}

static bool find_first(const struct desk_request *request, struct person_delivery *deliveries, size_t count,
                       size_t *rows_of, struct nav_error *err) {
  uint64_t *lanes = nav_arena_zalloc(request->arena, count + 1, sizeof *lanes);
  uint64_t *positions = nav_arena_zalloc(request->arena, count + 1, sizeof *positions);
  if (lanes == NULL || positions == NULL) return no_memory(err);
  for (size_t i = 0; i < count; i++) {
    lanes[i] = deliveries[i].lane;
    positions[i] = deliveries[i].position;
  }
  const char *values[] = {desk_array(request->arena, lanes, count),
                          desk_array(request->arena, positions, count)};
  if (values[0] == NULL || values[1] == NULL) return no_memory(err);
  PGresult *result = desk_query(request->database, first_sql, 2, values, err);
  if (result == NULL) return false;
  bool ok = true;
  for (int i = 0; ok && i < PQntuples(result); i++) {
    const Nav__V1__Record *record = decode(request, result, i, 1, err);
    size_t index = (size_t)desk_int8(result, i, 0) - 1;
    ok = record != NULL && index < count;
    if (!ok) break;
    rows_of[index]++;
    take_acknowledged(&deliveries[index], record);
  }
  PQclear(result);
  return ok;
}

static bool last_seq(const struct desk_request *request, uint64_t *last, struct nav_error *err) {
  PGresult *result =
      desk_query(request->database, "SELECT coalesce(max(seq), 0) FROM nav.ledger_view", 0, NULL, err);
  if (result == NULL) return false;
  *last = (uint64_t)desk_int8(result, 0, 0);
  PQclear(result);
  return true;
}

bool person_find_acknowledged(const struct desk_request *request, struct person_delivery *deliveries,
                              size_t count, struct nav_error *err) {
  size_t *rows_of = nav_arena_zalloc(request->arena, count + 1, sizeof *rows_of);
  uint64_t last = 0;
  if (rows_of == NULL) return no_memory(err);
  if (!find_first(request, deliveries, count, rows_of, err) || !last_seq(request, &last, err)) return false;
  for (size_t i = 0; i < count; i++) {
    bool further = deliveries[i].seq == 0 && rows_of[i] == ACKNOWLEDGED_FIRST;
    if (further && !find_by_halving(request, &deliveries[i], last, err)) return false;
  }
  return true;
}
