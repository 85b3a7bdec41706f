// `audit verify` over a made ledger: whole, it holds; after each kind of tampering it names the record that
// was tampered with, says how, and accuses no other.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/record.h"
#include "tests/unit/ledger/made_source.h"

enum { FAULTS_KEPT = 8, CHECKPOINT_EVERY = 10 };

struct found {
  uint64_t seq[FAULTS_KEPT];
  char what[FAULTS_KEPT][VERIFY_WHAT_SIZE];
  size_t count;
};

static void note_fault(void *context, uint64_t seq, const char *what) {
  struct found *found = context;
  if (found->count < FAULTS_KEPT) {
    found->seq[found->count] = seq;
    (void)snprintf(found->what[found->count], VERIFY_WHAT_SIZE, "%s", what);
  }
  found->count++;
}

struct test_ledger {
  struct made *made;
  uint64_t lease_last_seq;
  uint64_t lease_epoch;
  const uint8_t *checkpoint_key;
};

static struct verify_report check(const struct test_ledger *t, struct found *found) {
  struct made_reading reading = {.made = t->made};
  struct verify_source source = made_source(&reading);
  struct verify_settings settings = {.hub = t->made->settings.hub,
                                     .checkpoint_key = t->checkpoint_key,
                                     .has_lease = true,
                                     .lease_epoch = t->lease_epoch,
                                     .lease_last_seq = t->lease_last_seq};
  struct verify_report report;
  struct nav_error err = {0};
  memcpy(settings.log_id, t->made->log_id, sizeof settings.log_id);
  *found = (struct found){0};
  if (!verify_run(&source, &settings, note_fault, found, &report, &err)) fail_msg("%s", err.text);
  assert_int_equal(report.faults, found->count);
  return report;
}

static struct test_ledger make_of(unsigned publications) {
  const struct made_settings settings = {.publications = publications,
                                         .checkpoint_every = CHECKPOINT_EVERY,
                                         .start_ms = 1763779200000,
                                         .hub = "nav.example.se"};
  struct made *made = made_new(&settings);
  return (struct test_ledger){made, made->ledger_count, 3, made->checkpoint_key.public_key};
}

static struct test_ledger make(void) { return make_of(40); }

static struct verify_ledger_row *row_at(const struct test_ledger *t, uint64_t seq) {
  return &t->made->ledger[seq - 1];
}

// The bytes of a row, copied so that they can be changed.
static uint8_t *own_bytes(const struct test_ledger *t, struct verify_ledger_row *row) {
  uint8_t *copy = nav_arena_alloc(t->made->arena, row->record_length);
  assert_non_null(copy);
  memcpy(copy, row->record, row->record_length);
  row->record = copy;
  return copy;
}

static uint8_t *own_leaf(const struct test_ledger *t, struct verify_ledger_row *row) {
  uint8_t *copy = nav_arena_alloc(t->made->arena, row->leaf_length);
  assert_non_null(copy);
  memcpy(copy, row->leaf, row->leaf_length);
  row->leaf = copy;
  return copy;
}

// The nth record of a kind, so that the cases below can name their victim by what it is.
static uint64_t nth(const struct test_ledger *t, int kind, int n) {
  for (size_t i = 0; i < t->made->ledger_count; i++) {
    if (t->made->ledger[i].kind == kind && n-- == 0) return i + 1;
  }
  fail_msg("no such record: kind %d", kind);
  return 0;
}

static struct verify_event_row *event_at(const struct test_ledger *t, uint64_t seq) {
  for (size_t i = 0; i < t->made->events_count; i++) {
    if (t->made->events[i].seq == seq) return &t->made->events[i];
  }
  return NULL;
}

static void remove_row(const struct test_ledger *t, uint64_t seq) {
  struct verify_ledger_row *row = row_at(t, seq);
  t->made->ledger_count--;
  memmove(row, row + 1, (t->made->ledger_count - (seq - 1)) * sizeof *row);
}

static void remove_event(const struct test_ledger *t, uint64_t seq) {
  struct verify_event_row *row = event_at(t, seq);
  t->made->events_count--;
  memmove(row, row + 1, (size_t)(t->made->events + t->made->events_count - row) * sizeof *row);
}

enum { PUBLISHED = 20, ACCEPTED = 21, ACKNOWLEDGED = 30, READ = 40 };

static struct found found;

// Exactly one fault, of that record, that says so.
static void expect_only(const struct test_ledger *t, uint64_t seq, const char *says) {
  (void)check(t, &found);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++) {
    if (found.count != 1 || found.seq[i] != seq)
      print_error("seq %llu: %s\n", (unsigned long long)found.seq[i], found.what[i]);
  }
  assert_int_equal(found.count, 1);
  assert_int_equal(found.seq[0], seq);
  if (strstr(found.what[0], says) == NULL) fail_msg("'%s' does not say '%s'", found.what[0], says);
}

static void a_whole_ledger_holds(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct verify_report report = check(&t, &found);
  assert_int_equal(report.faults, 0);
  assert_int_equal(report.records, t.made->ledger_count);
  assert_int_equal(report.events, t.made->events_count);
  assert_int_equal(report.contents, t.made->contents_count);
  assert_int_equal(report.checkpoints, t.made->checkpoints_count);
  assert_true(t.made->checkpoints_count > 10);
  assert_memory_equal(report.root, t.made->checkpoints[t.made->checkpoints_count - 1].root, NAV_SHA256_SIZE);
  made_free(t.made);
}

// Every byte of every record, one at a time, would take long: of each kind one record, every byte.
static void any_changed_byte_names_its_record_alone(void **state) {
  (void)state;
  struct test_ledger t = make();
  static const int kinds[] = {10, 15, 16, 17, 18, PUBLISHED, ACCEPTED, 22, ACKNOWLEDGED, READ};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    uint64_t seq = nth(&t, kinds[k], 0);
    uint8_t *bytes = own_bytes(&t, row_at(&t, seq));
    for (size_t i = 0; i < row_at(&t, seq)->record_length; i++) {
      bytes[i] ^= 0x04;
      expect_only(&t, seq, "its bytes were changed");
      bytes[i] ^= 0x04;
    }
  }
  made_free(t.made);
}

static void a_changed_leaf_is_told_from_a_changed_record(void **state) {
  (void)state;
  struct test_ledger t = make();
  own_leaf(&t, row_at(&t, 17))[3] ^= 1;
  expect_only(&t, 17, "its column leaf was changed: the record itself");
  made_free(t.made);
}

static void record_and_leaf_changed_are_narrowed_to_the_checkpoint(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, READ, 1);
  struct verify_ledger_row *row = row_at(&t, seq);
  uint8_t *bytes = own_bytes(&t, row);
  uint8_t *name = memmem(bytes, row->record_length, "anna", 4);
  assert_non_null(name);
  memcpy(name, "emma", 4);  // still decodes
  made_set_leaf(t.made, row);
  uint64_t first = (seq - 1) / CHECKPOINT_EVERY * CHECKPOINT_EVERY + 1;
  char says[128];
  (void)snprintf(says, sizeof says, "one or more of the records %u to %u were changed together",
                 (unsigned)first, (unsigned)first + CHECKPOINT_EVERY - 1);
  expect_only(&t, first, says);
  made_free(t.made);
}

static void a_deleted_record_is_missing_alone(void **state) {
  (void)state;
  static const int kinds[] = {10, 16, 17, 18, PUBLISHED, ACCEPTED, ACKNOWLEDGED, READ};
  for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
    struct test_ledger t = make();
    uint64_t seq = nth(&t, kinds[k], 1 % (kinds[k] == 10 ? 1 : 2));
    remove_row(&t, seq);
    expect_only(&t, seq, "the record is missing");
    made_free(t.made);
  }
}

static void a_run_of_deleted_records_is_one_fault(void **state) {
  (void)state;
  struct test_ledger t = make();
  for (int i = 0; i < 25; i++) remove_row(&t, 18);
  expect_only(&t, 18, "the records 18 to 42 are missing");
  made_free(t.made);
}

static void two_swapped_records_name_each_other(void **state) {
  (void)state;
  struct test_ledger t = make();
  for (int with_leaves = 0; with_leaves < 2; with_leaves++) {
    struct verify_ledger_row *a = row_at(&t, 23);
    struct verify_ledger_row *b = row_at(&t, 37);
    struct verify_ledger_row kept = *a;
    a->record = b->record;
    a->record_length = b->record_length;
    b->record = kept.record;
    b->record_length = kept.record_length;
    if (with_leaves != 0) {
      made_set_leaf(t.made, a);
      made_set_leaf(t.made, b);
    }
    (void)check(&t, &found);
    for (size_t i = 0; i < found.count; i++) assert_true(found.seq[i] == 23 || found.seq[i] == 37);
    assert_true(found.count == (with_leaves != 0 ? 4 : 2));
    if (with_leaves != 0) {
      assert_non_null(strstr(found.what[0], "says that it is seq 37"));
      assert_non_null(strstr(found.what[1], "with this fault the records 21 to 30"));
    }
    b->record = a->record;
    b->record_length = a->record_length;
    *a = kept;
    made_set_leaf(t.made, b);
  }
  made_free(t.made);
}

static void a_changed_column_of_the_ledger_names_its_record(void **state) {
  (void)state;
  struct test_ledger t = make();
  row_at(&t, 23)->kind = 22;
  expect_only(&t, 23, "kind (22, record");
  t = (made_free(t.made), make());
  row_at(&t, 23)->at_us += 1;
  expect_only(&t, 23, " at (");
  t = (made_free(t.made), make());
  row_at(&t, nth(&t, ACKNOWLEDGED, 0))->lane += 1;
  expect_only(&t, nth(&t, ACKNOWLEDGED, 0), " lane (");
  t = (made_free(t.made), make());
  row_at(&t, 23)->has_lane = true;
  expect_only(&t, 23, " lane (0, record 0)");
  made_free(t.made);
}

static void a_changed_event_row_names_its_record(void **state) {
  (void)state;
  struct test_ledger t = make();
  static const char *const columns[] = {"event_id", "agency",  "revision",     "digest",     "type",
                                        "time",     "verdict", "bucket_class", "bucket_day", "published_seq"};
  uint64_t seq = nth(&t, ACCEPTED, 5);
  struct verify_event_row *row = event_at(&t, seq);
  for (int i = 0; i < 10; i++) {
    static const uint8_t other[NAV_SHA256_SIZE] = {1};
    struct verify_event_row kept = *row;
    if (i == 0) row->event_id = other;
    if (i == 1) row->agency = row->agency == 1 ? 2 : 1;
    if (i == 2) row->revision++;
    if (i == 3) row->digest = other;
    if (i == 4) row->type++;
    if (i == 5) row->time_us++;
    if (i == 6) row->verdict++;
    if (i == 7) row->bucket_class++;
    if (i == 8) row->bucket_day--;
    if (i == 9) row->published_seq--;
    expect_only(&t, seq, columns[i]);
    assert_non_null(strstr(found.what[0], "its row in nav.event differs"));
    *row = kept;
  }
  row->agency = -1;  // no agency at all
  expect_only(&t, seq, "agency");
  made_free(t.made);
}

static void missing_and_extra_event_rows_are_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, ACCEPTED, 3);
  remove_event(&t, seq);
  expect_only(&t, seq, "its row in nav.event is missing");
  t = (made_free(t.made), make());
  uint64_t stray = nth(&t, PUBLISHED, 1);
  struct verify_event_row *next = event_at(&t, stray + 1);
  size_t after = (size_t)(t.made->events + t.made->events_count - next);
  memmove(next + 1, next, after * sizeof *next);
  t.made->events_count++;
  next->seq = stray;
  expect_only(&t, stray, "nav.event has a row that no Accepted record stands behind");
  t = (made_free(t.made), make());
  t.made->events[t.made->events_count] = t.made->events[t.made->events_count - 1];
  t.made->events[t.made->events_count].seq = t.made->ledger_count + 5;
  t.made->events_count++;
  expect_only(&t, t.made->ledger_count + 5, "nav.event has a row");
  made_free(t.made);
}

static void swapped_and_changed_contents_are_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct verify_content_row *a = &t.made->contents[4];
  struct verify_content_row *b = &t.made->contents[9];
  const uint8_t *sealed = a->sealed;
  size_t length = a->length;
  a->sealed = b->sealed;
  a->length = b->length;
  b->sealed = sealed;
  b->length = length;
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.seq[0], a->seq);
  assert_int_equal(found.seq[1], b->seq);
  assert_non_null(strstr(found.what[0], "does not give the record's commitment"));
  t = (made_free(t.made), make());
  t.made->contents[4].part += 1;
  expect_only(&t, t.made->contents[4].seq, "stands in part");
  made_free(t.made);
}

enum { MADE_CLASS = 2, DAY_MS = 86400000 };

static void remove_content(const struct test_ledger *t, size_t index) {
  struct verify_content_row *row = &t->made->contents[index];
  t->made->contents_count--;
  memmove(row, row + 1, (t->made->contents_count - index) * sizeof *row);
}

static uint32_t day_of(const struct test_ledger *t) { return (uint32_t)t->made->events[0].bucket_day; }

static void erase(struct test_ledger *t, uint32_t retention_class, uint32_t day, int64_t after_days) {
  made_erase(t->made, retention_class, day, (day + after_days) * DAY_MS);
  t->lease_last_seq = t->made->ledger_count;
}

static void content_that_a_record_erased_is_no_fault(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase(&t, MADE_CLASS, day_of(&t), 31);
  size_t half = t.made->contents_count / 2;
  for (size_t i = 0; i < half; i++) remove_content(&t, 0);
  struct verify_report report = check(&t, &found);
  assert_int_equal(report.faults, 0);
  assert_int_equal(report.contents, t.made->contents_count);
  while (t.made->contents_count > 0) remove_content(&t, 0);
  assert_int_equal(check(&t, &found).faults, 0);
  made_free(t.made);
}

static void missing_content_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t first = t.made->contents[3].seq;
  uint64_t last = t.made->contents[t.made->contents_count - 1].seq;
  remove_content(&t, t.made->contents_count - 1);
  remove_content(&t, 3);
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.seq[0], first);
  assert_int_equal(found.seq[1], last);
  assert_non_null(strstr(found.what[0], "its sealed content is missing"));
  // Another day's erasure, or another class's, covers nothing of it.
  erase(&t, MADE_CLASS, day_of(&t) - 1, 60);
  erase(&t, 1, day_of(&t), 60);
  assert_int_equal(check(&t, &found).faults, 2);
  erase(&t, MADE_CLASS, day_of(&t), 60);
  assert_int_equal(check(&t, &found).faults, 0);
  made_free(t.made);
}

static void an_erasure_before_its_time_or_twice_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase(&t, MADE_CLASS, day_of(&t), 30);  // its thirtieth day is not over
  expect_only(&t, t.made->ledger_count, "before its 30 days are over");
  t = (made_free(t.made), make());
  erase(&t, MADE_CLASS, day_of(&t), 31);
  erase(&t, MADE_CLASS, day_of(&t), 31);
  expect_only(&t, t.made->ledger_count, "erased already");
  t = (made_free(t.made), make());
  erase(&t, 7, day_of(&t), 31);
  expect_only(&t, t.made->ledger_count, "which there cannot be");
  made_free(t.made);
}

// The record that erased it was changed: it alone is accused, not the events it covered.
static void a_changed_erasure_accuses_itself_alone(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase(&t, MADE_CLASS, day_of(&t), 31);
  while (t.made->contents_count > 0) remove_content(&t, 0);
  struct verify_ledger_row *row = row_at(&t, t.made->ledger_count);
  own_bytes(&t, row)[row->record_length - 1] ^= 1;
  (void)check(&t, &found);
  assert_int_equal(found.count, 1);
  assert_int_equal(found.seq[0], t.made->ledger_count);
  made_free(t.made);
}

static void a_forged_checkpoint_accuses_itself_alone(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct key_pair_sign forger;
  (void)crypto_sign_keypair(forger.public_key, forger.secret_key);
  uint64_t size = t.made->checkpoints[3].size;
  uint8_t other_root[NAV_SHA256_SIZE] = {7};
  t.made->checkpoints[3] = made_checkpoint(t.made, size, &forger);
  expect_only(&t, size, "no signature by this hub's checkpoint key");
  t.made->checkpoints[3].root = other_root;
  expect_only(&t, size, "no signature by this hub's checkpoint key");
  t.made->checkpoints[3] = made_checkpoint(t.made, size, &t.made->checkpoint_key);
  t.made->checkpoints[3].root = other_root;
  expect_only(&t, size, "its column root is not the root that its note signs");
  t.made->checkpoints[3] = made_checkpoint(t.made, size, &t.made->checkpoint_key);
  t.made->checkpoints[3].note = t.made->checkpoints[2].note;
  expect_only(&t, size, "carries a note signed for size");
  t.made->checkpoints[3] = made_checkpoint(t.made, size, &t.made->checkpoint_key);
  t.made->checkpoints[3].frontier = t.made->checkpoints[2].frontier;
  expect_only(&t, size, "its frontier does not give its root");
  made_free(t.made);
}

static void a_cut_tail_is_found_by_checkpoint_or_lease(void **state) {
  (void)state;
  struct test_ledger t = make();
  size_t whole = t.made->ledger_count;
  while (t.made->ledger_count > whole - 3) remove_row(&t, t.made->ledger_count);
  char says[128];
  (void)snprintf(says, sizeof says, "the records %zu to %zu are missing: nav.lease has counted them",
                 whole - 2, whole);
  expect_only(&t, whole - 2, says);
  t.lease_last_seq = whole - 3;  // the lease was put back as well
  (void)snprintf(says, sizeof says, "the records %zu to %zu are missing: a checkpoint covers them", whole - 2,
                 whole);
  expect_only(&t, whole - 2, says);
  made_free(t.made);
}

static void what_stands_after_the_end_is_found(void **state) {
  (void)state;
  struct test_ledger t = make();
  t.lease_last_seq -= 2;
  expect_only(&t, 0, "stands after the last number that nav.lease knows");
  t.lease_last_seq += 2;
  t.lease_epoch = 2;
  expect_only(&t, 0, "is later than that of nav.lease");
  made_free(t.made);
}

static void another_checkpoint_key_is_noticed(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct key_pair_sign other;
  (void)crypto_sign_keypair(other.public_key, other.secret_key);
  t.checkpoint_key = other.public_key;
  (void)check(&t, &found);
  assert_int_equal(found.count, t.made->checkpoints_count + 1);  // each, and the record that names the key
  made_free(t.made);
}

// What a superuser who also mends leaf, columns and rows would still get caught by.
struct patch {
  int kind;
  int n;
  void (*change)(Nav__V1__Record *record);
  const char *says;
};

static void lower_time(Nav__V1__Record *r) { r->time_ms -= 3600000; }
static void lower_epoch(Nav__V1__Record *r) { r->epoch = 1; }
static void unknown_verdict(Nav__V1__Record *r) { r->accepted->verdict = 77; }
static void unknown_publication(Nav__V1__Record *r) { r->accepted->published_seq = 2; }
static void other_index(Nav__V1__Record *r) { r->accepted->published_index = 200; }
static void other_agency(Nav__V1__Record *r) { r->accepted->agency[0] = 'x'; }
static void other_digest(Nav__V1__Record *r) { r->published->digests[0].data[0] ^= 1; }
static void other_lane(Nav__V1__Record *r) { r->acknowledged->lane = 60; }
static void other_position(Nav__V1__Record *r) { r->acknowledged->position -= 1; }
static void later_position(Nav__V1__Record *r) { r->acknowledged->position = 90000; }
static void second_agency(Nav__V1__Record *r) { r->agency_defined->number = 1; }
static void second_verdict(Nav__V1__Record *r) { r->verdict_defined->number = 1; }
static void verdict_of_no_lane(Nav__V1__Record *r) { r->verdict_defined->lanes[0]->lane = 44; }
static void other_key(Nav__V1__Record *r) { r->key_changed->public_key.data[0] ^= 1; }

static const struct patch patches[] = {
    {READ, 0, lower_time, "is before that of seq"},
    {READ, 0, lower_epoch, "its epoch, 1, is before that of seq"},
    {ACCEPTED, 6, unknown_verdict, "names verdict 77, which no record before it defines"},
    {ACCEPTED, 6, unknown_publication, "names seq 2 as its publication"},
    {ACCEPTED, 6, other_index, "names event 200 of its publication"},
    {ACCEPTED, 6, other_agency, "but its publication"},
    {PUBLISHED, 2, other_digest, "over its publication does not hold"},
    {ACKNOWLEDGED, 1, other_lane, "names lane 60, which no record before it defines"},
    {ACKNOWLEDGED, 1, other_position, "over its acknowledgement does not hold"},
    {ACKNOWLEDGED, 1, later_position, "which came later"},
    {16, 1, second_agency, "defines agency 1 a second time"},
    {18, 1, second_verdict, "defines verdict 1 a second time"},
    {18, 1, verdict_of_no_lane, "names lane 44, which no record before it defines"},
    {15, 0, other_key, "names another checkpoint key than the hub's key file"},
};

static void a_record_that_says_what_cannot_be_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
    struct test_ledger t = make();
    struct nav_arena *arena = nav_arena_new(1 << 20);
    struct nav_error err = {0};
    uint64_t seq = nth(&t, patches[i].kind, patches[i].n);
    struct verify_ledger_row *row = row_at(&t, seq);
    Nav__V1__Record *record = record_decode(arena, own_bytes(&t, row), row->record_length, &err);
    assert_non_null(record);
    patches[i].change(record);
    made_set_record(t.made, row, record);
    made_set_leaf(t.made, row);
    (void)check(&t, &found);
    bool said = false;
    for (size_t f = 0; f < found.count && f < FAULTS_KEPT; f++) {
      said = said || (found.seq[f] == seq && strstr(found.what[f], patches[i].says) != NULL);
    }
    if (!said) fail_msg("case %zu: nobody says '%s' of seq %u", i, patches[i].says, (unsigned)seq);
    nav_arena_free(arena);
    made_free(t.made);
  }
}

static void other_log(Nav__V1__Record *r) { r->started->log_id.data[0] ^= 1; }
static void other_agency_defined(Nav__V1__Record *r) { r->agency_defined->agency[0] = 'x'; }
static void other_lane_defined(Nav__V1__Record *r) { r->lane_defined->agency[0] = 'x'; }
static void other_verdict_defined(Nav__V1__Record *r) { r->verdict_defined->number = 9; }
static void later_time(Nav__V1__Record *r) { r->time_ms += 86400000; }

static const struct patch bad_witnesses[] = {
    {10, 0, other_log, ""},    {16, 1, other_agency_defined, ""},  {17, 2, other_lane_defined, ""},
    {READ, 0, later_time, ""}, {18, 1, other_verdict_defined, ""}, {PUBLISHED, 2, other_digest, ""},
};

// A record that was changed together with its leaf says what others are judged by: none outside its interval
// is accused, and those within only as one of two.
static void by_a_changed_record_nobody_is_accused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_witnesses / sizeof bad_witnesses[0]; i++) {
    struct test_ledger t = make();
    struct nav_arena *arena = nav_arena_new(1 << 20);
    struct nav_error err = {0};
    uint64_t seq = nth(&t, bad_witnesses[i].kind, bad_witnesses[i].n);
    uint64_t first = (seq - 1) / CHECKPOINT_EVERY * CHECKPOINT_EVERY + 1;
    struct verify_ledger_row *row = row_at(&t, seq);
    Nav__V1__Record *record = record_decode(arena, own_bytes(&t, row), row->record_length, &err);
    assert_non_null(record);
    bad_witnesses[i].change(record);
    made_set_record(t.made, row, record);
    made_set_leaf(t.made, row);
    struct verify_report report = check(&t, &found);
    assert_true(found.count > 0);
    assert_int_equal(report.unproved, CHECKPOINT_EVERY);
    for (size_t f = 0; f < found.count && f < FAULTS_KEPT; f++) {
      assert_in_range(found.seq[f], first, first + CHECKPOINT_EVERY - 1);
      if (found.seq[f] != seq && found.seq[f] != first)
        assert_non_null(strstr(found.what[f], "it or what it rests on was changed"));
    }
    nav_arena_free(arena);
    made_free(t.made);
  }
}

static void a_number_in_two_rows_is_a_fault_and_no_failure(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct verify_ledger_row *row = row_at(&t, 23);
  memmove(row + 1, row, (t.made->ledger_count - 22) * sizeof *row);
  t.made->ledger_count++;
  expect_only(&t, 23, "stands in more than one row of nav.ledger");
  made_free(t.made);
}

static void an_event_used_twice_in_its_publication_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct nav_arena *arena = nav_arena_new(1 << 20);
  struct nav_error err = {0};
  // The second event of a publication says that it is the first.
  uint64_t seq = 0;
  for (size_t i = 1; i < t.made->ledger_count && seq == 0; i++) {
    if (t.made->ledger[i].kind == ACCEPTED && t.made->ledger[i - 1].kind == ACCEPTED) seq = i + 1;
  }
  struct verify_ledger_row *row = row_at(&t, seq);
  Nav__V1__Record *record = record_decode(arena, row->record, row->record_length, &err);
  record->accepted->published_index = 0;
  made_set_record(t.made, row, record);
  made_set_leaf(t.made, row);
  (void)check(&t, &found);
  assert_true(found.count >= 1);
  assert_int_equal(found.seq[0], seq);
  assert_non_null(strstr(found.what[0], "as a record before it did"));
  nav_arena_free(arena);
  made_free(t.made);
}

static int failing_source(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  (void)context;
  (void)row;
  (void)nav_fail(err, NAV_ERROR_RETRY, 0, "database", "the connection was lost");
  return -1;
}

static void a_failing_source_is_not_a_verdict(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct made_reading reading = {.made = t.made};
  struct verify_source source = made_source(&reading);
  source.ledger = failing_source;
  struct verify_settings settings = {.hub = "x", .checkpoint_key = t.checkpoint_key};
  struct verify_report report;
  struct nav_error err = {0};
  assert_false(verify_run(&source, &settings, note_fault, &found, &report, &err));
  assert_string_equal(err.text, "the connection was lost");
  made_free(t.made);
}

// Rows of nav.person and nav.mention: each kind of tampering names the record, and nobody else.
static void rows_beside_the_ledger_are_compared(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct verify_index_row *persons = t.made->persons;
  size_t persons_count = t.made->persons_count;
  assert_true(persons_count > 20 && t.made->mentions_count > 3);
  size_t two = 0;  // of an event about two persons
  while (persons[two].seq != persons[two + 1].seq) two++;
  uint64_t seq = persons[two].seq;
  struct verify_index_row kept = persons[two];

  persons[two].key[15] ^= 1;  // changed; the order of the two still holds
  expect_only(&t, seq,
              "nav.person lacks 1 of the 2 persons that the record names, and has 1 that it does not");
  persons[two] = kept;

  memmove(&persons[two], &persons[two + 1], (persons_count - two - 1) * sizeof *persons);
  t.made->persons_count--;
  expect_only(&t, seq, "nav.person lacks 1 of the 2 persons");
  memmove(&persons[two + 1], &persons[two], (persons_count - two - 1) * sizeof *persons);
  t.made->persons_count++;
  persons[two] = kept;

  memmove(&persons[two + 1], &persons[two], (persons_count - two) * sizeof *persons);
  t.made->persons_count++;  // the same twice
  expect_only(&t, seq, "nav.person has 1 persons that the record does not name");
  persons[two].seq = seq - 1;  // now of a record before it
  expect_only(&t, seq - 1, "nav.person has");
  memmove(&persons[two], &persons[two + 1], (persons_count - two) * sizeof *persons);
  t.made->persons_count--;

  uint64_t read = t.made->mentions[1].seq;
  t.made->mentions[1].key[15] ^= 1;
  expect_only(&t, read, "nav.mention lacks 1 of the 1 events that the record names, and has 1");
  t.made->mentions[1].key[15] ^= 1;
  uint64_t after = t.made->ledger_count + 9;
  t.made->mentions[t.made->mentions_count++] = (struct verify_index_row){.seq = after};
  expect_only(&t, after, "nav.mention has a row that no record that names events stands behind");
  t.made->mentions_count--;
  struct verify_report report = check(&t, &found);
  assert_int_equal(report.faults, 0);
  made_free(t.made);
}

// The ledger's own, as nav-core would have written them.
static void subtrees_are_compared_and_named_alone(void **state) {
  (void)state;
  struct test_ledger t = make_of(150);
  (void)check(&t, &found);
  assert_int_equal(found.count, 0);
  assert_true(t.made->subtrees_count >= 1);
  struct verify_subtree_row *row = &t.made->subtrees[t.made->subtrees_count - 1];
  const struct verify_subtree_row kept = *row;
  uint8_t changed[NAV_SHA256_SIZE];
  memcpy(changed, row->hash, sizeof changed);
  changed[5] ^= 1;
  row->hash = changed;
  (void)check(&t, &found);
  assert_int_equal(found.count, 1);
  assert_int_equal(found.seq[0], 0);
  assert_non_null(strstr(found.what[0], "it is not the hash"));
  *row = kept;
  row->level = 16;
  row->index = 0;  // past the end, and the right one is gone
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_non_null(strstr(found.what[0], "it is missing"));
  assert_non_null(strstr(found.what[1], "level 16, index 0: the ledger has no such subtree"));
  *row = kept;
  // A record changed, alone or with its leaf: it is at fault, not the subtree over it.
  own_bytes(&t, row_at(&t, 100))[3] ^= 1;
  (void)check(&t, &found);
  assert_int_equal(found.count, 1);
  assert_int_equal(found.seq[0], 100);
  made_set_leaf(t.made, row_at(&t, 100));
  (void)check(&t, &found);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++)
    assert_null(strstr(found.what[i], "nav.subtree"));
  made_free(t.made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_ledger_holds),
      cmocka_unit_test(any_changed_byte_names_its_record_alone),
      cmocka_unit_test(a_changed_leaf_is_told_from_a_changed_record),
      cmocka_unit_test(record_and_leaf_changed_are_narrowed_to_the_checkpoint),
      cmocka_unit_test(a_deleted_record_is_missing_alone),
      cmocka_unit_test(a_run_of_deleted_records_is_one_fault),
      cmocka_unit_test(two_swapped_records_name_each_other),
      cmocka_unit_test(a_changed_column_of_the_ledger_names_its_record),
      cmocka_unit_test(a_changed_event_row_names_its_record),
      cmocka_unit_test(missing_and_extra_event_rows_are_named),
      cmocka_unit_test(swapped_and_changed_contents_are_named),
      cmocka_unit_test(content_that_a_record_erased_is_no_fault),
      cmocka_unit_test(missing_content_is_named),
      cmocka_unit_test(an_erasure_before_its_time_or_twice_is_named),
      cmocka_unit_test(a_changed_erasure_accuses_itself_alone),
      cmocka_unit_test(a_forged_checkpoint_accuses_itself_alone),
      cmocka_unit_test(a_cut_tail_is_found_by_checkpoint_or_lease),
      cmocka_unit_test(what_stands_after_the_end_is_found),
      cmocka_unit_test(another_checkpoint_key_is_noticed),
      cmocka_unit_test(a_record_that_says_what_cannot_be_is_named),
      cmocka_unit_test(an_event_used_twice_in_its_publication_is_named),
      cmocka_unit_test(rows_beside_the_ledger_are_compared),
      cmocka_unit_test(subtrees_are_compared_and_named_alone),
      cmocka_unit_test(by_a_changed_record_nobody_is_accused),
      cmocka_unit_test(a_number_in_two_rows_is_a_fault_and_no_failure),
      cmocka_unit_test(a_failing_source_is_not_a_verdict),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
