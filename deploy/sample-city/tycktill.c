// Open311 GeoReport v2 as servers answer it: bare arrays and two ways of wrapping, ids as numbers or texts,
// coordinates as texts, decimal commas in times, keys absent, null or empty, a byte order mark, ISO-8859-1;
// reports told again when they are answered; who reported among the keys. Called by: feeds.h's table. Must
// never: give a real person's data.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/sample-city/feeds.h"
#include "deploy/sample-city/people.h"
#include "deploy/sample-city/texts.h"

enum {
  FIRST_ID = 300000,
  FILE_RECORDS = 900,  // a server's default cap is 1,000
  ANSWERED_PERCENT = 55,
  TOLD_AGAIN = 40,  // answered reports that the next file tells again
  BAD_EVERY = 150,
  TEXT_SIZE = 300,
};

enum variant { VARIANT_ARRAY, VARIANT_SERVICE_REQUESTS, VARIANT_NESTED, VARIANTS };

static void set_id(json_t *report, int id, enum variant variant) {
  char text[16];
  (void)snprintf(text, sizeof text, "%d", id);
  (void)json_object_set_new(report, "service_request_id",
                            variant == VARIANT_ARRAY ? json_integer(id) : json_string(text));
}

static void set_position(json_t *report, struct chance *chance, const struct city_spot *spot,
                         enum variant variant) {
  // Within some 90 metres of the place: 0.0001 degrees are 11 metres north and 6 metres east here.
  int north = chance_between(chance, -6, 6);
  int east = chance_between(chance, -12, 12);
  double latitude = spot->latitude + north * 0.0001;
  double longitude = spot->longitude + east * 0.0001;
  if (chance_percent(chance, 4)) return;  // some have no place
  if (variant != VARIANT_NESTED) {
    (void)json_object_set_new(report, "lat", json_real(latitude));
    (void)json_object_set_new(report, "long", json_real(longitude));
    return;
  }
  char text[32];
  (void)snprintf(text, sizeof text, "%.6f", latitude);
  (void)json_object_set_new(report, "lat", json_string(text));
  (void)snprintf(text, sizeof text, "%.6f", longitude);
  (void)json_object_set_new(report, "long", json_string(text));
}

static void set_time(json_t *report, const char *key, int64_t ms, struct chance *chance) {
  static const char *const fractions[] = {"", ",375421", ".5", ""};
  char text[64];
  const char *fraction = fractions[chance_below(chance, sizeof fractions / sizeof fractions[0])];
  (void)json_object_set_new(report, key, json_string(city_rfc3339(ms, fraction, text)));
}

// What servers send beside it, and an adapter must leave.
static void set_submitter(json_t *report, struct chance *chance) {
  const struct person person = person_invent(chance);
  (void)json_object_set_new(report, "first_name", json_string(person.given_name));
  (void)json_object_set_new(report, "last_name", json_string(person.family_name));
  (void)json_object_set_new(report, "email", json_string("anmalare@example.com"));
  (void)json_object_set_new(report, "phone", json_string("070-1740605"));  // PTS's numbers for fiction
}

static void set_empties(json_t *report, struct chance *chance) {
  switch (chance_below(chance, 4)) {
    case 0:
      (void)json_object_set_new(report, "media_url", json_null());
      break;
    case 1:
      (void)json_object_set_new(report, "media_url", json_string(""));
      break;
    case 2:
      (void)json_object_set_new(report, "expected_datetime", json_null());
      (void)json_object_set_new(report, "zipcode", json_string(""));
      break;
    default:
      break;
  }
}

static const char *answer_of(struct chance *chance) {
  static const char *const answers[] = {"Åtgärdat. Tack för din anmälan!",
                                        "Vi har skickat ärendet till entreprenören.",
                                        "Vi har varit på platsen och felet är avhjälpt."};
  return answers[chance_below(chance, sizeof answers / sizeof answers[0])];
}

static json_t *report_of(const struct city *city, const struct city_happening *happening, int id,
                         enum variant variant, bool answered) {
  char text[TEXT_SIZE];
  struct chance chance = city_chance(city, CITY_TYCKTILL, happening->number);
  const struct city_spot *spot = &city_spots[happening->spot];
  const struct texts_report *texts = &texts_report[happening->kind];
  json_t *report = json_object();
  int64_t requested =
      city_told_by(city, happening->time_ms + INT64_C(1000) * chance_between(&chance, 600, 2 * 86400));
  set_id(report, id, variant);
  (void)json_object_set_new(report, "status", json_string(answered ? "closed" : "open"));
  (void)json_object_set_new(report, "service_name", json_string(texts->service_name));
  (void)json_object_set_new(report, "service_code", json_string(texts->service_code));
  (void)json_object_set_new(report, "description",
                            json_string(city_fill(texts->description[chance_below(&chance, TEXTS_A_KIND)],
                                                  spot->short_name, text, sizeof text)));
  (void)json_object_set_new(report, "agency_responsible", json_string("Trafikkontoret"));
  set_time(report, "requested_datetime", requested, &chance);
  (void)json_object_set_new(report, "address", json_string(spot->name));
  set_position(report, &chance, spot, variant);
  if (chance_percent(&chance, 30)) set_submitter(report, &chance);
  set_empties(report, &chance);
  if (answered) {
    (void)json_object_set_new(report, "status_notes", json_string(answer_of(&chance)));
    int64_t updated = requested + INT64_C(86400000) * chance_between(&chance, 1, 9);
    set_time(report, "updated_datetime", city_told_by(city, updated), &chance);
  }
  return report;
}

static json_t *wrap(json_t *list, enum variant variant) {
  if (variant == VARIANT_SERVICE_REQUESTS) return json_pack("{s:o}", "service_requests", list);
  if (variant == VARIANT_NESTED) return json_pack("{s:[{s:o}]}", "requests", "request", list);
  return list;
}

static bool is_answered(const struct city *city, const struct city_happening *happening) {
  struct chance chance = city_chance(city, CITY_TYCKTILL, happening->number ^ 1u);
  return chance_percent(&chance, ANSWERED_PERCENT);
}

struct file {
  const struct city_happening *const *reports;
  size_t first, end;
  enum variant variant;
};

// The reports of one file: some that the file before had as open, now answered, then the new ones.
static json_t *make_list(const struct city *city, const struct file *file, struct out *out) {
  json_t *list = json_array();
  size_t again = file->first < TOLD_AGAIN ? file->first : TOLD_AGAIN;
  for (size_t i = file->first - again; i < file->end; i++) {
    bool repeated = i < file->first;
    bool answered = is_answered(city, file->reports[i]);
    if (repeated && !answered) continue;
    // The last of a file are not answered yet: the next file tells them again when they are.
    bool open_yet = !repeated && file->end - i <= TOLD_AGAIN;
    json_t *report =
        report_of(city, file->reports[i], FIRST_ID + (int)i * 3, file->variant, answered && !open_yet);
    (void)json_array_append_new(list, report);
    if (repeated) out->repeats++;
    if (!repeated && i % BAD_EVERY == BAD_EVERY - 1) {
      json_t *bad = json_deep_copy(report);
      (void)json_object_set_new(bad, "service_request_id", i % 2 == 0 ? json_null() : json_string(""));
      (void)json_array_append_new(list, bad);
      out->bad++;
    }
  }
  return list;
}

static bool write_list(const struct city *city, const struct file *file, struct out *out,
                       struct nav_error *err) {
  char name[64];
  size_t number = out->files + 1;
  enum out_form form = number % 4 == 2 ? OUT_UTF8_BOM : number % 4 == 0 ? OUT_ISO_8859_1 : OUT_UTF8;
  json_t *list = make_list(city, file, out);
  out->records += json_array_size(list);
  (void)snprintf(name, sizeof name, "requests-%05zu.json", number);
  return out_json(out, name, form, wrap(list, file->variant), err);
}

bool feed_tycktill(const struct city *city, struct out *out, struct nav_error *err) {
  const struct city_happening **reports = calloc(city->count + 1, sizeof *reports);
  size_t count = 0;
  if (reports == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, out->folder, "no memory");
  for (size_t i = 0; i < city->count; i++) {
    if ((city->happenings[i].feeds & 1u << CITY_TYCKTILL) != 0) reports[count++] = &city->happenings[i];
  }
  // At least six files, so that every variant is there.
  size_t each = count / 6 + 1 < FILE_RECORDS - TOLD_AGAIN ? count / 6 + 1 : FILE_RECORDS - TOLD_AGAIN;
  bool written = true;
  for (size_t first = 0; written && first < count; first += each) {
    size_t end = first + each < count ? first + each : count;
    struct file file = {reports, first, end, (enum variant)(first / each % VARIANTS)};
    written = write_list(city, &file, out, err);
  }
  free(reports);
  return written;
}
