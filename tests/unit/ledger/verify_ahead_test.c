// `audit verify` of a ledger of many batches, which threads prepare: what is wrong at a batch's edge, in its
// middle or far ahead names the record that it names in a small ledger, and a source that fails far in is no
// verdict.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/verify_ahead.h"
#include "tests/unit/ledger/verify_found.h"

enum { PUBLICATIONS = 1200, BATCHES_AT_LEAST = 7 };

static struct test_ledger ledger;

static int make_ledger(void **state) {
  (void)state;
  ledger = make_of(PUBLICATIONS);
  return ledger.made->ledger_count > (size_t)BATCHES_AT_LEAST * AHEAD_ROWS ? 0 : -1;
}

static int free_ledger(void **state) {
  (void)state;
  made_free(ledger.made);
  return 0;
}

static void a_whole_ledger_holds(void **state) {
  (void)state;
  struct verify_report report = check(&ledger, &found);
  assert_int_equal(report.faults, 0);
  assert_int_equal(report.records, ledger.made->ledger_count);
  assert_int_equal(report.contents, ledger.made->contents_count);
  assert_true(report.signatures > PUBLICATIONS);
  assert_memory_equal(report.root, ledger.made->checkpoints[ledger.made->checkpoints_count - 1].root,
                      NAV_SHA256_SIZE);
}

static void a_changed_record_is_named_wherever_it_stands(void **state) {
  (void)state;
  for (uint64_t batch = 1; batch < BATCHES_AT_LEAST; batch++) {
    for (uint64_t seq = batch * AHEAD_ROWS - 1; seq <= batch * AHEAD_ROWS + 2; seq++) {
      struct verify_ledger_row *row = row_at(&ledger, seq);
      const struct verify_ledger_row before = *row;
      own_bytes(&ledger, row)[row->record_length / 2] ^= 1;
      expect_only(&ledger, seq, "its bytes were changed");
      *row = before;
      own_leaf(&ledger, row)[9] ^= 1;
      expect_only(&ledger, seq, "its column leaf was changed");
      *row = before;
    }
  }
}

static void a_changed_content_is_named_wherever_it_stands(void **state) {
  (void)state;
  for (size_t i = AHEAD_ROWS - 1; i < ledger.made->contents_count; i += AHEAD_ROWS / 2) {
    struct verify_content_row *row = &ledger.made->contents[i];
    const size_t length = row->length;
    row->length--;
    expect_only(&ledger, row->seq, "its sealed content was changed");
    row->length = length;
  }
}

// Signatures were checked ahead by the log that was known then: the last Started record names another from
// here on.
static void a_log_that_changes_on_the_way_counts_from_its_record_on(void **state) {
  (void)state;
  struct test_ledger t = make_of(PUBLICATIONS);
  uint64_t seq = nth(&t, READ, 100);
  uint8_t log_id[KEY_LOG_ID_SIZE];
  memset(log_id, 0x5A, sizeof log_id);
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  Nav__V1__Started started = NAV__V1__STARTED__INIT;
  started.has_log_id = true;
  started.log_id = (ProtobufCBinaryData){sizeof log_id, log_id};
  record.has_seq = record.has_time_ms = record.has_epoch = true;
  record.seq = seq;
  record.time_ms = row_at(&t, seq)->at_us / 1000;
  record.epoch = 3;
  record.record_case = NAV__V1__RECORD__RECORD_STARTED;
  record.started = &started;
  made_set_record(t.made, row_at(&t, seq), &record);
  row_at(&t, seq)->kind = NAV__V1__RECORD__RECORD_STARTED;
  made_set_leaf(t.made, row_at(&t, seq));
  t.made->checkpoints_count = 1;  // none covers it
  (void)check(&t, &found);
  assert_true(found.count > FAULTS_KEPT);
  size_t signatures = 0;
  for (size_t i = 0; i < FAULTS_KEPT; i++) {
    assert_true(found.seq[i] == 0 || found.seq[i] >= seq);
    if (strstr(found.what[i], "signature") != NULL) signatures++;
  }
  assert_true(signatures > 0);
  made_free(t.made);
}

static size_t rows_left;

static int failing_later(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct made_reading *reading = context;
  if (rows_left == 0)
    return nav_fail(err, NAV_ERROR_RETRY, 0, "database", "the connection was lost") ? 1 : -1;
  rows_left--;
  *row = reading->made->ledger[reading->ledger++];
  return 1;
}

static void a_source_that_fails_later_is_not_a_verdict(void **state) {
  (void)state;
  static const size_t after[] = {
      1, AHEAD_ROWS - 1, AHEAD_ROWS, AHEAD_ROWS + 1, 3 * AHEAD_ROWS, 5 * AHEAD_ROWS + 7};
  for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
    struct made_reading reading = {.made = ledger.made};
    struct verify_source source = made_source(&reading);
    struct verify_settings settings = {.hub = ledger.made->settings.hub,
                                       .checkpoint_key = ledger.checkpoint_key};
    struct verify_report report;
    struct nav_error err = {0};
    source.ledger = failing_later;
    rows_left = after[i];
    assert_false(verify_run(&source, &settings, note_fault, &found, &report, &err));
    assert_string_equal(err.text, "the connection was lost");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_ledger_holds),
      cmocka_unit_test(a_changed_record_is_named_wherever_it_stands),
      cmocka_unit_test(a_changed_content_is_named_wherever_it_stands),
      cmocka_unit_test(a_log_that_changes_on_the_way_counts_from_its_record_on),
      cmocka_unit_test(a_source_that_fails_later_is_not_a_verdict),
  };
  return cmocka_run_group_tests(tests, make_ledger, free_ledger);
}
