// `audit export`: records and signed notes a page at a time, each page after an AuditRead of its own that
// says which records it takes: a request is answered by a worker of its own, so none can rest on an earlier
// one's.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/desk/audit.h"
#include "hub/wire/keys.h"
#include "nav/v1/session.pb-c.h"

// A page's answer stays under CONTROL_MESSAGE_MAX: 8 MiB of records and the last one's 1 MiB, in base64, and
// the notes with their cosignature lines, of which NOTES_BYTES decide where the page ends.
enum {
  PAGE_RECORDS = 20000,
  PAGE_BYTES = 8 * 1024 * 1024,
  NOTES_BYTES = 4 * 1024 * 1024,
  RECORD_BYTES = 1024 * 1024,
  HEAD = 12,
  NUMBER = 24
};

static const char records_sql[] =
    "SELECT seq, substr(record, 1, 1048577) FROM nav.ledger_view WHERE seq > $1::bigint AND seq <= "
    "$2::bigint "
    "ORDER BY seq LIMIT 20000";
static const char notes_sql[] =
    "SELECT c.size, left(c.note, 32768) || coalesce((SELECT string_agg(left(s.line, 320), '' ORDER BY "
    "s.agency) "
    "FROM (SELECT agency, line FROM nav.cosignature_view WHERE size = c.size ORDER BY agency LIMIT 96) s), "
    "'') "
    "FROM nav.checkpoint_view c WHERE c.size > $1::bigint AND c.size <= $2::bigint ORDER BY c.size LIMIT "
    "20001";
// Where a page of records from $1 to $2 must end so that its notes and their lines fit: at the last
// checkpoint whose bytes, added up, are at most $3; the first always is in.
static const char room_sql[] =
    "SELECT coalesce(max(size) FILTER (WHERE total <= $3::bigint OR first = size), 0), "
    "coalesce(max(size), 0) FROM (SELECT c.size, min(c.size) OVER () AS first, sum(octet_length(c.note) + "
    "coalesce((SELECT sum(octet_length(s.line)) FROM nav.cosignature_view s WHERE s.size = c.size), 0)) OVER "
    "(ORDER BY c.size) AS total FROM nav.checkpoint_view c WHERE c.size > $1::bigint AND c.size <= "
    "$2::bigint) AS added";
// Without --until: what a checkpoint covers; without any checkpoint, everything.
static const char until_sql[] =
    "SELECT coalesce((SELECT max(size) FROM nav.checkpoint_view), (SELECT max(seq) FROM nav.ledger_view), "
    "0), "
    "(SELECT log_id FROM nav.lease_view)";

struct page {
  struct nav_buffer bytes;
  int64_t after, until, last;
  bool done;
};

static bool read_range(const struct desk_request *request, struct page *page, struct nav_error *err) {
  const json_t *after = json_object_get(request->json, "after");
  const json_t *until = json_object_get(request->json, "until");
  page->after = page->last = json_integer_value(after);
  page->until = json_integer_value(until);
  if ((after == NULL || json_is_integer(after)) && (until == NULL || json_is_integer(until)) &&
      page->after >= 0 && page->until >= 0)
    return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "after",
                  "after and until must be records' numbers");
}

// The archive is the whole ledger: its proofs need every record.
static bool is_permitted(const struct desk_request *request, struct nav_error *err) {
  return request->person->mandate_all ||
         nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_PERMITTED, "mandate",
                  "an export holds every agency's records, which takes an auditor whose mandate in "
                  "agencies.yaml is all");
}

// The page's end, so that its notes fit.
static bool find_end(struct desk_database *database, const struct page *page, int64_t *end,
                     struct nav_error *err) {
  char after[NUMBER];
  char last[NUMBER];
  char most[NUMBER];
  const char *values[] = {after, last, most};
  int64_t reach = page->after + PAGE_RECORDS < page->until ? page->after + PAGE_RECORDS : page->until;
  (void)snprintf(after, sizeof after, "%" PRId64, page->after);
  (void)snprintf(last, sizeof last, "%" PRId64, reach);
  (void)snprintf(most, sizeof most, "%d", NOTES_BYTES);
  PGresult *result = desk_query(database, room_sql, 3, values, err);
  if (result == NULL) return false;
  int64_t fits = desk_int8(result, 0, 0);
  *end = fits < desk_int8(result, 0, 1) ? fits : page->until;
  PQclear(result);
  return true;
}

static bool fill(struct desk_database *database, struct page *page, struct nav_error *err) {
  char after[NUMBER];
  char until[NUMBER];
  const char *values[] = {after, until};
  int64_t end = 0;
  struct desk_cursor cursor;
  int got = 0;
  int count = 0;
  (void)snprintf(after, sizeof after, "%" PRId64, page->after);
  if (!find_end(database, page, &end, err)) return false;
  (void)snprintf(until, sizeof until, "%" PRId64, end);
  if (!desk_cursor_open(&cursor, database, "export", records_sql, 2, values, err)) return false;
  while (page->bytes.length < PAGE_BYTES && (got = desk_cursor_next(&cursor, err)) > 0) {
    size_t length = 0;
    const uint8_t *record = desk_bytes(cursor.page, cursor.row, 1, &length);
    uint8_t head[HEAD];
    page->last = desk_int8(cursor.page, cursor.row, 0);
    nav_put_u64(head, (uint64_t)page->last);
    nav_put_u32(head + 8, (uint32_t)length);
    if (!nav_buffer_append(&page->bytes, head, sizeof head) ||
        !nav_buffer_append(&page->bytes, record, length)) {
      got = -1;
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
      break;
    }
    count++;
  }
  desk_cursor_close(&cursor);
  if (got == 0 && count < PAGE_RECORDS) page->last = end;
  page->done = got == 0 && count < PAGE_RECORDS && end == page->until;
  return got >= 0;
}

static json_t *read_notes(struct desk_database *database, const struct page *page, struct nav_error *err) {
  char after[NUMBER];
  char last[NUMBER];
  const char *values[] = {after, last};
  (void)snprintf(after, sizeof after, "%" PRId64, page->after);
  (void)snprintf(last, sizeof last, "%" PRId64, page->last);
  PGresult *result = desk_query(database, notes_sql, 2, values, err);
  json_t *list = result != NULL ? json_array() : NULL;
  for (int i = 0; list != NULL && i < PQntuples(result); i++) {
    json_t *note = json_stringn(PQgetvalue(result, i, 1), (size_t)PQgetlength(result, i, 1));
    (void)json_array_append_new(
        list, json_pack("{s:I, s:o}", "size", (json_int_t)desk_int8(result, i, 0), "note", note));
  }
  PQclear(result);
  return list;
}

static json_t *encode(const struct page *page) {
  size_t size = sodium_base64_encoded_len(page->bytes.length, sodium_base64_VARIANT_ORIGINAL);
  char *text = malloc(size);
  if (text == NULL) return NULL;
  (void)sodium_bin2base64(text, size, page->bytes.data, page->bytes.length, sodium_base64_VARIANT_ORIGINAL);
  json_t *json = json_string(text);
  free(text);
  return json;
}

static json_t *answer(const struct desk_request *request, struct page *page, struct nav_error *err) {
  char log_id[2 * KEY_LOG_ID_SIZE + 1] = "";
  size_t length = 0;
  PGresult *ends = desk_query(request->database, until_sql, 0, NULL, err);
  if (ends == NULL) return NULL;
  if (page->until == 0) page->until = desk_int8(ends, 0, 0);
  const uint8_t *id = desk_bytes(ends, 0, 1, &length);
  if (length == KEY_LOG_ID_SIZE) (void)nav_hex(log_id, id, length);
  PQclear(ends);
  if (!fill(request->database, page, err)) return NULL;
  json_t *notes = read_notes(request->database, page, err);
  if (notes == NULL) return NULL;
  json_t *made = json_pack("{s:b, s:s, s:s, s:I, s:I, s:b, s:o, s:o}", "ok", 1, "hub", request->nav->hub,
                           "log_id", log_id, "until", (json_int_t)page->until, "last", (json_int_t)page->last,
                           "done", page->done ? 1 : 0, "records", encode(page), "checkpoints", notes);
  if (made == NULL) (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  return made;
}

json_t *audit_export(const struct desk_request *request, struct nav_error *err) {
  struct page page = {.done = false};
  char query[96];
  if (!read_range(request, &page, err) || !is_permitted(request, err)) return NULL;
  if (page.until != 0) {
    (void)snprintf(query, sizeof query, "audit export --until %" PRId64 ", after seq %" PRId64, page.until,
                   page.after);
  } else {
    (void)snprintf(query, sizeof query, "audit export");
  }
  if (!desk_record_audit(request, query, err)) return NULL;
  nav_buffer_init(&page.bytes, PAGE_BYTES + 2 * RECORD_BYTES);
  json_t *made = answer(request, &page, err);
  nav_buffer_free(&page.bytes);
  return made;
}
