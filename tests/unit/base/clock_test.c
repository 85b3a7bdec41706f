// Time: days and leap days against gmtime(3), Swedish civil time against the zone's known edges, parsing
// against clock_parse.tsv.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/base/clock.h"

static int64_t utc(const char *text) {
  int64_t ms = 0;
  if (!nav_clock_parse(text, false, &ms)) fail_msg("%s is not a time", text);
  return ms;
}

static void parses_what_the_table_says(void **state) {
  (void)state;
  FILE *file = fopen("tests/unit/base/clock_parse.tsv", "r");
  assert_non_null(file);
  char line[256];
  unsigned tried = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] == '#') continue;
    line[strcspn(line, "\n")] = '\0';
    char *zone = strchr(line, '\t');
    assert_non_null(zone);
    *zone++ = '\0';
    char *expected = strchr(zone, '\t');
    assert_non_null(expected);
    *expected++ = '\0';
    int64_t ms = 0;
    char out[NAV_RFC3339_SIZE];
    bool parsed = nav_clock_parse(line, strcmp(zone, "optional") == 0, &ms);
    const char *got = parsed ? nav_clock_rfc3339(ms, out) : "refused";
    if (strcmp(got, expected) != 0)
      fail_msg("'%s' (zone %s): expected %s, got %s", line, zone, expected, got);
    tried++;
  }
  (void)fclose(file);
  assert_true(tried > 60);
}

// Every day of 1800-2300, and its neighbours in the proleptic calendar as gmtime has it.
static void days_are_those_of_the_calendar(void **state) {
  (void)state;
  for (int64_t day = -62091; day < 120530; day++) {
    time_t seconds = (time_t)(day * 86400);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    int year = 0;
    int month = 0;
    int date = 0;
    nav_date_from_days(day, &year, &month, &date);
    if (year != tm.tm_year + 1900 || month != tm.tm_mon + 1 || date != tm.tm_mday) {
      fail_msg("day %lld is %d-%d-%d", (long long)day, year, month, date);
    }
    assert_true(nav_date_valid(year, month, date));
    assert_true(nav_days_from_date(year, month, date) == day);
  }
}

static void leap_days(void **state) {
  (void)state;
  assert_true(nav_date_valid(2024, 2, 29));
  assert_true(nav_date_valid(2000, 2, 29));
  assert_false(nav_date_valid(1900, 2, 29));
  assert_false(nav_date_valid(2026, 2, 29));
  assert_false(nav_date_valid(2024, 2, 30));
  assert_true(nav_days_from_date(2024, 3, 1) - nav_days_from_date(2024, 2, 28) == 2);
  assert_true(nav_days_from_date(1900, 3, 1) - nav_days_from_date(1900, 2, 28) == 1);
  assert_true(nav_days_from_date(1970, 1, 1) == 0);
}

struct edge {
  const char *utc;
  const char *stockholm;
};

static void swedish_time_at_its_edges(void **state) {
  (void)state;
  static const struct edge edges[] = {
      {"2026-03-29T00:59:59.999Z", "2026-03-29 01:59:59"}, {"2026-03-29T01:00:00Z", "2026-03-29 03:00:00"},
      {"2026-10-25T00:59:59.999Z", "2026-10-25 02:59:59"}, {"2026-10-25T01:00:00Z", "2026-10-25 02:00:00"},
      {"2024-03-31T00:59:59Z", "2024-03-31 01:59:59"},  // a month that ends on a Sunday
      {"2024-03-31T01:00:00Z", "2024-03-31 03:00:00"},     {"2027-10-31T00:59:59Z", "2027-10-31 02:59:59"},
      {"2027-10-31T01:00:00Z", "2027-10-31 02:00:00"},     {"2026-12-31T22:59:59Z", "2026-12-31 23:59:59"},
      {"2026-12-31T23:00:00Z", "2027-01-01 00:00:00"},     {"2026-06-30T22:00:00Z", "2026-07-01 00:00:00"},
      {"2024-02-28T23:00:00Z", "2024-02-29 00:00:00"},     {"1996-10-27T00:59:59Z", "1996-10-27 02:59:59"},
      {"1969-12-31T23:30:00Z", "1970-01-01 00:30:00"},
  };
  for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
    struct nav_civil c = nav_civil_stockholm(utc(edges[i].utc));
    char text[96];
    (void)snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                   c.minute, c.second);
    if (strcmp(text, edges[i].stockholm) != 0) {
      fail_msg("%s: expected %s, got %s", edges[i].utc, edges[i].stockholm, text);
    }
  }
}

// The C library with its zone files, where they are there, at every half hour of 25 years.
static void swedish_time_is_that_of_the_zone_files(void **state) {
  (void)state;
  if (access("/usr/share/zoneinfo/Europe/Stockholm", R_OK) != 0) {
    print_message("skipped: no zone files\n");
    return;
  }
  setenv("TZ", "Europe/Stockholm", 1);
  tzset();
  for (int64_t seconds = utc("2015-01-01T00:00:00Z") / 1000; seconds < utc("2037-12-31T00:00:00Z") / 1000;
       seconds += 1800) {
    time_t t = (time_t)seconds;
    struct tm tm;
    assert_non_null(localtime_r(&t, &tm));
    struct nav_civil c = nav_civil_stockholm(seconds * 1000);
    if (c.hour != tm.tm_hour || c.minute != tm.tm_min || c.day != tm.tm_mday || c.month != tm.tm_mon + 1) {
      fail_msg("at %lld: %d:%02d, the zone files say %d:%02d", (long long)seconds, c.hour, c.minute,
               tm.tm_hour, tm.tm_min);
    }
  }
  unsetenv("TZ");
  tzset();
}

static void the_hours_that_are_twice_or_never(void **state) {
  (void)state;
  struct nav_civil twice = {.year = 2026, .month = 10, .day = 25, .hour = 2, .minute = 30};
  assert_true(nav_ms_from_civil_stockholm(&twice) == utc("2026-10-25T00:30:00Z"));
  struct nav_civil never = {.year = 2026, .month = 3, .day = 29, .hour = 2, .minute = 30};
  assert_true(nav_ms_from_civil_stockholm(&never) == utc("2026-03-29T01:30:00Z"));
  struct nav_civil just_before = {.year = 2026, .month = 3, .day = 29, .hour = 1, .minute = 59};
  assert_true(nav_ms_from_civil_stockholm(&just_before) == utc("2026-03-29T00:59:00Z"));
  struct nav_civil just_after = {.year = 2026, .month = 10, .day = 25, .hour = 3};
  assert_true(nav_ms_from_civil_stockholm(&just_after) == utc("2026-10-25T02:00:00Z"));
}

// Every quarter of an hour of a year goes there and back, but for the hour that is twice.
static void civil_time_goes_there_and_back(void **state) {
  (void)state;
  int64_t start_ms = utc("2026-01-01T00:00:00Z");
  for (int64_t ms = start_ms; ms < start_ms + INT64_C(366) * 86400000; ms += 900000) {
    struct nav_civil swedish = nav_civil_stockholm(ms);
    struct nav_civil coordinated = nav_civil_utc(ms);
    assert_true(nav_ms_from_civil_utc(&coordinated) == ms);
    bool second_time = ms >= utc("2026-10-25T01:00:00Z") && ms < utc("2026-10-25T02:00:00Z");
    assert_true(nav_ms_from_civil_stockholm(&swedish) == (second_time ? ms - 3600000 : ms));
  }
}

static void swedish_days(void **state) {
  (void)state;
  assert_true(nav_day_stockholm(utc("2026-06-30T21:59:59Z")) == nav_days_from_date(2026, 6, 30));
  assert_true(nav_day_stockholm(utc("2026-06-30T22:00:00Z")) == nav_days_from_date(2026, 7, 1));
  assert_true(nav_day_stockholm(utc("1969-12-31T22:59:59Z")) == -1);
}

static void what_no_calendar_has_is_the_nearest_that_one_has(void **state) {
  (void)state;
  char text[NAV_RFC3339_SIZE];
  assert_string_equal(nav_clock_rfc3339(INT64_MIN, text), "0001-01-01T00:00:00.000Z");
  assert_string_equal(nav_clock_rfc3339(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
  assert_true(nav_day_stockholm(INT64_MIN) == nav_days_from_date(1, 1, 1));
  assert_true(nav_day_stockholm(INT64_MAX) == nav_days_from_date(9999, 12, 31));
  assert_int_equal(nav_civil_stockholm(INT64_MIN).year, 1);
  assert_int_equal(nav_civil_stockholm(INT64_MAX).year, 9999);
  assert_true(nav_age_years(2005, 11, 23, INT64_MAX) > 7000);
  assert_true(nav_age_years(2005, 11, 23, INT64_MIN) < 0);
}

static void ages_follow_the_swedish_date(void **state) {
  (void)state;
  assert_int_equal(nav_age_years(2005, 11, 23, utc("2026-11-22T22:59:59Z")), 20);
  assert_int_equal(nav_age_years(2005, 11, 23, utc("2026-11-22T23:00:00Z")), 21);
  assert_int_equal(nav_age_years(2005, 11, 23, utc("2026-11-24T00:00:00Z")), 21);
  assert_int_equal(nav_age_years(2008, 2, 29, utc("2026-02-28T12:00:00Z")), 17);
  assert_int_equal(nav_age_years(2008, 2, 29, utc("2026-03-01T12:00:00Z")), 18);
  assert_int_equal(nav_age_years(2008, 2, 29, utc("2028-02-29T12:00:00Z")), 20);
  assert_int_equal(nav_age_years(1915, 0, 0, utc("2026-03-01T12:00:00Z")), -1);
  assert_true(nav_age_years(2027, 1, 1, utc("2026-03-01T12:00:00Z")) < 0);
  assert_int_equal(nav_age_years(1926, 1, 1, utc("2026-01-01T12:00:00Z")), 100);
}

static void dates_are_exact(void **state) {
  (void)state;
  int year = 0;
  int month = 0;
  int day = 0;
  assert_true(nav_date_parse("2026-11-22", &year, &month, &day));
  assert_int_equal(year, 2026);
  assert_int_equal(month, 11);
  assert_int_equal(day, 22);
  static const char *const wrong[] = {
      "",         "2026-11-2",  "2026-11-222", "2026-11-22 ", " 2026-11-22",     "2026/11/22",
      "20261122", "2026-11-31", "2026-02-29",  "0000-01-01",  "2026-11-22T00:00"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    if (nav_date_parse(wrong[i], &year, &month, &day)) fail_msg("'%s' was taken", wrong[i]);
  }
}

static void clocks_run(void **state) {
  (void)state;
  int64_t before_ms = nav_clock_monotonic_ms();
  int64_t now_ms = nav_clock_now_ms();
  assert_true(now_ms > utc("2024-01-01T00:00:00Z") && now_ms < utc("2200-01-01T00:00:00Z"));
  assert_true(nav_clock_monotonic_ms() >= before_ms);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parses_what_the_table_says),
      cmocka_unit_test(days_are_those_of_the_calendar),
      cmocka_unit_test(leap_days),
      cmocka_unit_test(swedish_time_at_its_edges),
      cmocka_unit_test(swedish_time_is_that_of_the_zone_files),
      cmocka_unit_test(the_hours_that_are_twice_or_never),
      cmocka_unit_test(civil_time_goes_there_and_back),
      cmocka_unit_test(swedish_days),
      cmocka_unit_test(what_no_calendar_has_is_the_nearest_that_one_has),
      cmocka_unit_test(ages_follow_the_swedish_date),
      cmocka_unit_test(dates_are_exact),
      cmocka_unit_test(clocks_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
