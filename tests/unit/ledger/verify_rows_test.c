// `audit verify` and the rows beside the records: content that retention erased or somebody took away, and
// the tables that only make questions quick (nav.person, nav.mention, nav.subtree).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ledger/verify_found.h"

enum { MADE_CLASS = 2, DAY_MS = 86400000 };

static void remove_content(const struct test_ledger *t, size_t index) {
  struct verify_content_row *row = &t->made->contents[index];
  t->made->contents_count--;
  memmove(row, row + 1, (t->made->contents_count - index) * sizeof *row);
}

static uint32_t day_of(const struct test_ledger *t) { return (uint32_t)made_event(t->made, 0)->bucket_day; }

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

static void erase_events(struct test_ledger *t, const size_t *events, size_t count, const char *basis) {
  made_erase_events(t->made, events, count, basis);
  t->lease_last_seq = t->made->ledger_count;
}

// The rows of what was erased singly stay, and are compared as before; one that is gone all the same is
// excused where the record names exactly it.
static void an_erasure_of_single_events_excuses_exactly_these(void **state) {
  (void)state;
  struct test_ledger t = make();
  const size_t events[] = {2, 5, 6};
  uint64_t other = t.made->contents[4].seq;
  erase_events(&t, events, 3, "art. 17.1 d");
  assert_int_equal(check(&t, &found).faults, 0);
  for (size_t i = 3; i > 0; i--) remove_content(&t, events[i - 1]);
  assert_int_equal(check(&t, &found).faults, 0);
  remove_content(&t, 3);  // of which the record says nothing
  expect_only(&t, other, "its sealed content is missing, and no record has erased");
  made_free(t.made);
}

// What was erased singly and then stands in a bucket that is erased whole.
static void a_bucket_ends_as_before(void **state) {
  (void)state;
  struct test_ledger t = make();
  const size_t events[] = {0};
  erase_events(&t, events, 1, "art. 17.1 d");
  erase(&t, MADE_CLASS, day_of(&t), 31);
  while (t.made->contents_count > 0) remove_content(&t, 0);
  assert_int_equal(check(&t, &found).faults, 0);
  erase_events(&t, (const size_t[]){1}, 1, "art. 17.1 d");
  expect_only(&t, t.made->ledger_count, "had erased already");
  made_free(t.made);
}

static void swapped_content_of_an_erased_event_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase_events(&t, (const size_t[]){2}, 1, "art. 17.1 d");
  t.made->contents[2].sealed = t.made->contents[3].sealed;
  t.made->contents[2].length = t.made->contents[3].length;
  expect_only(&t, t.made->contents[2].seq, "its sealed content was changed or is another's");
  made_free(t.made);
}

static void an_erasure_of_events_that_cannot_be_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase_events(&t, (const size_t[]){2}, 1, NULL);
  expect_only(&t, t.made->ledger_count, "states no legal basis");
  t = (made_free(t.made), make());
  erase_events(&t, NULL, 0, "art. 17.1 d");
  expect_only(&t, t.made->ledger_count, "erases no events");
  t = (made_free(t.made), make());
  erase_events(&t, (const size_t[]){2, 5}, 2, "art. 17.1 d");
  erase_events(&t, (const size_t[]){1, 5}, 2, "art. 17.1 d");
  expect_only(&t, t.made->ledger_count, "had erased already");
  t = (made_free(t.made), make());
  made_event(t.made, 3)->bucket_class = 9;  // as the record will say; the row is put right
  erase_events(&t, (const size_t[]){3}, 1, "art. 17.1 d");
  made_event(t.made, 3)->bucket_class = MADE_CLASS;
  expect_only(&t, t.made->ledger_count, "that there cannot be");
  made_free(t.made);
}

// Whatever the erasure says of an event that its own record does not say.
static void an_erasure_that_says_another_of_its_event_is_named(void **state) {
  (void)state;
  for (int what = 0; what < 6; what++) {
    static const char *const says[] = {"another agency of", "another id of",  "another revision of",
                                       "another class of",  "another day of", "another agency id of"};
    struct test_ledger t = make();
    struct verify_event *row = made_event(t.made, 5);
    const struct verify_event kept = *row;  // which the record is made of, and is then put right
    if (what == 0 || what == 5) row->agency = row->agency % MADE_AGENCIES + 1;
    if (what == 1 || what == 5) row->event_id[0] ^= 7;
    if (what == 2) row->revision++;
    if (what == 3) row->bucket_class = MADE_CLASS + 1;
    if (what == 4) row->bucket_day--;
    erase_events(&t, (const size_t[]){4, 5}, 2, "art. 17.1 d");
    *row = kept;
    (void)check(&t, &found);
    uint64_t guilty = t.made->ledger_count;
    if (what == 0 || what == 5) guilty -= 1;  // event 4's agency has the later record
    assert_int_equal(found.count, 1);
    assert_int_equal(found.seq[0], guilty);
    assert_non_null(strstr(found.what[0], says[what]));
    made_free(t.made);
  }
}

static void an_erasure_of_what_is_no_event_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  const struct verify_event event = *made_event(t.made, 5);
  t.made->events[5] = nth(&t, ACKNOWLEDGED, 1);
  *made_event(t.made, 5) = event;  // which the erasure's record is made of
  erase_events(&t, (const size_t[]){5}, 1, "art. 17.1 d");
  *made_event(t.made, 5) = (struct verify_event){0};
  expect_only(&t, t.made->ledger_count, "which is no event");
  made_free(t.made);
}

// A record that was rewritten, with its leaf, so that it says the same before it: it is the interval of that
// one which is accused, and neither what really erased it nor what was accepted after it.
static void an_erasure_that_a_rewritten_record_repeats_is_not_accused(void **state) {
  (void)state;
  for (int whole = 0; whole < 2; whole++) {
    struct test_ledger t = make();
    if (whole != 0)
      erase(&t, MADE_CLASS, day_of(&t), 31);
    else
      erase_events(&t, (const size_t[]){4, 5}, 2, "art. 17.1 d");
    uint64_t last = t.made->ledger_count;
    uint64_t victim = nth(&t, ACKNOWLEDGED, 3);
    rewrite_row(&t, victim, last);
    (void)check(&t, &found);
    assert_in_range(found.count, 1, FAULTS_KEPT);
    for (size_t i = 0; i < found.count; i++) {
      if ((found.seq[i] - 1) / CHECKPOINT_EVERY != (victim - 1) / CHECKPOINT_EVERY)
        fail_msg("seq %llu: %s", (unsigned long long)found.seq[i], found.what[i]);
    }
    made_free(t.made);
  }
}

// What really erased something is rewritten: what it covered is not accused of being gone.
static void an_erasure_that_is_rewritten_leaves_its_events_unaccused(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase(&t, MADE_CLASS, day_of(&t), 31);
  uint64_t erased = t.made->ledger_count;
  while (t.made->contents_count > 0) remove_content(&t, 0);
  rewrite_row(&t, erased, nth(&t, READ, 0));
  (void)check(&t, &found);
  assert_in_range(found.count, 1, FAULTS_KEPT);
  for (size_t i = 0; i < found.count; i++) assert_int_equal(found.seq[i], erased);
  made_free(t.made);
}

// What a rewritten record says after a true erasure takes nothing from that one's word.
static void an_erasure_holds_after_a_rewritten_one(void **state) {
  (void)state;
  struct test_ledger t = make();
  erase(&t, MADE_CLASS, day_of(&t), 31);
  uint64_t first = t.made->ledger_count;
  erase(&t, 1, day_of(&t), 60);
  uint64_t between = t.made->ledger_count;
  erase(&t, MADE_CLASS, day_of(&t), 61);
  rewrite_row(&t, between, first);
  (void)check(&t, &found);
  char says[64];
  bool named = false;
  (void)snprintf(says, sizeof says, "erases what seq %llu had erased already", (unsigned long long)first);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++)
    named = named || (found.seq[i] == t.made->ledger_count && strstr(found.what[i], says) != NULL);
  assert_true(named);
  made_free(t.made);
}

// Neither an erasure nor an event that was itself changed speaks against the other.
static void a_changed_event_accuses_no_erasure(void **state) {
  (void)state;
  struct test_ledger t = make();
  uint64_t seq = t.made->events[5];
  erase_events(&t, (const size_t[]){5}, 1, "art. 17.1 d");
  uint64_t erased = t.made->ledger_count;
  struct verify_ledger_row *row = row_at(&t, seq);
  own_bytes(&t, row)[row->record_length / 2] ^= 1;
  expect_only(&t, seq, "its bytes were changed");
  made_set_leaf(t.made, row);  // with its leaf: the interval is accused
  (void)check(&t, &found);
  for (size_t i = 0; i < found.count; i++) assert_int_not_equal(found.seq[i], erased);
  remove_row(&t, seq);
  (void)check(&t, &found);
  for (size_t i = 0; i < found.count; i++) assert_int_not_equal(found.seq[i], erased);
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

// The first record's two texts, then one of the second, which names the first's law.yaml again.
static void kept_texts_of_rules_are_compared(void **state) {
  (void)state;
  struct test_ledger t = make();
  struct verify_rules_row *rows = t.made->rules_texts;
  assert_int_equal(t.made->rules_texts_count, 3);
  uint64_t first = rows[0].seq;
  uint64_t second = rows[2].seq;
  assert_true(first < second);
  (void)check(&t, &found);
  assert_int_equal(found.count, 0);
  const struct verify_rules_row kept = rows[0];
  rows[0].length--;
  expect_only(&t, first, "the kept text of law.yaml is not the one that the record hashes");
  rows[0] = kept;
  t.made->rules_texts_count = 2;
  expect_only(&t, second, "the text of access/made.yaml, which it put in force, is not kept");
  t.made->rules_texts_count = 3;
  rows[0] = rows[1];  // gone, and the other twice: both records that name it say so
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.seq[0], first);
  assert_int_equal(found.seq[1], second);
  rows[0] = kept;
  rows[2].seq = second + 1;
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.seq[0], second);
  assert_int_equal(found.seq[1], second + 1);
  assert_non_null(strstr(found.what[1], "nav.rules_text has a text that the record does not name: SHA-256"));
  rows[2].seq = t.made->ledger_count + 5;
  (void)check(&t, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.seq[1], t.made->ledger_count + 5);
  made_free(t.made);
}

static bool says_of(uint64_t seq, const char *text) {
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++)
    if (found.seq[i] == seq && strstr(found.what[i], text) != NULL) return true;
  return false;
}

// A record that is lost may have named a key; that excuses no confirmation of an agency that is none, or one
// of another key between two of the known one.
static void a_wrong_confirmation_after_a_lost_record_is_named(void **state) {
  (void)state;
  struct test_ledger t = make();
  assert_true(t.made->cosignatures_count > 6);
  struct verify_cosignature_row *row = &t.made->cosignatures[t.made->cosignatures_count - 5];
  const struct verify_cosignature_row kept = *row;
  uint64_t lost = nth(&t, READ, 0);
  assert_true(lost < row->size && row->size < t.made->ledger_count);
  own_leaf(&t, row_at(&t, lost))[0] ^= 1;
  (void)check(&t, &found);
  assert_int_equal(found.count, 1);
  row->agency = "unknown-office";
  (void)check(&t, &found);
  assert_true(says_of(row->size, "no record up to there names a witness key of it"));
  *row = kept;
  remove_row(&t, lost);
  (void)check(&t, &found);
  assert_false(says_of(row->size, "cosignature"));
  char line[512];
  (void)snprintf(line, sizeof line, "%s", kept.line);
  char *key_id = strrchr(line, ' ') + 1;
  key_id[0] = key_id[0] == 'A' ? 'B' : 'A';
  row->line = line;
  (void)check(&t, &found);
  assert_true(says_of(row->size, "another key than those before and after it"));
  row->agency = "unknown-office";
  (void)check(&t, &found);
  assert_true(says_of(row->size, "no record up to there names a witness key of it"));
  *row = kept;
  // The last of its agency: no line after it tells whether the key had changed.
  row = &t.made->cosignatures[t.made->cosignatures_count - 1];
  (void)snprintf(line, sizeof line, "%s", row->line);
  key_id = strrchr(line, ' ') + 1;
  key_id[0] = key_id[0] == 'A' ? 'B' : 'A';
  row->line = line;
  assert_int_equal(check(&t, &found).cosignatures_unjudged, 1);
  assert_true(says_of(row->size, "cannot be judged: it is of an unknown key"));
  made_free(t.made);
}

// Of an agency whose definition and key were both deleted nobody can say that it had none; nor is any other
// definition left, by whose loss that would be noticed.
static void confirmations_of_an_agency_whose_records_are_lost_accuse_nobody(void **state) {
  (void)state;
  enum { KEY_CHANGED = 15, AGENCY_DEFINED = 16 };
  struct test_ledger t = make();
  remove_row(&t, nth(&t, KEY_CHANGED, 1));
  uint64_t first = nth(&t, AGENCY_DEFINED, 0);
  for (uint64_t i = 0; i < MADE_AGENCIES; i++) remove_row(&t, first);  // by where it stands now
  assert_true(check(&t, &found).cosignatures_unjudged > 0);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++)
    assert_null(strstr(found.what[i], "names a witness key"));
  made_free(t.made);
}

// All records from where its agency was defined on are gone, and the checkpoints over them are not.
static void confirmations_past_a_tail_that_is_lost_accuse_nobody(void **state) {
  (void)state;
  enum { AGENCY_DEFINED = 16 };
  struct test_ledger t = make();
  t.made->ledger_count = nth(&t, AGENCY_DEFINED, 0) - 1;
  assert_true(check(&t, &found).cosignatures_unjudged > 0);
  for (size_t i = 0; i < found.count && i < FAULTS_KEPT; i++)
    assert_null(strstr(found.what[i], "names a witness key"));
  made_free(t.made);
}

// Their records say that none were kept: nothing is missing, and what is there all the same is still
// compared.
static void a_ledger_from_before_texts_were_kept_holds(void **state) {
  (void)state;
  const struct made_settings settings = {.publications = 40,
                                         .checkpoint_every = CHECKPOINT_EVERY,
                                         .start_ms = 1763779200000,
                                         .hub = "nav.example.se",
                                         .keeps_no_texts = true};
  struct made *made = made_new(&settings);
  struct test_ledger t = {made, made->ledger_count, 3, made->checkpoint_key.public_key};
  assert_int_equal(made->rules_texts_count, 0);
  (void)check(&t, &found);
  assert_int_equal(found.count, 0);
  static const uint8_t hash[NAV_SHA256_SIZE] = {1};
  made->rules_texts[made->rules_texts_count++] = (struct verify_rules_row){3, hash, hash, 0};
  expect_only(&t, 3, "nav.rules_text has a text that the record does not name: SHA-256 01");
  made_free(made);
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
      cmocka_unit_test(content_that_a_record_erased_is_no_fault),
      cmocka_unit_test(missing_content_is_named),
      cmocka_unit_test(an_erasure_of_single_events_excuses_exactly_these),
      cmocka_unit_test(a_bucket_ends_as_before),
      cmocka_unit_test(swapped_content_of_an_erased_event_is_named),
      cmocka_unit_test(an_erasure_of_events_that_cannot_be_is_named),
      cmocka_unit_test(an_erasure_that_says_another_of_its_event_is_named),
      cmocka_unit_test(an_erasure_of_what_is_no_event_is_named),
      cmocka_unit_test(an_erasure_that_a_rewritten_record_repeats_is_not_accused),
      cmocka_unit_test(an_erasure_that_is_rewritten_leaves_its_events_unaccused),
      cmocka_unit_test(an_erasure_holds_after_a_rewritten_one),
      cmocka_unit_test(a_changed_event_accuses_no_erasure),
      cmocka_unit_test(an_erasure_before_its_time_or_twice_is_named),
      cmocka_unit_test(a_changed_erasure_accuses_itself_alone),
      cmocka_unit_test(rows_beside_the_ledger_are_compared),
      cmocka_unit_test(kept_texts_of_rules_are_compared),
      cmocka_unit_test(a_ledger_from_before_texts_were_kept_holds),
      cmocka_unit_test(subtrees_are_compared_and_named_alone),
      cmocka_unit_test(a_wrong_confirmation_after_a_lost_record_is_named),
      cmocka_unit_test(confirmations_of_an_agency_whose_records_are_lost_accuse_nobody),
      cmocka_unit_test(confirmations_past_a_tail_that_is_lost_accuse_nobody),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
