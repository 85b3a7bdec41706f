// Time: milliseconds since 1970 UTC, RFC 3339, and Swedish civil time without depending on the
// machine's zone or zone files (the EU rule, Directive 2000/84/EC: summer time from 01:00 UTC on the last
// Sunday of March to 01:00 UTC on the last Sunday of October; the same rule held in Sweden from 1996).
// Called by: everything. Must never: read the TZ variable.
#ifndef NAV_BASE_CLOCK_H
#define NAV_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAV_RFC3339_SIZE = 32, NAV_DATE_SIZE = 16 };

struct nav_civil {
  int year, month, day;      // 1-12, 1-31
  int hour, minute, second;  // 0-23, 0-59, 0-60
  int millisecond;
};

int64_t nav_clock_now_ms(void);
// Never goes back; for intervals alone.
int64_t nav_clock_monotonic_ms(void);
// The same, and it goes on while the machine sleeps: for what others count the time of meanwhile (a lease).
int64_t nav_clock_boot_ms(void);

// Days since 1970-01-01 of a date, proleptic Gregorian, and back.
int64_t nav_days_from_date(int year, int month, int day);
void nav_date_from_days(int64_t days, int *year, int *month, int *day);
bool nav_date_valid(int year, int month, int day);

// UTC. Here and below: a time outside the years 1 to 9999 is taken as the nearest one inside.
struct nav_civil nav_civil_utc(int64_t ms);
int64_t nav_ms_from_civil_utc(const struct nav_civil *civil);
// Europe/Stockholm. An hour that exists twice means the first; one that does not exist, an hour later.
struct nav_civil nav_civil_stockholm(int64_t ms);
int64_t nav_ms_from_civil_stockholm(const struct nav_civil *civil);
// Days since 1970 of the Swedish civil date at that time.
int64_t nav_day_stockholm(int64_t ms);

// "2026-11-22T02:30:00.123Z"; out has NAV_RFC3339_SIZE bytes. Returns out.
const char *nav_clock_rfc3339(int64_t ms, char *out);
// RFC 3339 with 'T', 't' or a blank, any number of fraction digits after '.' or ',', and Z, +hh:mm, +hhmm or
// +hh, with or without a blank before it; one-digit hours are taken. Without a zone: Swedish
// time if zone_optional, else false. The text must end after it. In UTC it lies in the years 1 to 9999.
bool nav_clock_parse(const char *text, bool zone_optional, int64_t *ms);
// "2026-11-22" exactly, a real date.
bool nav_date_parse(const char *text, int *year, int *month, int *day);

// Whole years between a birth date and the Swedish date at `now_ms`; negative: not born yet, or -1 where the
// date is not real, as of numbers that tell the year alone. Who is born on 29 February turns older on 1
// March.
int nav_age_years(int birth_year, int birth_month, int birth_day, int64_t now_ms);

#endif
