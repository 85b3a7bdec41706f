// See reader.h: what there is in a span, by the index alone. Nothing is opened here.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/reader_private.h"
#include "hub/desk/rules_changed.h"
#include "hub/ledger/record.h"

enum {
  NUMBER_SIZE = 24,
  SPANS_MAX = 8,
  TYPES_MAX = 64,
  SQL_BYTES_MAX = 3500,
  MS_A_DAY = 86400000,
  // Days of acceptance, before the day of what happened and after it, that a timely event has (nav.untimely).
  TIMELY_BEFORE = 2,
  TIMELY_AFTER = 7,
};

const struct conf_nav *desk_reader_nav(const struct desk_reader *reader) { return reader->request->nav; }

const struct conf_agencies *desk_reader_agencies(const struct desk_reader *reader) {
  return reader->request->agencies;
}

const struct conf_person *desk_reader_person(const struct desk_reader *reader) {
  return reader->request->person;
}

int64_t desk_reader_now_ms(const struct desk_reader *reader) { return reader->request->now_ms; }

struct nav_arena *desk_reader_arena(struct desk_reader *reader) {
  return reader->request->arena;
}

const struct desk_lane *desk_reader_lane_by_number(const struct desk_reader *reader, uint32_t number) {
  return definitions_lane(&reader->definitions, number);
}

uint32_t desk_reader_lane(const struct desk_reader *reader, const char *agency, const char *purpose) {
  for (size_t i = 0; i < reader->definitions.lanes_count; i++) {
    const struct desk_lane *lane = &reader->definitions.lanes[i];
    if (lane->agency != NULL && strcmp(lane->agency, agency) == 0 && strcmp(lane->purpose, purpose) == 0)
      return lane->number;
  }
  return 0;
}

static bool no_memory(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                  "the answer needs more memory than one request may have: ask for a shorter time");
}

struct desk_reader *desk_reader_new(const struct desk_request *request, struct nav_error *err) {
  struct desk_reader *reader = nav_arena_zalloc(request->arena, 1, sizeof *reader);
  if (reader == NULL) {
    (void)no_memory(err);
    return NULL;
  }
  reader->request = request;
  PGresult *result = desk_query(request->database, "SELECT log_id FROM nav.lease_view", 0, NULL, err);
  if (result == NULL) return NULL;
  size_t length = 0;
  const uint8_t *log_id = PQntuples(result) == 1 ? desk_bytes(result, 0, 0, &length) : NULL;
  bool ok = length == sizeof reader->log_id;
  if (ok) memcpy(reader->log_id, log_id, length);
  PQclear(result);
  if (!ok) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "there is no ledger yet: start nav-core once");
    return NULL;
  }
  return definitions_load(&reader->definitions, request->database, request->arena, err) ? reader : NULL;
}

// ---- state ----

static bool read_rules_hash(struct desk_reader *reader, struct desk_state *state, struct nav_error *err) {
  const Nav__V1__Record *record = NULL;
  if (!rules_changed_read(reader->request, UINT64_MAX, &record, err)) return false;
  if (record != NULL && record->rules_changed->hash.len == sizeof state->rules_hash)
    memcpy(state->rules_hash, record->rules_changed->hash.data, sizeof state->rules_hash);
  return true;
}

bool desk_reader_state(struct desk_reader *reader, struct desk_state *state, struct nav_error *err) {
  *state = (struct desk_state){.checkpoint_note = ""};
  PGresult *result =
      desk_query(reader->request->database,
                 "SELECT (SELECT coalesce(max(seq), 0) FROM nav.ledger_view), c.size, c.root, c.note FROM "
                 "(SELECT 1) AS one LEFT JOIN LATERAL (SELECT size, root, note FROM nav.checkpoint_view "
                 "ORDER BY size DESC LIMIT 1) AS c ON true",
                 0, NULL, err);
  if (result == NULL) return false;
  bool ok = true;
  size_t length = 0;
  state->records = (uint64_t)desk_int8(result, 0, 0);
  if (!desk_is_null(result, 0, 1)) {
    const uint8_t *root = desk_bytes(result, 0, 2, &length);
    state->checkpoint_size = (uint64_t)desk_int8(result, 0, 1);
    if (length == sizeof state->checkpoint_root) memcpy(state->checkpoint_root, root, length);
    state->checkpoint_note = nav_arena_strdup(reader->request->arena, PQgetvalue(result, 0, 3));
    ok = state->checkpoint_note != NULL || no_memory(err);
  }
  PQclear(result);
  return ok && read_rules_hash(reader, state, err);
}

// ---- events ----

// What later records decided in place of what the verdict says, in the ledger's order.
struct redecision {
  uint64_t event_seq;
  const Nav__V1__LaneVerdict *lane;
};

struct redecisions {
  struct redecision *items;
  size_t count, capacity;
};

static bool add_redecision(struct redecisions *list, struct nav_arena *arena,
                           const Nav__V1__Redecided *record) {
  if (record->lane == NULL) return true;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 256 : list->capacity * 2;
    struct redecision *items = nav_arena_zalloc(arena, capacity, sizeof *items);
    if (items == NULL) return false;
    if (list->count > 0) memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->capacity = capacity;
  }
  list->items[list->count++] = (struct redecision){record->event_seq, record->lane};
  return true;
}

// Of the events from first_seq on; older records cannot be about them.
static bool load_redecisions(struct desk_reader *reader, uint64_t first_seq, struct redecisions *list,
                             struct nav_error *err) {
  struct desk_cursor cursor;
  char first[NUMBER_SIZE];
  const char *values[] = {first};
  (void)snprintf(first, sizeof first, "%" PRIu64, first_seq);
  if (!desk_cursor_open(&cursor, reader->request->database, "redecided",
                        "SELECT record FROM nav.ledger_view WHERE kind NOT IN (20, 21, 30) AND kind = 25 AND "
                        "seq > $1::bigint "
                        "ORDER BY seq",
                        1, values, err)) {
    return false;
  }
  int got = 0;
  while ((got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *bytes = desk_bytes(cursor.page, cursor.row, 0, &length);
    const Nav__V1__Record *record = record_stored(reader->request->arena, bytes, length, err);
    if (record != NULL && add_redecision(list, reader->request->arena, record->redecided)) continue;
    if (record != NULL) (void)no_memory(err);
    got = -1;
    break;
  }
  desk_cursor_close(&cursor);
  // A briefing lists twice in its one transaction.
  PGresult *closed = got == 0 ? desk_query(reader->request->database, "CLOSE redecided", 0, NULL, err) : NULL;
  PQclear(closed);
  return closed != NULL;
}

static int by_seq(const void *a, const void *b) {
  uint64_t x = ((const struct desk_event *)a)->seq;
  uint64_t y = ((const struct desk_event *)b)->seq;
  return x < y ? -1 : x > y ? 1 : 0;
}

static struct desk_event *find_event(const struct desk_events *events, uint64_t seq) {
  struct desk_event wanted = {.seq = seq};
  return events->count == 0 ? NULL : bsearch(&wanted, events->items, events->count, sizeof wanted, by_seq);
}

// An event has few; its list is made anew for each.
static bool attach(struct nav_arena *arena, struct desk_event *event, const Nav__V1__LaneVerdict *lane) {
  const Nav__V1__LaneVerdict **list = nav_arena_zalloc(arena, event->redecided_count + 1, sizeof *list);
  if (list == NULL) return false;
  for (size_t i = 0; i < event->redecided_count; i++) list[i] = event->redecided[i];
  list[event->redecided_count] = lane;
  event->redecided = list;
  event->redecided_count++;
  return true;
}

static bool attach_redecisions(struct desk_reader *reader, const struct desk_events *events,
                               struct nav_error *err) {
  struct redecisions list = {0};
  if (events->count == 0) return true;
  if (!load_redecisions(reader, events->items[0].seq, &list, err)) return false;
  for (size_t i = 0; i < list.count; i++) {
    struct desk_event *event = find_event(events, list.items[i].event_seq);
    if (event != NULL && !attach(reader->request->arena, event, list.items[i].lane)) return no_memory(err);
  }
  return true;
}

const Nav__V1__LaneVerdict *desk_event_lane(const struct desk_event *event, uint32_t lane) {
  for (size_t i = event->redecided_count; i > 0; i--) {
    if (event->redecided[i - 1]->lane == lane) return event->redecided[i - 1];
  }
  for (size_t i = 0; i < event->verdict->n_lanes; i++) {
    if (event->verdict->lanes[i]->lane == lane) return event->verdict->lanes[i];
  }
  return NULL;
}

static bool read_row(const struct desk_reader *reader, const struct desk_cursor *c, struct desk_event *event,
                     struct nav_error *err) {
  size_t length = 0;
  const uint8_t *id = desk_bytes(c->page, c->row, 1, &length);
  *event = (struct desk_event){
      .seq = (uint64_t)desk_int8(c->page, c->row, 0),
      .agency = definitions_agency(&reader->definitions, desk_int4(c->page, c->row, 2)),
      .revision = (uint32_t)desk_int4(c->page, c->row, 3),
      .type = (uint32_t)desk_int2(c->page, c->row, 4),
      .time_ms = desk_time_us(c->page, c->row, 5) / 1000,
      .verdict = definitions_verdict(&reader->definitions, desk_int4(c->page, c->row, 6)),
      .bucket_class = (uint32_t)desk_int2(c->page, c->row, 7),
      .bucket_day = (uint32_t)desk_int4(c->page, c->row, 8),
      .accepted_time_ms = desk_time_us(c->page, c->row, 9) / 1000,
  };
  if (length == sizeof event->id) memcpy(event->id, id, length);
  if (length == sizeof event->id && event->agency != NULL && event->verdict != NULL) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "database",
                  "seq %" PRIu64
                  " names an agency or verdict that no record defines: run navctl audit verify",
                  event->seq);
}

// The newest revision of what happened within any of the spans ($1: types or null). The spans stand in the
// text, as times that we format ourselves, so that the server can plan with them: of each, what was accepted
// about then, which stands between two records (asked for once each, not for each row), and what was not, by
// indexes of its own.
static const char list_head[] =
    "SELECT e.seq, e.event_id, e.agency, e.revision, e.type, e.time, e.verdict, e.bucket_class, "
    "e.bucket_day, e.at FROM nav.event_view e WHERE ($1::int[] IS NULL OR e.type = ANY($1::int[])) AND NOT "
    "EXISTS (SELECT 1 FROM nav.event_view n WHERE n.event_id = e.event_id AND n.agency = e.agency AND "
    "n.revision > e.revision) AND (false";
static const char list_tail[] = ") ORDER BY e.seq";

static bool append_span(struct nav_buffer *sql, const struct desk_span *span) {
  char start[NAV_RFC3339_SIZE];
  char end[NAV_RFC3339_SIZE];
  char first[NAV_RFC3339_SIZE];
  char after[NAV_RFC3339_SIZE];
  int64_t first_day = span->start_ms / MS_A_DAY - TIMELY_BEFORE;
  int64_t last_day = span->end_ms / MS_A_DAY + TIMELY_AFTER;
  return nav_buffer_printf(
      sql,
      " OR (e.time >= '%s' AND e.time < '%s' AND ((e.seq > (SELECT nav.last_before('%s')) AND "
      "e.seq <= (SELECT nav.last_before('%s'))) OR nav.untimely(e.time, e.bucket_day) OR "
      "(nav.misdated(e.at, e.bucket_day) AND e.bucket_day BETWEEN %" PRId64 " AND %" PRId64 ")))",
      nav_clock_rfc3339(span->start_ms, start), nav_clock_rfc3339(span->end_ms, end),
      nav_clock_rfc3339(first_day * MS_A_DAY, first), nav_clock_rfc3339((last_day + 1) * MS_A_DAY, after),
      first_day, last_day);
}

static const char *list_sql(struct nav_arena *arena, const struct desk_span *spans, size_t count) {
  struct nav_buffer sql;
  nav_buffer_init(&sql, SQL_BYTES_MAX);
  bool ok = nav_buffer_append_text(&sql, list_head);
  for (size_t i = 0; ok && i < count; i++) ok = append_span(&sql, &spans[i]);
  ok = ok && nav_buffer_append_text(&sql, list_tail);
  const char *text = ok ? nav_arena_strndup(arena, (const char *)sql.data, sql.length) : NULL;
  nav_buffer_free(&sql);
  return text;
}

static bool read_events(struct desk_reader *reader, struct desk_cursor *cursor, struct desk_events *events,
                        struct nav_error *err) {
  int got = 0;
  while ((got = desk_cursor_next(cursor, err)) > 0) {
    if (events->count == DESK_EVENTS_MAX) {
      events->truncated = true;
      return true;
    }
    if (!read_row(reader, cursor, &events->items[events->count], err)) return false;
    events->count++;
  }
  return got == 0;
}

bool desk_reader_list(struct desk_reader *reader, const struct desk_span *spans, size_t spans_count,
                      const uint32_t *types, size_t types_count, struct desk_events *events,
                      struct nav_error *err) {
  struct nav_arena *arena = reader->request->arena;
  *events = (struct desk_events){0};
  NAV_ASSERT(spans_count > 0 && spans_count <= SPANS_MAX && types_count <= TYPES_MAX);
  uint64_t numbers[TYPES_MAX];
  for (size_t i = 0; i < types_count; i++) numbers[i] = types[i];
  const char *values[] = {types_count == 0 ? NULL : desk_array(arena, numbers, types_count)};
  const char *sql = list_sql(arena, spans, spans_count);
  events->items = nav_arena_alloc(arena, (size_t)DESK_EVENTS_MAX * sizeof *events->items);
  if (events->items == NULL || sql == NULL) return no_memory(err);
  struct desk_cursor cursor;
  if (!desk_cursor_open(&cursor, reader->request->database, "events", sql, 1, values, err)) return false;
  bool ok = read_events(reader, &cursor, events, err);
  desk_cursor_close(&cursor);
  PGresult *closed = ok ? desk_query(reader->request->database, "CLOSE events", 0, NULL, err) : NULL;
  PQclear(closed);
  return closed != NULL && attach_redecisions(reader, events, err);
}

// ---- one event ----

static const char one_head[] =
    "SELECT e.seq, e.event_id, e.agency, e.revision, e.type, e.time, e.verdict, e.bucket_class, "
    "e.bucket_day, e.at FROM nav.event_view e WHERE ";

static bool read_one(struct desk_reader *reader, const char *condition, const char *value,
                     struct desk_events *events, struct nav_error *err) {
  struct nav_arena *arena = reader->request->arena;
  const char *sql = nav_arena_printf(arena, "%s%s LIMIT 1", one_head, condition);
  *events = (struct desk_events){.items = nav_arena_zalloc(arena, 1, sizeof *events->items)};
  if (sql == NULL || events->items == NULL) return no_memory(err);
  const char *values[] = {value};
  struct desk_cursor cursor;
  if (!desk_cursor_open(&cursor, reader->request->database, "one", sql, 1, values, err)) return false;
  int got = desk_cursor_next(&cursor, err);
  bool ok = got == 0 || (got > 0 && read_row(reader, &cursor, &events->items[0], err));
  events->count = got > 0 ? 1 : 0;
  desk_cursor_close(&cursor);
  PGresult *closed = ok ? desk_query(reader->request->database, "CLOSE one", 0, NULL, err) : NULL;
  PQclear(closed);
  return closed != NULL && attach_redecisions(reader, events, err);
}

bool desk_reader_event(struct desk_reader *reader, uint64_t seq, struct desk_events *events,
                       struct nav_error *err) {
  char number[NUMBER_SIZE];
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
  return read_one(reader, "e.seq = $1::bigint", number, events, err);
}

bool desk_reader_event_by_id(struct desk_reader *reader, const uint8_t id[16], struct desk_events *events,
                             struct nav_error *err) {
  char hex[2 * 16 + 1];
  return read_one(reader, "e.event_id = decode($1, 'hex') ORDER BY e.revision DESC", nav_hex(hex, id, 16),
                  events, err);
}

// ---- feeds ----

static bool read_feed(struct desk_reader *reader, uint64_t number, struct desk_feed *feed,
                      struct nav_error *err) {
  char text[NUMBER_SIZE];
  const char *values[] = {text};
  (void)snprintf(text, sizeof text, "%" PRIu64, number);
  PGresult *result = desk_query(reader->request->database,
                                "SELECT e.seq, e.at FROM nav.event_view e WHERE e.agency = $1::int AND e.seq "
                                "> (SELECT max(seq) FROM nav.ledger_view) - 1000000 "
                                "ORDER BY e.seq DESC LIMIT 1",
                                1, values, err);
  if (result == NULL) return false;
  if (PQntuples(result) == 1) {
    feed->newest_seq = (uint64_t)desk_int8(result, 0, 0);
    feed->newest_accepted_ms = desk_time_us(result, 0, 1) / 1000;
  }
  PQclear(result);
  return true;
}

bool desk_reader_feeds(struct desk_reader *reader, struct desk_feed **feeds, size_t *count,
                       struct nav_error *err) {
  const struct definitions *d = &reader->definitions;
  *count = 0;
  *feeds = nav_arena_zalloc(reader->request->arena, d->agencies_count + 1, sizeof **feeds);
  if (*feeds == NULL) return no_memory(err);
  for (size_t i = 0; i < d->agencies_count; i++) {
    if (d->agencies[i] == NULL) continue;
    (*feeds)[*count] = (struct desk_feed){.agency = d->agencies[i]};
    if (!read_feed(reader, i, &(*feeds)[*count], err)) return false;
    (*count)++;
  }
  return true;
}
