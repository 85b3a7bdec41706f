// See verify_rows.h.
#include "hub/desk/verify_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/desk/stream.h"
#include "hub/desk/verify_beside.h"

enum { EVENT = 8, SQL_SIZE = 1024, NUMBER_SIZE = 24, AGAIN_ROWS = 200, AGAIN_BYTES = 64 * 1024 };

// The tables with rows of nearly every record, each a stream; and those with few, which cursors of the
// request's own connection read.
enum { LEDGER, CONTENT, PERSON, MENTION, STREAMS };
enum { CHECKPOINT, RULES_TEXT, COSIGNATURE, SUBTREE, CURSORS };

// Without their end: what is asked of which rows, and their order. A row larger than any of ours is cut just
// past the limit, or is null: it fails its hash, and memory stays bounded. (octet_length looks at a value's
// head alone; substr would copy each.) Of one record's persons and mentions the order does not matter.
struct table {
  const char *name;
  const char *sql;
  const char *order;
  int columns;
};
// LEDGER's columns from EVENT on are an event's.
static const struct table streamed[STREAMS] = {
    [LEDGER] = {"verify_ledger",
                "SELECT seq, at, kind, lane, CASE WHEN octet_length(record) <= 1048576 THEN record ELSE "
                "substr(record, 1, 1048577) END, CASE WHEN octet_length(leaf) = 32 THEN leaf END, about, "
                "left(reader, 201), CASE WHEN octet_length(event_id) = 16 THEN event_id END, agency, "
                "revision, CASE WHEN octet_length(digest) = 32 THEN digest END, type, time, verdict, "
                "bucket_class, bucket_day, published_seq FROM nav.ledger_view WHERE seq > 0",
                "seq", EVENT + VERIFY_EVENT_COLUMNS},
    [CONTENT] = {"verify_content",
                 "SELECT seq, part, CASE WHEN octet_length(sealed) <= 131072 THEN sealed ELSE substr(sealed, "
                 "1, 131072) END FROM nav.content_view WHERE seq > 0",
                 "seq", 3},
    [PERSON] = {"verify_person",
                "SELECT seq, CASE WHEN octet_length(token) = 16 THEN token END FROM nav.person_view WHERE "
                "seq > 0",
                "seq", 2},
    [MENTION] = {"verify_mention", "SELECT seq, event_seq FROM nav.mention_view WHERE seq > 0", "seq", 2},
};
static const struct table fetched[CURSORS] = {
    [CHECKPOINT] =
        {"verify_checkpoint",
         "SELECT size, root, left(note, 65537), substr(frontier, 1, 4096) FROM nav.checkpoint_view "
         "WHERE size > 0",
         "size", 4},
    [RULES_TEXT] = {"verify_rules",
                    "SELECT seq, substr(sha256, 1, 33), substr(text, 1, 262145) FROM nav.rules_text_view "
                    "WHERE seq > 0",
                    "seq, sha256", 3},
    [COSIGNATURE] =
        {"verify_cosignature",
         "SELECT size, left(agency, 65), left(line, 512) FROM nav.cosignature_view WHERE size > 0",
         "size, agency", 3},
    [SUBTREE] = {"verify_subtree",
                 "SELECT level, index, hash FROM nav.subtree_view WHERE level BETWEEN 1 AND 61 AND "
                 "index >= 0 AND index < (1::bigint << (62 - level)) - 1",
                 "(index + 1) << level, level", 3},
};

static const char again_sql[] =
    "SELECT seq, substr(record, 1, 1048577), leaf FROM nav.ledger_view WHERE seq = ANY($1::bigint[]) ORDER "
    "BY seq";

struct rows {
  struct desk_database *database;
  struct desk_stream streams[STREAMS];
  struct desk_cursor cursors[CURSORS];
};

// ---- the streams ----

static const uint8_t *bytes_of(const struct desk_stream *s, int column, size_t *length) {
  static const uint8_t none[1];
  *length = s->cells[column].length;
  return s->cells[column].bytes != NULL ? s->cells[column].bytes : none;
}

// A column that has one length wherever nav-core wrote it.
static const uint8_t *fixed_of(const struct desk_stream *s, int column, size_t size) {
  static const uint8_t zeros[NAV_SHA256_SIZE];
  return s->cells[column].length == size ? s->cells[column].bytes : zeros;
}

// In the order of the columns behind EVENT.
static void take_event(const struct desk_stream *s, struct verify_event *event) {
  unsigned there = 0;
  for (unsigned i = 0; i < VERIFY_EVENT_COLUMNS; i++)
    there |= (s->cells[EVENT + i].bytes != NULL ? 1u : 0u) << i;
  event->there = (uint16_t)there;
  if (there == 0) return;
  memcpy(event->event_id, fixed_of(s, EVENT + VERIFY_EVENT_ID, sizeof event->event_id),
         sizeof event->event_id);
  memcpy(event->digest, fixed_of(s, EVENT + VERIFY_DIGEST, sizeof event->digest), sizeof event->digest);
  event->agency = (int32_t)desk_cell_int(s, EVENT + VERIFY_AGENCY);
  event->revision = (int32_t)desk_cell_int(s, EVENT + VERIFY_REVISION);
  event->type = (int32_t)desk_cell_int(s, EVENT + VERIFY_TYPE);
  event->time_us = desk_cell_time_us(s, EVENT + VERIFY_TIME);
  event->verdict = (int32_t)desk_cell_int(s, EVENT + VERIFY_VERDICT);
  event->bucket_class = (int32_t)desk_cell_int(s, EVENT + VERIFY_BUCKET_CLASS);
  event->bucket_day = (int32_t)desk_cell_int(s, EVENT + VERIFY_BUCKET_DAY);
  event->published_seq = desk_cell_int(s, EVENT + VERIFY_PUBLISHED_SEQ);
}

static int next_ledger(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct desk_stream *s = &((struct rows *)context)->streams[LEDGER];
  int got = desk_stream_next(s, err);
  if (got <= 0) return got;
  *row = (struct verify_ledger_row){.seq = (uint64_t)desk_cell_int(s, 0),
                                    .at_us = desk_cell_time_us(s, 1),
                                    .kind = (int32_t)desk_cell_int(s, 2),
                                    .has_lane = s->cells[3].bytes != NULL,
                                    .lane = (int32_t)desk_cell_int(s, 3),
                                    .has_about = s->cells[6].bytes != NULL,
                                    .about = desk_cell_int(s, 6),
                                    .reader = (const char *)s->cells[7].bytes,
                                    .reader_length = s->cells[7].length};
  row->record = bytes_of(s, 4, &row->record_length);
  row->leaf = bytes_of(s, 5, &row->leaf_length);
  take_event(s, &row->event);
  return 1;
}

static int next_content(void *context, struct verify_content_row *row, struct nav_error *err) {
  struct desk_stream *s = &((struct rows *)context)->streams[CONTENT];
  int got = desk_stream_next(s, err);
  if (got <= 0) return got;
  *row =
      (struct verify_content_row){.seq = (uint64_t)desk_cell_int(s, 0), .part = (int32_t)desk_cell_int(s, 1)};
  row->sealed = bytes_of(s, 2, &row->length);
  return 1;
}

static int next_person(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct desk_stream *s = &((struct rows *)context)->streams[PERSON];
  int got = desk_stream_next(s, err);
  if (got <= 0) return got;
  row->seq = (uint64_t)desk_cell_int(s, 0);
  memcpy(row->key, fixed_of(s, 1, VERIFY_KEY_SIZE), VERIFY_KEY_SIZE);
  return 1;
}

static int next_mention(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct desk_stream *s = &((struct rows *)context)->streams[MENTION];
  int got = desk_stream_next(s, err);
  if (got <= 0) return got;
  *row = (struct verify_index_row){.seq = (uint64_t)desk_cell_int(s, 0)};
  nav_put_u64(row->key + VERIFY_KEY_SIZE - 8, (uint64_t)desk_cell_int(s, 1));
  return 1;
}

// ---- the cursors ----

static const uint8_t *fixed(const struct desk_cursor *c, int column, size_t size) {
  static const uint8_t zeros[NAV_SHA256_SIZE];
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(c->page, c->row, column, &length);
  return length == size ? bytes : zeros;
}

static int next_checkpoint(void *context, struct verify_checkpoint_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[CHECKPOINT];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_checkpoint_row){.size = (uint64_t)desk_int8(c->page, c->row, 0),
                                        .root = fixed(c, 1, NAV_SHA256_SIZE),
                                        .note = PQgetvalue(c->page, c->row, 2)};
  row->frontier = desk_bytes(c->page, c->row, 3, &row->frontier_length);
  return 1;
}

static int next_subtree(void *context, struct verify_subtree_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[SUBTREE];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_subtree_row){.level = (unsigned)desk_int2(c->page, c->row, 0),
                                     .index = (uint64_t)desk_int8(c->page, c->row, 1),
                                     .hash = fixed(c, 2, NAV_SHA256_SIZE)};
  return 1;
}

static int next_cosignature(void *context, struct verify_cosignature_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[COSIGNATURE];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_cosignature_row){.size = (uint64_t)desk_int8(c->page, c->row, 0),
                                         .agency = PQgetvalue(c->page, c->row, 1),
                                         .line = PQgetvalue(c->page, c->row, 2)};
  return 1;
}

static int next_rules_text(void *context, struct verify_rules_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[RULES_TEXT];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_rules_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                   .sha256 = fixed(c, 1, NAV_SHA256_SIZE)};
  row->text = desk_bytes(c->page, c->row, 2, &row->length);
  return 1;
}

// Whether it is of its hash is found as it goes by.
static int rules_kept(void *context, const uint8_t sha256[NAV_SHA256_SIZE], uint64_t seq,
                      struct nav_error *err) {
  char hex[2 * NAV_SHA256_SIZE + 1];
  char number[NUMBER_SIZE];
  const char *values[] = {nav_hex(hex, sha256, NAV_SHA256_SIZE), number};
  (void)snprintf(number, sizeof number, "%" PRIu64, seq);
  PGresult *result =
      desk_query(((struct rows *)context)->database,
                 "SELECT 1 FROM nav.rules_text_view WHERE sha256 = decode($1, 'hex') AND seq <= $2::bigint",
                 2, values, err);
  if (result == NULL) return -1;
  int kept = PQntuples(result) > 0 ? VERIFY_RULES_KEPT : VERIFY_RULES_MISSING;
  PQclear(result);
  return kept;
}

// In pages: an order to erase may name a thousand records.
static bool again(void *context, const uint64_t *seqs, size_t count, verify_take_again *take,
                  void *take_context, struct nav_error *err) {
  struct nav_arena *arena = nav_arena_new(AGAIN_BYTES);
  bool ok = arena != NULL || nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
  for (size_t done = 0; ok && done < count; done += AGAIN_ROWS) {
    nav_arena_reset(arena);
    const char *values[] = {
        desk_array(arena, seqs + done, count - done < AGAIN_ROWS ? count - done : AGAIN_ROWS)};
    NAV_ASSERT(values[0] != NULL);
    PGresult *result = desk_query(((struct rows *)context)->database, again_sql, 1, values, err);
    ok = result != NULL;
    for (int i = 0; ok && i < PQntuples(result); i++) {
      struct verify_ledger_row row = {.seq = (uint64_t)desk_int8(result, i, 0)};
      row.record = desk_bytes(result, i, 1, &row.record_length);
      row.leaf = desk_bytes(result, i, 2, &row.leaf_length);
      take(take_context, &row);
    }
    PQclear(result);
  }
  nav_arena_free(arena);
  return ok;
}

// ---- which rows ----

// NULL: of the whole ledger. Of a range, its records' rows; of checkpoints the newest.
static void make_sql(char sql[SQL_SIZE], const struct table *table, const struct verify_range *range) {
  int length = 0;
  if (range == NULL)
    length = snprintf(sql, SQL_SIZE, "%s ORDER BY %s", table->sql, table->order);
  else if (table == &fetched[CHECKPOINT])
    length = snprintf(sql, SQL_SIZE, "%s AND size = %" PRIu64, table->sql, range->size);
  else
    length = snprintf(sql, SQL_SIZE, "%s AND seq BETWEEN %" PRIu64 " AND %" PRIu64 " ORDER BY %s", table->sql,
                      range->first, range->last, table->order);
  NAV_ASSERT(length > 0 && length < SQL_SIZE);
}

static bool open_rows(struct rows *rows, const struct verify_range *range, struct nav_error *err) {
  char sql[SQL_SIZE];
  bool ok = true;
  int cursors = range == NULL ? CURSORS : COSIGNATURE;
  for (int i = 0; ok && i < cursors; i++) {
    make_sql(sql, &fetched[i], range);
    ok = desk_cursor_open(&rows->cursors[i], rows->database, fetched[i].name, sql, 0, NULL, err);
  }
  for (int i = 0; ok && i < STREAMS; i++) {
    make_sql(sql, &streamed[i], range);
    ok = desk_stream_open(&rows->streams[i], rows->database, sql, streamed[i].columns, err);
  }
  return ok;
}

static void close_rows(struct rows *rows) {
  for (int i = 0; i < CURSORS; i++) desk_cursor_close(&rows->cursors[i]);
  for (int i = 0; i < STREAMS; i++) desk_stream_close(&rows->streams[i]);
}

static bool verify_rows(struct desk_database *database, const struct verify_settings *settings,
                        verify_fault *fault, void *fault_context, struct verify_report *report,
                        struct nav_error *err) {
  bool whole = settings->range == NULL;
  struct rows rows = {.database = database};
  const struct verify_source source = {.context = &rows,
                                       .ledger = next_ledger,
                                       .content = next_content,
                                       .checkpoint = next_checkpoint,
                                       .person = next_person,
                                       .mention = next_mention,
                                       .subtree = whole ? next_subtree : NULL,
                                       .cosignature = whole ? next_cosignature : NULL,
                                       .rules_text = next_rules_text,
                                       .rules_kept = rules_kept,
                                       .again = again};
  bool ok = open_rows(&rows, settings->range, err) &&
            verify_run(&source, settings, fault, fault_context, report, err);
  close_rows(&rows);
  return ok;
}

static bool read_lease(struct desk_database *database, struct verify_settings *settings,
                       struct nav_error *err) {
  PGresult *result = desk_query(database, "SELECT log_id, epoch, last_seq FROM nav.lease_view", 0, NULL, err);
  if (result == NULL) return false;
  size_t length = 0;
  if (PQntuples(result) == 1) {
    const uint8_t *log_id = desk_bytes(result, 0, 0, &length);
    if (length == sizeof settings->log_id) {
      settings->has_lease = true;
      memcpy(settings->log_id, log_id, length);
      settings->lease_epoch = (uint64_t)desk_int8(result, 0, 1);
      settings->lease_last_seq = (uint64_t)desk_int8(result, 0, 2);
    }
  }
  PQclear(result);
  return true;
}

// Rows with numbers that the sequence never gives, which are passed over elsewhere; found by the indexes.
static bool find_below_one(struct desk_database *database, verify_fault *fault, void *context,
                           struct nav_error *err) {
  PGresult *result = desk_query(database, "SET LOCAL enable_seqscan = off", 0, NULL, err);
  PQclear(result);
  if (result == NULL) return false;
  result = desk_query(
      database,
      "SELECT 'nav.ledger', seq FROM nav.ledger_view WHERE seq < 1 OR seq IS NULL UNION ALL "
      "SELECT 'nav.content', seq FROM nav.content_view WHERE seq < 1 OR seq IS NULL UNION ALL "
      "SELECT 'nav.person', seq FROM nav.person_view WHERE seq < 1 OR seq IS NULL UNION ALL "
      "SELECT 'nav.mention', seq FROM nav.mention_view WHERE seq < 1 OR seq IS NULL UNION ALL "
      "SELECT 'nav.rules_text', seq FROM nav.rules_text_view WHERE seq < 1 OR seq IS NULL UNION ALL "
      "SELECT 'nav.checkpoint', size FROM nav.checkpoint_view WHERE size < 1 OR size IS NULL UNION ALL "
      "SELECT 'nav.cosignature', size FROM nav.cosignature_view WHERE size < 1 OR size IS NULL UNION ALL "
      "SELECT 'nav.subtree', index FROM nav.subtree_view WHERE (level BETWEEN 1 AND 61 AND index >= 0 AND "
      "index < (1::bigint << (62 - level)) - 1) IS NOT TRUE LIMIT 100",
      0, NULL, err);
  if (result == NULL) return false;
  for (int i = 0; i < PQntuples(result); i++) {
    char what[128];
    (void)snprintf(what, sizeof what, "%s has a row numbered %" PRId64 ", which no record ever had",
                   PQgetvalue(result, i, 0), desk_is_null(result, i, 1) ? 0 : desk_int8(result, i, 1));
    fault(context, 0, what);
  }
  PQclear(result);
  return true;
}

static struct verify_settings settings_of(const struct desk_verifying *verifying) {
  return (struct verify_settings){.hub = verifying->hub,
                                  .checkpoint_key = verifying->key,
                                  .progress = verifying->progress,
                                  .progress_context = verifying->progress_context};
}

bool desk_verify(struct desk_database *database, const struct desk_verifying *verifying, verify_fault *fault,
                 void *fault_context, struct verify_report *report, struct nav_error *err) {
  struct verify_settings settings = settings_of(verifying);
  if (!read_lease(database, &settings, err) || !find_below_one(database, fault, fault_context, err))
    return false;
  if (!settings.has_lease) {
    fault(fault_context, 0, "nav.lease has no row: neither the log's id nor its last number is known");
  }
  return verify_rows(database, &settings, fault, fault_context, report, err);
}

// ---- a range ----

static void say_unplaced(const struct verify_beside *beside, verify_fault *fault, void *fault_context,
                         struct verify_report *report) {
  char what[VERIFY_WHAT_SIZE];
  if (beside->range.size == 0 || beside->range.placed) return;
  (void)snprintf(what, sizeof what,
                 "the range cannot be placed in the tree of the checkpoint at %" PRIu64 ": %.300s",
                 beside->range.size, beside->unplaced.text);
  report->faults++;
  fault(fault_context, 0, what);
}

bool desk_verify_range(struct desk_database *database, const struct desk_verifying *verifying,
                       struct desk_range *asked, verify_fault *fault, void *fault_context,
                       struct verify_report *report, struct nav_error *err) {
  struct verify_settings settings = settings_of(verifying);
  struct verify_beside beside;
  bool ok = verify_beside_read(database, asked->first, asked->last, &beside, err) &&
            read_lease(database, &settings, err);
  settings.range = &beside.range;
  asked->covering = beside.range.size;
  ok = ok && verify_rows(database, &settings, fault, fault_context, report, err);
  if (ok) say_unplaced(&beside, fault, fault_context, report);
  verify_beside_free(&beside);
  return ok;
}
