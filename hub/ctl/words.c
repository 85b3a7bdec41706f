// Mistyped words and times as people write them. See ctl.h.
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/conf/tree.h"
#include "hub/ctl/ctl.h"

const char *ctl_nearest(const char *text, const char *const *names) { return conf_nearest(text, names); }

static int64_t unit_ms(char unit) {
  switch (unit) {
    case 's':
      return 1000;
    case 'm':
      return 60000;
    case 'h':
      return 3600000;
    case 'd':
      return 86400000;
    case 'w':
      return 7 * 86400000LL;
    default:
      return 0;
  }
}

static bool parse_ago(const char *text, int64_t now_ms, int64_t *ms) {
  size_t digits = strspn(text, "0123456789");
  if (digits == 0 || digits > 6 || text[digits] == '\0' || text[digits + 1] != '\0') return false;
  int64_t unit = unit_ms(text[digits]);
  if (unit == 0) return false;
  *ms = now_ms - strtoll(text, NULL, 10) * unit;
  return true;
}

// "2026-11-20 11.00.09" or without the seconds, as tables and people here write it.
static bool parse_swedish(const char *text, int64_t *ms) {
  enum { DATE = sizeof "2026-11-20 " - 1 };
  char colons[sizeof "2026-11-20 11:00:09"];
  size_t length = strlen(text);
  if (length <= DATE || length >= sizeof colons || text[strcspn(text, ":")] != '\0') return false;
  for (size_t i = 0; i <= length; i++) colons[i] = i > DATE && text[i] == '.' ? ':' : text[i];
  return nav_clock_parse(colons, true, ms);
}

bool ctl_parse_time(const char *text, int64_t now_ms, int64_t *ms) {
  struct nav_civil midnight = {0};
  if (parse_ago(text, now_ms, ms) || nav_clock_parse(text, true, ms) || parse_swedish(text, ms)) return true;
  if (!nav_date_parse(text, &midnight.year, &midnight.month, &midnight.day)) return false;
  *ms = nav_ms_from_civil_stockholm(&midnight);
  return true;
}
