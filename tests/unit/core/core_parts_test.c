// nav-core's leaves: the head of the ledger in memory, recent ids, a batch's numbers and tree, the
// quarantine, buckets.
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/core/batch.h"
#include "hub/core/buckets.h"
#include "hub/core/head.h"
#include "hub/core/quarantine.h"
#include "hub/core/recent.h"
#include "hub/core/store.h"
#include "hub/ledger/record.h"
#include "hub/wire/message.h"

static char folder[] = "/tmp/navcoreXXXXXX";

static int make_folder(void **state) {
  (void)state;
  (void)snprintf(folder, sizeof folder, "/tmp/navcoreXXXXXX");
  return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)kind;
  (void)walk;
  return remove(path);
}

static int remove_folder(void **state) {
  (void)state;
  return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// ---- head ----

static struct head_entry *entry(uint64_t seq, size_t length) {
  uint8_t *event = calloc(1, length);
  struct head_entry *made = head_entry_new(seq, 1, 0, event, length);
  free(event);
  return made;
}

// What is left of a place depends on the rules' areas: what was made by other rules is made anew.
static void a_copy_is_found_by_all_that_it_was_made_by(void **state) {
  (void)state;
  struct head_entry *made = entry(1, 10);
  const struct head_copy copy = {.rules = 3, .reveal = 5, .subjects = 9, .narrative_edited = true};
  made->copies[made->copies_count++] = copy;
  assert_ptr_equal(head_entry_find(made, &copy), &made->copies[0]);
  struct head_copy others[] = {copy, copy, copy, copy};
  others[0].rules = 4;
  others[1].reveal = 7;
  others[2].subjects = 8;
  others[3].narrative_edited = false;
  for (size_t i = 0; i < 4; i++) assert_null(head_entry_find(made, &others[i]));
  head_entry_free(made);
}

static void head_finds_what_comes_after_a_place(void **state) {
  (void)state;
  struct head head;
  assert_true(head_init(&head, 10));
  for (uint64_t seq = 12; seq <= 30; seq += 3) head_push(&head, entry(seq, 100));
  assert_int_equal(head_get(&head, head_find(&head, 10))->seq, 12);
  assert_int_equal(head_get(&head, head_find(&head, 12))->seq, 15);
  assert_int_equal(head_get(&head, head_find(&head, 16))->seq, 18);
  assert_int_equal(head_find(&head, 30), head.next);
  assert_int_equal(head.floor_seq, 10);
  head_free(&head);
}

static void head_stays_below_its_bytes(void **state) {
  (void)state;
  struct head head;
  assert_true(head_init(&head, 0));
  enum { SIZE = 40000, COUNT = 3000 };
  for (uint64_t seq = 1; seq <= COUNT; seq++) {
    head_push(&head, entry(seq, SIZE));
    assert_true(head.bytes <= HEAD_BYTES_MAX);
  }
  assert_true(head.floor_seq > 0);
  assert_int_equal(head_get(&head, head.first)->seq, head.floor_seq + 1);
  assert_int_equal(head_get(&head, head.next - 1)->seq, COUNT);
  head_free(&head);
}

// ---- recent ----

struct found {
  unsigned count;
  uint32_t latest;
};

static void count_found(void *context, const struct known_event *event) {
  struct found *found = context;
  found->count++;
  if (event->revision > found->latest) found->latest = event->revision;
}

static struct known_event known(uint32_t id, uint32_t agency, uint32_t revision) {
  struct known_event event = {.agency = agency, .revision = revision};
  nav_put_u32(event.event_id, id);
  nav_put_u32(event.event_id + 12, id * 2654435761u);
  return event;
}

static void recent_tells_agencies_and_revisions_apart(void **state) {
  (void)state;
  struct recent *recent = recent_new();
  struct known_event events[] = {known(1, 1, 1), known(1, 1, 2), known(1, 2, 1), known(2, 1, 1)};
  for (size_t i = 0; i < 4; i++) recent_add(recent, &events[i]);
  struct found found = {0};
  recent_find(recent, events[0].event_id, 1, count_found, &found);
  assert_int_equal(found.count, 2);
  assert_int_equal(found.latest, 2);
  recent_free(recent);
}

static void recent_remembers_two_batches(void **state) {
  (void)state;
  struct recent *recent = recent_new();
  enum { MANY = 3 * RECENT_MAX };
  for (uint32_t i = 0; i < MANY; i++) {
    struct known_event event = known(i, 1, 1);
    recent_add(recent, &event);
  }
  for (uint32_t i = 0; i < MANY; i += 97) {
    struct found found = {0};
    struct known_event event = known(i, 1, 1);
    recent_find(recent, event.event_id, 1, count_found, &found);
    assert_int_equal(found.count, i >= MANY - RECENT_MAX ? 1 : 0);
  }
  recent_free(recent);
}

// ---- batch ----

static void stage_stopped(struct batch *batch, const char *reason) {
  Nav__V1__Stopped stopped = NAV__V1__STOPPED__INIT;
  stopped.reason = (char *)(uintptr_t)reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_STOPPED;
  record.stopped = &stopped;
  (void)batch_stage(batch, &record, 5000);
}

static void batch_numbers_without_gaps_and_time_never_goes_back(void **state) {
  (void)state;
  struct sequence sequence = {.epoch = 3, .last_seq = 41, .last_time_ms = 9000};
  struct batch batch;
  assert_true(batch_init(&batch, &sequence));
  assert_true(batch_is_empty(&batch));
  stage_stopped(&batch, "a");
  stage_stopped(&batch, "b");
  assert_int_equal(batch.first_seq, 42);
  assert_int_equal(batch.last_seq, 43);
  assert_int_equal(sequence.last_time_ms, 9000);  // the clock said 5000
  assert_int_equal(batch.unhashed_count, 2);      // the tree grows when it is finished
  batch_clear(&batch);
  assert_true(batch_is_empty(&batch));
  assert_int_equal(batch_next_seq(&batch), 44);
  batch_free(&batch);
}

// A publication of nothing but recalls, into a batch that had just room for it.
static void batch_takes_recalls_past_its_room(void **state) {
  (void)state;
  struct sequence sequence = {0};
  struct batch batch;
  assert_true(batch_init(&batch, &sequence));
  for (size_t i = 0; i < BATCH_EVENTS_MAX + 2 * WIRE_EVENTS_MAX; i++) {
    assert_int_equal(batch_has_room(&batch), i + WIRE_EVENTS_MAX <= BATCH_EVENTS_MAX);
    stage_stopped(&batch, "x");
    struct head_entry *entry = head_entry_new(batch.last_seq, 1, 20800, (const uint8_t *)"x", 1);
    assert_non_null(entry);
    batch_stage_entry(&batch, entry);
  }
  assert_int_equal(batch.entries_count, BATCH_EVENTS_MAX + 2 * WIRE_EVENTS_MAX);
  batch_free(&batch);
}

static void batch_signs_a_checkpoint_that_its_frontier_proves(void **state) {
  (void)state;
  struct key_pair_sign pair;
  assert_int_equal(crypto_sign_keypair(pair.public_key, pair.secret_key), 0);
  struct sequence sequence = {.epoch = 1};
  struct batch batch;
  assert_true(batch_init(&batch, &sequence));
  for (int i = 0; i < 5; i++) stage_stopped(&batch, "x");
  batch_finish(&batch, "nav.test/00", &pair, 4, 1000000, false);
  assert_true(batch.has_checkpoint);
  const char *note = nav_buffer_text(&batch.note);
  struct checkpoint opened;
  struct nav_error err;
  assert_true(checkpoint_open(note, "nav.test/00", pair.public_key, &opened, &err));
  assert_int_equal(opened.size, 5);
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, 4096);
  struct merkle_frontier frontier;
  uint8_t root[NAV_SHA256_SIZE];
  assert_true(store_frontier_encode(&batch.frontier, &bytes));
  assert_true(store_frontier_decode(bytes.data, bytes.length, &frontier));
  merkle_root(&frontier, root);
  assert_memory_equal(root, opened.root, sizeof root);
  assert_false(store_frontier_decode(bytes.data, bytes.length - 1, &frontier));
  nav_buffer_free(&bytes);
  batch_free(&batch);
}

static void a_part_is_a_class_and_a_month(void **state) {
  (void)state;
  assert_int_equal(batch_part(5, 20779), 5202611);  // 2026-11-22
  assert_int_equal(batch_part(1, 0), 1197001);
}

// ---- quarantine ----

// A child notes a publication and ends by that signal.
static void die_over_a_publication(int number, uint8_t first) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct nav_error err;
    bool found = false;
    uint8_t digest[NAV_SHA256_SIZE];
    struct quarantine *quarantine = quarantine_open(folder, &found, digest, &err);
    memset(digest, first, sizeof digest);
    quarantine_note(quarantine, digest);
    (void)raise(number);
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status));
}

static bool next_start_accuses(uint8_t digest[NAV_SHA256_SIZE]) {
  struct nav_error err;
  bool found = false;
  struct quarantine *quarantine = quarantine_open(folder, &found, digest, &err);
  assert_non_null(quarantine);
  assert_true(!found || quarantine_has(quarantine, digest));
  quarantine_close(quarantine);
  return found;
}

static void a_crash_accuses_its_publication_and_a_kill_nobody(void **state) {
  (void)state;
  uint8_t digest[NAV_SHA256_SIZE];
  die_over_a_publication(SIGKILL, 7);
  assert_false(next_start_accuses(digest));
  die_over_a_publication(SIGABRT, 8);
  assert_true(next_start_accuses(digest));
  assert_int_equal(digest[0], 8);
  assert_false(next_start_accuses(digest));  // told once
}

// ---- buckets ----

static void a_bucket_key_outlives_the_program_and_its_file_is_its_life(void **state) {
  (void)state;
  struct nav_error err;
  const struct bucket_place place = {3, 20000};
  uint8_t first[CONTENT_KEY_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 7, true, first, &err));
  assert_false(buckets_key(buckets, &(struct bucket_place){3, 20001}, 7, false, key, &err));
  buckets_free(buckets);
  buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 7, false, key, &err));
  assert_memory_equal(first, key, sizeof first);
  buckets_free(buckets);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/3-20000.key", folder);
  assert_int_equal(unlink(path), 0);
  buckets = buckets_new(folder);
  assert_false(buckets_key(buckets, &place, 7, false, key, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_NOT_FOUND);
  buckets_free(buckets);
}

static void a_sender_may_shorten_retention_never_lengthen_it(void **state) {
  (void)state;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.body_case = NAV__V1__EVENT__BODY_CONCERN_REPORT;
  assert_int_equal(bucket_class_days(bucket_class(&event)), 90);
  event.has_retention_days = true;
  event.retention_days = 3650;
  assert_int_equal(bucket_class_days(bucket_class(&event)), 90);
  event.retention_days = 45;
  assert_int_equal(bucket_class_days(bucket_class(&event)), 30);
  event.retention_days = 8;
  assert_int_equal(bucket_class_days(bucket_class(&event)), 7);
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(head_finds_what_comes_after_a_place),
      cmocka_unit_test(a_copy_is_found_by_all_that_it_was_made_by),
      cmocka_unit_test(head_stays_below_its_bytes),
      cmocka_unit_test(recent_tells_agencies_and_revisions_apart),
      cmocka_unit_test(recent_remembers_two_batches),
      cmocka_unit_test(batch_numbers_without_gaps_and_time_never_goes_back),
      cmocka_unit_test(batch_takes_recalls_past_its_room),
      cmocka_unit_test(batch_signs_a_checkpoint_that_its_frontier_proves),
      cmocka_unit_test(a_part_is_a_class_and_a_month),
      cmocka_unit_test_setup_teardown(a_crash_accuses_its_publication_and_a_kill_nobody, make_folder,
                                      remove_folder),
      cmocka_unit_test_setup_teardown(a_bucket_key_outlives_the_program_and_its_file_is_its_life, make_folder,
                                      remove_folder),
      cmocka_unit_test(a_sender_may_shorten_retention_never_lengthen_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
