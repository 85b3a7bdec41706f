// An Accepted record of `audit verify` against its publication, its columns and its sealed content.
// See verify.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/ledger/verify_private.h"

enum { DIFFERENCES_SIZE = 320 };

void verify_accepted(struct verify *v, const Nav__V1__Record *record) {
  const Nav__V1__Accepted *accepted = record->accepted;
  uint64_t seq = record->seq;
  if (!v->lost && !verify_verdict_known(v, accepted->verdict)) {
    verify_doubt(v, seq, 0, "names verdict %" PRIu32 ", which no record before it defines",
                 accepted->verdict);
  }
  struct verify_publication *publication = verify_publication_find(v, accepted->published_seq);
  if (publication == NULL) {
    if (!v->lost) {
      verify_doubt(v, seq, accepted->published_seq,
                   "names seq %" PRIu64 " as its publication, which is none of the last %d",
                   accepted->published_seq, (int)VERIFY_PUBLICATIONS_BACK);
    }
    return;
  }
  if (accepted->agency == NULL || strcmp(accepted->agency, publication->agency) != 0) {
    verify_doubt(
        v, seq, publication->seq, "is said to be of %s, but its publication, seq %" PRIu64 ", is of %s",
        accepted->agency != NULL ? accepted->agency : "nobody", publication->seq, publication->agency);
  }
  uint32_t index = accepted->published_index;
  if (index >= publication->count) {
    verify_doubt(v, seq, publication->seq,
                 "names event %" PRIu32 " of its publication, seq %" PRIu64 ", which has %zu", index,
                 publication->seq, publication->count);
    return;
  }
  if ((publication->used[index / 8] >> (index % 8) & 1) != 0) {
    verify_doubt(v, seq, 0,
                 "names event %" PRIu32 " of its publication, seq %" PRIu64 ", as a record before it did",
                 index, publication->seq);
  }
  publication->used[index / 8] = (uint8_t)(publication->used[index / 8] | 1u << index % 8);
}

struct differences {
  char text[DIFFERENCES_SIZE];
  size_t length;
};

static void differ(struct differences *d, const char *column, int64_t row, int64_t record) {
  if (row == record || d->length >= sizeof d->text) return;
  int n = snprintf(d->text + d->length, sizeof d->text - d->length, " %s (%" PRId64 ", record %" PRId64 ")",
                   column, row, record);
  if (n > 0) d->length += (size_t)n;
}

static void differ_bytes(struct differences *d, const char *column, bool same) {
  if (same || d->length >= sizeof d->text) return;
  int n = snprintf(d->text + d->length, sizeof d->text - d->length, " %s", column);
  if (n > 0) d->length += (size_t)n;
}

// Whether the agency's own definition is known: then a number that is not is not its.
static bool has_number(const struct verify *v, const char *agency) {
  for (size_t i = 0; agency != NULL && i < v->agencies.count; i++) {
    if (strcmp(v->agencies.items[i].agency, agency) == 0) return true;
  }
  return false;
}

static const char *const column_names[VERIFY_EVENT_COLUMNS] = {
    "event_id", "agency",  "revision",     "digest",     "type",
    "time",     "verdict", "bucket_class", "bucket_day", "published_seq"};

static bool is_there(const struct verify_event *event, enum verify_event_column column) {
  return (event->there >> column & 1) != 0;
}

// The two columns that other records speak for.
static void check_resting_columns(struct verify *v, const struct verify_event *row,
                                  const Nav__V1__Record *record) {
  const Nav__V1__Accepted *a = record->accepted;
  const char *agency = row->agency < 0 ? NULL : verify_name(&v->agencies, (uint32_t)row->agency);
  const struct verify_publication *publication = verify_publication_find(v, a->published_seq);
  uint64_t defined = agency != NULL ? v->agencies.items[row->agency].seq : 0;
  bool judged = agency != NULL || !v->lost || has_number(v, a->agency);
  if (is_there(row, VERIFY_AGENCY) && judged &&
      (agency == NULL || a->agency == NULL || strcmp(agency, a->agency) != 0)) {
    verify_doubt(v, record->seq, defined, "columns of nav.ledger differ from the record: agency");
  }
  if (is_there(row, VERIFY_DIGEST) && publication != NULL && a->published_index < publication->count &&
      memcmp(publication->digests[a->published_index], row->digest, NAV_SHA256_SIZE) != 0) {
    verify_doubt(v, record->seq, publication->seq, "columns of nav.ledger differ from the record: digest");
  }
}

static void check_own_columns(struct verify *v, const struct verify_event *row,
                              const Nav__V1__Record *record) {
  const Nav__V1__Accepted *a = record->accepted;
  struct differences d = {0};
  for (unsigned i = 0; row->there != VERIFY_EVENT_WHOLE && i < VERIFY_EVENT_COLUMNS; i++)
    differ_bytes(&d, column_names[i], is_there(row, i));
  if (is_there(row, VERIFY_EVENT_ID)) {
    differ_bytes(&d, column_names[VERIFY_EVENT_ID],
                 a->event_id.len == sizeof row->event_id &&
                     memcmp(a->event_id.data, row->event_id, sizeof row->event_id) == 0);
  }
  const struct {
    enum verify_event_column column;
    int64_t row, record;
  } numbers[] = {{VERIFY_REVISION, row->revision, a->revision},
                 {VERIFY_TYPE, row->type, a->type},
                 {VERIFY_VERDICT, row->verdict, a->verdict},
                 {VERIFY_BUCKET_CLASS, row->bucket_class, a->retention_class},
                 {VERIFY_BUCKET_DAY, row->bucket_day, a->bucket_day},
                 {VERIFY_PUBLISHED_SEQ, row->published_seq, (int64_t)a->published_seq}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (is_there(row, numbers[i].column))
      differ(&d, column_names[numbers[i].column], numbers[i].row, numbers[i].record);
  }
  if (is_there(row, VERIFY_TIME))
    differ_bytes(&d, column_names[VERIFY_TIME], row->time_us == a->event_time_ms * 1000);
  if (d.length > 0) verify_accuse(v, record->seq, "columns of nav.ledger differ from the record:%s", d.text);
}

void verify_event_columns(struct verify *v, const struct verify_ledger_row *row,
                          const Nav__V1__Record *record) {
  if (record->record_case == NAV__V1__RECORD__RECORD_ACCEPTED) {
    check_own_columns(v, &row->event, record);
    check_resting_columns(v, &row->event, record);
    return;
  }
  if (row->event.there == 0) return;
  struct differences d = {0};
  for (unsigned i = 0; i < VERIFY_EVENT_COLUMNS; i++)
    differ_bytes(&d, column_names[i], !is_there(&row->event, i));
  verify_accuse(v, record->seq, "columns of nav.ledger differ from the record, which is of no event:%s",
                d.text);
}

static int64_t part_of(const Nav__V1__Accepted *accepted) {
  int year = 0;
  int month = 0;
  int day = 0;
  nav_date_from_days(accepted->bucket_day, &year, &month, &day);
  return (int64_t)accepted->retention_class * 1000000 + (int64_t)year * 100 + month;
}

static void check_content_row(struct verify *v, const Nav__V1__Record *record) {
  const Nav__V1__Accepted *accepted = record->accepted;
  v->report->contents++;
  if (accepted->commitment.len != NAV_SHA256_SIZE ||
      memcmp(accepted->commitment.data, v->content_hash, NAV_SHA256_SIZE) != 0) {
    verify_accuse(v, record->seq,
                  "its sealed content was changed or is another's: it does not give the record's commitment");
  }
  if (v->content.part != part_of(accepted)) {
    verify_accuse(v, record->seq, "its sealed content stands in part %" PRId32 ", the record says %" PRId64,
                  v->content.part, part_of(accepted));
  }
}

static bool next_content(struct verify *v, struct nav_error *err) {
  uint64_t before = v->content.seq;
  int got = verify_ahead_content(v->ahead, &v->content, &v->content_hash, err);
  v->has_content = got > 0;
  // The same number may stand in two partitions; both are looked at.
  if (got > 0 && v->content.seq < before)
    return nav_fail(err, NAV_ERROR_BUG, 0, "verify", "contents are not in order");
  return got >= 0;
}

// A row with no Accepted record behind it. Silent where the record itself is missing (a number between two
// ledger rows) or not to be trusted: that is said of the record already.
static void stray_content(struct verify *v, uint64_t seq, const Nav__V1__Record *record) {
  uint64_t row_seq = v->content.seq;
  bool record_missing = row_seq > v->last_seq && row_seq < seq;
  bool record_lost = row_seq == seq && record == NULL;
  if (record_missing || record_lost) return;
  verify_accuse(v, row_seq, "nav.content has a row that no Accepted record stands behind");
}

bool verify_rows_up_to(struct verify *v, uint64_t seq, const Nav__V1__Record *record, struct nav_error *err) {
  bool accepted = record != NULL && record->record_case == NAV__V1__RECORD__RECORD_ACCEPTED;
  bool sealed = v->settings->records_only;
  while (v->has_content && v->content.seq <= seq) {
    if (accepted && v->content.seq == seq) {
      if (sealed) verify_accuse(v, seq, "its sealed content stands in more than one row of nav.content");
      check_content_row(v, record);
      sealed = true;
    } else {
      stray_content(v, seq, record);
    }
    if (!next_content(v, err)) return false;
  }
  if (accepted) {
    const Nav__V1__Accepted *a = record->accepted;
    verify_content_sealed(v, seq, a->retention_class, a->bucket_day);
    if (!sealed) verify_content_missing(v, seq, a->retention_class, a->bucket_day);
  }
  return verify_index_up_to(v, seq, record, err) && verify_rules_up_to(v, seq, record, err);
}

bool verify_rows_after_end(struct verify *v, struct nav_error *err) {
  while (v->has_content) {
    stray_content(v, 0, NULL);
    if (!next_content(v, err)) return false;
  }
  return verify_index_after_end(v, err) && verify_rules_after_end(v, err);
}
