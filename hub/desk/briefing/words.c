// See words.h.
#include "hub/desk/briefing/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"

#define NBSP "\xC2\xA0"

static const char *const months[] = {"januari", "februari", "mars",      "april",   "maj",      "juni",
                                     "juli",    "augusti",  "september", "oktober", "november", "december"};
static const char *const months_short[] = {"jan",  "feb", "mars", "apr", "maj", "juni",
                                           "juli", "aug", "sep",  "okt", "nov", "dec"};
static const char *const weekdays[] = {"måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"};
static const char *const weekdays_short[] = {"mån", "tis", "ons", "tors", "fre", "lör", "sön"};

const char *words_number(char *out, uint64_t value) {
  char digits[24];
  int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
  size_t used = 0;
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) {
      memcpy(out + used, NBSP, sizeof NBSP - 1);
      used += sizeof NBSP - 1;
    }
    out[used++] = digits[i];
  }
  out[used] = '\0';
  return out;
}

const char *words_decimal(char *out, double value, int decimals) {
  (void)snprintf(out, WORDS_SIZE, "%.*f", decimals, isfinite(value) ? value : 0);
  if (!isfinite(value)) (void)snprintf(out, WORDS_SIZE, "∞");
  char *point = strchr(out, '.');
  if (point != NULL) *point = ',';
  return out;
}

struct date {
  int year, month, day;
};

static struct date date_of(int64_t day) {
  struct date date = {0};
  nav_date_from_days(day, &date.year, &date.month, &date.day);
  return date;
}

const char *words_date(char *out, int64_t day) {
  struct date date = date_of(day);
  (void)snprintf(out, WORDS_SIZE, "%d" NBSP "%s" NBSP "%d", date.day, months[date.month - 1], date.year);
  return out;
}

const char *words_date_short(char *out, int64_t day) {
  struct date date = date_of(day);
  (void)snprintf(out, WORDS_SIZE, "%d" NBSP "%s", date.day, months_short[date.month - 1]);
  return out;
}

const char *words_date_iso(char *out, int64_t day) {
  struct date date = date_of(day);
  (void)snprintf(out, WORDS_SIZE, "%04d-%02d-%02d", date.year, date.month, date.day);
  return out;
}

const char *words_period(char *out, int64_t start_day, int64_t end_day) {
  struct date first = date_of(start_day), last = date_of(end_day - 1);
  if (end_day - start_day == 1) return words_date(out, start_day);
  if (first.year != last.year) {
    (void)snprintf(out, WORDS_SIZE, "%d %s %d – %d %s %d", first.day, months[first.month - 1], first.year,
                   last.day, months[last.month - 1], last.year);
  } else if (first.month != last.month) {
    (void)snprintf(out, WORDS_SIZE, "%d %s – %d %s %d", first.day, months[first.month - 1], last.day,
                   months[last.month - 1], last.year);
  } else {
    (void)snprintf(out, WORDS_SIZE, "%d–%d %s %d", first.day, last.day, months[last.month - 1], last.year);
  }
  return out;
}

const char *words_time(char *out, int64_t ms) {
  struct nav_civil civil = nav_civil_stockholm(ms);
  (void)snprintf(out, WORDS_SIZE, "%d" NBSP "%s" NBSP "%d kl." NBSP "%02d.%02d", civil.day,
                 months[civil.month - 1], civil.year, civil.hour, civil.minute);
  return out;
}

const char *words_time_short(char *out, int64_t ms) {
  struct nav_civil civil = nav_civil_stockholm(ms);
  (void)snprintf(out, WORDS_SIZE, "%s" NBSP "%d" NBSP "%s" NBSP "%02d.%02d",
                 weekdays_short[words_weekday_of(nav_day_stockholm(ms))], civil.day,
                 months_short[civil.month - 1], civil.hour, civil.minute);
  return out;
}

const char *words_plural(uint64_t count, const char *one, const char *many) {
  return count == 1 ? one : many;
}

const char *words_weekday(int weekday) { return weekdays[weekday % 7]; }

int words_weekday_of(int64_t day) {
  int64_t weekday = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return (int)(weekday < 0 ? weekday + 7 : weekday);
}

int words_week_of(int64_t day) {
  int64_t thursday = day - words_weekday_of(day) + 3;  // the week belongs to the year of its Thursday
  struct date date = date_of(thursday);
  return (int)((thursday - nav_days_from_date(date.year, 1, 1)) / 7) + 1;
}
