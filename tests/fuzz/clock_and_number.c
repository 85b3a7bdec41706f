// Any text as a time, a date and a personal number: what is taken is written as what reads to the same.
// Called by: libFuzzer. Must never: need anything but its bytes.
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/error.h"
#include "hub/base/id.h"

enum { TEXT_MAX = 4096 };

static const int64_t today_ms = INT64_C(1795305600000);  // 2026-11-22

static void try_time(const char *text) {
  int64_t with_zone = 0;
  int64_t without = 0;
  bool strict = nav_clock_parse(text, false, &with_zone);
  bool loose = nav_clock_parse(text, true, &without);
  NAV_ASSERT(!strict || (loose && with_zone == without));
  if (!loose) return;
  struct nav_civil utc = nav_civil_utc(without);
  NAV_ASSERT(nav_ms_from_civil_utc(&utc) == without);
  NAV_ASSERT(nav_day_stockholm(without) >= without / 86400000 - 1 &&
             nav_day_stockholm(without) <= without / 86400000 + 1);
  char out[NAV_RFC3339_SIZE];
  int64_t again = 0;
  NAV_ASSERT(nav_clock_parse(nav_clock_rfc3339(without, out), false, &again) && again == without);
}

static void try_date(const char *text) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!nav_date_parse(text, &year, &month, &day)) return;
  NAV_ASSERT(strlen(text) == 10 && nav_date_valid(year, month, day));
  int y = 0;
  int m = 0;
  int d = 0;
  nav_date_from_days(nav_days_from_date(year, month, day), &y, &m, &d);
  NAV_ASSERT(y == year && m == month && d == day);
}

static void try_number(const char *text) {
  struct nav_personal_number number;
  struct nav_personal_number again;
  if (!nav_personal_number_parse(text, today_ms, &number)) return;
  NAV_ASSERT(strlen(number.digits) == 12);
  NAV_ASSERT(nav_personal_number_parse(number.digits, 0, &again));
  NAV_ASSERT(strcmp(number.digits, again.digits) == 0 && number.kind == again.kind);
  NAV_ASSERT(number.birth_year == again.birth_year && number.birth_month == again.birth_month &&
             number.birth_day == again.birth_day);
  NAV_ASSERT(nav_date_valid(number.birth_year, number.birth_month, number.birth_day) ||
             (number.kind == NAV_SAMORDNINGSNUMMER && number.birth_month == 0 && number.birth_day == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > TEXT_MAX) return 0;
  char *text = malloc(size + 1);
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  try_time(text);
  try_date(text);
  try_number(text);
  free(text);
  return 0;
}
