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
#include "tests/unit/ledger/verify_found.h"

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
  uint8_t *name = memmem(bytes, row->record_length, "bromma", 6);
  assert_non_null(name);
  memcpy(name, "alvsjo", 6);  // still decodes
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
  t = (made_free(t.made), make());
  row_at(&t, 23)->reader = "anna";
  row_at(&t, 23)->reader_length = 4;
  expect_only(&t, 23, " reader");
  t = (made_free(t.made), make());
  row_at(&t, nth(&t, READ, 0))->reader = NULL;
  expect_only(&t, nth(&t, READ, 0), " reader");
  t = (made_free(t.made), make());
  row_at(&t, nth(&t, READ, 0))->reader_length--;
  expect_only(&t, nth(&t, READ, 0), " reader");
  made_free(t.made);
}

static const char *const event_columns[VERIFY_EVENT_COLUMNS] = {
    "event_id", "agency",  "revision",     "digest",     "type",
    "time",     "verdict", "bucket_class", "bucket_day", "published_seq"};

static void change_column(struct verify_event *event, enum verify_event_column column) {
  if (column == VERIFY_EVENT_ID) event->event_id[15] ^= 1;
  if (column == VERIFY_AGENCY) event->agency = event->agency == 1 ? 2 : 1;
  if (column == VERIFY_REVISION) event->revision++;
  if (column == VERIFY_DIGEST) event->digest[31] ^= 1;
  if (column == VERIFY_TYPE) event->type++;
  if (column == VERIFY_TIME) event->time_us++;
  if (column == VERIFY_VERDICT) event->verdict++;
  if (column == VERIFY_BUCKET_CLASS) event->bucket_class++;
  if (column == VERIFY_BUCKET_DAY) event->bucket_day--;
  if (column == VERIFY_PUBLISHED_SEQ) event->published_seq--;
}

static void expect_column(const struct test_ledger *t, uint64_t seq, unsigned column) {
  char says[80];
  (void)snprintf(says, sizeof says, "columns of nav.ledger differ from the record: %s",
                 event_columns[column]);
  expect_only(t, seq, says);
}

static void a_changed_event_column_names_its_record(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, ACCEPTED, 5);
  struct verify_event *event = &row_at(&t, seq)->event;
  const struct verify_event kept = *event;
  for (unsigned i = 0; i < VERIFY_EVENT_COLUMNS; i++) {
    change_column(event, i);
    expect_column(&t, seq, i);
    *event = kept;
  }
  event->agency = -1;  // no agency at all
  expect_column(&t, seq, VERIFY_AGENCY);
  made_free(t.made);
}

// Null where the record says something is a difference even where both would read as 0.
static void a_missing_event_column_names_its_record(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, ACCEPTED, 3);
  struct verify_event *event = &row_at(&t, seq)->event;
  for (unsigned i = 0; i < VERIFY_EVENT_COLUMNS; i++) {
    event->there = (uint16_t)(VERIFY_EVENT_WHOLE & ~(1u << i));
    expect_column(&t, seq, i);
  }
  *event = (struct verify_event){0};
  expect_only(&t, seq,
              "differ from the record: event_id agency revision digest type time verdict bucket_class "
              "bucket_day published_seq");
  made_free(t.made);
}

static void an_event_column_of_another_record_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, PUBLISHED, 1);
  struct verify_event *event = &row_at(&t, seq)->event;
  for (unsigned i = 0; i < VERIFY_EVENT_COLUMNS; i++) {
    char says[80];
    (void)snprintf(says, sizeof says, "which is of no event: %s", event_columns[i]);
    event->there = (uint16_t)(1u << i);
    expect_only(&t, seq, says);
  }
  *event = row_at(&t, nth(&t, ACCEPTED, 0))->event;
  expect_only(&t, seq, "which is of no event: event_id agency");
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

static void another_log(Nav__V1__Record *r) {
  static uint8_t id[KEY_LOG_ID_SIZE] = {1};
  static Nav__V1__Started started = NAV__V1__STARTED__INIT;
  started.has_log_id = true;
  started.log_id = (ProtobufCBinaryData){sizeof id, id};
  r->record_case = NAV__V1__RECORD__RECORD_STARTED;
  r->started = &started;
}

static void restored_for_nothing(Nav__V1__Record *r) {
  static Nav__V1__Restored restored = NAV__V1__RESTORED__INIT;
  r->record_case = NAV__V1__RECORD__RECORD_RESTORED;
  r->restored = &restored;
}

static const struct patch patches[] = {
    {READ, 0, lower_time, "is before that of seq"},
    {READ, 0, another_log, "begins another log, and the record after it does not say"},
    {READ, 0, restored_for_nothing, "and the record before it begins no other log"},
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
      cmocka_unit_test(a_changed_event_column_names_its_record),
      cmocka_unit_test(a_missing_event_column_names_its_record),
      cmocka_unit_test(an_event_column_of_another_record_is_named),
      cmocka_unit_test(swapped_and_changed_contents_are_named),
      cmocka_unit_test(a_forged_checkpoint_accuses_itself_alone),
      cmocka_unit_test(a_cut_tail_is_found_by_checkpoint_or_lease),
      cmocka_unit_test(what_stands_after_the_end_is_found),
      cmocka_unit_test(another_checkpoint_key_is_noticed),
      cmocka_unit_test(a_record_that_says_what_cannot_be_is_named),
      cmocka_unit_test(an_event_used_twice_in_its_publication_is_named),
      cmocka_unit_test(by_a_changed_record_nobody_is_accused),
      cmocka_unit_test(a_number_in_two_rows_is_a_fault_and_no_failure),
      cmocka_unit_test(a_failing_source_is_not_a_verdict),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
