// See city.h.
#include "deploy/sample-city/city.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const city_feed_names[CITY_FEEDS] = {"polisen", "tycktill", "skolan", "socialtjansten",
                                                 "bostadsbolaget"};

const struct city_spot city_spots[] = {
    {"Brommaplan", "Brommaplan", "bromma", "Stockholm", 59.3384, 17.9391, 10, 1},
    {"Abrahamsbergs tunnelbanestation i Bromma", "Abrahamsberg", "bromma", "Stockholm", 59.3366, 17.9530, 4,
     2},
    {"Alviks torg i Bromma", "Alvik", "bromma", "Stockholm", 59.3335, 17.9803, 6, 3},
    {"Blackebergs centrum i Bromma", "Blackeberg", "bromma", "Stockholm", 59.3483, 17.8829, 5, 4},
    {"Åkeshovs station i Bromma", "Åkeshov", "bromma", "Stockholm", 59.3420, 17.9249, 2, 5},
    {"Bromma Blocks", "Bromma Blocks", "bromma", "Stockholm", 59.3549, 17.9440, 4, 0},
    {"Traneberg i Bromma", "Traneberg", "bromma", "Stockholm", 59.3352, 17.9870, 3, 6},
    {"Mariehäll i Bromma", "Mariehäll", "bromma", "Stockholm", 59.3630, 17.9500, 3, 7},
    {"Vällingby centrum", "Vällingby centrum", "hasselby-vallingby", "Stockholm", 59.3632, 17.8721, 12, 8},
    {"Hässelby gårds centrum", "Hässelby gård", "hasselby-vallingby", "Stockholm", 59.3669, 17.8437, 10, 9},
    {"Hässelby strand", "Hässelby strand", "hasselby-vallingby", "Stockholm", 59.3612, 17.8325, 6, 10},
    {"Råcksta i Vällingby", "Råcksta", "hasselby-vallingby", "Stockholm", 59.3548, 17.8818, 6, 11},
    {"Grimsta i Vällingby", "Grimsta", "hasselby-vallingby", "Stockholm", 59.3594, 17.8580, 4, 12},
    {"Johannelund i Vällingby", "Johannelund", "hasselby-vallingby", "Stockholm", 59.3679, 17.8575, 2, 0},
    {"Kungsängens centrum", "Kungsängens centrum", "upplands-bro", "Upplands-Bro", 59.4780, 17.7530, 7, 13},
    {"Tibbletorget i Kungsängen", "Tibble torg", "upplands-bro", "Upplands-Bro", 59.4790, 17.7402, 5, 14},
    {"Bro centrum", "Bro centrum", "upplands-bro", "Upplands-Bro", 59.5117, 17.6357, 7, 15},
    {"Finnsta i Upplands-Bro", "Finnsta", "upplands-bro", "Upplands-Bro", 59.5150, 17.6420, 4, 16},
};
const size_t city_spots_count = sizeof city_spots / sizeof city_spots[0];

enum { SPOT_VALLINGBY = 8, SPOT_HASSELBY_GARD = 9, SPOT_BRO = 16, HOURS = 24, DAYS = 7 };

// Weights of the 24 hours and of the days from Monday.
struct profile {
  unsigned char hours[HOURS];
  unsigned char days[DAYS];
};

static const struct profile night = {
    {9, 9, 7, 4, 2, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 10}, {7, 7, 8, 9, 15, 18, 11}};
static const struct profile evening = {
    {2, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 4, 6, 8, 9, 10, 11, 11, 10, 9, 7, 4},
    {10, 10, 10, 11, 14, 13, 9}};
static const struct profile daytime = {
    {1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 9, 8, 8, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1}, {13, 13, 12, 12, 11, 7, 6}};
static const struct profile commute = {
    {1, 1, 1, 1, 1, 2, 6, 12, 10, 6, 4, 4, 5, 5, 6, 9, 12, 11, 7, 5, 3, 3, 2, 1}, {13, 13, 13, 13, 13, 7, 6}};

// How often a week in the whole city (at scale 1), when, in percent how often each feed tells of it, and how
// much summer adds.
struct habit {
  double a_week;
  const struct profile *when;
  unsigned char police, tycktill, housing;
  unsigned char summer_percent;
};

static const struct habit habits[CITY_KINDS] = {
    [CITY_ASSAULT] = {2.2, &night, 90, 2, 6, 125},       [CITY_ROBBERY] = {0.9, &evening, 90, 0, 0, 90},
    [CITY_VANDALISM] = {4.0, &evening, 28, 45, 55, 120}, [CITY_GRAFFITI] = {3.0, &night, 3, 70, 45, 120},
    [CITY_FIRE] = {1.2, &evening, 80, 10, 50, 100},      [CITY_DRUGS] = {2.6, &evening, 55, 25, 30, 125},
    [CITY_NOISE] = {3.4, &night, 3, 10, 90, 140},        [CITY_PARTY] = {2.0, &night, 2, 5, 95, 120},
    [CITY_GATHERING] = {3.4, &evening, 12, 40, 45, 145}, [CITY_THREAT] = {1.2, &evening, 60, 0, 30, 100},
    [CITY_LITTER] = {4.0, &daytime, 0, 80, 20, 130},     [CITY_LIGHTING] = {4.0, &daytime, 0, 80, 25, 55},
    [CITY_BREAK_IN] = {1.5, &daytime, 65, 2, 50, 115},   [CITY_THEFT] = {3.0, &daytime, 80, 2, 5, 105},
    [CITY_TRAFFIC] = {3.6, &commute, 90, 4, 0, 95},      [CITY_WEAPON] = {0.4, &night, 95, 0, 0, 110},
    [CITY_GUARD_ROUND] = {2.0, &night, 0, 0, 100, 110},  [CITY_FAULT] = {1.8, &daytime, 0, 0, 100, 90},
    [CITY_TENANCY] = {0.6, &daytime, 0, 0, 100, 100},
};

// What really changes, so that a picture has something to find: a place, kinds, weeks counted back from the
// end, and a factor in percent.
struct change {
  int spot;
  uint32_t kinds;
  int from_week, to_week;  // weeks before the end: 5 … 0
  unsigned percent;
};

#define KIND_BIT(kind) (UINT32_C(1) << (kind))

static const struct change changes[] = {
    {SPOT_HASSELBY_GARD,
     KIND_BIT(CITY_VANDALISM) | KIND_BIT(CITY_FIRE) | KIND_BIT(CITY_GATHERING) | KIND_BIT(CITY_NOISE) |
         KIND_BIT(CITY_DRUGS),
     5, 0, 450},
    {SPOT_BRO, KIND_BIT(CITY_GRAFFITI) | KIND_BIT(CITY_VANDALISM), 58, 50, 400},
    {SPOT_VALLINGBY, KIND_BIT(CITY_NOISE) | KIND_BIT(CITY_GATHERING), 20, 0, 30},
};

static double changed(const struct city *city, int64_t day, size_t spot, enum city_kind kind) {
  int week = (int)((city->last_day - day) / DAYS);
  double factor = 1;
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    const struct change *change = &changes[i];
    bool applies = change->spot == (int)spot && (change->kinds & KIND_BIT(kind)) != 0 &&
                   week < change->from_week && week >= change->to_week;
    if (applies) factor *= change->percent / 100.0;
  }
  return factor;
}

static double season(int64_t day, enum city_kind kind) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day, &year, &month, &date);
  if (kind == CITY_FIRE && ((month == 12 && date >= 30) || (month == 1 && date <= 2))) return 6;  // fireworks
  double summer = habits[kind].summer_percent / 100.0;
  if (month >= 5 && month <= 9) return summer;
  return month == 12 || month <= 2 ? 2 - summer : 1;
}

static double mean_of(const struct city *city, int64_t day, size_t spot, enum city_kind kind,
                      double total_weight) {
  const struct habit *habit = &habits[kind];
  bool at_home = kind == CITY_GUARD_ROUND || kind == CITY_FAULT || kind == CITY_TENANCY || kind == CITY_PARTY;
  if (at_home && city_spots[spot].housing == 0) return 0;
  double days = 0;
  for (int i = 0; i < DAYS; i++) days += habit->when->days[i];
  int weekday = (int)((day + 3) % DAYS);  // 1970-01-01 was a Thursday; 0 is Monday
  return habit->a_week * city->scale * (habit->when->days[weekday] / days) *
         (city_spots[spot].weight / total_weight) * season(day, kind) * changed(city, day, spot, kind);
}

static unsigned char feeds_of(struct chance *chance, enum city_kind kind, size_t spot) {
  const struct habit *habit = &habits[kind];
  unsigned feeds = 0;
  if (chance_percent(chance, habit->police)) feeds |= 1u << CITY_POLISEN;
  if (chance_percent(chance, habit->tycktill)) feeds |= 1u << CITY_TYCKTILL;
  if (chance_percent(chance, habit->housing) && city_spots[spot].housing > 0)
    feeds |= 1u << CITY_BOSTADSBOLAGET;
  return (unsigned char)feeds;
}

static bool add(struct city *city, size_t *capacity, const struct city_happening *happening) {
  if (city->count == *capacity) {
    size_t more = *capacity == 0 ? 4096 : *capacity * 2;
    struct city_happening *grown = realloc(city->happenings, more * sizeof *grown);
    if (grown == NULL) return false;
    city->happenings = grown;
    *capacity = more;
  }
  city->happenings[city->count++] = *happening;
  return true;
}

static bool add_day(struct city *city, struct chance *chance, int64_t day, enum city_kind kind,
                    double total_weight, size_t *capacity) {
  for (size_t spot = 0; spot < city_spots_count; spot++) {
    unsigned count = chance_count(chance, mean_of(city, day, spot, kind, total_weight));
    for (unsigned i = 0; i < count; i++) {
      int minute =
          (int)chance_weighted(chance, habits[kind].when->hours, HOURS) * 60 + chance_between(chance, 0, 59);
      struct city_happening happening = {.time_ms = city_time(day, minute),
                                         .number = (uint32_t)chance_next(chance),
                                         .kind = (unsigned char)kind,
                                         .spot = (unsigned char)spot,
                                         .feeds = feeds_of(chance, kind, spot)};
      if (city->count == CITY_HAPPENINGS_MAX || !add(city, capacity, &happening)) return false;
    }
  }
  return true;
}

static int by_time(const void *a, const void *b) {
  const struct city_happening *left = a;
  const struct city_happening *right = b;
  if (left->time_ms != right->time_ms) return left->time_ms < right->time_ms ? -1 : 1;
  return left->number < right->number ? -1 : left->number > right->number;
}

bool city_make(struct city *city, uint64_t seed, unsigned scale, int weeks, int64_t until_day,
               struct nav_error *err) {
  *city = (struct city){.seed = seed, .scale = scale, .weeks = weeks, .last_day = until_day};
  if (scale < 1 || scale > CITY_SCALE_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "--scale", "takes 1 to %d", CITY_SCALE_MAX);
  if (weeks < 1 || weeks > CITY_WEEKS_MAX)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "--weeks", "takes 1 to %d", CITY_WEEKS_MAX);
  city->first_day = until_day - (int64_t)weeks * DAYS + 1;
  struct chance chance = chance_begin(seed, "city");
  double total_weight = 0;
  size_t capacity = 0;
  for (size_t i = 0; i < city_spots_count; i++) total_weight += city_spots[i].weight;
  for (int64_t day = city->first_day; day <= until_day; day++) {
    for (int kind = 0; kind < CITY_KINDS; kind++) {
      if (!add_day(city, &chance, day, (enum city_kind)kind, total_weight, &capacity)) {
        return nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                        "more happens than fits: take a smaller --scale or fewer --weeks");
      }
    }
  }
  if (city->count > 0) qsort(city->happenings, city->count, sizeof *city->happenings, by_time);
  return true;
}

void city_free(struct city *city) { free(city->happenings); }

struct chance city_chance(const struct city *city, enum city_feed feed, uint32_t number) {
  struct chance chance = chance_begin(city->seed, city_feed_names[feed]);
  chance.state ^= (uint64_t)number << 20;
  return chance;
}

int64_t city_told_by(const struct city *city, int64_t ms) {
  int64_t end = city_time(city->last_day, 24 * 60 - 1);
  return ms < end ? ms : end;
}

int64_t city_time(int64_t day, int minute_of_day) {
  struct nav_civil civil = {.hour = minute_of_day / 60, .minute = minute_of_day % 60};
  nav_date_from_days(day, &civil.year, &civil.month, &civil.day);
  return nav_ms_from_civil_stockholm(&civil);
}

const char *city_rfc3339(int64_t ms, const char *fraction, char out[64]) {
  struct nav_civil c = nav_civil_stockholm(ms);
  int64_t offset_hours = (nav_ms_from_civil_utc(&c) - ms) / 3600000;
  (void)snprintf(out, 64, "%04d-%02d-%02dT%02d:%02d:%02d%.12s+%02d:00", c.year % 10000, c.month % 100,
                 c.day % 100, c.hour % 100, c.minute % 100, c.second % 100, fraction, (int)offset_hours);
  return out;
}

const char *city_date(int64_t day, char out[NAV_DATE_SIZE]) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day, &year, &month, &date);
  (void)snprintf(out, NAV_DATE_SIZE, "%04d-%02d-%02d", year % 10000, month % 100, date % 100);
  return out;
}

const char *city_fill(const char *template, const char *place, char *out, size_t size) {
  size_t length = 0;
  for (const char *p = template; *p != '\0' && length + 1 < size; p++) {
    if (*p != '%') {
      out[length++] = *p;
      continue;
    }
    size_t room = size - 1 - length;
    size_t take = strlen(place) < room ? strlen(place) : room;
    memcpy(out + length, place, take);
    length += take;
  }
  out[length] = '\0';
  return out;
}
