// See pupil.h.
#include "adapters/school/pupil.h"

#include <string.h>

#include "adapters/record/json.h"
#include "hub/base/clock.h"

// Skolverket's code and the area, from "unit.<id>: code; area; municipality".
struct unit {
  char *code;
  char *area;
  char *municipality;
};

const char *pupil_reference_id(const json_t *reference) {
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

bool pupil_add(struct record *record, const struct pupil *pupil, Nav__V1__Event *event) {
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

bool pupil_find(struct record *record, const json_t *object, const json_t *organisation,
                struct pupil *pupil) {
  const json_t *embedded = json_object_get(object, "_embedded");
  *pupil = (struct pupil){.reference = json_object_get(object, "student"),
                          .person = json_object_get(embedded, "student")};
  if (!json_is_object(pupil->person)) pupil->person = NULL;
  if (pupil_reference_id(pupil->reference) == NULL) return record_skip(record, "student.id is missing");
  if (pupil_reference_id(organisation) == NULL) organisation = enrolled_at(pupil->person);
  pupil->unit = pupil_reference_id(organisation);
  pupil->unit_name = record_json_text(organisation, "displayName");
  return true;
}
