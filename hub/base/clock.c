// See clock.h.
#include "hub/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MS_A_SECOND = 1000, MS_A_MINUTE = 60000, MS_AN_HOUR = 3600000, MS_A_DAY = 86400000 };

int64_t nav_clock_now_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * MS_A_SECOND + t.tv_nsec / 1000000;
}

int64_t nav_clock_monotonic_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * MS_A_SECOND + t.tv_nsec / 1000000;
}

int64_t nav_clock_boot_ms(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * MS_A_SECOND + t.tv_nsec / 1000000;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Years are counted from March, so that the leap day is the last of its year (Hinnant, "chrono-
// compatible low-level date algorithms").
int64_t nav_days_from_date(int year, int month, int day) {
  int64_t y = month <= 2 ? (int64_t)year - 1 : year;
  int64_t era = floor_div(y, 400);
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void nav_date_from_days(int64_t days, int *year, int *month, int *day) {
  int64_t z = days + 719468;
  int64_t era = floor_div(z, 146097);
  int64_t doe = z - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153;
  *day = (int)(doy - (153 * mp + 2) / 5 + 1);
  *month = (int)(mp < 10 ? mp + 3 : mp - 9);
  *year = (int)(yoe + era * 400 + (*month <= 2 ? 1 : 0));
}

bool nav_date_valid(int year, int month, int day) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Whoever asks may name any number: outside the years 1 to 9999 it is the nearest moment inside.
static int64_t within_calendar(int64_t ms) {
  const int64_t first = -719162 * (int64_t)MS_A_DAY, after = 2932897 * (int64_t)MS_A_DAY;
  return ms < first ? first : ms >= after ? after - 1 : ms;
}

struct nav_civil nav_civil_utc(int64_t ms) {
  ms = within_calendar(ms);
  struct nav_civil c = {0};
  int64_t days = floor_div(ms, MS_A_DAY);
  int64_t rest = ms - days * MS_A_DAY;
  nav_date_from_days(days, &c.year, &c.month, &c.day);
  c.hour = (int)(rest / MS_AN_HOUR);
  c.minute = (int)(rest / MS_A_MINUTE % 60);
  c.second = (int)(rest / MS_A_SECOND % 60);
  c.millisecond = (int)(rest % MS_A_SECOND);
  return c;
}

int64_t nav_ms_from_civil_utc(const struct nav_civil *c) {
  return nav_days_from_date(c->year, c->month, c->day) * MS_A_DAY + (int64_t)c->hour * MS_AN_HOUR +
         (int64_t)c->minute * MS_A_MINUTE + (int64_t)c->second * MS_A_SECOND + c->millisecond;
}

// 01:00 UTC on the last Sunday of a month that has 31 days.
static int64_t last_sunday_ms(int year, int month) {
  int64_t last = nav_days_from_date(year, month, 31);
  int64_t weekday = ((last + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday; 0 is Sunday
  return (last - weekday) * MS_A_DAY + MS_AN_HOUR;
}

static int64_t stockholm_offset_ms(int64_t ms) {
  struct nav_civil utc = nav_civil_utc(ms);
  bool summer = utc.year >= 1996 && ms >= last_sunday_ms(utc.year, 3) && ms < last_sunday_ms(utc.year, 10);
  return summer ? 2 * MS_AN_HOUR : MS_AN_HOUR;
}

// The time that Swedish clocks show, as if they stood in UTC.
static int64_t shown_in_stockholm(int64_t ms) {
  ms = within_calendar(ms);
  return within_calendar(ms + stockholm_offset_ms(ms));
}

struct nav_civil nav_civil_stockholm(int64_t ms) {
  return nav_civil_utc(shown_in_stockholm(ms));
}

int64_t nav_ms_from_civil_stockholm(const struct nav_civil *civil) {
  int64_t local = nav_ms_from_civil_utc(civil);
  int64_t as_summer = local - 2 * MS_AN_HOUR;
  // Summer time first: of an hour that exists twice it is the first.
  if (stockholm_offset_ms(as_summer) == 2 * MS_AN_HOUR) return as_summer;
  return local - MS_AN_HOUR;
}

int64_t nav_day_stockholm(int64_t ms) { return floor_div(shown_in_stockholm(ms), MS_A_DAY); }

const char *nav_clock_rfc3339(int64_t ms, char *out) {
  struct nav_civil c = nav_civil_utc(ms);
  (void)snprintf(out, NAV_RFC3339_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year % 10000, c.month % 100,
                 c.day % 100, c.hour % 100, c.minute % 100, c.second % 100, c.millisecond % 1000);
  return out;
}

// Reads `min` to `max` digits.
static bool take_number(const char **p, int min, int max, int *value) {
  int n = 0;
  *value = 0;
  while (n < max && **p >= '0' && **p <= '9') {
    *value = *value * 10 + (**p - '0');
    (*p)++;
    n++;
  }
  return n >= min;
}

static bool take_char(const char **p, char c) {
  if (**p != c) return false;
  (*p)++;
  return true;
}

static bool take_date(const char **p, struct nav_civil *c) {
  return take_number(p, 4, 4, &c->year) && take_char(p, '-') && take_number(p, 2, 2, &c->month) &&
         take_char(p, '-') && take_number(p, 2, 2, &c->day) && nav_date_valid(c->year, c->month, c->day);
}

static bool take_fraction(const char **p, int *millisecond) {
  if (**p != '.' && **p != ',') return true;
  (*p)++;
  int digits = 0;
  for (int scale = 100; **p >= '0' && **p <= '9'; (*p)++, digits++, scale /= 10) {
    *millisecond += (**p - '0') * scale;  // scale is 0 after three digits
  }
  return digits > 0;
}

static bool take_clock(const char **p, struct nav_civil *c) {
  return take_number(p, 1, 2, &c->hour) && take_char(p, ':') && take_number(p, 2, 2, &c->minute) &&
         (!take_char(p, ':') || take_number(p, 2, 2, &c->second)) && take_fraction(p, &c->millisecond) &&
         c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

// 1: a zone was read into *offset_ms; 0: there is none; -1: it is not a zone.
static int take_zone(const char **p, int64_t *offset_ms) {
  if (**p == '\0') return 0;
  (void)take_char(p, ' ');
  if (take_char(p, 'Z') || take_char(p, 'z')) {
    *offset_ms = 0;
    return 1;
  }
  int sign = **p == '+' ? 1 : **p == '-' ? -1 : 0;
  if (sign == 0) return -1;
  (*p)++;
  int hours = 0;
  int minutes = 0;
  if (!take_number(p, 2, 2, &hours)) return -1;
  bool colon = take_char(p, ':');
  if ((colon || **p != '\0') && !take_number(p, 2, 2, &minutes)) return -1;
  if (hours > 14 || minutes > 59) return -1;
  *offset_ms = sign * ((int64_t)hours * MS_AN_HOUR + (int64_t)minutes * MS_A_MINUTE);
  return 1;
}

bool nav_clock_parse(const char *text, bool zone_optional, int64_t *ms) {
  struct nav_civil c = {0};
  const char *p = text;
  if (!take_date(&p, &c)) return false;
  if (*p != 'T' && *p != 't' && *p != ' ') return false;
  p++;
  if (!take_clock(&p, &c)) return false;
  int64_t offset = 0;
  int zone = take_zone(&p, &offset);
  if (zone < 0 || *p != '\0' || (zone == 0 && !zone_optional)) return false;
  *ms = zone == 0 ? nav_ms_from_civil_stockholm(&c) : nav_ms_from_civil_utc(&c) - offset;
  return within_calendar(*ms) == *ms;  // the zone, or a 60th second, may lead out of the four digits
}

bool nav_date_parse(const char *text, int *year, int *month, int *day) {
  struct nav_civil c = {0};
  const char *p = text;
  if (!take_date(&p, &c) || *p != '\0') return false;
  *year = c.year;
  *month = c.month;
  *day = c.day;
  return true;
}

int nav_age_years(int birth_year, int birth_month, int birth_day, int64_t now_ms) {
  if (!nav_date_valid(birth_year, birth_month, birth_day)) return -1;
  struct nav_civil now = nav_civil_stockholm(now_ms);
  int age = now.year - birth_year;
  if (now.month < birth_month || (now.month == birth_month && now.day < birth_day)) age--;
  return age;
}
