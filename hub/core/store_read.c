// What nav-core reads from the ledger when it starts. See store.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/core/store_private.h"

enum { ROWS_AT_A_TIME = 20000, CONTENTS_AT_A_TIME = 256, NUMBER_TEXT = 24, NUMBERS_TEXT_MAX = 1024 * 1024 };

bool store_knows_part(const struct store *store, uint32_t part) {
  for (size_t i = 0; i < store->parts_count; i++) {
    if (store->parts[i] == part) return true;
  }
  return false;
}

void store_learn_part(struct store *store, uint32_t part) {
  if (store_knows_part(store, part)) return;
  if (store->parts_count == STORE_PARTS_MAX) {
    memmove(store->parts, store->parts + 1, (STORE_PARTS_MAX - 1) * sizeof *store->parts);
    store->parts_count--;
  }
  store->parts[store->parts_count++] = part;
}

static const uint8_t *cell(const PGresult *result, int row, int column) {
  return (const uint8_t *)PQgetvalue(result, row, column);
}

static size_t cell_length(const PGresult *result, int row, int column) {
  return (size_t)PQgetlength(result, row, column);
}

// Runs sql with $1 = the last seq seen, $2 = a limit and $3 = more (where not NULL) until it gives no more
// rows. Column 0 is seq.
typedef bool page_row(void *context, const PGresult *result, int row, struct nav_error *err);
static bool read_pages_of(struct store *store, const char *sql, int most, uint64_t after_seq,
                          const char *more, page_row *row, void *context, struct nav_error *err) {
  int rows = 0;
  do {
    char after[NUMBER_TEXT];
    char limit[NUMBER_TEXT];
    (void)snprintf(after, sizeof after, "%" PRIu64, after_seq);
    (void)snprintf(limit, sizeof limit, "%d", most);
    const char *values[] = {after, limit, more};
    PGresult *result = store_query(store, sql, more == NULL ? 2 : 3, values, err);
    if (result == NULL) return false;
    rows = PQntuples(result);
    bool ok = true;
    for (int i = 0; ok && i < rows; i++) {
      after_seq = nav_get_u64(cell(result, i, 0));
      ok = row(context, result, i, err);
    }
    PQclear(result);
    if (!ok) return false;
  } while (rows == most);
  return true;
}

static bool read_pages(struct store *store, const char *sql, uint64_t after_seq, page_row *row, void *context,
                       struct nav_error *err) {
  return read_pages_of(store, sql, ROWS_AT_A_TIME, after_seq, NULL, row, context, err);
}

struct record_reader {
  store_record_row *row;
  void *context;
};

static bool record_row(void *context, const PGresult *result, int row, struct nav_error *err) {
  const struct record_reader *reader = context;
  return reader->row(reader->context, nav_get_u64(cell(result, row, 0)), cell(result, row, 1),
                     cell_length(result, row, 1), err);
}

bool store_read_definitions(struct store *store, store_record_row *row, void *context,
                            struct nav_error *err) {
  struct record_reader reader = {row, context};
  return read_pages(store,
                    "SELECT seq, record FROM nav.ledger WHERE kind NOT IN (20, 21, 30) AND kind IN (10, 13, "
                    "14, 15, 16, 17, 18, 19, 32, 33, 60, 61, 62, 63, 64, 70, 80, "
                    "81) "
                    "AND seq > $1::bigint ORDER BY seq LIMIT $2::int",
                    0, record_row, &reader, err);
}

bool store_read_redecided(struct store *store, store_record_row *row, void *context, struct nav_error *err) {
  struct record_reader reader = {row, context};
  return read_pages(
      store,
      "SELECT seq, record FROM nav.ledger WHERE kind NOT IN (20, 21, 30) AND kind = 25 AND seq > "
      "$1::bigint ORDER BY seq LIMIT $2::int",
      0, record_row, &reader, err);
}

bool store_read_cursors(struct store *store, uint32_t lanes_end, store_record_row *row, void *context,
                        struct nav_error *err) {
  char end[NUMBER_TEXT];
  (void)snprintf(end, sizeof end, "%" PRIu32, lanes_end);
  const char *values[] = {end};
  PGresult *result =
      store_query(store,
                  "SELECT last.seq, last.record FROM generate_series(1, $1::int - 1) AS l, LATERAL "
                  "(SELECT seq, record FROM nav.ledger WHERE lane = l AND kind = 30 "
                  "ORDER BY seq DESC LIMIT 1) AS last ORDER BY last.seq",
                  1, values, err);
  if (result == NULL) return false;
  bool ok = true;
  for (int i = 0; ok && i < PQntuples(result); i++) {
    ok = row(context, nav_get_u64(cell(result, i, 0)), cell(result, i, 1), cell_length(result, i, 1), err);
  }
  PQclear(result);
  return ok;
}

struct leaf_reader {
  store_leaf_row *row;
  void *context;
};

static bool leaf_row(void *context, const PGresult *result, int row, struct nav_error *err) {
  const struct leaf_reader *reader = context;
  if (cell_length(result, row, 1) != NAV_SHA256_SIZE) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "a leaf is not 32 bytes: run navctl audit verify");
  }
  reader->row(reader->context, nav_get_u64(cell(result, row, 0)), cell(result, row, 1),
              (int64_t)nav_get_u64(cell(result, row, 2)));
  return true;
}

bool store_read_leaves(struct store *store, uint64_t after_seq, store_leaf_row *row, void *context,
                       struct nav_error *err) {
  struct leaf_reader reader = {row, context};
  return read_pages(
      store,
      "SELECT seq, leaf, (extract(epoch FROM at) * 1000)::bigint FROM nav.ledger WHERE seq > $1::bigint "
      "ORDER BY seq LIMIT $2::int",
      after_seq, leaf_row, &reader, err);
}

struct event_reader {
  store_event_row *row;
  void *context;
};

static bool event_row(void *context, const PGresult *result, int row, struct nav_error *err) {
  const struct event_reader *reader = context;
  struct store_event event = {
      .seq = nav_get_u64(cell(result, row, 0)),
      .agency = nav_get_u32(cell(result, row, 2)),
      .revision = nav_get_u32(cell(result, row, 3)),
      .type = nav_get_u16(cell(result, row, 4)),
      .verdict = nav_get_u32(cell(result, row, 5)),
      .retention_class = nav_get_u16(cell(result, row, 6)),
      .bucket_day = nav_get_u32(cell(result, row, 7)),
      .accepted_ms = (int64_t)nav_get_u64(cell(result, row, 8)),
  };
  if (cell_length(result, row, 1) != sizeof event.event_id)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "database",
                    "an event's id is not 16 bytes: run navctl audit verify");
  memcpy(event.event_id, cell(result, row, 1), sizeof event.event_id);
  if (PQgetisnull(result, row, 9) == 0) {
    event.sealed = cell(result, row, 9);
    event.sealed_length = cell_length(result, row, 9);
  }
  return reader->row(reader->context, &event, err);
}

#define EVENT_COLUMNS                                                                                 \
  "SELECT e.seq, e.event_id, e.agency, e.revision, e.type, e.verdict, e.bucket_class, e.bucket_day, " \
  "(extract(epoch FROM e.at) * 1000)::bigint, "

// The text of an array of numbers goes on with one more.
static bool append_number(struct nav_buffer *text, size_t index, uint64_t number) {
  return nav_buffer_printf(text, "%s%" PRIu64, index == 0 ? "{" : ",", number);
}

static bool end_numbers(struct nav_buffer *text, size_t count) {
  return nav_buffer_append_text(text, count == 0 ? "{}" : "}") && nav_buffer_text(text) != NULL;
}

bool store_read_events_of_verdicts(struct store *store, const uint32_t *verdicts, size_t count,
                                   store_event_row *row, void *context, struct nav_error *err) {
  struct event_reader reader = {row, context};
  struct nav_buffer text;
  nav_buffer_init(&text, NUMBERS_TEXT_MAX);
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++) ok = append_number(&text, i, verdicts[i]);
  ok = ok && end_numbers(&text, count);
  if (!ok) {
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  } else if (count > 0) {
    ok = read_pages_of(store,
                       EVENT_COLUMNS
                       "NULL::bytea FROM nav.event_view e WHERE e.verdict = ANY($3::int[]) AND e.seq > "
                       "$1::bigint ORDER BY e.seq LIMIT $2::int",
                       ROWS_AT_A_TIME, 0, (const char *)text.data, event_row, &reader, err);
  }
  nav_buffer_free(&text);
  return ok;
}

bool store_read_events_of_type(struct store *store, uint32_t type, store_event_row *row, void *context,
                               struct nav_error *err) {
  struct event_reader reader = {row, context};
  char number[NUMBER_TEXT];
  (void)snprintf(number, sizeof number, "%" PRIu32, type);
  return read_pages_of(store,
                       EVENT_COLUMNS
                       "c.sealed FROM nav.event_view e LEFT JOIN nav.content c ON c.seq = e.seq "
                       "WHERE e.type = $3::smallint AND e.seq > $1::bigint ORDER BY e.seq LIMIT $2::int",
                       CONTENTS_AT_A_TIME, 0, number, event_row, &reader, err);
}

bool store_read_checkpoint(struct store *store, struct store_checkpoint *out, struct nav_error *err) {
  return store_read_checkpoint_at(store, INT64_MAX, out, err);
}

bool store_read_checkpoint_at(struct store *store, uint64_t size, struct store_checkpoint *out,
                              struct nav_error *err) {
  char number[NUMBER_TEXT];
  (void)snprintf(number, sizeof number, "%" PRIu64, size);
  const char *values[] = {number};
  *out = (struct store_checkpoint){0};
  PGresult *result = store_query(store,
                                 "SELECT size, note, frontier FROM nav.checkpoint WHERE size <= $1::bigint "
                                 "ORDER BY size DESC LIMIT 1",
                                 1, values, err);
  if (result == NULL) return false;
  bool ok = true;
  if (PQntuples(result) == 1) {
    out->found = true;
    out->size = nav_get_u64(cell(result, 0, 0));
    ok = cell_length(result, 0, 1) < sizeof out->note &&
         store_frontier_decode(cell(result, 0, 2), cell_length(result, 0, 2), &out->frontier);
    if (ok) (void)snprintf(out->note, sizeof out->note, "%s", PQgetvalue(result, 0, 1));
  }
  PQclear(result);
  return ok ? true
            : nav_fail(err, NAV_ERROR_LOCAL, 0, "database",
                       "the last checkpoint is damaged: run navctl audit verify");
}

bool store_read_page(struct store *store, const char *sql, uint64_t number, store_page *page, void *context,
                     struct nav_error *err) {
  char text[NUMBER_TEXT];
  const char *values[] = {text};
  (void)snprintf(text, sizeof text, "%" PRIu64, number);
  PGresult *result = store_query(store, sql, 1, values, err);
  if (result == NULL) return false;
  page(context, result);
  PQclear(result);
  return true;
}

static unsigned hashes_of(uint64_t size) {
  unsigned count = 0;
  for (; size != 0; size &= size - 1) count++;
  return count;
}

bool store_frontier_encode(const struct merkle_frontier *frontier, struct nav_buffer *out) {
  uint8_t size[8];
  nav_put_u64(size, frontier->size);
  return nav_buffer_append(out, size, sizeof size) &&
         nav_buffer_append(out, frontier->hashes, (size_t)hashes_of(frontier->size) * NAV_SHA256_SIZE);
}

bool store_frontier_decode(const uint8_t *bytes, size_t length, struct merkle_frontier *frontier) {
  *frontier = (struct merkle_frontier){0};
  if (length < 8) return false;
  frontier->size = nav_get_u64(bytes);
  size_t expected = (size_t)hashes_of(frontier->size) * NAV_SHA256_SIZE;
  if (length != 8 + expected) return false;
  memcpy(frontier->hashes, bytes + 8, expected);
  return true;
}
