// See name.h.
#include "adapters/police/name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub/base/clock.h"

static const char *const months[] = {"januari", "februari", "mars",      "april",   "maj",      "juni",
                                     "juli",    "augusti",  "september", "oktober", "november", "december"};

enum { MONTHS = 12 };

// The month at *text, which is moved past it; 0: none.
static int take_month(const char **text) {
  for (int i = 0; i < MONTHS; i++) {
    size_t length = strlen(months[i]);
    if (strncasecmp(*text, months[i], length) != 0) continue;
    *text += length;
    return i + 1;
  }
  return 0;
}

// One or two digits, at least `min`.
static bool take_digits(const char **text, int min, int *number) {
  int digits = 0;
  *number = 0;
  for (; digits < 2 && **text >= '0' && **text <= '9'; digits++, (*text)++)
    *number = *number * 10 + (**text - '0');
  return digits >= min;
}

static bool take_one_of(const char **text, const char *characters) {
  if (**text == '\0' || strchr(characters, **text) == NULL) return false;
  (*text)++;
  return true;
}

// "22 augusti 17.59" or "22 augusti 16:39" at the beginning, followed by a comma, a blank or the end.
static void read_time(struct police_name *name) {
  const char *at = name->text;
  bool read = take_digits(&at, 1, &name->day) && take_one_of(&at, " ");
  int month = read ? take_month(&at) : 0;
  read = month > 0 && take_one_of(&at, " ") && take_digits(&at, 1, &name->hour) && take_one_of(&at, ".:") &&
         take_digits(&at, 2, &name->minute) && (*at == '\0' || *at == ',' || *at == ' ');
  if (read && name->day > 0 && name->hour <= 23 && name->minute <= 59) name->month = month;
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
