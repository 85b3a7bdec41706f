// Which buckets are due, by class, day and Swedish date; what an erased bucket refuses; a destroyed key file.
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

#include "hub/base/clock.h"
#include "hub/core/buckets.h"

static const struct {
  uint32_t retention_class;
  int year, month, day;  // of acceptance
  const char *now;       // UTC
  bool due;
} cases[] = {
    {1, 2026, 3, 1, "2026-03-08T22:59:59.999Z", false},  // the eighth of March still, in Sweden
    {1, 2026, 3, 1, "2026-03-08T23:00:00Z", true},
    // Summer time begins on 29 March 2026: the day ends an hour earlier by UTC.
    {1, 2026, 3, 22, "2026-03-29T21:59:59Z", false},
    {1, 2026, 3, 22, "2026-03-29T22:00:00Z", true},
    // And ends on 25 October.
    {1, 2026, 10, 18, "2026-10-25T22:59:59Z", false},
    {1, 2026, 10, 18, "2026-10-25T23:00:00Z", true},
    {2, 2028, 1, 30, "2028-02-29T22:59:59Z", false},  // the thirtieth day after is the leap day
    {2, 2028, 1, 30, "2028-02-29T23:00:00Z", true},
    {2, 2027, 1, 30, "2027-03-01T22:59:59Z", false},
    {2, 2027, 1, 30, "2027-03-01T23:00:00Z", true},
    {3, 2026, 1, 1, "2026-04-01T21:59:59Z", false},
    {3, 2026, 1, 1, "2026-04-01T22:00:00Z", true},
    {4, 2027, 3, 1, "2028-02-29T22:59:59Z", false},
    {4, 2027, 3, 1, "2028-02-29T23:00:00Z", true},
    {5, 2026, 11, 28, "2028-11-27T22:59:59Z", false},
    {5, 2026, 11, 28, "2028-11-27T23:00:00Z", true},
    {6, 2026, 11, 28, "2036-11-25T22:59:59Z", false},
    {6, 2026, 11, 28, "2036-11-25T23:00:00Z", true},
    {0, 2000, 1, 1, "2026-11-28T00:00:00Z", false},  // no such classes
    {7, 2000, 1, 1, "2026-11-28T00:00:00Z", false},
    {1, 2030, 1, 1, "2026-11-28T00:00:00Z", false},  // a day to come
};

static void due_by_class_and_swedish_date(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t now_ms = 0;
    assert_true(nav_clock_parse(cases[i].now, false, &now_ms));
    uint32_t day = (uint32_t)nav_days_from_date(cases[i].year, cases[i].month, cases[i].day);
    if (bucket_is_due(cases[i].retention_class, day, nav_day_stockholm(now_ms)) != cases[i].due)
      fail_msg("case %zu: class %u at %s", i, cases[i].retention_class, cases[i].now);
  }
}

static char folder[] = "/tmp/nav-retention-XXXXXX";

static bool has_file(const char *name) {
  char path[128];
  struct stat status;
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return stat(path, &status) == 0;
}

static void write_file(const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)unlink(path);
}

// Whether the bucket gives the first event's key, for sealing or for opening.
static bool gives(struct buckets *buckets, uint32_t retention_class, uint32_t day, bool seal,
                  struct nav_error *err) {
  uint8_t key[CONTENT_KEY_SIZE];
  return buckets_key(buckets, &(struct bucket_place){retention_class, day}, 1, seal, key, err);
}

static void due_ones_are_found_among_the_files(void **state) {
  struct buckets *buckets = *state;
  static const char *const strange[] = {"1-0100.key", "1-100.key.new", "x-100.key", "9-100.key",
                                        "1-99999999999.key"};
  static const uint32_t made[][2] = {{2, 100}, {1, 123}, {1, 122}, {1, 130}, {5, 100}};
  struct bucket_place due[3];
  size_t count = 0;
  struct nav_error err;
  for (size_t i = 0; i < sizeof made / sizeof *made; i++)
    assert_true(gives(buckets, made[i][0], made[i][1], true, &err));
  for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) write_file(strange[i]);
  assert_true(buckets_due(buckets, 131, due, 3, &count, &err));
  assert_int_equal(count, 3);
  assert_int_equal(due[0].day, 122);
  assert_int_equal(due[1].day, 123);
  assert_int_equal(due[2].retention_class, 2);
  assert_true(buckets_due(buckets, 130, due, 3, &count, &err));
  assert_int_equal(count, 1);  // 123 + 7 is today, and 100 + 30
  assert_true(buckets_due(buckets, 131, due, 2, &count, &err));
  assert_int_equal(count, 2);
  for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) remove_file(strange[i]);
}

static void an_erased_one_neither_opens_nor_seals(void **state) {
  struct buckets *buckets = *state;
  struct nav_error err;
  assert_true(gives(buckets, 3, 200, true, &err));
  assert_true(gives(buckets, 3, 201, true, &err));
  buckets_erase(buckets, 3, 200);
  assert_true(has_file("3-200.key"));  // its record is not committed yet
  assert_false(gives(buckets, 3, 200, false, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_NOT_FOUND);
  assert_false(gives(buckets, 3, 200, true, &err));
  assert_true(buckets_destroy(buckets, 3, 200, &err));
  assert_false(has_file("3-200.key"));
  assert_true(buckets_destroy(buckets, 3, 200, &err));  // again: nothing is there
  assert_false(gives(buckets, 3, 200, true, &err));
  assert_false(has_file("3-200.key"));
  assert_true(gives(buckets, 3, 201, false, &err));
  assert_true(gives(buckets, 2, 200, true, &err));
}

static void none_is_made_for_a_day_whose_time_is_up(void **state) {
  struct buckets *buckets = *state;
  struct nav_error err;
  buckets_set_today(buckets, 400);
  assert_false(gives(buckets, 1, 392, true, &err));
  assert_false(has_file("1-392.key"));
  assert_true(gives(buckets, 1, 393, true, &err));
}

static int make(void **state) {
  if (sodium_init() < 0 || mkdtemp(folder) == NULL) return -1;
  *state = buckets_new(folder);
  return *state == NULL ? -1 : 0;
}

static int unmake(void **state) {
  buckets_free(*state);
  DIR *files = opendir(folder);
  if (files == NULL) return -1;
  const struct dirent *entry = NULL;
  while ((entry = readdir(files)) != NULL) (void)unlinkat(dirfd(files), entry->d_name, 0);
  (void)closedir(files);
  return rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(due_by_class_and_swedish_date),
      cmocka_unit_test(due_ones_are_found_among_the_files),
      cmocka_unit_test(an_erased_one_neither_opens_nor_seals),
      cmocka_unit_test(none_is_made_for_a_day_whose_time_is_up),
  };
  return cmocka_run_group_tests(tests, make, unmake);
}
