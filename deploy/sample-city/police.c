// polisen.se/api/events as it is: newest first, at most 500 a file; the time of the event only in `name`,
// one-digit hours in `datetime`, `location` the county since 2026-01-20, nights' summaries, edits that keep
// `datetime`, no-break blanks and entities. Called by: feeds.h's table. Must never: give a position: gps is a
// centroid.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/sample-city/feeds.h"
#include "deploy/sample-city/texts.h"

enum {
  FIRST_ID = 520000,
  FILE_RECORDS = 500,
  REPEATED = 25,         // records of the file before that are told again
  EDIT_PERCENT = 30,     // of them, edited
  SUMMARY_PERCENT = 40,  // nights that get a summary, at scale 1
  BAD_EVERY = 180,
  TEXT_SIZE = 400,
};

static const char *const months[] = {"januari", "februari", "mars",      "april",   "maj",      "juni",
                                     "juli",    "augusti",  "september", "oktober", "november", "december"};

// One entry to be: a happening or a night's summary.
struct entry {
  int64_t published_ms;
  int64_t time_ms;
  const struct city_happening *happening;  // NULL: a summary
};

static const char *datetime(int64_t ms, char out[64]) {
  struct nav_civil c = nav_civil_stockholm(ms);
  int offset_hours = (int)((nav_ms_from_civil_utc(&c) - ms) / 3600000);
  (void)snprintf(out, 64, "%04d-%02d-%02d %d:%02d:%02d +%02d:00", c.year % 10000, c.month % 100, c.day % 100,
                 c.hour % 100, c.minute % 100, c.second % 100, offset_hours);
  return out;
}

// "22 augusti 17.59, Brand, Stockholm"; a colon until November 2023.
static void name_of(const struct entry *entry, const char *type, const char *place, char out[TEXT_SIZE]) {
  struct nav_civil c = nav_civil_stockholm(entry->time_ms);
  char mark = entry->published_ms < INT64_C(1699484400000) ? ':' : '.';
  (void)snprintf(out, TEXT_SIZE, "%d %s %02d%c%02d, %.80s, %.80s", c.day, months[(c.month - 1) % 12],
                 c.hour % 100, mark, c.minute % 100, type, place);
}

static char ascii_of(const char **p) {
  static const struct {
    const char *from;
    char to;
  } letters[] = {{"å", 'a'}, {"ä", 'a'}, {"ö", 'o'}, {"Å", 'a'}, {"Ä", 'a'}, {"Ö", 'o'}};
  for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
    if (strncmp(*p, letters[i].from, 2) == 0) {
      *p += 2;
      return letters[i].to;
    }
  }
  char c = *(*p)++;
  if (c >= 'A' && c <= 'Z') return (char)(c + 32);
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.') return c;
  return c == ' ' ? '-' : '\0';
}

static void url_of(const struct entry *entry, const char *name, char out[TEXT_SIZE]) {
  struct nav_civil c = nav_civil_stockholm(entry->time_ms);
  int length =
      snprintf(out, TEXT_SIZE, "/aktuellt/handelser/%d/%s/%d/", c.year, months[(c.month - 1) % 12], c.day);
  size_t at = length < 0 ? 0 : (size_t)length;
  while (*name != '\0' && at + 2 < TEXT_SIZE) {
    char c1 = ascii_of(&name);
    if (c1 != '\0') out[at++] = c1;
  }
  out[at++] = '/';
  out[at] = '\0';
}

// The county for all since 2026-01-20 (when the police changed it), before that the municipality.
static json_t *location_of(const struct entry *entry, const char *municipality) {
  bool county = entry->happening == NULL || entry->published_ms >= INT64_C(1768863600000);
  bool stockholm = strcmp(municipality, "Stockholm") == 0;
  const char *gps = county      ? "59.602496,18.138438"
                    : stockholm ? "59.329324,18.068581"
                                : "59.517542,17.658066";
  return json_pack("{s:s, s:s}", "name", county ? "Stockholms län" : municipality, "gps", gps);
}

// Odd characters as the source has them.
static void make_odd(struct chance *chance, char text[TEXT_SIZE]) {
  char *blank = strchr(text, ' ');
  size_t length = strlen(text);
  if (chance_percent(chance, 6) && blank != NULL && length + 2 < TEXT_SIZE) {
    memmove(blank + 2, blank + 1, length - (size_t)(blank - text));
    memcpy(blank, "\xC2\xA0", 2);
  } else if (chance_percent(chance, 4) && length + 16 < TEXT_SIZE) {
    memcpy(text + length, " Polis &amp; SOS.", 18);
  }
}

static json_t *event_of(const struct city *city, const struct entry *entry, int id, bool edited) {
  char place[TEXT_SIZE];
  char name[TEXT_SIZE];
  char url[TEXT_SIZE];
  char summary[TEXT_SIZE];
  char published[64];
  const struct city_happening *happening = entry->happening;
  struct chance chance =
      city_chance(city, CITY_POLISEN, happening != NULL ? happening->number : (uint32_t)id);
  const char *type = happening != NULL ? texts_police[happening->kind].type : "Sammanfattning natt";
  const char *municipality = happening != NULL ? city_spots[happening->spot].municipality : "Stockholms län";
  if (happening != NULL) {
    const char *template = texts_police[happening->kind].summary[chance_below(&chance, TEXTS_A_KIND)];
    (void)city_fill(template, city_spots[happening->spot].name, summary, sizeof summary);
    make_odd(&chance, summary);
  } else {
    (void)snprintf(summary, sizeof summary, "Händelser som inträffat i Stockholms län under natten.");
  }
  (void)snprintf(place, sizeof place, "%s", municipality);
  name_of(entry, type, place, name);
  url_of(entry, name, url);
  if (edited) (void)strncat(summary, " Uppdatering: ingen är gripen.", sizeof summary - strlen(summary) - 1);
  bool blank_after = chance_percent(&chance, 1);
  return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s+, s:o}", "id", id, "datetime",
                   datetime(entry->published_ms, published), "name", name, "summary", summary, "url", url,
                   "type", type, blank_after ? " " : "", "location", location_of(entry, municipality));
}

static int by_publication(const void *a, const void *b) {
  const struct entry *left = a;
  const struct entry *right = b;
  if (left->published_ms != right->published_ms) return left->published_ms < right->published_ms ? -1 : 1;
  return left->time_ms < right->time_ms ? -1 : left->time_ms > right->time_ms;
}

static size_t add_summaries(const struct city *city, struct entry *entries, size_t count, size_t room) {
  struct chance chance = chance_begin(city->seed, "polisen-summaries");
  for (int64_t day = city->first_day; day <= city->last_day; day++) {
    for (unsigned i = 0; i < city->scale && count < room; i++) {
      if (!chance_percent(&chance, SUMMARY_PERCENT)) continue;
      int64_t time_ms = city_time(day, 6 * 60 + (int)(i % 50));
      entries[count++] = (struct entry){
          .time_ms = time_ms, .published_ms = time_ms + INT64_C(1000) * chance_between(&chance, 60, 5000)};
    }
  }
  return count;
}

static struct entry *make_entries(const struct city *city, size_t *count) {
  size_t days = (size_t)(city->last_day - city->first_day + 1);
  size_t room = city->count + days * city->scale;
  struct entry *entries = calloc(room + 1, sizeof *entries);
  *count = 0;
  if (entries == NULL) return NULL;
  for (size_t i = 0; i < city->count; i++) {
    const struct city_happening *happening = &city->happenings[i];
    if ((happening->feeds & 1u << CITY_POLISEN) == 0) continue;
    struct chance chance = city_chance(city, CITY_POLISEN, happening->number ^ 1u);
    int64_t published = happening->time_ms + INT64_C(1000) * chance_between(&chance, 10 * 60, 5 * 3600);
    entries[(*count)++] = (struct entry){
        .time_ms = happening->time_ms, .published_ms = city_told_by(city, published), .happening = happening};
  }
  *count = add_summaries(city, entries, *count, room);
  qsort(entries, *count, sizeof *entries, by_publication);
  return entries;
}

// A record that no adapter can place in time.
static json_t *bad_record(int id) {
  return json_pack("{s:i, s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "id", id, "datetime", "", "name", "", "summary",
                   "", "type", "Övrigt", "location", "name", "Stockholms län", "gps", "59.602496,18.138438");
}

// Entries from `first`, newest first, with the last of the file before told again.
static json_t *make_list(const struct city *city, const struct entry *entries, size_t first, size_t end,
                         struct out *out) {
  json_t *list = json_array();
  size_t again = first < REPEATED ? first : REPEATED;
  for (size_t i = end; list != NULL && i > first - again; i--) {
    struct chance chance = city_chance(city, CITY_POLISEN, (uint32_t)i);
    bool repeated = i - 1 < first;
    int id = FIRST_ID + (int)i * 7;
    (void)json_array_append_new(
        list, event_of(city, &entries[i - 1], id, repeated && chance_percent(&chance, EDIT_PERCENT)));
    if (repeated) out->repeats++;
    if (!repeated && i % BAD_EVERY == 0) {
      (void)json_array_append_new(list, bad_record(id + 1));
      out->bad++;
    }
  }
  return list;
}

bool feed_polisen(const struct city *city, struct out *out, struct nav_error *err) {
  size_t count = 0;
  struct entry *entries = make_entries(city, &count);
  if (entries == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, out->folder, "no memory");
  const size_t fresh = FILE_RECORDS - REPEATED - FILE_RECORDS / BAD_EVERY - 1;
  bool written = true;
  for (size_t first = 0; written && first < count; first += fresh) {
    char file[64];
    size_t end = first + fresh < count ? first + fresh : count;
    json_t *list = make_list(city, entries, first, end, out);
    out->records += json_array_size(list);
    (void)snprintf(file, sizeof file, "events-%05zu.json", first / fresh + 1);
    written = out_json(out, file, OUT_UTF8, list, err);
  }
  free(entries);
  return written;
}
