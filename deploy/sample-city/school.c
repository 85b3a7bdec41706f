// SS 12000:2020's /absences (a file a month, some bare arrays) and /aggregatedAttendance (a file a month,
// expanded): school days and terms, a few pupils whose absence grows, protected pupils, a number that is
// mistyped. Called by: feeds.h's table. Must never: give more than the standard's keys.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/sample-city/feeds.h"
#include "deploy/sample-city/people.h"

enum {
  PUPILS_A_SCALE = 70,
  FOLLOWED_PERCENT = 20,  // pupils whose sums are fetched
  SCHOOLS = 4,
  FILE_RECORDS = 2000,
  ABSENCE_PER_MILLE = 16,  // of pupils, a school day
  BAD_EVERY = 60,
  UUID_SIZE = 40,
  GROWING_WEEKS = 8,
};

static const struct {
  const char *name;
  const char *area;
} schools[SCHOOLS] = {{"Provskolan i Bromma", "bromma"},
                      {"Exempelskolan i Vällingby", "hasselby-vallingby"},
                      {"Testskolan i Hässelby", "hasselby-vallingby"},
                      {"Påhittsskolan i Kungsängen", "upplands-bro"}};

struct pupil {
  struct person person;
  unsigned index;
  int school;
};

static void uuid_of(char out[UUID_SIZE], const char *kind, unsigned number) {
  (void)snprintf(out, UUID_SIZE, "%.8s-0000-4000-8000-%012u", kind, number);
}

static int school_of(const struct pupil *pupil) {
  for (int i = 0; i < SCHOOLS; i++) {
    int at = (i + (int)pupil->index) % SCHOOLS;
    if (strcmp(schools[at].area, pupil->person.area) == 0) return at;
  }
  return 0;
}

static struct pupil pupil_of(const struct city *city, unsigned index) {
  struct pupil pupil = {.person = person_of_age(city, index, 7, 15), .index = index};
  pupil.school = school_of(&pupil);
  return pupil;
}

static json_t *reference(const char *id, const char *name) {
  return json_pack("{s:s, s:s}", "id", id, "displayName", name);
}

static json_t *school_reference(int school) {
  char id[UUID_SIZE];
  uuid_of(id, "5a7e0001", (unsigned)school + 1);
  return reference(id, schools[school].name);
}

static json_t *pupil_reference(const struct pupil *pupil) {
  char id[UUID_SIZE];
  char name[128];
  uuid_of(id, "e1e70001", pupil->index);
  (void)snprintf(name, sizeof name, "%s %s", pupil->person.given_name, pupil->person.family_name);
  return reference(id, name);
}

static json_t *guardian_of(const struct pupil *pupil) {
  char id[UUID_SIZE];
  char name[128];
  uuid_of(id, "f0a10001", pupil->index);
  (void)snprintf(name, sizeof name, "Vårdnadshavare %s", pupil->person.family_name);
  return reference(id, name);
}

static json_t *person_of(const struct pupil *pupil, bool mistyped) {
  char number[16];
  char birth[32];
  const struct person *person = &pupil->person;
  (void)snprintf(number, sizeof number, "%s", person->number);
  if (mistyped) number[11] = number[11] == '0' ? '1' : (char)(number[11] - 1);
  (void)snprintf(birth, sizeof birth, "%04d-%02d-%02d", person->birth_year, person->birth_month,
                 person->birth_day);
  json_t *json =
      json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s}", "givenName", person->given_name, "familyName",
                person->family_name, "civicNo", "value", number, "nationality", "SE", "birthDate", birth,
                "securityMarking", person->protection, "personStatus", "Aktiv");
  if (strcmp(person->protection, "Ingen") == 0) {
    (void)json_object_set_new(json, "addresses",
                              json_pack("[{s:s, s:s, s:s}]", "type", "Folkbokföring", "streetAddress",
                                        "Exempelgatan 1", "locality", person->locality));
  }
  (void)json_object_set_new(
      json, "phoneNumbers",
      json_pack("[{s:s, s:s, s:b}]", "type", "Hem", "value", "070-1740605", "mobile", 1));
  (void)json_object_set_new(
      json, "responsibles",
      json_pack("[{s:s, s:o}]", "relationType", "Vårdnadshavare", "person", guardian_of(pupil)));
  (void)json_object_set_new(json, "enrolments",
                            json_pack("[{s:o, s:i, s:b}]", "enroledAt", school_reference(pupil->school),
                                      "schoolYear", 7, "cancelled", 0));
  return json;
}

// Monday to Friday, but for summer, Christmas and the autumn's and spring's weeks off.
static bool is_school_day(int64_t day) {
  int year = 0;
  int month = 0;
  int date = 0;
  if ((day + 3) % 7 >= 5) return false;
  nav_date_from_days(day, &year, &month, &date);
  if (month == 7 || (month == 6 && date > 12) || (month == 8 && date < 18)) return false;
  if ((month == 12 && date > 20) || (month == 1 && date < 8)) return false;
  return !(month == 2 && date >= 23) && !(month == 10 && date >= 26);
}

// Absence that grows towards the end at one school.
static unsigned per_mille(const struct city *city, int64_t day, const struct pupil *pupil) {
  bool growing = pupil->school == 2 && (city->last_day - day) / 7 < GROWING_WEEKS && pupil->index % 4 == 0;
  return growing ? ABSENCE_PER_MILLE * 6 : ABSENCE_PER_MILLE;
}

struct feed {
  const struct city *city;
  struct out *out;
  unsigned pupils;
  size_t absences;  // so far: numbers their ids
};

static json_t *absence_of(struct feed *feed, const struct pupil *pupil, int64_t day, struct chance *chance) {
  char id[UUID_SIZE];
  char start[64];
  char end[64];
  char created[64];
  bool leave = chance_percent(chance, 12);
  int from = leave ? 0 : 8 * 60 + chance_between(chance, 0, 6) * 40;
  int until = leave ? 24 * 60 - 1 : 15 * 60 + 30;
  int64_t registered = leave ? city_time(day - chance_between(chance, 3, 20), 10 * 60)
                             : city_time(day, 7 * 60 + chance_between(chance, 0, 90));
  uuid_of(id, "ab5e0001", (unsigned)++feed->absences);
  json_t *absence = json_pack(
      "{s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:o, s:o, s:o}", "id", id, "meta", "created",
      city_rfc3339(registered, ".123", created), "modified", created, "startTime",
      city_rfc3339(city_time(day, from), "", start), "endTime", city_rfc3339(city_time(day, until), "", end),
      "type", leave ? "Beviljad ledighet" : "Anmäld frånvaro", "student", pupil_reference(pupil),
      "organisation", school_reference(pupil->school), "registeredBy", guardian_of(pupil));
  // The standard has no expansion here; some exports add it all the same.
  if (chance_percent(chance, 70)) {
    (void)json_object_set_new(absence, "_embedded", json_pack("{s:o}", "student", person_of(pupil, false)));
  }
  return absence;
}

// What an adapter must leave out: an end before the start, a number that is nobody's, a type that does not
// exist.
static void spoil(json_t *absence, const struct pupil *pupil, size_t which) {
  if (which % 3 == 0) {
    (void)json_object_set_new(absence, "endTime", json_string("2001-01-01T00:00:00+01:00"));
  } else if (which % 3 == 1) {
    (void)json_object_set_new(absence, "_embedded", json_pack("{s:o}", "student", person_of(pupil, true)));
  } else {
    (void)json_object_set_new(absence, "type", json_string("Okänd"));
  }
}

static bool write_list(struct feed *feed, const char *kind, const char *month, json_t *list,
                       struct nav_error *err) {
  char name[96];
  size_t number = feed->out->files + 1;
  feed->out->records += json_array_size(list);
  (void)snprintf(name, sizeof name, "%s-%.7s-%04zu.json", kind, month, number);
  bool bare = number % 3 == 0;
  return out_json(feed->out, name, OUT_UTF8, bare ? list : json_pack("{s:o, s:n}", "data", list, "pageToken"),
                  err);
}

static bool write_absences(struct feed *feed, int64_t from, int64_t to, struct nav_error *err) {
  char month[NAV_DATE_SIZE];
  json_t *list = json_array();
  bool written = true;
  for (int64_t day = from; written && day <= to; day++) {
    if (!is_school_day(day)) continue;
    for (unsigned i = 0; written && i < feed->pupils; i++) {
      struct chance chance = city_chance(feed->city, CITY_SKOLAN, (uint32_t)(day * 100003 + i));
      struct pupil pupil = {.index = i};
      if (chance_below(&chance, 1000) >= ABSENCE_PER_MILLE * 6) continue;  // nobody is absent more often
      pupil = pupil_of(feed->city, i);
      if (chance_below(&chance, ABSENCE_PER_MILLE * 6) >= per_mille(feed->city, day, &pupil)) continue;
      json_t *absence = absence_of(feed, &pupil, day, &chance);
      if (feed->absences % BAD_EVERY == 0) {
        spoil(absence, &pupil, feed->absences / BAD_EVERY);
        feed->out->bad++;
      }
      (void)json_array_append_new(list, absence);
      if (json_array_size(list) < FILE_RECORDS) continue;
      written = write_list(feed, "absences", city_date(from, month), list, err);
      list = json_array();
    }
  }
  if (written && json_array_size(list) > 0)
    return write_list(feed, "absences", city_date(from, month), list, err);
  json_decref(list);
  return written;
}

static json_t *sums_of(struct feed *feed, const struct pupil *pupil, int64_t from, int64_t to) {
  char activity[UUID_SIZE];
  char start[NAV_DATE_SIZE];
  char end[NAV_DATE_SIZE];
  struct chance chance = city_chance(feed->city, CITY_SKOLAN, (uint32_t)(from * 7919 + pupil->index));
  int days = 0;
  for (int64_t day = from; day <= to; day++) days += is_school_day(day);
  int offered = days * 60;
  unsigned share = per_mille(feed->city, to, pupil) > ABSENCE_PER_MILLE ? 35 : 8;
  int invalid = offered * (int)chance_below(&chance, share) / 100;
  int valid = offered * (int)chance_below(&chance, 12) / 100;
  uuid_of(activity, "ac710001", (unsigned)pupil->school * 10 + pupil->index % 10);
  json_t *embedded =
      json_pack("{s:o, s:{s:s, s:s, s:o}}", "student", person_of(pupil, false), "activity", "displayName",
                "Matematik", "activityType", "Undervisning", "organisation", school_reference(pupil->school));
  return json_pack(
      "{s:o, s:o, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:o}", "activity", reference(activity, "Matematik"),
      "student", pupil_reference(pupil), "startDate", city_date(from, start), "endDate", city_date(to, end),
      "attendanceSum", offered - invalid - valid, "validAbsenceSum", valid, "invalidAbsenceSum", invalid,
      "otherAttendanceSum", 0, "reportedSum", offered, "offeredSum", offered, "_embedded", embedded);
}

static bool write_sums(struct feed *feed, int64_t from, int64_t to, struct nav_error *err) {
  char month[NAV_DATE_SIZE];
  json_t *list = json_array();
  bool written = true;
  for (unsigned i = 0; written && i < feed->pupils; i++) {
    struct pupil pupil = pupil_of(feed->city, i);
    if (i % 100 >= FOLLOWED_PERCENT && !(pupil.school == 2 && i % 4 == 0)) continue;
    (void)json_array_append_new(list, sums_of(feed, &pupil, from, to));
    if (json_array_size(list) < FILE_RECORDS) continue;
    written = write_list(feed, "aggregatedAttendance", city_date(from, month), list, err);
    list = json_array();
  }
  if (written && json_array_size(list) > 0)
    return write_list(feed, "aggregatedAttendance", city_date(from, month), list, err);
  json_decref(list);
  return written;
}

// The last day of the month of `day`, or the city's last.
static int64_t month_end(const struct city *city, int64_t day) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day, &year, &month, &date);
  int64_t end = nav_days_from_date(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - 1;
  return end < city->last_day ? end : city->last_day;
}

bool feed_skolan(const struct city *city, struct out *out, struct nav_error *err) {
  struct feed feed = {.city = city, .out = out, .pupils = PUPILS_A_SCALE * city->scale};
  int64_t to = 0;
  for (int64_t from = city->first_day; from <= city->last_day; from = to + 1) {
    bool term = false;
    to = month_end(city, from);
    for (int64_t day = from; day <= to; day++) term = term || is_school_day(day);
    if (!write_absences(&feed, from, to, err)) return false;
    if (term && !write_sums(&feed, from, to, err)) return false;
  }
  return true;
}
