// See verify_rows.h.
#include "hub/desk/verify_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/desk/pages.h"
#include "hub/desk/verify_beside.h"

enum { TABLES = 9, EVENT_ID_SIZE = 16, SQL_SIZE = 1024, KEPT_MAX = 1000000 };

// A row larger than any of ours is cut just past the limit: it fails its hash, and memory stays bounded.
static const struct desk_paged tables[TABLES] = {
    {.name = "verify_ledger",
     .sql = "SELECT seq, at, kind, lane, substr(record, 1, 1048577), substr(leaf, 1, 33), about FROM "
            "nav.ledger_view WHERE seq > 0 AND seq >= $1",
     .order = "seq"},
    {.name = "verify_event",
     .sql = "SELECT seq, event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, "
            "published_seq FROM nav.event_view WHERE seq > 0 AND seq >= $1",
     .order = "seq"},
    {.name = "verify_content",
     .sql = "SELECT seq, part, substr(sealed, 1, 131072) FROM nav.content_view WHERE seq > 0 AND seq >= $1",
     .order = "seq"},
    {.name = "verify_checkpoint",
     .sql = "SELECT size, root, left(note, 65537), substr(frontier, 1, 4096) FROM nav.checkpoint_view WHERE "
            "size > 0 AND size >= $1",
     .order = "size"},
    {.name = "verify_person",
     .sql = "SELECT seq, substr(token, 1, 17) FROM nav.person_view WHERE seq > 0 AND seq >= $1",
     .order = "seq, token"},
    {.name = "verify_mention",
     .sql = "SELECT seq, event_seq FROM nav.mention_view WHERE seq > 0 AND seq >= $1",
     .order = "seq, event_seq"},
    {.name = "verify_cosignature",
     .sql = "SELECT size, left(agency, 65), left(line, 512) FROM nav.cosignature_view WHERE size > 0 AND "
            "size >= "
            "$1",
     .order = "size, agency"},
    {.name = "verify_rules",
     .sql = "SELECT seq, substr(sha256, 1, 33), substr(text, 1, 262145) FROM nav.rules_text_view WHERE seq > "
            "0 AND "
            "seq >= $1",
     .order = "seq, sha256"},
    {.name = "verify_subtree",
     .sql = "SELECT level, index, hash FROM nav.subtree_view WHERE level BETWEEN 1 AND 61 AND index >= 0 AND "
            "index < (1::bigint << (62 - level)) - 1 ORDER BY (index + 1) << level, level"},
};
enum { LEDGER, EVENT, CONTENT, CHECKPOINT, PERSON, MENTION, COSIGNATURE, RULES_TEXT, SUBTREE };
enum { RANGED = COSIGNATURE };  // a range is of the records' own tables, those before it

struct rows {
  struct desk_pages pages;
  struct desk_paged results[TABLES];
  PGresult *kept;  // the texts' hashes and numbers, by hash
};

static int next_ledger(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[LEDGER];
  int got = desk_pages_next(&rows->pages, LEDGER, err);
  if (got <= 0) return got;
  *row = (struct verify_ledger_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                    .at_us = desk_time_us(c->page, c->row, 1),
                                    .kind = desk_int2(c->page, c->row, 2),
                                    .has_lane = !desk_is_null(c->page, c->row, 3)};
  if (row->has_lane) row->lane = desk_int4(c->page, c->row, 3);
  row->has_about = !desk_is_null(c->page, c->row, 6);
  if (row->has_about) row->about = desk_int8(c->page, c->row, 6);
  row->record = desk_bytes(c->page, c->row, 4, &row->record_length);
  row->leaf = desk_bytes(c->page, c->row, 5, &row->leaf_length);
  return 1;
}

// A column whose length the schema fixes; a superuser may have taken the CHECK away.
static const uint8_t *fixed(const struct desk_paged *c, int column, size_t size) {
  static const uint8_t zeros[NAV_SHA256_SIZE];
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(c->page, c->row, column, &length);
  return length == size ? bytes : zeros;
}

static int next_event(void *context, struct verify_event_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[EVENT];
  int got = desk_pages_next(&rows->pages, EVENT, err);
  if (got <= 0) return got;
  *row = (struct verify_event_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                   .event_id = fixed(c, 1, EVENT_ID_SIZE),
                                   .agency = desk_int4(c->page, c->row, 2),
                                   .revision = desk_int4(c->page, c->row, 3),
                                   .digest = fixed(c, 4, NAV_SHA256_SIZE),
                                   .type = desk_int2(c->page, c->row, 5),
                                   .time_us = desk_time_us(c->page, c->row, 6),
                                   .verdict = desk_int4(c->page, c->row, 7),
                                   .bucket_class = desk_int2(c->page, c->row, 8),
                                   .bucket_day = desk_int4(c->page, c->row, 9),
                                   .published_seq = desk_int8(c->page, c->row, 10)};
  return 1;
}

static int next_content(void *context, struct verify_content_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[CONTENT];
  int got = desk_pages_next(&rows->pages, CONTENT, err);
  if (got <= 0) return got;
  *row = (struct verify_content_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                     .part = desk_int4(c->page, c->row, 1)};
  row->sealed = desk_bytes(c->page, c->row, 2, &row->length);
  return 1;
}

static int next_checkpoint(void *context, struct verify_checkpoint_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[CHECKPOINT];
  int got = desk_pages_next(&rows->pages, CHECKPOINT, err);
  if (got <= 0) return got;
  *row = (struct verify_checkpoint_row){.size = (uint64_t)desk_int8(c->page, c->row, 0),
                                        .root = fixed(c, 1, NAV_SHA256_SIZE),
                                        .note = PQgetvalue(c->page, c->row, 2)};
  row->frontier = desk_bytes(c->page, c->row, 3, &row->frontier_length);
  return 1;
}

static int next_person(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[PERSON];
  int got = desk_pages_next(&rows->pages, PERSON, err);
  if (got <= 0) return got;
  row->seq = (uint64_t)desk_int8(c->page, c->row, 0);
  memcpy(row->key, fixed(c, 1, VERIFY_KEY_SIZE), VERIFY_KEY_SIZE);
  return 1;
}

static int next_mention(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[MENTION];
  int got = desk_pages_next(&rows->pages, MENTION, err);
  if (got <= 0) return got;
  *row = (struct verify_index_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0)};
  nav_put_u64(row->key + VERIFY_KEY_SIZE - 8, (uint64_t)desk_int8(c->page, c->row, 1));
  return 1;
}

static int next_subtree(void *context, struct verify_subtree_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[SUBTREE];
  int got = desk_pages_next(&rows->pages, SUBTREE, err);
  if (got <= 0) return got;
  *row = (struct verify_subtree_row){.level = (unsigned)desk_int2(c->page, c->row, 0),
                                     .index = (uint64_t)desk_int8(c->page, c->row, 1),
                                     .hash = fixed(c, 2, NAV_SHA256_SIZE)};
  return 1;
}

static int next_cosignature(void *context, struct verify_cosignature_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[COSIGNATURE];
  int got = desk_pages_next(&rows->pages, COSIGNATURE, err);
  if (got <= 0) return got;
  *row = (struct verify_cosignature_row){.size = (uint64_t)desk_int8(c->page, c->row, 0),
                                         .agency = PQgetvalue(c->page, c->row, 1),
                                         .line = PQgetvalue(c->page, c->row, 2)};
  return 1;
}

static int next_rules_text(void *context, struct verify_rules_row *row, struct nav_error *err) {
  struct rows *rows = context;
  const struct desk_paged *c = &rows->results[RULES_TEXT];
  int got = desk_pages_next(&rows->pages, RULES_TEXT, err);
  if (got <= 0) return got;
  *row = (struct verify_rules_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                   .sha256 = fixed(c, 1, NAV_SHA256_SIZE)};
  row->text = desk_bytes(c->page, c->row, 2, &row->length);
  return 1;
}

// Before the pages, whose connection takes no other query. Rules are rare: 40 bytes a text.
static bool read_kept(struct desk_database *database, struct rows *rows, struct nav_error *err) {
  rows->kept = desk_query(database,
                          "SELECT substr(sha256, 1, 33), seq FROM nav.rules_text_view WHERE seq > 0 ORDER BY "
                          "sha256, seq LIMIT 1000001",
                          0, NULL, err);
  if (rows->kept == NULL) return false;
  return PQntuples(rows->kept) <= KEPT_MAX ||
         nav_fail(err, NAV_ERROR_LOCAL, 0, "nav.rules_text", "has more than %d rows", KEPT_MAX);
}

static int compare_kept(const struct rows *rows, int i, const uint8_t sha256[NAV_SHA256_SIZE]) {
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(rows->kept, i, 0, &length);
  int order = memcmp(bytes, sha256, length < NAV_SHA256_SIZE ? length : NAV_SHA256_SIZE);
  return order != 0 ? order : (length > NAV_SHA256_SIZE) - (length < NAV_SHA256_SIZE);
}

// Whether it is of its hash is found as it goes by.
static int rules_kept(void *context, const uint8_t sha256[NAV_SHA256_SIZE], uint64_t seq,
                      struct nav_error *err) {
  const struct rows *rows = context;
  int low = 0;
  int high = PQntuples(rows->kept);
  (void)err;
  while (low < high) {
    int middle = low + (high - low) / 2;
    if (compare_kept(rows, middle, sha256) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool found = low < PQntuples(rows->kept) && compare_kept(rows, low, sha256) == 0 &&
               (uint64_t)desk_int8(rows->kept, low, 1) <= seq;
  return found ? VERIFY_RULES_KEPT : VERIFY_RULES_MISSING;
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

// Rows with numbers that the sequence never gives. The cursors pass them over.
static bool find_below_one(struct desk_database *database, verify_fault *fault, void *context,
                           struct nav_error *err) {
  PGresult *result = desk_query(
      database,
      "SELECT 'nav.ledger', seq FROM nav.ledger_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.event', seq FROM nav.event_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.content', seq FROM nav.content_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.person', seq FROM nav.person_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.mention', seq FROM nav.mention_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.rules_text', seq FROM nav.rules_text_view WHERE (seq < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.checkpoint', size FROM nav.checkpoint_view WHERE (size < 1) IS NOT FALSE UNION ALL "
      "SELECT 'nav.cosignature', size FROM nav.cosignature_view WHERE (size < 1) IS NOT FALSE UNION ALL "
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

bool desk_verify(struct desk_database *database, const char *hub, const uint8_t key[32], verify_fault *fault,
                 void *fault_context, struct verify_report *report, struct nav_error *err) {
  struct verify_settings settings = {.hub = hub, .checkpoint_key = key};
  struct rows rows = {0};
  struct verify_source source = {&rows,       next_ledger,  next_event,   next_content,     next_checkpoint,
                                 next_person, next_mention, next_subtree, next_cosignature, next_rules_text,
                                 rules_kept};
  if (!read_lease(database, &settings, err) || !find_below_one(database, fault, fault_context, err))
    return false;
  if (!settings.has_lease) {
    fault(fault_context, 0, "nav.lease has no row: neither the log's id nor its last number is known");
  }
  if (!read_kept(database, &rows, err)) {
    PQclear(rows.kept);
    return false;
  }
  for (int i = 0; i < TABLES; i++) rows.results[i] = tables[i];
  bool ok = desk_pages_open(&rows.pages, database, rows.results, TABLES, err) &&
            verify_run(&source, &settings, fault, fault_context, report, err);
  desk_pages_close(&rows.pages);
  PQclear(rows.kept);
  return ok;
}

// ---- a range ----

struct bounded {
  char sql[TABLES][SQL_SIZE];
};

// Each table from the range's first number on, and no further than its last; of checkpoints the newest.
static void bound(struct rows *rows, struct bounded *bounded, const struct verify_range *range) {
  for (int i = 0; i < RANGED; i++) {
    int length =
        i == CHECKPOINT
            ? snprintf(bounded->sql[i], SQL_SIZE, "%s AND size = %" PRIu64, tables[i].sql, range->size)
            : snprintf(bounded->sql[i], SQL_SIZE, "%s AND seq <= %" PRIu64, tables[i].sql, range->last);
    NAV_ASSERT(length > 0 && length < SQL_SIZE);
    rows->results[i] = tables[i];
    rows->results[i].sql = bounded->sql[i];
    rows->results[i].key = i == CHECKPOINT ? 0 : (int64_t)range->first;
  }
}

static bool run_range(struct desk_database *database, const struct verify_settings *settings,
                      verify_fault *fault, void *fault_context, struct verify_report *report,
                      struct nav_error *err) {
  struct rows rows = {0};
  struct verify_source source = {&rows,       next_ledger,  next_event, next_content, next_checkpoint,
                                 next_person, next_mention, NULL,       NULL,         NULL,
                                 NULL};
  struct bounded bounded;
  bound(&rows, &bounded, settings->range);
  bool ok = desk_pages_open(&rows.pages, database, rows.results, RANGED, err) &&
            verify_run(&source, settings, fault, fault_context, report, err);
  desk_pages_close(&rows.pages);
  return ok;
}

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

bool desk_verify_range(struct desk_database *database, const char *hub, const uint8_t key[32],
                       struct desk_range *asked, verify_fault *fault, void *fault_context,
                       struct verify_report *report, struct nav_error *err) {
  struct verify_settings settings = {.hub = hub, .checkpoint_key = key};
  struct verify_beside beside;
  bool ok = verify_beside_read(database, asked->first, asked->last, &beside, err) &&
            read_lease(database, &settings, err);
  settings.range = &beside.range;
  asked->covering = beside.range.size;
  ok = ok && run_range(database, &settings, fault, fault_context, report, err);
  if (ok) say_unplaced(&beside, fault, fault_context, report);
  verify_beside_free(&beside);
  return ok;
}
