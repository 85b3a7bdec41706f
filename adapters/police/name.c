// See name.h.
#include "adapters/police/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub/base/clock.h"

static const char *const months[] = {"januari", "februari", "mars",      "april",   "maj",      "juni",
                                     "juli",    "augusti",  "september", "oktober", "november", "december"};

enum { MONTHS = 12, NAME_START_MAX = 16 };

static int month_number(const char *text) {
  for (int i = 0; i < MONTHS; i++) {
    if (strcasecmp(text, months[i]) == 0) return i + 1;
  }
  return 0;
}

// "22 augusti 17.59" or "22 augusti 16:39" at the beginning, followed by a comma, a blank or the end.
static void read_time(struct police_name *name) {
  char month[NAME_START_MAX];
  char mark = '\0';
  int day = 0;
  int hour = 0;
  int minute = 0;
  int read = 0;
  if (sscanf(name->text, "%2d %15[a-zA-Z] %2d%c%2d%n", &day, month, &hour, &mark, &minute, &read) != 5)
    return;
  char after = name->text[read];
  if ((mark != '.' && mark != ':') || (after != ',' && after != ' ' && after != '\0')) return;
  if (day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return;
  if (name->text[read - 2] < '0' || name->text[read - 2] > '9') return;  // two digits of minutes
  name->month = month_number(month);
  name->day = day;
  name->hour = hour;
  name->minute = minute;
}

static char *part(struct nav_arena *arena, const char *from, const char *to) {
  while (from < to && *from == ' ') from++;
  while (to > from && to[-1] == ' ') to--;
  return from < to ? nav_arena_strndup(arena, from, (size_t)(to - from)) : NULL;
}

void police_name_read(struct nav_mapping_run *run, char *text, struct police_name *name) {
  *name = (struct police_name){.text = text};
  if (text == NULL) return;
  read_time(name);
  const char *first = strchr(text, ',');
  const char *last = strrchr(text, ',');
  if (first == NULL || name->month == 0) return;
  struct nav_arena *arena = nav_mapping_arena(run);
  name->place = part(arena, last + 1, text + strlen(text));
  if (last > first) name->kind = part(arena, first + 1, last);
}

bool police_name_time(const struct police_name *name, int64_t published_ms, int64_t *time_ms) {
  if (name->month == 0) return false;
  int year = nav_civil_stockholm(published_ms).year;
  int64_t nearest = INT64_MAX;
  for (int candidate = year - 1; candidate <= year + 1; candidate++) {
    struct nav_civil civil = {.year = candidate,
                              .month = name->month,
                              .day = name->day,
                              .hour = name->hour,
                              .minute = name->minute};
    if (!nav_date_valid(candidate, name->month, name->day)) continue;
    int64_t ms = nav_ms_from_civil_stockholm(&civil);
    int64_t distance = llabs(ms - published_ms);
    if (distance >= nearest) continue;
    nearest = distance;
    *time_ms = ms;
  }
  return nearest != INT64_MAX;
}
