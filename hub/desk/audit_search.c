// `audit search`: pages through the ledger, newest first, and gives the lines that fit. Bounded by lines and
// by rows looked at; where more is left it says from where to go on.
#include <inttypes.h>
#include <stdio.h>

#include "hub/base/clock.h"
#include "hub/desk/audit.h"
#include "hub/desk/audit_filter.h"
#include "hub/desk/audit_seq.h"
#include "hub/desk/mandate.h"
#include "hub/desk/reasons.h"
#include "hub/ledger/reason.h"
#include "hub/ledger/record.h"

enum {
  PAGE_ROWS = 1000,
  PAGE_ROWS_MIN = 100,
  SCANNED_ROWS_MAX = 200000,
  SCAN_MS_MAX = 30000,
  WINDOW_MIN = 20000,  // records that one query looks among; more where few fit
  WINDOW_MAX = 4000000,
  RECORD_ARENA_MAX = 128 * 1024 * 1024,
  NUMBER_SIZE = 24,
};

struct search {
  const struct desk_request *request;
  struct audit_filter filter;
  struct definitions definitions;
  struct nav_arena *page;  // one record
  struct audit_lines lines;
  uint64_t first_seq;  // none before it can fit
  uint64_t before;
  uint64_t window;
  int page_rows;
  int64_t scanned;
  int64_t deadline_ms;
  bool full;
  json_t *found;
};

static bool find_bounds(struct search *s, struct nav_error *err) {
  struct desk_database *database = s->request->database;
  PGresult *result = desk_query(database, "SELECT coalesce(max(seq), 0) FROM nav.ledger_view", 0, NULL, err);
  if (result == NULL) return false;
  uint64_t end = (uint64_t)desk_int8(result, 0, 0) + 1;
  PQclear(result);
  s->first_seq = 1;
  s->before = s->filter.before < end ? s->filter.before : end;
  if (s->filter.has_since && !audit_seq_at(database, s->filter.since_ms, end, &s->first_seq, err))
    return false;
  if (!s->filter.has_until) return true;
  uint64_t until = end;
  if (!audit_seq_at(database, s->filter.until_ms, end, &until, err)) return false;
  if (until < s->before) s->before = until;
  return true;
}

// Each arm by an index of its own; what the parameters leave out costs nothing. Published and acknowledged
// are most of a ledger beside events: apart, so that ledger_rare serves the rest.
static const char page_sql[] =
    "SELECT * FROM ("
    "(SELECT seq, record, kind FROM nav.ledger_view WHERE seq < $1::bigint AND seq >= $2::bigint AND kind = "
    "21 AND 21 = ANY($3::int[]) AND ($4::int[] IS NULL OR verdict = ANY($4::int[]) OR agency = "
    "ANY($5::int[])) AND ($6::bigint[] IS NULL OR seq = ANY($6::bigint[])) ORDER BY seq DESC LIMIT "
    "$10::bigint) "
    "UNION ALL "
    "(SELECT seq, record, kind FROM nav.ledger_view WHERE seq < $1::bigint AND seq >= $2::bigint AND kind IN "
    "(20, 30) AND kind = ANY($3::int[]) AND (20 = ANY($3::int[]) OR 30 = ANY($3::int[])) ORDER BY seq DESC "
    "LIMIT $10::bigint) "
    "UNION ALL "
    "(SELECT seq, record, kind FROM nav.ledger_view WHERE seq < $1::bigint AND seq >= $2::bigint AND kind "
    "NOT "
    "IN (20, 21, 30) AND kind = ANY($3::int[]) AND ($7::bigint[] IS NULL OR seq = ANY($7::bigint[])) AND "
    "($8::text IS NULL OR reader = $8::text) ORDER BY seq DESC LIMIT $10::bigint) "
    "UNION ALL "
    "(SELECT seq, record, kind FROM nav.ledger_view WHERE seq < $1::bigint AND seq >= $2::bigint AND kind "
    "NOT "
    "IN (20, 21, 30) AND kind = 22 AND 22 = ANY($3::int[]) AND $7::bigint[] IS NOT NULL AND "
    "position(decode($9::text, 'hex') IN record) > 0 ORDER BY seq DESC LIMIT $10::bigint)"
    ") AS u ORDER BY seq DESC LIMIT $10::bigint";

// What may fit among the records floor ≤ seq < before: bounded, so that no plan of the server's can take
// long.
static PGresult *read_page(const struct search *s, uint64_t floor, struct nav_error *err) {
  char before[NUMBER_SIZE];
  char first[NUMBER_SIZE];
  char rows[NUMBER_SIZE];
  (void)snprintf(before, sizeof before, "%" PRIu64, s->before);
  (void)snprintf(first, sizeof first, "%" PRIu64, floor);
  (void)snprintf(rows, sizeof rows, "%d", s->page_rows);
  const struct audit_filter *f = &s->filter;
  const char *values[] = {before,  first,    f->kinds,  f->verdicts,       f->numbers,
                          f->seqs, f->named, f->reader, f->event_id_bytes, rows};
  return desk_query(s->request->database, page_sql, 10, values, err);
}

// A Redecided names its event by number alone.
static void name_event(const struct search *s, struct audit_line *line) {
  char number[NUMBER_SIZE];
  const char *values[] = {number};
  struct nav_error err;
  (void)snprintf(number, sizeof number, "%" PRIu64, line->event_seq);
  PGresult *result = desk_query(s->request->database,
                                "SELECT record FROM nav.ledger_view WHERE seq = $1::bigint", 1, values, &err);
  if (result == NULL) return;
  size_t length = 0;
  const uint8_t *bytes = PQntuples(result) == 1 ? desk_bytes(result, 0, 0, &length) : NULL;
  const Nav__V1__Record *record = bytes != NULL ? record_stored(s->page, bytes, length, &err) : NULL;
  audit_line_name_event(line, record);
  PQclear(result);
}

static void take_line(struct search *s, struct audit_line *line) {
  if (line->event_seq != 0 && line->event_id == NULL) name_event(s, line);
  if (!audit_filter_fits(&s->filter, line)) return;
  if (!mandate_shows(s->request->person, line)) return;
  (void)json_array_append_new(s->found, audit_line_json(line));
}

static Nav__V1__Record *record_at(const struct search *s, const PGresult *result, int row) {
  struct nav_error err;
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(result, row, 1, &length);
  nav_arena_reset(s->page);
  return record_stored(s->page, bytes, length, &err);
}

// The keys of the page's reasons, all at once.
static bool fetch_reasons(const struct search *s, const PGresult *result, struct desk_reasons *reasons,
                          struct nav_error *err) {
  for (int i = 0; i < PQntuples(result); i++) {
    if (!reason_kind((uint16_t)desk_int2(result, i, 2))) continue;
    const Nav__V1__Record *record = record_at(s, result, i);
    if (record != NULL) desk_reasons_note(reasons, record);
  }
  return desk_reasons_fetch(reasons, s->request, err);
}

// A record's lines stay together: the last record may pass the limit by its own lanes.
static bool take_row(struct search *s, const PGresult *result, int row, struct desk_reasons *reasons,
                     struct nav_error *err) {
  uint64_t seq = (uint64_t)desk_int8(result, row, 0);
  Nav__V1__Record *record = record_at(s, result, row);
  if (record == NULL) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "", "seq %" PRIu64 " is not a record: run navctl audit verify",
                    seq);
  }
  desk_reasons_fill(reasons, record, s->page);
  audit_lines_of(record, &s->definitions, s->page, &s->lines);
  for (size_t i = 0; i < s->lines.count; i++) take_line(s, &s->lines.items[i]);
  s->before = seq;
  s->scanned++;
  s->full = (int64_t)json_array_size(s->found) >= s->filter.limit || s->scanned >= SCANNED_ROWS_MAX;
  return true;
}

// One window, newest first. Where it has more than a page the next one goes on within it.
static bool search_window(struct search *s, struct nav_error *err) {
  uint64_t floor = s->before > s->window ? s->before - s->window : 1;
  if (floor < s->first_seq) floor = s->first_seq;
  PGresult *result = read_page(s, floor, err);
  if (result == NULL) return false;
  int rows = PQntuples(result);
  struct desk_reasons reasons = {0};
  bool ok = fetch_reasons(s, result, &reasons, err);
  int i = 0;
  for (; ok && !s->full && i < rows; i++) ok = take_row(s, result, i, &reasons, err);
  desk_reasons_free(&reasons);
  PQclear(result);
  if (!ok || i < rows) return ok;
  if (rows < s->page_rows) s->before = floor;
  if (rows < s->page_rows / 4 && s->window < WINDOW_MAX) s->window *= 2;
  if (rows == s->page_rows && s->window > WINDOW_MIN) s->window /= 2;
  return true;
}

// A reader's records are found by an index of their own, wherever they stand: no window, and no more rows,
// each with a reason whose key is asked for, than about what will be shown.
static void plan_pages(struct search *s) {
  s->window = WINDOW_MIN;
  s->page_rows = PAGE_ROWS;
  if (s->filter.reader == NULL) return;
  s->window = INT64_MAX;
  if (s->filter.limit < PAGE_ROWS)
    s->page_rows = s->filter.limit < PAGE_ROWS_MIN ? PAGE_ROWS_MIN : (int)s->filter.limit;
}

// *more: something may be left before s->before.
static bool search_pages(struct search *s, bool *more, struct nav_error *err) {
  plan_pages(s);
  s->deadline_ms = nav_clock_monotonic_ms() + SCAN_MS_MAX;
  while (!s->full && s->before > s->first_seq && nav_clock_monotonic_ms() < s->deadline_ms) {
    if (!search_window(s, err)) return false;
  }
  *more = s->before > s->first_seq;
  return true;
}

static json_t *search(struct search *s, struct nav_error *err) {
  bool more = false;
  if (!definitions_load(&s->definitions, s->request->database, s->request->arena, err) ||
      !audit_filter_narrow(&s->filter, s->request, &s->definitions, err) || !find_bounds(s, err) ||
      !search_pages(s, &more, err)) {
    return NULL;
  }
  json_t *answer =
      json_pack("{s:b, s:O, s:o}", "ok", 1, "lines", s->found, "mandate", mandate_json(s->request->person));
  if (answer != NULL && more) (void)json_object_set_new(answer, "next", json_integer((json_int_t)s->before));
  return answer;
}

json_t *audit_search(const struct desk_request *request, struct nav_error *err) {
  struct search *s = nav_arena_zalloc(request->arena, 1, sizeof *s);
  json_t *answer = NULL;
  if (s == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  s->request = request;
  if (!audit_filter_read(&s->filter, request, err)) return NULL;
  const char *query = audit_filter_text(&s->filter, request->arena);
  if (query == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  } else if (desk_record_audit(request, query, err)) {
    s->page = nav_arena_new(RECORD_ARENA_MAX);
    s->found = json_array();
    if (s->page != NULL && s->found != NULL) answer = search(s, err);
    json_decref(s->found);
    nav_arena_free(s->page);
  }
  return answer;
}
