// See verify_rows.h.
#include "hub/desk/verify_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"

enum { CURSORS = 9, EVENT_ID_SIZE = 16 };

// A row larger than any of ours is cut just past the limit: it fails its hash, and memory stays bounded.
static const char ledger_sql[] =
    "SELECT seq, at, kind, lane, substr(record, 1, 1048577), substr(leaf, 1, 33), about FROM nav.ledger_view "
    "WHERE "
    "seq > 0 "
    "ORDER BY seq";
static const char event_sql[] =
    "SELECT seq, event_id, agency, revision, digest, type, time, verdict, bucket_class, bucket_day, "
    "published_seq "
    "FROM nav.event_view WHERE seq > 0 ORDER BY seq";
static const char content_sql[] =
    "SELECT seq, part, substr(sealed, 1, 131072) FROM nav.content_view WHERE seq > 0 ORDER BY seq";
static const char checkpoint_sql[] =
    "SELECT size, root, left(note, 65537), substr(frontier, 1, 4096) FROM nav.checkpoint_view WHERE size > 0 "
    "ORDER BY size";
static const char person_sql[] =
    "SELECT seq, substr(token, 1, 17) FROM nav.person_view WHERE seq > 0 ORDER BY seq, token";
static const char mention_sql[] =
    "SELECT seq, event_seq FROM nav.mention_view WHERE seq > 0 ORDER BY seq, event_seq";
static const char subtree_sql[] =
    "SELECT level, index, hash FROM nav.subtree_view WHERE level BETWEEN 1 AND 61 AND index >= 0 AND "
    "index < (1::bigint << (62 - level)) - 1 ORDER BY (index + 1) << level, level";
static const char cosignature_sql[] =
    "SELECT size, left(agency, 65), left(line, 512) FROM nav.cosignature_view WHERE size > 0 ORDER BY size, "
    "agency";
static const char rules_text_sql[] =
    "SELECT seq, substr(sha256, 1, 33), substr(text, 1, 262145) FROM nav.rules_text_view WHERE seq > 0 ORDER "
    "BY seq, sha256";
static const char *const statements[CURSORS] = {ledger_sql,     event_sql,       content_sql,
                                                checkpoint_sql, person_sql,      mention_sql,
                                                subtree_sql,    cosignature_sql, rules_text_sql};
static const char *const names[CURSORS] = {"verify_ledger",     "verify_event",       "verify_content",
                                           "verify_checkpoint", "verify_person",      "verify_mention",
                                           "verify_subtree",    "verify_cosignature", "verify_rules"};
enum { LEDGER, EVENT, CONTENT, CHECKPOINT, PERSON, MENTION, SUBTREE, COSIGNATURE, RULES_TEXT };

struct rows {
  struct desk_database *database;
  struct desk_cursor cursors[CURSORS];
};

static int next_ledger(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[LEDGER];
  int got = desk_cursor_next(c, err);
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
static const uint8_t *fixed(const struct desk_cursor *c, int column, size_t size) {
  static const uint8_t zeros[NAV_SHA256_SIZE];
  size_t length = 0;
  const uint8_t *bytes = desk_bytes(c->page, c->row, column, &length);
  return length == size ? bytes : zeros;
}

static int next_event(void *context, struct verify_event_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[EVENT];
  int got = desk_cursor_next(c, err);
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
  struct desk_cursor *c = &((struct rows *)context)->cursors[CONTENT];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_content_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0),
                                     .part = desk_int4(c->page, c->row, 1)};
  row->sealed = desk_bytes(c->page, c->row, 2, &row->length);
  return 1;
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

static int next_person(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[PERSON];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  row->seq = (uint64_t)desk_int8(c->page, c->row, 0);
  memcpy(row->key, fixed(c, 1, VERIFY_KEY_SIZE), VERIFY_KEY_SIZE);
  return 1;
}

static int next_mention(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct desk_cursor *c = &((struct rows *)context)->cursors[MENTION];
  int got = desk_cursor_next(c, err);
  if (got <= 0) return got;
  *row = (struct verify_index_row){.seq = (uint64_t)desk_int8(c->page, c->row, 0)};
  nav_put_u64(row->key + VERIFY_KEY_SIZE - 8, (uint64_t)desk_int8(c->page, c->row, 1));
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
  char number[24];
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
  struct rows rows = {.database = database};
  struct verify_source source = {&rows,       next_ledger,  next_event,   next_content,     next_checkpoint,
                                 next_person, next_mention, next_subtree, next_cosignature, next_rules_text,
                                 rules_kept};
  if (!read_lease(database, &settings, err) || !find_below_one(database, fault, fault_context, err))
    return false;
  if (!settings.has_lease) {
    fault(fault_context, 0, "nav.lease has no row: neither the log's id nor its last number is known");
  }
  bool ok = true;
  for (int i = 0; ok && i < CURSORS; i++) {
    ok = desk_cursor_open(&rows.cursors[i], database, names[i], statements[i], 0, NULL, err);
  }
  ok = ok && verify_run(&source, &settings, fault, fault_context, report, err);
  for (int i = 0; i < CURSORS; i++) desk_cursor_close(&rows.cursors[i]);
  return ok;
}
