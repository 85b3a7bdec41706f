// See map_in.h. SS 12000:2020's answers, one file each: /absences (reported absence and leave) and
// /aggregatedAttendance (sums over a period), as {"data":[…],"pageToken":…} or a bare array. Who registered
// an absence is often a guardian: that reference is never read; nor are responsibles, addresses of protected
// pupils, telephones, e-mails or photos.
#include "adapters/school/map_in.h"

#include <string.h>

#include "adapters/engine/records.h"
#include "adapters/record/json.h"
#include "adapters/record/record.h"
#include "hub/base/clock.h"

// What is read of the pupil and the school, whichever endpoint it came by.
struct pupil {
  const json_t *reference;  // PersonReference: id, displayName
  const json_t *person;     // _embedded.student; NULL: the answer was not expanded
  const char *unit;         // id of the school unit; NULL
  const char *unit_name;    // its displayName; NULL
};

// Skolverket's code and the area, from "unit.<id>: code; area; municipality".
struct unit {
  char *code;
  char *area;
  char *municipality;
};

static bool parse_time(const json_t *object, const char *key, int64_t *ms) {
  const char *text = record_json_text(object, key);
  return text != NULL && nav_clock_parse(text, true, ms);
}

// The first moment of a date in Sweden, `days_after` days later.
static bool parse_day(const json_t *object, const char *key, int days_after, int64_t *ms) {
  struct nav_civil civil = {0};
  const char *text = record_json_text(object, key);
  if (text == NULL || !nav_date_parse(text, &civil.year, &civil.month, &civil.day)) return false;
  nav_date_from_days(nav_days_from_date(civil.year, civil.month, civil.day) + days_after, &civil.year,
                     &civil.month, &civil.day);
  *ms = nav_ms_from_civil_stockholm(&civil);
  return true;
}

static const char *id_of(const json_t *reference) {
  const char *id = record_json_text(reference, "id");
  return id == NULL || strlen(id) > RECORD_ID_MAX ? NULL : id;
}

static bool find_unit(struct record *record, const struct pupil *pupil, struct unit *unit) {
  *unit = (struct unit){0};
  if (pupil->unit == NULL) return true;
  const char *rest = record_option(record, "unit.%s", pupil->unit);
  if (rest == NULL) return true;
  unit->code = record_next_part(record, &rest, ';');
  unit->area = record_next_part(record, &rest, ';');
  unit->municipality = record_next_part(record, &rest, ';');
  bool sound = unit->code != NULL && rest == NULL &&
               (unit->municipality == NULL || *unit->municipality == '\0' ||
                (strlen(unit->municipality) == 4 && strspn(unit->municipality, "0123456789") == 4));
  return sound ||
         record_skip(record, "map: unit.%s in adapter.yaml is not 'code; area; municipality'", pupil->unit);
}

// The school's area: from its entry in adapter.yaml, else from its name. An absence lies at no point.
static Nav__V1__Place *school_place(struct record *record, const struct pupil *pupil,
                                    const struct unit *unit) {
  const char *area = unit->area != NULL && *unit->area != '\0' ? unit->area : NULL;
  if (area == NULL && pupil->unit_name != NULL) {
    area = nav_mapping_area_in_text(record->run, pupil->unit_name);
  }
  bool municipality = unit->municipality != NULL && *unit->municipality != '\0';
  if (area == NULL && !municipality) return NULL;
  Nav__V1__Place *place = record_new(record, sizeof *place);
  if (place == NULL) return NULL;
  nav__v1__place__init(place);
  place->area = record_text(record, area);
  if (municipality) {
    place->municipality = unit->municipality;
    place->county = record_printf(record, "%.2s", unit->municipality);
  }
  place->has_precision = true;
  place->precision = NAV__V1__PRECISION__PRECISION_AREA;
  return place;
}

// The area of the address where the pupil is registered: by "postal.<code>" in adapter.yaml, else by the
// locality's name.
static char *home_area(struct record *record, const json_t *person) {
  const json_t *addresses = json_object_get(person, "addresses");
  for (size_t i = 0; i < json_array_size(addresses); i++) {
    const json_t *address = json_array_get(addresses, i);
    const char *type = record_json_text(address, "type");
    if (type != NULL && strcmp(type, "Folkbokföring") != 0) continue;
    const char *code = record_json_text(address, "postalCode");
    const char *area = code == NULL ? NULL : record_option(record, "postal.%.10s", code);
    const char *locality = record_json_text(address, "locality");
    if (area == NULL && locality != NULL) area = nav_mapping_area_in_text(record->run, locality);
    if (area != NULL) return record_text(record, area);
  }
  return NULL;
}

static char *pupil_name(struct record *record, const struct pupil *pupil) {
  const char *given = record_json_text(pupil->person, "givenName");
  const char *middle = record_json_text(pupil->person, "middleName");
  const char *family = record_json_text(pupil->person, "familyName");
  if (given == NULL && family == NULL) {
    return record_text(record, record_json_text(pupil->reference, "displayName"));
  }
  char *name =
      record_printf(record, "%.200s %.200s%s%.200s", given != NULL ? given : "", middle != NULL ? middle : "",
                    middle != NULL ? " " : "", family != NULL ? family : "");
  return record_text(record, name);
}

// False after a skip.
static bool take_civic_number(struct record *record, const json_t *person, Nav__V1__Subject *subject) {
  const json_t *civic = json_object_get(person, "civicNo");
  const char *value = record_json_text(civic, "value");
  const char *nationality = record_json_text(civic, "nationality");
  if (value == NULL || (nationality != NULL && strcmp(nationality, "SE") != 0)) return true;
  return record_subject_number(record, subject, value) ||
         record_skip(record, "student: civicNo is no personal, coordination or interim number");
}

static bool take_birth_date(struct record *record, const json_t *person, Nav__V1__Subject *subject) {
  int year = 0;
  int month = 0;
  int day = 0;
  const char *text = record_json_text(person, "birthDate");
  if (text == NULL) return true;
  if (!nav_date_parse(text, &year, &month, &day)) {
    return record_skip(record, "student: birthDate is not a date (YYYY-MM-DD)");
  }
  subject->birth_date = record_text(record, text);
  return true;
}

// NULL after a skip.
static Nav__V1__Subject *pupil_subject(struct record *record, const struct pupil *pupil,
                                       const struct unit *unit) {
  Nav__V1__Subject *subject = record_subject(record, NAV__V1__ROLE__ROLE_PARTICIPANT);
  if (subject == NULL) {
    (void)record_emit(record, NULL, 0, NULL);  // says that it does not fit
    return NULL;
  }
  subject->name = pupil_name(record, pupil);
  if (unit->code != NULL && *unit->code != '\0') subject->school_unit = unit->code;
  if (pupil->person == NULL)
    return subject;  // protection stays unknown: the hub treats the pupil as protected
  if (!take_birth_date(record, pupil->person, subject)) return NULL;
  if (!take_civic_number(record, pupil->person, subject)) return NULL;
  record_subject_protection(subject, record_json_text(pupil->person, "securityMarking"));
  // The address of a protected person is wrong on purpose, or must not be known.
  if (subject->protection == NAV__V1__PROTECTION__PROTECTION_NONE) {
    subject->home_area = home_area(record, pupil->person);
  }
  return subject;
}

static bool add_pupil(struct record *record, const struct pupil *pupil, Nav__V1__Event *event) {
  struct unit unit;
  if (!find_unit(record, pupil, &unit)) return false;
  Nav__V1__Subject *subject = pupil_subject(record, pupil, &unit);
  if (subject == NULL) return false;
  event->place = school_place(record, pupil, &unit);
  record_one_subject(record, event, subject);
  return true;
}

// The unit where the pupil is enrolled now: the last enrolment that was not cancelled.
static const json_t *enrolled_at(const json_t *person) {
  const json_t *unit = NULL;
  const json_t *enrolments = json_object_get(person, "enrolments");
  for (size_t i = 0; i < json_array_size(enrolments); i++) {
    const json_t *enrolment = json_array_get(enrolments, i);
    if (!json_is_true(json_object_get(enrolment, "cancelled")))
      unit = json_object_get(enrolment, "enroledAt");
  }
  return unit;
}

static bool find_pupil(struct record *record, const json_t *object, const json_t *organisation,
                       struct pupil *pupil) {
  const json_t *embedded = json_object_get(object, "_embedded");
  *pupil = (struct pupil){.reference = json_object_get(object, "student"),
                          .person = json_object_get(embedded, "student")};
  if (!json_is_object(pupil->person)) pupil->person = NULL;
  if (id_of(pupil->reference) == NULL) return record_skip(record, "student.id is missing");
  if (id_of(organisation) == NULL) organisation = enrolled_at(pupil->person);
  pupil->unit = id_of(organisation);
  pupil->unit_name = record_json_text(organisation, "displayName");
  return true;
}

static Nav__V1__Absence *new_absence(struct record *record, int64_t start_ms, int64_t end_ms,
                                     Nav__V1__AbsenceKind kind) {
  Nav__V1__Absence *absence = record_new(record, sizeof *absence);
  if (absence == NULL) return NULL;
  nav__v1__absence__init(absence);
  absence->has_kind = absence->has_start_time_ms = absence->has_end_time_ms = true;
  absence->kind = kind;
  absence->start_time_ms = start_ms;
  absence->end_time_ms = end_ms;
  return absence;
}

static bool absence_kind(const char *type, Nav__V1__AbsenceKind *kind) {
  if (type == NULL) return false;
  bool leave = strcmp(type, "Beviljad ledighet") == 0 || strcmp(type, "Ledighet") == 0;
  *kind = leave ? NAV__V1__ABSENCE_KIND__ABSENCE_KIND_LEAVE : NAV__V1__ABSENCE_KIND__ABSENCE_KIND_REPORTED;
  return leave || strcmp(type, "Anmäld frånvaro") == 0;
}

static bool map_absence(struct record *record, const json_t *object) {
  struct pupil pupil;
  Nav__V1__AbsenceKind kind;
  int64_t start = 0;
  int64_t end = 0;
  const char *id = id_of(object);
  if (id == NULL) return record_skip(record, "id is missing");
  if (!absence_kind(record_json_text(object, "type"), &kind)) {
    return record_skip(record, "type is neither 'Anmäld frånvaro' nor 'Beviljad ledighet'");
  }
  if (!parse_time(object, "startTime", &start))
    return record_skip(record, "startTime is not a time (RFC 3339)");
  if (!parse_time(object, "endTime", &end)) return record_skip(record, "endTime is not a time (RFC 3339)");
  if (end < start) return record_skip(record, "endTime is before startTime");
  if (!find_pupil(record, object, json_object_get(object, "organisation"), &pupil)) return false;

  const json_t *meta = json_object_get(object, "meta");
  int64_t created = start;
  int64_t recorded = 0;
  bool has_created = parse_time(meta, "created", &created);
  bool has_recorded = parse_time(meta, "modified", &recorded);
  Nav__V1__Event *event = record_event(record, start);
  Nav__V1__Absence *absence = new_absence(record, start, end, kind);
  if (event == NULL || absence == NULL) return record_emit(record, NULL, 0, NULL);
  if (has_recorded || has_created) record_recorded(event, has_recorded ? recorded : created);
  event->body_case = NAV__V1__EVENT__BODY_ABSENCE;
  event->absence = absence;
  if (!add_pupil(record, &pupil, event)) return false;
  return record_emit(record, record_printf(record, "absence:%s", id), created, event);
}

// A sum of minutes; false after a skip. A key that is absent or null stays absent.
static bool take_minutes(struct record *record, const json_t *object, const char *key,
                         protobuf_c_boolean *has, uint32_t *minutes) {
  const json_t *value = json_object_get(object, key);
  if (value == NULL || json_is_null(value)) return true;
  json_int_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < 0 || number > UINT32_MAX) {
    return record_skip(record, "%s is not a number of minutes", key);
  }
  *has = true;
  *minutes = (uint32_t)number;
  return true;
}

static bool take_sums(struct record *record, const json_t *object, Nav__V1__Absence *absence) {
  return take_minutes(record, object, "attendanceSum", &absence->has_attendance_minutes,
                      &absence->attendance_minutes) &&
         take_minutes(record, object, "validAbsenceSum", &absence->has_valid_absence_minutes,
                      &absence->valid_absence_minutes) &&
         take_minutes(record, object, "invalidAbsenceSum", &absence->has_invalid_absence_minutes,
                      &absence->invalid_absence_minutes) &&
         take_minutes(record, object, "otherAttendanceSum", &absence->has_other_attendance_minutes,
                      &absence->other_attendance_minutes) &&
         take_minutes(record, object, "offeredSum", &absence->has_offered_minutes, &absence->offered_minutes);
}

// Sums have no id of their own: pupil, activity and period name them.
static char *sums_source_id(struct record *record, const json_t *object, const json_t *activity) {
  return record_printf(record, "aggregated:%s:%s:%s:%s", id_of(json_object_get(object, "student")),
                       id_of(activity), record_json_text(object, "startDate"),
                       record_json_text(object, "endDate"));
}

static bool map_sums(struct record *record, const json_t *object) {
  struct pupil pupil;
  int64_t start = 0;
  int64_t end = 0;
  const json_t *activity = json_object_get(object, "activity");
  if (id_of(activity) == NULL) return record_skip(record, "activity.id is missing");
  if (!parse_day(object, "startDate", 0, &start))
    return record_skip(record, "startDate is not a date (YYYY-MM-DD)");
  if (!parse_day(object, "endDate", 1, &end))
    return record_skip(record, "endDate is not a date (YYYY-MM-DD)");
  if (end <= start) return record_skip(record, "endDate is before startDate");
  const json_t *full_activity = json_object_get(json_object_get(object, "_embedded"), "activity");
  if (!find_pupil(record, object, json_object_get(full_activity, "organisation"), &pupil)) return false;

  Nav__V1__Event *event = record_event(record, start);
  Nav__V1__Absence *absence = new_absence(record, start, end, NAV__V1__ABSENCE_KIND__ABSENCE_KIND_SUMMARY);
  if (event == NULL || absence == NULL) return record_emit(record, NULL, 0, NULL);
  const char *name = record_json_text(activity, "displayName");
  absence->activity =
      record_text(record, name != NULL ? name : record_json_text(full_activity, "displayName"));
  if (!take_sums(record, object, absence)) return false;
  event->body_case = NAV__V1__EVENT__BODY_ABSENCE;
  event->absence = absence;
  if (!add_pupil(record, &pupil, event)) return false;
  return record_emit(record, sums_source_id(record, object, activity), start, event);
}

// What else a school system's export drops beside absence; none of it is shared.
static const char *kind_of_other(const json_t *object) {
  static const struct {
    const char *key;
    const char *kind;
  } others[] = {
      {"calendarEvent", "an attendance of one lesson: only sums and reported absence are shared"},
      {"givenName", "a person: pupils travel only with their absence"},
      {"timeOfOccurance", "a log or statistics entry"},
      {"activityType", "an activity"},
      {"groupType", "a group"},
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    if (json_object_get(object, others[i].key) != NULL) return others[i].kind;
  }
  return "neither an absence nor an aggregatedAttendance of SS 12000";
}

// /deletedEntities answers {"data":{"absences":[id…],"activitites":[id…]}} (spelt so in the standard).
static bool is_deleted_entities(const json_t *object) {
  return json_is_array(json_object_get(object, "absences")) ||
         json_is_array(json_object_get(object, "activitites")) ||
         json_is_array(json_object_get(object, "persons"));
}

static bool skip_deleted(struct record *record, const json_t *object) {
  return record_skip(
      record, "is an answer of /deletedEntities (%zu absences): recall what was shared with 'navctl recall'",
      json_array_size(json_object_get(object, "absences")));
}

struct mapping {
  struct nav_mapping_run *run;
  size_t objects;   // records that are JSON
  size_t refusals;  // the server's error messages
};

static bool is_refusal(const json_t *object) {
  bool named = json_object_get(object, "code") != NULL || json_object_get(object, "error") != NULL;
  return named && json_object_get(object, "id") == NULL && json_object_get(object, "student") == NULL;
}

static void map_object(struct mapping *mapping, struct record *record, const json_t *object) {
  if (json_object_get(object, "attendanceSum") != NULL ||
      json_object_get(object, "invalidAbsenceSum") != NULL) {
    (void)map_sums(record, object);
  } else if (json_object_get(object, "student") != NULL && json_object_get(object, "startTime") != NULL) {
    (void)map_absence(record, object);
  } else if (is_deleted_entities(object)) {
    (void)skip_deleted(record, object);
  } else if (is_refusal(object)) {
    mapping->refusals++;
    (void)record_skip(record, "is the server's error message, not an answer");
  } else {
    (void)record_skip(record, "is %s", kind_of_other(object));
  }
}

static void map_slice(void *context, const struct record_slice *slice) {
  struct mapping *mapping = context;
  struct record record;
  json_t *object = records_parse(mapping->run, slice, NULL);
  if (object == NULL) return;
  mapping->objects++;
  record_begin(&record, mapping->run, "%s", slice->place);
  map_object(mapping, &record, object);
  json_decref(object);
}

static bool map_file(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                     struct nav_error *err) {
  static const char *const wrappers[] = {"data", NULL};
  struct mapping mapping = {.run = run};
  if (length == 0)
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is empty: the source answered with nothing");
  struct records_result result = records_walk(file, bytes, length, wrappers, map_slice, &mapping);
  if (mapping.objects == 0 && !result.whole) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "byte %zu: %s", result.fault_offset, result.fault);
  }
  if (mapping.objects == 0 && result.count > 0) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is no answer of SS 12000: it holds no JSON object");
  }
  if (mapping.objects > 0 && mapping.objects == mapping.refusals) {
    return nav_fail(err, NAV_ERROR_PEER, 0, file, "is a server's error message: ask it again");
  }
  if (!result.whole) {
    nav_mapping_skip(run, file, "byte %zu: %s; the %zu records before it are kept", result.fault_offset,
                     result.fault, result.count);
  }
  return true;
}

static const char *const suffixes[] = {".json", ".json.gz", NULL};

const struct nav_mapping school_mapping = {
    .program = "nav-school",
    .description = "absence from schools (SS 12000:2020: /absences, /aggregatedAttendance)",
    .suffixes = suffixes,
    .map = map_file,
};
