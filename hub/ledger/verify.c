// See verify.h. The order of a verification: each ledger row is put in its place, its leaf in the tree, then
// decoded and compared with its columns, with what was defined before, and with its rows; a checkpoint is
// compared once the rows it covers have passed.
#include "hub/ledger/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

enum { ARENA_BYTES_MAX = 64 * 1024 * 1024 };

static void accuse(struct verify *v, uint64_t seq, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void accuse(struct verify *v, uint64_t seq, const char *format, va_list args) {
  char what[VERIFY_WHAT_SIZE];
  if (v->muted) return;
  (void)vsnprintf(what, sizeof what, format, args);
  v->report->faults++;
  v->fault(v->fault_context, seq, what);
}

void verify_accuse(struct verify *v, uint64_t seq, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (seq >= v->tree.interval_first) v->tree.interval_fault = seq;
  accuse(v, seq, format, args);
  va_end(args);
}

void verify_accuse_checkpoint(struct verify *v, uint64_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  accuse(v, size, format, args);
  va_end(args);
}

void verify_doubt(struct verify *v, uint64_t seq, uint64_t rests_on, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const struct verify_range *range = v->settings->range;
  char what[VERIFY_WHAT_SIZE];
  if (range != NULL && rests_on != 0 && rests_on < range->first) {  // which was not verified with it
    (void)vsnprintf(what, sizeof what, format, args);
    verify_accuse(v, seq, "%s" VERIFY_IN_DOUBT, what);
  } else if (rests_on != 0 && rests_on < v->tree.interval_first) {
    if (seq >= v->tree.interval_first) v->tree.interval_fault = seq;
    accuse(v, seq, format, args);
  } else if (v->doubts_count == VERIFY_DOUBTS_MAX) {
    v->doubts_more++;
  } else {
    struct verify_doubt *doubt = &v->doubts[v->doubts_count++];
    doubt->seq = seq;
    (void)vsnprintf(doubt->what, sizeof doubt->what, format, args);
  }
  va_end(args);
}

void verify_doubts_end(struct verify *v, bool proven) {
  for (size_t i = 0; i < v->doubts_count; i++) {
    verify_accuse_checkpoint(v, v->doubts[i].seq, "%s%s", v->doubts[i].what, proven ? "" : VERIFY_IN_DOUBT);
  }
  if (v->doubts_more > 0) {
    verify_accuse_checkpoint(v, v->doubts[VERIFY_DOUBTS_MAX - 1].seq,
                             "%" PRIu64 " more such faults until the next checkpoint are not listed",
                             v->doubts_more);
  }
  v->doubts_count = 0;
  v->doubts_more = 0;
}

// Whether any was there.
static bool forget_names(struct verify_names *names, uint64_t first) {
  bool any = false;
  for (size_t i = 0; i < names->count; i++) {
    any = any || names->items[i].seq >= first;
    if (names->items[i].seq >= first) names->items[i] = (struct verify_name){0};
    if (names->items[i].position_seq >= first) names->items[i].position = 0;
  }
  return any;
}

static void check_hub_key(struct verify *v) {
  if (v->hub_key_seq != 0 && memcmp(v->hub_key, v->settings->checkpoint_key, sizeof v->hub_key) != 0) {
    verify_accuse(v, v->hub_key_seq, "names another checkpoint key than the hub's key file");
  }
}

void verify_forget(struct verify *v, uint64_t last) {
  uint64_t first = v->tree.interval_first;
  // Where all are there and do not give the root, several may have been rewritten, leaves and all, of which
  // one defined an agency and another named its key.
  if (forget_names(&v->agencies, first) || (last > first && !v->tree.broken)) v->agencies_forgotten = true;
  (void)forget_names(&v->lanes, first);
  for (size_t i = 0; i < VERIFY_PUBLICATIONS_BACK; i++) {
    struct verify_publication *p = &v->publications[i];
    if (p->seq >= first) p->seq = 0;
    memset(p->used, 0, sizeof p->used);
  }
  memcpy(v->log_id, v->tree.interval_log_id, sizeof v->log_id);
  verify_ahead_know_log(v->ahead, v->log_id);
  verify_cosigners_forget(v, first);
  if (v->hub_key_seq >= first) check_hub_key(v);
  if (v->hub_key_seq >= first) v->hub_key_seq = 0;
  if (v->texts_kept_seq >= first) v->texts_kept_seq = 0;
  v->last_time_ms = INT64_MIN;
  v->last_epoch = 0;
  v->lost = v->keys_lost = true;
}

static void missing(struct verify *v, uint64_t first, uint64_t last, const char *why) {
  if (first == last) {
    verify_accuse(v, first, "the record is missing%s", why);
  } else {
    verify_accuse(v, first, "the records %" PRIu64 " to %" PRIu64 " are missing%s", first, last, why);
  }
  verify_spoil(v, first, last);
  v->absent += last - first + 1;
  v->lost = v->keys_lost = true;
  v->erasing.record_lost = true;
}

static bool next_checkpoint(struct verify *v, struct nav_error *err) {
  int got = v->source->checkpoint(v->source->context, &v->checkpoint, err);
  v->has_checkpoint = got > 0;
  return got >= 0;
}

// Checkpoints that cover nothing from `before` on. Where they pass the last row seen, what is between is
// missing.
static bool checkpoints_before(struct verify *v, uint64_t before, struct nav_error *err) {
  uint64_t reached = v->last_seq;
  while (v->has_checkpoint && v->checkpoint.size < before) {
    if (v->checkpoint.size > reached) {
      verify_tree_break(v);
      reached = v->checkpoint.size;
    }
    v->report->checkpoints++;
    bool holds = verify_tree_checkpoint(v, &v->checkpoint);
    if (!verify_cosignatures_at(v, &v->checkpoint, holds, err) || !next_checkpoint(v, err)) return false;
  }
  if (reached + 1 < before) verify_tree_break(v);
  return true;
}

static void check_columns(struct verify *v, const struct verify_ledger_row *row,
                          const Nav__V1__Record *record) {
  struct record_columns columns;
  record_columns_of(record, &columns);
  char at[96] = "";
  char kind[64] = "";
  char lane[64] = "";
  char about[80] = "";
  const char *reader = columns.reader != NULL ? columns.reader : "";
  size_t length = strlen(reader);
  bool same_reader = row->reader == NULL ? length == 0
                                         : length > 0 && row->reader_length == length &&
                                               memcmp(row->reader, reader, length) == 0;
  if (row->at_us % 1000 != 0 || row->at_us / 1000 != columns.time_ms) {
    (void)snprintf(at, sizeof at, " at (%" PRId64 " us, record %" PRId64 " ms)", row->at_us, columns.time_ms);
  }
  if (row->kind != columns.kind) {
    (void)snprintf(kind, sizeof kind, " kind (%" PRId32 ", record %u)", row->kind, columns.kind);
  }
  if (row->has_lane != (columns.lane != 0) || (row->has_lane && (uint32_t)row->lane != columns.lane)) {
    (void)snprintf(lane, sizeof lane, " lane (%" PRId32 ", record %" PRIu32 ")",
                   row->has_lane ? row->lane : 0, columns.lane);
  }
  if (row->has_about != (columns.about != 0) || (row->has_about && (uint64_t)row->about != columns.about)) {
    (void)snprintf(about, sizeof about, " about (%" PRId64 ", record %" PRIu64 ")",
                   row->has_about ? row->about : 0, columns.about);
  }
  if (at[0] == '\0' && kind[0] == '\0' && lane[0] == '\0' && about[0] == '\0' && same_reader) return;
  verify_accuse(v, row->seq, "columns of nav.ledger differ from the record:%s%s%s%s%s", at, kind, lane, about,
                same_reader ? "" : " reader");
}

// Which of two neighbours was changed cannot be seen here, so both are named; the later one's word counts
// from there on, so that no third is accused.
static void check_order(struct verify *v, const Nav__V1__Record *record) {
  if (record->time_ms < v->last_time_ms) {
    verify_doubt(v, record->seq, v->order_seq,
                 "its time, %" PRId64 " ms, is before that of seq %" PRIu64 ", %" PRId64
                 " ms: one of the two is wrong",
                 record->time_ms, v->order_seq, v->last_time_ms);
  }
  if (record->epoch < v->last_epoch) {
    verify_doubt(v, record->seq, v->order_seq,
                 "its epoch, %" PRIu64 ", is before that of seq %" PRIu64 ", %" PRIu64
                 ": one of the two is wrong",
                 record->epoch, v->order_seq, v->last_epoch);
  }
  v->last_time_ms = record->time_ms;
  v->last_epoch = record->epoch;
  v->order_seq = record->seq;
}

// The record that the row's bytes are; NULL where they cannot be trusted, which is then already said or
// noted.
static const Nav__V1__Record *trusted_record(struct verify *v, const struct verify_ready *ready) {
  const struct verify_ledger_row *row = &ready->row;
  bool agrees = verify_tree_row(v, ready);
  struct nav_error err = {0};
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  const Nav__V1__Record *record = ready->record;
  if (record == NULL) {
    nav_arena_reset(v->arena);
    record = record_decode(v->arena, row->record, row->record_length, &err);
  }
  if (!agrees) {
    if (record == NULL) verify_tree_detail(v, "they are no record any more");
    return NULL;
  }
  if (record == NULL) {
    verify_accuse(v, row->seq, "its bytes are not a record: %s", nav_error_string(&err, text, sizeof text));
  } else if (record->seq != row->seq) {
    verify_accuse(v, row->seq, "the record that stands here says that it is seq %" PRIu64, record->seq);
    record = NULL;
  }
  return record;
}

static bool check_row(struct verify *v, const struct verify_ready *ready, struct nav_error *err) {
  const struct verify_ledger_row *row = &ready->row;
  if (row->seq == v->last_seq && row->seq != 0) {
    verify_accuse(v, row->seq, "stands in more than one row of nav.ledger");
    return true;
  }
  if (row->seq <= v->last_seq) {
    return nav_fail(err, NAV_ERROR_BUG, 0, "verify", "rows are not in order: %" PRIu64 " after %" PRIu64,
                    row->seq, v->last_seq);
  }
  if (!checkpoints_before(v, v->last_seq + 1, err)) return false;
  if (row->seq > v->last_seq + 1) {
    missing(v, v->last_seq + 1, row->seq - 1, "");
    if (!checkpoints_before(v, row->seq, err)) return false;
  }
  v->report->records++;
  v->tree.interval_rows++;
  const Nav__V1__Record *record = trusted_record(v, ready);
  if (record == NULL) {
    verify_spoil(v, row->seq, row->seq);
    v->absent++;
    v->lost = true;
    if (row->kind == NAV__V1__RECORD__RECORD_KEY_CHANGED) v->keys_lost = true;
    if (row->kind == NAV__V1__RECORD__RECORD_ERASED) {
      v->erasing.record_lost = true;
      if (row->at_us / 1000 > v->erasing.end_time_ms) v->erasing.end_time_ms = row->at_us / 1000;
    }
  } else {
    if (!v->settings->records_only) check_columns(v, row, record);
    check_order(v, record);
    v->erasing.end_time_ms = record->time_ms;
    verify_record(v, record, ready->guess);
    if (!v->settings->records_only) verify_event_columns(v, row, record);
  }
  if (!verify_rows_up_to(v, row->seq, record, err) || !verify_subtrees_at(v, row->seq, err)) return false;
  v->last_seq = row->seq;
  return true;
}

static void check_lease(struct verify *v) {
  const struct verify_settings *s = v->settings;
  if (!s->has_lease) return;
  bool signed_more = v->tree.proven > s->lease_last_seq;
  if (v->last_seq > s->lease_last_seq && signed_more) {
    verify_accuse(v, 0,
                  "nav.lease was changed: seq %" PRIu64
                  " stands after the last number that nav.lease knows, %" PRIu64
                  ", and the checkpoint at %" PRIu64 " covers it",
                  s->lease_last_seq + 1, s->lease_last_seq, v->tree.proven);
  } else if (v->last_seq > s->lease_last_seq) {
    verify_accuse(v, s->lease_last_seq + 1, "stands after the last number that nav.lease knows, %" PRIu64,
                  s->lease_last_seq);
  }
  if (v->last_epoch > s->lease_epoch) {
    verify_accuse(v, v->tree.proven >= v->order_seq ? 0 : v->order_seq,
                  "the epoch of seq %" PRIu64 ", %" PRIu64 ", is later than that of nav.lease, %" PRIu64,
                  v->order_seq, v->last_epoch, s->lease_epoch);
  }
  if (memcmp(v->log_id, s->log_id, KEY_LOG_ID_SIZE) != 0) {
    verify_accuse(v, v->tree.proven >= v->log_id_seq ? 0 : v->log_id_seq,
                  "the log id of nav.lease is not the one that the ledger and its checkpoints name");
  }
}

// A checkpoint above the end proves that there was more, if the hub signed it.
static bool check_tail(struct verify *v, struct nav_error *err) {
  uint64_t expected = v->settings->has_lease ? v->settings->lease_last_seq : 0;
  bool by_checkpoint = false;
  while (v->has_checkpoint) {
    verify_tree_break(v);
    v->report->checkpoints++;
    bool holds = verify_tree_checkpoint(v, &v->checkpoint);
    // Said to be missing below; what cosignatures rest on is missing now.
    if (v->checkpoint.size > v->last_seq) v->absent += v->checkpoint.size - v->last_seq;
    if (holds && v->checkpoint.size > expected) {
      expected = v->checkpoint.size;
      by_checkpoint = true;
    }
    if (!verify_cosignatures_at(v, &v->checkpoint, holds, err) || !next_checkpoint(v, err)) return false;
  }
  if (!verify_cosignatures_end(v, err)) return false;
  if (expected > v->last_seq) {
    missing(v, v->last_seq + 1, expected,
            by_checkpoint ? ": a checkpoint covers them" : ": nav.lease has counted them");
    // Their rows are passed over.
    if (!verify_rows_up_to(v, expected, NULL, err)) return false;
  }
  if (!verify_subtrees_end(v, expected > v->last_seq ? expected : v->last_seq, err)) return false;
  return verify_rows_after_end(v, err);
}

// The checkpoint covers the range and more: with what is stored behind it the tree is the signed one, or not.
static bool check_range_end(struct verify *v, struct nav_error *err) {
  const struct verify_range *range = v->settings->range;
  if (!checkpoints_before(v, v->last_seq + 1, err)) return false;
  if (v->last_seq < range->last) {
    missing(v, v->last_seq + 1, range->last, "");
    verify_tree_break(v);
    if (!verify_rows_up_to(v, range->last, NULL, err)) return false;
  }
  if (v->has_checkpoint) {
    verify_range_complete(v);
    v->report->checkpoints++;
    (void)verify_tree_checkpoint(v, &v->checkpoint);
  }
  verify_tree_end(v);
  if (!verify_rows_after_end(v, err)) return false;
  verify_range_erased_later(v);
  verify_missing_end(v);
  return verify_claims_end(v, err);
}

static bool check_end(struct verify *v, struct nav_error *err) {
  if (v->settings->range != NULL) return check_range_end(v, err);
  if (!checkpoints_before(v, v->last_seq + 1, err)) return false;
  verify_tree_end(v);
  if (!check_tail(v, err)) return false;
  verify_missing_end(v);
  check_lease(v);
  check_hub_key(v);
  return verify_claims_end(v, err);
}

static bool first_rows(struct verify *v, struct nav_error *err) {
  if (v->settings->records_only) return true;
  int got = verify_ahead_content(v->ahead, &v->content, &v->content_hash, err);
  v->has_content = got > 0;
  return got >= 0;
}

static void tell_progress(const struct verify *v) {
  const struct verify_settings *s = v->settings;
  if (s->progress == NULL || v->report->records % VERIFY_PROGRESS_EVERY != 0) return;
  uint64_t of = s->has_lease ? s->lease_last_seq : 0;
  if (s->range != NULL) of = s->range->last - s->range->first + 1;
  s->progress(s->progress_context, v->report->records, of);
}

static bool run(struct verify *v, struct nav_error *err) {
  const struct verify_ready *ready = NULL;
  int got = 0;
  if (!next_checkpoint(v, err) || !first_rows(v, err) || !verify_index_begin(v, err) ||
      !verify_subtrees_begin(v, err) || !verify_cosignatures_begin(v, err) || !verify_rules_begin(v, err))
    return false;
  if (v->has_checkpoint) verify_tree_log_id(v, &v->checkpoint);
  if (v->settings->range != NULL) verify_range_begin(v);
  memcpy(v->tree.interval_log_id, v->log_id, sizeof v->log_id);
  verify_ahead_know_log(v->ahead, v->log_id);
  tell_progress(v);
  while ((got = verify_ahead_ledger(v->ahead, &ready, err)) > 0) {
    if (!check_row(v, ready, err)) return false;
    tell_progress(v);
  }
  return got == 0 && check_end(v, err);
}

bool verify_run(const struct verify_source *source, const struct verify_settings *settings,
                verify_fault *fault, void *fault_context, struct verify_report *report,
                struct nav_error *err) {
  *report = (struct verify_report){0};
  struct verify *v = calloc(1, sizeof *v);
  if (v != NULL) {
    *v = (struct verify){.source = source,
                         .settings = settings,
                         .fault = fault,
                         .fault_context = fault_context,
                         .report = report,
                         .arena = nav_arena_new(ARENA_BYTES_MAX),
                         .ahead = verify_ahead_new(source),
                         .last_time_ms = INT64_MIN};
    v->tree.interval_first = 1;
    memcpy(v->log_id, settings->log_id, sizeof v->log_id);
  }
  bool ok = v != NULL && v->arena != NULL && v->ahead != NULL;
  if (!ok) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
  } else {
    ok = run(v, err);
    merkle_root(&v->tree.records, report->root);
  }
  if (v != NULL) {
    nav_arena_free(v->arena);
    verify_ahead_free(v->ahead);
    verify_names_free(&v->agencies);
    verify_names_free(&v->lanes);
    free(v->cosigners);
    verify_erasing_free(v);
    verify_claims_free(v);
    free(v);
  }
  return ok;
}
