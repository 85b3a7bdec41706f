// See map_in.h. SS 12000:2020's answers, one file each: /absences (reported absence and leave) and
// /aggregatedAttendance (sums over a period), as {"data":[…],"pageToken":…} or a bare array. Who registered
// an absence is often a guardian: that reference is never read; nor are responsibles, addresses of protected
// pupils, telephones, e-mails or photos.
#include "adapters/school/map_in.h"

#include <string.h>

#include "adapters/engine/records.h"
#include "adapters/record/json.h"
#include "adapters/school/pupil.h"
#include "hub/base/clock.h"

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
  const char *id = pupil_reference_id(object);
  if (id == NULL) return record_skip(record, "id is missing");
  if (!absence_kind(record_json_text(object, "type"), &kind)) {
    return record_skip(record, "type is neither 'Anmäld frånvaro' nor 'Beviljad ledighet'");
  }
  if (!parse_time(object, "startTime", &start))
    return record_skip(record, "startTime is not a time (RFC 3339)");
  if (!parse_time(object, "endTime", &end)) return record_skip(record, "endTime is not a time (RFC 3339)");
  if (end < start) return record_skip(record, "endTime is before startTime");
  if (!pupil_find(record, object, json_object_get(object, "organisation"), &pupil)) return false;

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
  if (!pupil_add(record, &pupil, event)) return false;
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
  return record_printf(record, "aggregated:%s:%s:%s:%s",
                       pupil_reference_id(json_object_get(object, "student")), pupil_reference_id(activity),
                       record_json_text(object, "startDate"), record_json_text(object, "endDate"));
}

static bool map_sums(struct record *record, const json_t *object) {
  struct pupil pupil;
  int64_t start = 0;
  int64_t end = 0;
  const json_t *activity = json_object_get(object, "activity");
  if (pupil_reference_id(activity) == NULL) return record_skip(record, "activity.id is missing");
  if (!parse_day(object, "startDate", 0, &start))
    return record_skip(record, "startDate is not a date (YYYY-MM-DD)");
  if (!parse_day(object, "endDate", 1, &end))
    return record_skip(record, "endDate is not a date (YYYY-MM-DD)");
  if (end <= start) return record_skip(record, "endDate is before startDate");
  const json_t *full_activity = json_object_get(json_object_get(object, "_embedded"), "activity");
  if (!pupil_find(record, object, json_object_get(full_activity, "organisation"), &pupil)) return false;

  Nav__V1__Event *event = record_event(record, start);
  Nav__V1__Absence *absence = new_absence(record, start, end, NAV__V1__ABSENCE_KIND__ABSENCE_KIND_SUMMARY);
  if (event == NULL || absence == NULL) return record_emit(record, NULL, 0, NULL);
  const char *name = record_json_text(activity, "displayName");
  absence->activity =
      record_text(record, name != NULL ? name : record_json_text(full_activity, "displayName"));
  if (!take_sums(record, object, absence)) return false;
  event->body_case = NAV__V1__EVENT__BODY_ABSENCE;
  event->absence = absence;
  if (!pupil_add(record, &pupil, event)) return false;
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
