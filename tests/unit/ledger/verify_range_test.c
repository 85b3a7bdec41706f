// `audit verify` of a range of a made ledger: what is wrong in it is named as in a whole verification, what
// is wrong beside it is no fault of it, and its place in the tree of the newest checkpoint is proven or said
// to be not.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/record.h"
#include "hub/ledger/verify_range.h"
#include "tests/unit/ledger/verify_found.h"

enum { SEEDS_MAX = 4096, MADE_CLASS = 2, DAY_MS = 86400000 };

// Out of the leaf column, as the stored subtrees are.
static bool subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                    struct nav_error *err) {
  const struct made *made = context;
  struct merkle_frontier tree = {0};
  uint64_t first = index << level;
  (void)err;
  for (uint64_t i = first; i < first + ((uint64_t)1 << level); i++) {
    assert_true(i < made->ledger_count);
    merkle_append(&tree, made->ledger[i].leaf);
  }
  merkle_root(&tree, out);
  return true;
}

struct beside {
  struct verify_range range;
  struct verify_seed seeds[SEEDS_MAX];
};

static bool is_seed(const struct verify_ledger_row *row) {
  return row->kind == 10 || (row->kind >= 16 && row->kind <= 19) || row->kind == PUBLISHED || row->kind == 80;
}

static struct verify_report check_range(const struct test_ledger *t, uint64_t first, uint64_t last) {
  static struct beside beside;
  struct made *made = t->made;
  struct made_reading reading = {.made = made};
  struct nav_error err = {0};
  struct verify_report report;
  beside.range = (struct verify_range){.first = first, .last = last, .seeds = beside.seeds};
  reading.checkpoint = made->checkpoints_count - 1;
  beside.range.size = made->checkpoints[reading.checkpoint].size;
  assert_true(verify_range_place(&beside.range, subtree, made, &err));
  while (reading.ledger < made->ledger_count && made->ledger[reading.ledger].seq < first) {
    const struct verify_ledger_row *row = &made->ledger[reading.ledger++];
    assert_true(beside.range.seeds_count < SEEDS_MAX);
    if (is_seed(row))
      beside.seeds[beside.range.seeds_count++] = (struct verify_seed){row->record, row->record_length};
  }
  while (reading.content < made->contents_count && made->contents[reading.content].seq < first)
    reading.content++;
  while (reading.person < made->persons_count && made->persons[reading.person].seq < first) reading.person++;
  while (reading.mention < made->mentions_count && made->mentions[reading.mention].seq < first)
    reading.mention++;
  while (reading.rules_text < made->rules_texts_count && made->rules_texts[reading.rules_text].seq < first)
    reading.rules_text++;
  struct made cut = *made;
  while (cut.ledger_count > 0 && made->ledger[cut.ledger_count - 1].seq > last) cut.ledger_count--;
  while (cut.contents_count > 0 && made->contents[cut.contents_count - 1].seq > last) cut.contents_count--;
  while (cut.persons_count > 0 && made->persons[cut.persons_count - 1].seq > last) cut.persons_count--;
  while (cut.mentions_count > 0 && made->mentions[cut.mentions_count - 1].seq > last) cut.mentions_count--;
  while (cut.rules_texts_count > 0 && made->rules_texts[cut.rules_texts_count - 1].seq > last)
    cut.rules_texts_count--;
  reading.made = &cut;
  reading.whole = made;
  struct verify_source source = made_source(&reading);
  source.subtree = NULL;
  source.cosignature = NULL;
  struct verify_settings settings = {
      .hub = made->settings.hub, .checkpoint_key = t->checkpoint_key, .range = &beside.range};
  found = (struct found){0};
  if (!verify_run(&source, &settings, note_fault, &found, &report, &err)) fail_msg("%s", err.text);
  assert_int_equal(report.faults, found.count);
  return report;
}

static void expect_range_only(const struct test_ledger *t, uint64_t first, uint64_t last, uint64_t seq,
                              const char *says) {
  (void)check_range(t, first, last);
  if (found.count != 1 || found.seq[0] != seq || strstr(found.what[0], says) == NULL)
    fail_msg("%zu faults, seq %llu: %s", found.count, (unsigned long long)found.seq[0], found.what[0]);
}

static void every_range_of_a_whole_ledger_holds(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t end = t.made->ledger_count;
  const uint8_t *root = t.made->checkpoints[t.made->checkpoints_count - 1].root;
  for (uint64_t first = 1; first <= end; first += first % 7 + 1) {
    for (uint64_t last = first; last <= end; last += last % 11 + 1) {
      struct verify_report report = check_range(&t, first, last);
      if (report.faults != 0)
        fail_msg("%llu to %llu: %s", (unsigned long long)first, (unsigned long long)last, found.what[0]);
      assert_int_equal(report.records, last - first + 1);
      assert_int_equal(report.unproved, 0);
      assert_memory_equal(report.root, root, NAV_SHA256_SIZE);
    }
  }
  made_free(t.made);
}

static void a_change_in_the_range_is_named_and_one_beside_it_is_not(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, ACCEPTED, 20);
  struct verify_ledger_row *row = row_at(&t, seq);
  const struct verify_ledger_row before = *row;
  own_bytes(&t, row)[row->record_length - 1] ^= 1;
  expect_range_only(&t, seq, seq, seq, "its bytes were changed");
  expect_range_only(&t, seq - 5, seq + 9, seq, "its bytes were changed");
  assert_int_equal(check_range(&t, seq + 1, seq + 9).faults, 0);
  *row = before;
  row->at_us += 1;
  expect_range_only(&t, seq - 3, seq, seq, "columns of nav.ledger differ");
  assert_int_equal(check_range(&t, 1, seq - 1).faults, 0);
  row->at_us -= 1;
  row_at(&t, seq)->event.verdict++;
  expect_range_only(&t, seq, seq + 3, seq, "verdict");
  row_at(&t, seq)->event.verdict--;
  made_free(t.made);
}

// Which nothing of the range vouches for: whoever it speaks against is told so.
static void the_word_of_a_record_before_the_range_is_doubted(void **state) {
  (void)state;
  struct test_ledger t = make();
  int64_t day = row_at(&t, nth(&t, ACCEPTED, 0))->event.bucket_day;
  made_erase(t.made, MADE_CLASS, (uint32_t)day, (day + 31) * DAY_MS);
  rewrite_row(&t, nth(&t, PUBLISHED, 3), t.made->ledger_count);
  uint64_t first = nth(&t, PUBLISHED, 20);
  size_t spoken_against = 0;
  (void)check_range(&t, first, first + 6);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++) {
    if (strstr(found.what[i], "is sealed under") == NULL) continue;
    spoken_against++;
    assert_non_null(strstr(found.what[i], "had erased: it or what it rests on was changed"));
  }
  assert_int_not_equal(spoken_against, 0);
  made_free(t.made);
}

// Bytes and leaf changed together: nothing in the row tells, the tree does.
static void a_hidden_change_in_the_range_is_no_part_of_the_tree(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, 22, 1);  // Rejected: its last byte is of a text
  struct verify_ledger_row *row = row_at(&t, seq);
  own_bytes(&t, row)[row->record_length - 1] ^= 1;
  made_set_leaf(t.made, row);
  expect_range_only(&t, seq - 4, seq + 4, seq - 4, "does not stand in the tree");
  made_free(t.made);
}

static void missing_records_of_the_range_are_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = nth(&t, READ, 2);
  remove_row(&t, seq);
  struct verify_ledger_row *after = &t.made->ledger[seq - 1];
  assert_int_equal(after->seq, seq + 1);
  struct made_reading reading = {.made = t.made};
  struct verify_source source = made_source(&reading);
  struct verify_range range = {.first = 1, .last = t.lease_last_seq};
  struct verify_settings settings = {
      .hub = t.made->settings.hub, .checkpoint_key = t.checkpoint_key, .range = &range};
  struct verify_report report;
  struct nav_error err = {0};
  source.subtree = NULL;
  source.cosignature = NULL;
  reading.checkpoint = t.made->checkpoints_count;
  found = (struct found){0};
  assert_true(verify_run(&source, &settings, note_fault, &found, &report, &err));
  assert_true(found.count >= 1);
  assert_int_equal(found.seq[0], seq);
  assert_non_null(strstr(found.what[0], "the record is missing"));
  made_free(t.made);
}

static void a_signature_is_checked_by_what_was_defined_before(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct nav_arena *arena = nav_arena_new(1 << 20);
  struct nav_error err = {0};
  uint64_t seq = nth(&t, ACKNOWLEDGED, 4);
  struct verify_ledger_row *row = row_at(&t, seq);
  Nav__V1__Record *record = record_decode(arena, row->record, row->record_length, &err);
  assert_non_null(record);
  record->acknowledged->position -= 1;
  made_set_record(t.made, row, record);
  made_set_leaf(t.made, row);
  (void)check_range(&t, seq, seq);
  assert_int_equal(found.seq[0], seq);
  assert_non_null(strstr(found.what[0], "over its acknowledgement does not hold"));
  nav_arena_free(arena);
  made_free(t.made);
}

// An event before the range was not verified with it, so that it may be either that was changed.
static void an_erasure_in_the_range_is_compared_with_its_event(void **state) {
  (void)state;
  struct test_ledger t = make();
  const size_t event = 5;
  made_event(t.made, event)->bucket_day--;  // as the record will say
  made_erase_events(t.made, &event, 1, "art. 17.1 d");
  made_event(t.made, event)->bucket_day++;
  uint64_t seq = t.made->ledger_count;
  expect_range_only(&t, 1, seq, seq, "than that record");
  assert_null(strstr(found.what[0], "what it rests on"));
  expect_range_only(&t, seq, seq, seq, "than that record: it or what it rests on was changed");
  assert_int_equal(check_range(&t, 1, seq - 1).faults, 0);
  struct verify_ledger_row *row = row_at(&t, t.made->events[event]);
  own_bytes(&t, row)[row->record_length - 1] ^= 1;  // it is no longer what its leaf is of
  assert_int_equal(check_range(&t, seq, seq).faults, 0);
  made_free(t.made);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_range_of_a_whole_ledger_holds),
      cmocka_unit_test(a_change_in_the_range_is_named_and_one_beside_it_is_not),
      cmocka_unit_test(the_word_of_a_record_before_the_range_is_doubted),
      cmocka_unit_test(a_hidden_change_in_the_range_is_no_part_of_the_tree),
      cmocka_unit_test(missing_records_of_the_range_are_named),
      cmocka_unit_test(a_signature_is_checked_by_what_was_defined_before),
      cmocka_unit_test(an_erasure_in_the_range_is_compared_with_its_event),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
