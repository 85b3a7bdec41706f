// FI2 cases as fastAPI gives them: `$t`, one element as an object and many as an array, `Comleted`, 7-digit
// fractions, with and without zone; notifiers with all that is known of them. Called by: feeds.h's table.
// Must never: use an address where somebody lives.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/sample-city/feeds.h"
#include "deploy/sample-city/people.h"
#include "deploy/sample-city/texts.h"

enum { FILE_RECORDS = 300, TOLD_AGAIN = 20, BAD_EVERY = 120, STATUS_COUNT = 5, ID_SIZE = 32 };

static json_t *value_of(const char *code, const char *value) {
  return json_pack("{s:s, s:{s:s, s:s}, s:s}", "fi2value_code", code, "fi2value_scheme", "fi2scheme_id",
                   "VB001_005_001", "fi2scheme_url", "http://www.fi2.se/valuelist/VB001_005_001.xml",
                   "fi2value_value", value);
}

static json_t *class_of(const char *code, const char *scheme) {
  return json_pack("{s:s, s:{s:s}}", "fi2class_code", code, "fi2class_scheme", "fi2scheme_id", scheme);
}

static json_t *text_of(const char *usage, const char *text) {
  return json_pack("{s:s, s:s, s:s}", "lang", "sv", "usage", usage, "$t", text);
}

// XML as JSON: a list of one is that one.
static json_t *one_or_many(json_t *list) {
  if (json_array_size(list) != 1) return list;
  json_t *one = json_incref(json_array_get(list, 0));
  json_decref(list);
  return one;
}

// "2026-10-09T23:41:10.1234567", sometimes with a zone.
static void fi2_time(int64_t ms, struct chance *chance, char out[64]) {
  char fraction[16];
  (void)snprintf(fraction, sizeof fraction, ".%07u", chance_below(chance, 10000000));
  (void)city_rfc3339(ms, chance_percent(chance, 50) ? fraction : "", out);
  if (chance_percent(chance, 70)) out[strlen(out) - strlen("+02:00")] = '\0';
}

static json_t *values_of(const struct city_happening *happening, int64_t created, int64_t changed,
                         struct chance *chance) {
  char text[64];
  json_t *values = json_array();
  fi2_time(created, chance, text);
  (void)json_array_append_new(values, value_of("CreatedDate", text));
  (void)json_array_append_new(values, value_of("CreatedBy", "System"));
  fi2_time(changed, chance, text);
  (void)json_array_append_new(values, value_of("ChangedDate", text));
  if (happening->kind == CITY_GUARD_ROUND) {
    (void)json_array_append_new(values, value_of("GuardCompany", "Provbevakning AB"));
    (void)snprintf(text, sizeof text, "%u", chance_below(chance, 6));
    (void)json_array_append_new(values, value_of("PersonsToldToLeave", text));
  }
  if (happening->kind == CITY_VANDALISM || happening->kind == CITY_GRAFFITI || happening->kind == CITY_FIRE) {
    (void)snprintf(text, sizeof text, "%d", chance_between(chance, 5, 180) * 100);
    (void)json_array_append_new(values, value_of("CostKronor", text));
  }
  return values;
}

static json_t *descriptions_of(const struct city_happening *happening, struct chance *chance) {
  const struct texts_case *texts = &texts_case[happening->kind];
  json_t *list = json_array();
  (void)json_array_append_new(list,
                              text_of("Description", texts->description[chance_below(chance, TEXTS_A_KIND)]));
  if (texts->comment != NULL) (void)json_array_append_new(list, text_of("Comment", texts->comment));
  if (happening->kind == CITY_TENANCY) {
    (void)json_array_append_new(list, text_of("Suspicion", "Misstänkt olovlig andrahandsuthyrning"));
  }
  return one_or_many(list);
}

static json_t *partner_of(const struct person *person) {
  return json_pack("{s:s, s:{s:[{s:s, s:s}, {s:s, s:s}]}, s:s+++, s:{s:s, s:s}, s:{s:s, s:s}, s:o}", "id",
                   person->number, "fi2part_ids", "fi2_id", "usage", "PartnerId", "$t", "P-1", "usage", "Ssn",
                   "$t", person->number, "fi2part_fullname", person->given_name, " ", person->family_name, "",
                   "fi2part_tel", "usage", "MobilePrivate", "$t", "070-1740605", "fi2part_email", "usage",
                   "Private", "$t", "hyresgast@example.com", "fi2part_value",
                   value_of("SecurityMarking", person->protection));
}

static json_t *notifier_of(const struct city *city, struct chance *chance) {
  struct person person = person_of_age(city, chance_below(chance, 1000), 23, 90);
  return json_pack("{s:o, s:o}", "fi2actor_partner", partner_of(&person), "fi2actor_role",
                   class_of("Tenant", "Class_NotifierRole_01"));
}

static json_t *parent_of(const char *item, const char *id, json_t *object) {
  return json_pack("{s:s, s:{s:[s]}, s:o}", "fi2item", item, "fi2parent_ids", "fi2_id", id, "fi2parent_item",
                   object != NULL ? object : json_object());
}

static json_t *parents_of(const struct city *city, const struct city_happening *happening,
                          struct chance *chance) {
  char building[ID_SIZE];
  char id[ID_SIZE + 16];
  json_t *list = json_array();
  (void)snprintf(building, sizeof building, "%02d%02d", city_spots[happening->spot].housing,
                 chance_between(chance, 1, CITY_BUILDINGS_A_SPOT));
  bool in_a_flat = happening->kind == CITY_NOISE || happening->kind == CITY_PARTY ||
                   happening->kind == CITY_FAULT || happening->kind == CITY_TENANCY;
  if (in_a_flat) {
    (void)snprintf(id, sizeof id, "LGH-%s%02u%02u", building, 1 + chance_below(chance, 8),
                   1 + chance_below(chance, 6));
    (void)json_array_append_new(list, parent_of("fi2spatisystem", id, NULL));
  }
  if (!in_a_flat || chance_percent(chance, 50)) {
    bool property = chance_percent(chance, 20);
    (void)snprintf(id, sizeof id, "%s-%s", property ? "FAST" : "HUS", building);
    (void)json_array_append_new(list, parent_of(property ? "fi2property" : "fi2structure", id, NULL));
  }
  if (happening->kind == CITY_TENANCY) {
    struct person tenant = person_of_age(city, chance_below(chance, 1000), 20, 80);
    (void)json_array_append_new(list, parent_of("fi2leasecontract", "K-4711", NULL));
    (void)json_array_append_new(
        list, parent_of("fi2partner", "P-1", json_pack("{s:o}", "fi2partner", partner_of(&tenant))));
  }
  return one_or_many(list);
}

static const char *category_of(const struct city_happening *happening, struct chance *chance) {
  static const char *const tenancy[] = {"HYRA-OLOVLIG", "HYRA-FALSKT", "HYRA-BROTT", "HYRA-OVR"};
  if (happening->kind == CITY_TENANCY) return tenancy[chance_below(chance, 4)];
  return texts_case[happening->kind].category;
}

static json_t *case_of(const struct city *city, const struct city_happening *happening, size_t number,
                       bool again) {
  static const char *const statuses[STATUS_COUNT] = {"Created", "Pending", "Comleted", "Completed",
                                                     "Annulled"};
  static const unsigned char weights[STATUS_COUNT] = {20, 25, 25, 25, 5};
  char id[ID_SIZE];
  char case_number[ID_SIZE];
  char date[NAV_DATE_SIZE];
  struct chance chance = city_chance(city, CITY_BOSTADSBOLAGET, happening->number);
  int64_t created = city_told_by(city, happening->time_ms + INT64_C(1000) * chance_between(&chance, 0, 1800));
  int64_t changed = created + INT64_C(3600000) * chance_between(&chance, 1, 200);
  changed = city_told_by(city, changed + again * INT64_C(86400000));
  const char *status = again ? "Comleted" : statuses[chance_weighted(&chance, weights, STATUS_COUNT)];
  (void)snprintf(id, sizeof id, "SC-%zu", number);
  (void)snprintf(case_number, sizeof case_number, "%zu", 7000 + number);
  json_t *one =
      json_pack("{s:s, s:{s:{s:s, s:s}}, s:o, s:o}", "id", id, "fi2case_ids", "fi2_id", "usage", "CaseNumber",
                "$t", case_number, "fi2case_value", values_of(happening, created, changed, &chance),
                "fi2case_descr", descriptions_of(happening, &chance));
  const char *category = category_of(happening, &chance);
  (void)json_object_set_new(one, "fi2case_parentobject", parents_of(city, happening, &chance));
  if (chance_percent(&chance, 60))
    (void)json_object_set_new(one, "fi2case_notifier", notifier_of(city, &chance));
  (void)json_object_set_new(one, "fi2case_registrationdate",
                            json_string(city_date(nav_day_stockholm(created), date)));
  (void)json_object_set_new(one, "fi2case_registrar", json_string("Störningsjouren"));
  (void)json_object_set_new(one, "fi2case_category",
                            class_of(category, strcmp(category, "Case") == 0 ? "Class_Fi2CaseCategoryType_01"
                                                                             : "Class_NavCaseCategory_01"));
  (void)json_object_set_new(one, "fi2case_status", class_of(status, "Class_Fi2CaseStatus_01"));
  return one;
}

// Cases that no adapter takes: without a category, without any date, or of a category that nobody has mapped.
static json_t *bad_case(size_t number) {
  char id[ID_SIZE];
  (void)snprintf(id, sizeof id, "SC-fel-%zu", number);
  json_t *bad =
      json_pack("{s:s, s:o, s:s, s:o}", "id", id, "fi2case_descr", text_of("Description", "Provärende"),
                "fi2case_registrationdate", number % 2 == 0 ? "2026-10-09" : "okänt", "fi2case_category",
                class_of(number % 2 == 0 ? "EJ-MAPPAD" : "Case", "Class_Fi2CaseCategoryType_01"));
  if (number % 3 == 0) (void)json_object_del(bad, "fi2case_category");
  return bad;
}

static json_t *message_of(json_t *cases) {
  if (json_array_size(cases) == 1) return json_pack("{s:o}", "fi2case", one_or_many(cases));
  return json_pack("{s:{s:s, s:{s:s, s:s}, s:o}}", "fi2simplemessage", "xmlns",
                   "http://www.fi2.se/schemas/1.31", "fi2messageheader", "fi2version", "1.31",
                   "fi2messagedate", "2026-01-31T10:18:10.2276391+00:00", "fi2case", cases);
}

static bool write_cases(struct out *out, json_t *cases, struct nav_error *err) {
  char name[64];
  out->records += json_array_size(cases);
  (void)snprintf(name, sizeof name, "cases-%05zu.json", out->files + 1);
  return out_json(out, name, OUT_UTF8, message_of(cases), err);
}

bool feed_bostadsbolaget(const struct city *city, struct out *out, struct nav_error *err) {
  const struct city_happening *recent[TOLD_AGAIN];
  json_t *cases = json_array();
  bool written = true;
  size_t number = 0;
  for (size_t i = 0; written && i < city->count; i++) {
    const struct city_happening *happening = &city->happenings[i];
    if ((happening->feeds & 1u << CITY_BOSTADSBOLAGET) == 0) continue;
    recent[number % TOLD_AGAIN] = happening;
    (void)json_array_append_new(cases, case_of(city, happening, ++number, false));
    if (number % BAD_EVERY == 0) {
      (void)json_array_append_new(cases, bad_case(number / BAD_EVERY));
      out->bad++;
    }
    if (number % FILE_RECORDS != 0 && number != 1) continue;  // the first case stands alone in its file
    written = write_cases(out, cases, err);
    cases = json_array();
    // The last of them come again in the next file, completed.
    for (size_t j = 0; number > TOLD_AGAIN && j < TOLD_AGAIN; j++) {
      size_t old = number - TOLD_AGAIN + j + 1;
      (void)json_array_append_new(cases, case_of(city, recent[(old - 1) % TOLD_AGAIN], old, true));
      out->repeats++;
    }
  }
  if (written && json_array_size(cases) > 0) return write_cases(out, cases, err);
  json_decref(cases);
  return written;
}
