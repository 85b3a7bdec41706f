// A bucket's file and what of it is erased singly: taken out on disk and in memory, whatever step of the
// change a crash came after; a number that a restored ledger gives again; the bound.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/core/bucket_file.h"
#include "hub/core/buckets.h"

enum { TEXT_MAX = 64 * 1024 };

static char folder[] = "/tmp/nav-buckets-XXXXXX";
static const struct bucket_place place = {3, 20000};

static const char *path_of(const char *name) {
  static char path[2][128];
  static int turn;
  turn = 1 - turn;
  (void)snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
  return path[turn];
}

static size_t read_file(const char *name, char out[TEXT_MAX]) {
  FILE *file = fopen(path_of(name), "r");
  assert_non_null(file);
  size_t length = fread(out, 1, TEXT_MAX, file);
  assert_int_equal(fclose(file), 0);
  return length;
}

static void write_file(const char *name, const char *text, size_t length) {
  FILE *file = fopen(path_of(name), "w");
  assert_non_null(file);
  assert_int_equal(fwrite(text, 1, length, file), length);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(chmod(path_of(name), 0600), 0);
}

static bool has_file(const char *name) { return access(path_of(name), F_OK) == 0; }

static size_t files(void) {
  size_t count = 0;
  DIR *all = opendir(folder);
  assert_non_null(all);
  const struct dirent *entry = NULL;
  while ((entry = readdir(all)) != NULL) count += entry->d_name[0] == '.' ? 0 : 1;
  (void)closedir(all);
  return count;
}

// The key; whether there is one.
static bool key_of(uint64_t seq, uint8_t key[CONTENT_KEY_SIZE], struct buckets *buckets) {
  struct nav_error err;
  bool has = buckets_key(buckets, &place, seq, false, key, &err);
  assert_true(has || err.code == NAV__V1__CODE__CODE_NOT_FOUND);
  return has;
}

static void cut(struct buckets *buckets, uint64_t seq) {
  struct nav_error err;
  buckets_erase_event(buckets, seq);
  assert_true(buckets_cut(buckets, &place, &seq, 1, &err));
}

static int make(void **state) {
  (void)state;
  (void)memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
  return sodium_init() < 0 || mkdtemp(folder) == NULL ? -1 : 0;
}

static int unmake(void **state) {
  (void)state;
  DIR *all = opendir(folder);
  if (all == NULL) return -1;
  const struct dirent *entry = NULL;
  while ((entry = readdir(all)) != NULL) (void)unlinkat(dirfd(all), entry->d_name, 0);
  (void)closedir(all);
  return rmdir(folder);
}

static void one_event_goes_and_the_rest_stays(void **state) {
  (void)state;
  uint8_t before[40][CONTENT_KEY_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err = {0};
  struct buckets *buckets = buckets_new(folder);
  for (uint64_t seq = 1; seq < 40; seq++)
    assert_true(buckets_key(buckets, &place, seq, true, before[seq], &err));
  assert_int_equal(err.class, NAV_ERROR_NONE);  // that the file had to be made is no fault
  buckets_erase_event(buckets, 17);
  assert_false(key_of(17, key, buckets));  // from the record on, before its key is gone
  const uint64_t gone[] = {17};
  assert_true(buckets_cut(buckets, &place, gone, 1, &err));
  assert_true(buckets_cut(buckets, &place, gone, 1, &err));  // again: nothing
  assert_int_equal(files(), 1);
  struct buckets *fresh = buckets_new(folder);  // that was told of no record: the file alone decides
  for (uint64_t seq = 1; seq < 40; seq++) {
    assert_int_equal(key_of(seq, key, fresh), seq != 17);
    if (seq != 17) assert_memory_equal(key, before[seq], sizeof key);
    assert_int_equal(key_of(seq, key, buckets), seq != 17);
    if (seq != 17) assert_memory_equal(key, before[seq], sizeof key);
  }
  struct stat status;
  assert_int_equal(stat(path_of("3-20000.key"), &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
  buckets_free(fresh);
  buckets_free(buckets);
}

// Every step after which a change can be cut off, as the files then stand.
static void a_crash_between_the_steps_leaves_one_or_the_other(void **state) {
  (void)state;
  static char old[TEXT_MAX];
  static char new[TEXT_MAX];
  static char noise[TEXT_MAX];
  uint8_t key[CONTENT_KEY_SIZE];
  uint8_t kept[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 16, true, kept, &err));
  size_t old_length = read_file("3-20000.key", old);
  cut(buckets, 17);
  size_t new_length = read_file("3-20000.key", new);
  buckets_free(buckets);
  randombytes_buf(noise, sizeof noise);
  const struct {
    const char *key, *fresh;  // what stands in NAME, in NAME.new
    size_t key_length, fresh_length;
    bool cut;
  } steps[] = {
      {old, NULL, old_length, 0, false},              // before all
      {old, new, old_length, 0, false},               // NAME.new made, nothing in it
      {old, new, old_length, new_length / 2, false},  // half of it
      {old, new, old_length, new_length, true},       // whole
      {noise, new, old_length, new_length, true},     // NAME overwritten
      {new, NULL, new_length, 0, true},               // renamed
  };
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    write_file("3-20000.key", steps[i].key, steps[i].key_length);
    if (steps[i].fresh != NULL) write_file("3-20000.key.new", steps[i].fresh, steps[i].fresh_length);
    buckets = buckets_new(folder);
    assert_int_equal(key_of(17, key, buckets), !steps[i].cut);
    assert_true(key_of(16, key, buckets));
    assert_memory_equal(key, kept, sizeof key);
    assert_false(has_file("3-20000.key.new"));
    cut(buckets, 17);  // as a start does, from the record
    assert_false(key_of(17, key, buckets));
    buckets_free(buckets);
    buckets = buckets_new(folder);
    assert_false(key_of(17, key, buckets));
    assert_true(key_of(16, key, buckets));
    assert_memory_equal(key, kept, sizeof key);
    buckets_free(buckets);
    assert_int_equal(files(), 1);
  }
}

// What stood there is written over, not only unnamed: the old file, held open, has nothing of it.
static void the_old_file_is_overwritten(void **state) {
  (void)state;
  static char old[TEXT_MAX];
  static char after[TEXT_MAX];
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 16, true, key, &err));
  size_t length = read_file("3-20000.key", old);
  FILE *held = fopen(path_of("3-20000.key"), "r");
  assert_non_null(held);
  cut(buckets, 17);
  assert_int_equal(fread(after, 1, sizeof after, held), length);
  assert_int_equal(fclose(held), 0);
  for (size_t i = 0; i + 16 <= length; i++) assert_null(memmem(after, length, old + i, 16));
  buckets_free(buckets);
}

static void a_number_given_again_after_a_restore_has_a_key_of_its_own(void **state) {
  (void)state;
  uint8_t before[CONTENT_KEY_SIZE];
  uint8_t again[CONTENT_KEY_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 17, true, before, &err));
  cut(buckets, 17);
  assert_false(buckets_key(buckets, &place, 17, true, key, &err));  // erased in this ledger: for good
  assert_int_equal(err.code, NAV__V1__CODE__CODE_NOT_FOUND);
  buckets_free(buckets);
  buckets = buckets_new(folder);  // the record that erased it was cut off with the end of the ledger
  assert_false(key_of(17, key, buckets));
  assert_true(buckets_key(buckets, &place, 17, true, again, &err));
  assert_memory_not_equal(again, before, sizeof again);
  assert_true(buckets_key(buckets, &place, 17, true, key, &err));
  assert_memory_equal(again, key, sizeof key);
  buckets_free(buckets);
  buckets = buckets_new(folder);
  assert_true(key_of(17, key, buckets));  // on disk before it was used
  assert_memory_equal(again, key, sizeof key);
  cut(buckets, 17);
  assert_false(key_of(17, key, buckets));
  buckets_free(buckets);
}

// Two programs on one folder, as a core that was frozen and the one that took over: what the one took out the
// other does not bring back from its memory, and a key that the one put in is the other's too.
static void what_another_program_wrote_stands(void **state) {
  (void)state;
  uint8_t key[CONTENT_KEY_SIZE];
  uint8_t planted[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *frozen = buckets_new(folder);
  assert_true(buckets_key(frozen, &place, 1, true, key, &err));
  struct buckets *other = buckets_new(folder);
  cut(other, 17);
  cut(frozen, 18);
  struct buckets *fresh = buckets_new(folder);
  assert_false(key_of(17, key, fresh));
  assert_false(key_of(18, key, fresh));
  assert_true(key_of(19, key, fresh));
  assert_true(buckets_key(fresh, &place, 17, true, planted, &err));
  assert_false(key_of(17, key, frozen));
  assert_true(buckets_key(frozen, &place, 17, true, key, &err));
  assert_memory_equal(key, planted, sizeof key);
  buckets_free(fresh);
  buckets_free(other);
  buckets_free(frozen);
}

static void past_the_bound_it_is_said_before_anything_changes(void **state) {
  (void)state;
  enum { COUNT = 1024 };
  static uint64_t far[COUNT];
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 1, true, key, &err));
  for (uint64_t i = 0; i < COUNT; i++) {
    far[i] = (i + 1) << 32;
    buckets_erase_event(buckets, far[i]);
  }
  assert_true(buckets_can_cut(buckets, &place, far, 200, &err));
  assert_false(buckets_can_cut(buckets, &place, far, COUNT, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_TOO_MANY);
  assert_non_null(strstr(err.text, "the whole class"));
  assert_false(buckets_cut(buckets, &place, far, COUNT, &err));
  assert_true(buckets_cut(buckets, &place, far, 200, &err));
  assert_true(buckets_key(buckets, &place, 1, false, key, &err));
  const struct bucket_place none = {3, 20001};
  assert_true(buckets_can_cut(buckets, &none, far, COUNT, &err));  // no such bucket: nothing to take
  assert_true(buckets_cut(buckets, &none, far, COUNT, &err));
  buckets_free(buckets);
}

static void a_file_that_others_may_read_or_of_another_kind_is_refused(void **state) {
  (void)state;
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  assert_true(buckets_key(buckets, &place, 1, true, key, &err));
  buckets_free(buckets);
  assert_int_equal(chmod(path_of("3-20000.key"), 0640), 0);
  buckets = buckets_new(folder);
  assert_false(buckets_key(buckets, &place, 1, false, key, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  assert_non_null(strstr(err.text, "chmod 600"));
  static const char text[] = "bucket 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n";
  write_file("3-20000.key", text, sizeof text - 1);
  assert_false(buckets_key(buckets, &place, 1, true, key, &err));
  assert_int_equal(err.class, NAV_ERROR_LOCAL);
  assert_non_null(strstr(err.place, "3-20000.key"));
  buckets_free(buckets);
}

// More buckets than are kept in memory, and a destroyed one with what a crash left beside it.
static void files_and_memory_have_an_end(void **state) {
  (void)state;
  uint8_t first[CONTENT_KEY_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_error err;
  struct buckets *buckets = buckets_new(folder);
  for (uint32_t day = 0; day < BUCKETS_CACHED_MAX + 10; day++) {
    const struct bucket_place one = {1, 100 + day};
    assert_true(buckets_key(buckets, &one, 5, true, day == 0 ? first : key, &err));
  }
  const struct bucket_place oldest = {1, 100};
  assert_true(buckets_key(buckets, &oldest, 5, false, key, &err));
  assert_memory_equal(first, key, sizeof key);
  write_file("1-100.key.new", "torn", 4);
  buckets_erase(buckets, 1, 100);
  assert_true(buckets_destroy(buckets, 1, 100, &err));
  assert_false(has_file("1-100.key") || has_file("1-100.key.new"));
  buckets_free(buckets);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(one_event_goes_and_the_rest_stays, make, unmake),
      cmocka_unit_test_setup_teardown(a_crash_between_the_steps_leaves_one_or_the_other, make, unmake),
      cmocka_unit_test_setup_teardown(the_old_file_is_overwritten, make, unmake),
      cmocka_unit_test_setup_teardown(a_number_given_again_after_a_restore_has_a_key_of_its_own, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(what_another_program_wrote_stands, make, unmake),
      cmocka_unit_test_setup_teardown(past_the_bound_it_is_said_before_anything_changes, make, unmake),
      cmocka_unit_test_setup_teardown(a_file_that_others_may_read_or_of_another_kind_is_refused, make,
                                      unmake),
      cmocka_unit_test_setup_teardown(files_and_memory_have_an_end, make, unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
