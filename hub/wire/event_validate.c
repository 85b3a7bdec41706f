// See event.h: wire_event_validate. First what holds of every message by its descriptor (texts, times, enums,
// numbers), then what the event's own fields must be, one function a part.
#include "hub/wire/event.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/wire/keys.h"
#include "hub/wire/message.h"
#include "hub/wire/place.h"
#include "hub/wire/reflect.h"
#include "hub/wire/utf8.h"
#include "nav/v1/session.pb-c.h"

enum {
  TEXT_MAX = 16384,
  ID_TEXT_MAX = 64,
  SUBJECTS_MAX = 64,
  CODE_DIGITS_MAX = 16,
  CONSENT_LIST_MAX = 64,
  RECALL_EVENTS_MAX = 256,
  SEALED_LANES_MAX = 64,
};

typedef Nav__V1__Event Event;
typedef Nav__V1__Subject Subject;

static bool refuse(struct nav_error *err, int code, const struct wire_place *place, const char *field,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

// At `field` of `place`, or at place itself where field is NULL.
static bool refuse(struct nav_error *err, int code, const struct wire_place *place, const char *field,
                   const char *format, ...) {
  struct wire_place last = {.parent = place, .name = field, .index = -1};
  char text[NAV_ERROR_TEXT_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return wire_place_fail(err, code, field != NULL ? &last : place, "%s", text);
}

static bool missing(struct nav_error *err, const struct wire_place *place, const char *field,
                    const char *what) {
  return refuse(err, NAV__V1__CODE__CODE_MISSING_FIELD, place, field, "is missing: %s", what);
}

static bool bad(struct nav_error *err, const struct wire_place *place, const char *field, const char *what) {
  return refuse(err, NAV__V1__CODE__CODE_BAD_VALUE, place, field, "must be %s", what);
}

// ---- what holds of every message ----

// Of 1 January 1900 and of 1 January 2201, which is past the last.
static const int64_t time_first_ms = INT64_C(-25567) * 86400000;
static const int64_t time_end_ms = INT64_C(84371) * 86400000;

bool wire_time_is_sound(int64_t ms) { return ms >= time_first_ms && ms < time_end_ms; }

static bool check_text(const struct wire_place *place, const char *name, const char *text,
                       struct nav_error *err) {
  size_t length = strnlen(text, TEXT_MAX + 1);
  if (length > TEXT_MAX) {
    return refuse(err, NAV__V1__CODE__CODE_TOO_LARGE, place, name, "is longer than %d bytes", TEXT_MAX);
  }
  if (wire_utf8_valid((const uint8_t *)text, length)) return true;
  return refuse(err, NAV__V1__CODE__CODE_BAD_UTF8, place, name, "is not UTF-8 text");
}

// One value of the field, which is there.
static bool check_value(const struct wire_place *place, const ProtobufCFieldDescriptor *field,
                        const void *value, struct nav_error *err) {
  switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
      return check_text(place, field->name, *(const char *const *)value, err);
    case PROTOBUF_C_TYPE_INT64: {
      int64_t ms = *(const int64_t *)value;
      if (wire_time_is_sound(ms) || !wire_field_is_time(field)) return true;
      return bad(err, place, field->name, "a time of the years 1900 to 2200, in milliseconds since 1970");
    }
    case PROTOBUF_C_TYPE_DOUBLE:
      return isfinite(*(const double *)value) || bad(err, place, field->name, "a finite number");
    case PROTOBUF_C_TYPE_ENUM:
      if (protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value) != NULL) return true;
      return refuse(err, NAV__V1__CODE__CODE_UNKNOWN_ENUM, place, field->name,
                    "has a value the schema does not know");
    default:
      return true;
  }
}

static bool check_message(const struct wire_place *place, const ProtobufCMessage *message, unsigned depth,
                          struct nav_error *err);

static bool check_repeated(const struct wire_place *place, const ProtobufCFieldDescriptor *field,
                           const ProtobufCMessage *message, unsigned depth, struct nav_error *err) {
  size_t count = wire_field_count(field, message);
  if (count == 0) return true;
  const void *list = *(const void *const *)wire_field_member(field, message);
  if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
    for (size_t i = 0; i < count; i++) {
      struct wire_place element = {.parent = place, .name = field->name, .index = (int)i};
      if (!check_message(&element, ((const ProtobufCMessage *const *)list)[i], depth + 1, err)) return false;
    }
  } else if (field->type == PROTOBUF_C_TYPE_STRING) {
    for (size_t i = 0; i < count; i++) {
      if (!check_value(place, field, (const char *const *)list + i, err)) return false;
    }
  }
  return true;  // there are no repeated times, enums or doubles in events
}

// An optional field that is there.
static bool check_single(const struct wire_place *place, const ProtobufCFieldDescriptor *field,
                         const ProtobufCMessage *message, unsigned depth, struct nav_error *err) {
  const void *member = wire_field_member(field, message);
  if (field->type != PROTOBUF_C_TYPE_MESSAGE) return check_value(place, field, member, err);
  const ProtobufCMessage *part = *(const ProtobufCMessage *const *)member;
  if (part == NULL) return missing(err, place, field->name, "the oneof names it");
  struct wire_place at = {.parent = place, .name = field->name, .index = -1};
  return check_message(&at, part, depth + 1, err);
}

static bool check_message(const struct wire_place *place, const ProtobufCMessage *message, unsigned depth,
                          struct nav_error *err) {
  if (depth > WIRE_DEPTH_MAX) {
    return refuse(err, NAV__V1__CODE__CODE_TOO_DEEP, place, NULL, "is nested too deep");
  }
  for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      if (!check_repeated(place, field, message, depth, err)) return false;
    } else if (wire_field_present(field, message) && !check_single(place, field, message, depth, err)) {
      return false;
    }
  }
  return true;
}

// ---- the event's own fields ----

// An id of agencies.yaml or of an area.
static bool check_name(const struct wire_place *place, const char *field, const char *text,
                       struct nav_error *err) {
  if (text == NULL) return true;
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
  if (length > 0 && length <= ID_TEXT_MAX && text[length] == '\0') return true;
  return bad(err, place, field, "an id of 1 to 64 characters a-z, 0-9 and -");
}

// count: how many digits; 0: any number up to CODE_DIGITS_MAX.
static bool check_digits(const struct wire_place *place, const char *field, const char *text, size_t count,
                         struct nav_error *err) {
  if (text == NULL) return true;
  size_t length = strspn(text, "0123456789");
  bool right = count > 0 ? length == count : length > 0 && length <= CODE_DIGITS_MAX;
  if (right && text[length] == '\0') return true;
  if (count == 0) return bad(err, place, field, "a code of digits alone");
  return refuse(err, NAV__V1__CODE__CODE_BAD_VALUE, place, field, "must be %zu digits", count);
}

static bool check_event_id(const struct wire_place *place, const char *field, const ProtobufCBinaryData *id,
                           struct nav_error *err) {
  return id->len == NAV_EVENT_ID_SIZE || bad(err, place, field, "an event's id of 16 bytes");
}

static bool check_head(const Event *event, struct nav_error *err) {
  if (!event->has_id) return missing(err, NULL, "id", "16 bytes, made of the source and its id");
  if (event->source == NULL) return missing(err, NULL, "source", "the sending agency's id");
  if (!event->has_revision) return missing(err, NULL, "revision", "1 for the first");
  // A database's whole number has a sign.
  if (event->revision == 0 || event->revision > INT32_MAX)
    return bad(err, NULL, "revision", "1 to 2147483647");
  if (!event->has_time_ms) return missing(err, NULL, "time_ms", "when it happened");
  if (event->has_retention_days && event->retention_days == 0)
    return bad(err, NULL, "retention_days", "1 or more");
  if (event->has_in_reply_to && !check_event_id(NULL, "in_reply_to", &event->in_reply_to, err)) return false;
  return check_event_id(NULL, "id", &event->id, err) && check_name(NULL, "source", event->source, err) &&
         check_name(NULL, "addressee", event->addressee, err);
}

static bool check_place(const Nav__V1__Place *place, struct nav_error *err) {
  if (place == NULL) return true;
  struct wire_place at = {.name = "place", .index = -1};
  if (place->position != NULL) {
    struct wire_place position = {.parent = &at, .name = "position", .index = -1};
    const Nav__V1__Position *p = place->position;
    if (!p->has_latitude) return missing(err, &position, "latitude", "a position needs both");
    if (!p->has_longitude) return missing(err, &position, "longitude", "a position needs both");
    if (fabs(p->latitude) > 90) return bad(err, &position, "latitude", "degrees from -90 to 90 (WGS 84)");
    if (fabs(p->longitude) > 180)
      return bad(err, &position, "longitude", "degrees from -180 to 180 (WGS 84)");
  }
  return check_name(&at, "area", place->area, err) &&
         check_digits(&at, "municipality", place->municipality, 4, err) &&
         check_digits(&at, "county", place->county, 2, err);
}

static bool check_marks(const Nav__V1__Marks *marks, struct nav_error *err) {
  if (marks == NULL) return true;
  struct wire_place at = {.name = "marks", .index = -1};
  if (marks->has_information_evaluation &&
      (marks->information_evaluation < 1 || marks->information_evaluation > 4)) {
    return bad(err, &at, "information_evaluation", "1 (confirmed) to 4 (cannot be judged)");
  }
  for (size_t i = 0; i < marks->n_edited_for; i++) {
    struct wire_place element = {.parent = &at, .name = "edited_for", .index = (int)i};
    if (!check_name(&element, NULL, marks->edited_for[i], err)) return false;
  }
  return true;
}

static bool check_personal_number(const struct wire_place *at, const char *text, struct nav_error *err) {
  if (text == NULL) return true;
  struct nav_personal_number number;
  // The century stands there, so that the day of today does not matter.
  bool real = strlen(text) == sizeof number.digits - 1 && nav_personal_number_parse(text, 0, &number);
  return real || bad(err, at, "personal_number", "a real personal number of twelve characters, YYYYMMDDNNNN");
}

static bool check_subject(const Subject *subject, size_t index, struct nav_error *err) {
  struct wire_place at = {.name = "subjects", .index = (int)index};
  int year = 0;
  int month = 0;
  int day = 0;
  if (subject->age_band != NULL || subject->pseudonym != NULL) {
    return refuse(err, NAV__V1__CODE__CODE_RESERVED_FIELD, &at,
                  subject->age_band != NULL ? "age_band" : "pseudonym",
                  "is set by the hub alone; leave it out");
  }
  if (subject->birth_date != NULL && !nav_date_parse(subject->birth_date, &year, &month, &day)) {
    return bad(err, &at, "birth_date", "a real date, YYYY-MM-DD");
  }
  return check_personal_number(&at, subject->personal_number, err) &&
         check_name(&at, "home_area", subject->home_area, err) &&
         check_name(&at, "stay_area", subject->stay_area, err) &&
         check_digits(&at, "school_unit", subject->school_unit, 0, err);
}

static bool check_concern_report(const Event *event, struct nav_error *err) {
  struct wire_place at = {.name = "concern_report", .index = -1};
  const char *assessed_by = event->concern_report->assessed_by;
  if (assessed_by == NULL || assessed_by[0] == '\0') {
    return missing(err, &at, "assessed_by", "the person who has assessed the concern");
  }
  size_t children = 0;
  for (size_t i = 0; i < event->n_subjects; i++) {
    if (event->subjects[i]->has_role && event->subjects[i]->role == NAV__V1__ROLE__ROLE_CHILD) children++;
  }
  if (children == 1) return true;
  return refuse(err, NAV__V1__CODE__CODE_BAD_VALUE, NULL, "subjects",
                "must have exactly one of role child in a ConcernReport, one report a child; there are %zu",
                children);
}

static bool check_recall(const Nav__V1__Recall *recall, struct nav_error *err) {
  struct wire_place at = {.name = "recall", .index = -1};
  if (recall->n_event_ids == 0) return missing(err, &at, "event_ids", "the events that are recalled");
  if (recall->n_event_ids > RECALL_EVENTS_MAX) {
    return refuse(err, NAV__V1__CODE__CODE_TOO_MANY, &at, "event_ids", "has %zu; %d is the most",
                  recall->n_event_ids, RECALL_EVENTS_MAX);
  }
  for (size_t i = 0; i < recall->n_event_ids; i++) {
    struct wire_place element = {.parent = &at, .name = "event_ids", .index = (int)i};
    if (!check_event_id(&element, NULL, &recall->event_ids[i], err)) return false;
  }
  bool has_reason = recall->has_reason && recall->reason != NAV__V1__RECALL_REASON__RECALL_REASON_UNSPECIFIED;
  return has_reason || missing(err, &at, "reason", "wrong, unlawful or withdrawn");
}

// A list of ids of agencies or purposes, or of messages' names.
static bool check_names(const struct wire_place *place, const char *field, char *const *names, size_t count,
                        bool messages, struct nav_error *err) {
  if (count > CONSENT_LIST_MAX) {
    return refuse(err, NAV__V1__CODE__CODE_TOO_MANY, place, field, "has %zu; %d is the most", count,
                  CONSENT_LIST_MAX);
  }
  for (size_t i = 0; i < count; i++) {
    struct wire_place element = {.parent = place, .name = field, .index = (int)i};
    if (messages && wire_body_number(names[i]) == 0)
      return bad(err, &element, NULL, "the name of a message, such as SocialIntervention");
    if (!messages && !check_name(&element, NULL, names[i], err)) return false;
  }
  return true;
}

// A consent says who consents, to whom and for what. A withdrawal may leave the last two out: it is then of
// everything.
static bool check_consent(const Event *event, struct nav_error *err) {
  struct wire_place at = {.name = "consent", .index = -1};
  struct wire_place person = {.name = "subjects", .index = 0};
  const Nav__V1__Consent *consent = event->consent;
  if (event->n_subjects != 1) {
    return refuse(err, NAV__V1__CODE__CODE_BAD_VALUE, NULL, "subjects",
                  "must be one, the person who consents; there are %zu", event->n_subjects);
  }
  if (event->subjects[0]->personal_number == NULL || event->subjects[0]->personal_number[0] == '\0')
    return missing(err, &person, "personal_number", "by it the consent is found");
  if (!consent->has_withdrawn || !consent->withdrawn) {
    if (consent->n_recipients == 0) return missing(err, &at, "recipients", "the agencies consented to");
    if (consent->n_purposes == 0) return missing(err, &at, "purposes", "the purposes consented to");
  }
  return check_names(&at, "recipients", consent->recipients, consent->n_recipients, false, err) &&
         check_names(&at, "purposes", consent->purposes, consent->n_purposes, false, err) &&
         check_names(&at, "messages", consent->messages, consent->n_messages, true, err);
}

static bool is_empty(const char *text) { return text == NULL || text[0] == '\0'; }

static bool check_request(const Event *event, struct nav_error *err) {
  struct wire_place at = {.name = "request", .index = -1};
  const Nav__V1__Request *request = event->request;
  if (event->addressee == NULL) return missing(err, NULL, "addressee", "the agency that is asked");
  if (strcmp(event->addressee, event->source) == 0)
    return bad(err, NULL, "addressee", "another agency than the one that asks");
  if (request->basis == NULL)
    return missing(err, &at, "basis", "the legal basis an answer rests on (law.yaml)");
  if (is_empty(request->need)) return missing(err, &at, "need", "what the data are needed for");
  if (is_empty(request->asked_by)) return missing(err, &at, "asked_by", "the person or desk that asks");
  return check_name(&at, "basis", request->basis, err) &&
         check_names(&at, "messages", request->messages, request->n_messages, true, err);
}

// What only the agency can open, and the lanes that its edge says it waits for.
static bool check_sealed(const Event *event, struct nav_error *err) {
  struct wire_place at = {.name = "sealed", .index = -1};
  const Nav__V1__Sealed *sealed = event->sealed;
  if (wire_body_name(sealed->type) == NULL)
    return bad(err, &at, "type", "a message type that this hub knows");
  if (sealed->content.len <= KEYS_EDGE_OVERHEAD || sealed->content.len > WIRE_EVENT_MAX)
    return bad(err, &at, "content", "an event sealed to its own agency");
  if (sealed->n_recipients == 0 || sealed->n_recipients > SEALED_LANES_MAX)
    return bad(err, &at, "recipients", "1 to 64 lanes");
  if (sealed->n_purposes != sealed->n_recipients || sealed->n_rules != sealed->n_recipients)
    return bad(err, &at, "purposes", "as many as recipients and rules: a lane has one of each");
  for (size_t i = 0; i < sealed->n_recipients; i++) {
    if (!check_name(&at, "recipients", sealed->recipients[i], err) ||
        !check_name(&at, "purposes", sealed->purposes[i], err) ||
        !check_name(&at, "rules", sealed->rules[i], err)) {
      return false;
    }
  }
  if (event->n_subjects == 0 && event->place == NULL && event->addressee == NULL && !event->has_in_reply_to)
    return true;
  return refuse(err, NAV__V1__CODE__CODE_BAD_VALUE, &at, "content",
                "must hold persons, place and addressee: none stand beside it");
}

static bool check_body(const Event *event, struct nav_error *err) {
  struct wire_place action = {.name = "action", .index = -1};
  struct wire_place follow_up = {.name = "follow_up", .index = -1};
  struct wire_place crime_report = {.name = "crime_report", .index = -1};
  switch (event->body_case) {
    case NAV__V1__EVENT__BODY__NOT_SET:
      return missing(err, NULL, "body", "one of the message types that this hub knows");
    case NAV__V1__EVENT__BODY_CONCERN_REPORT:
      return check_concern_report(event, err);
    case NAV__V1__EVENT__BODY_RECALL:
      return check_recall(event->recall, err);
    case NAV__V1__EVENT__BODY_CONSENT:
      return check_consent(event, err);
    case NAV__V1__EVENT__BODY_REQUEST:
      return check_request(event, err);
    case NAV__V1__EVENT__BODY_SEALED:
      return check_sealed(event, err);
    case NAV__V1__EVENT__BODY_CRIME_REPORT:
      return check_digits(&crime_report, "crime_code", event->crime_report->crime_code, 4, err);
    case NAV__V1__EVENT__BODY_ACTION:
      return !event->action->has_problem_id ||
             check_event_id(&action, "problem_id", &event->action->problem_id, err);
    case NAV__V1__EVENT__BODY_FOLLOW_UP:
      return !event->follow_up->has_action_id ||
             check_event_id(&follow_up, "action_id", &event->follow_up->action_id, err);
    default:
      return true;
  }
}

bool wire_event_validate(const Event *event, struct nav_error *err) {
  struct wire_place top = {.index = -1};
  if (event->n_subjects > SUBJECTS_MAX) {
    return refuse(err, NAV__V1__CODE__CODE_TOO_MANY, NULL, "subjects", "has %zu; %d is the most",
                  event->n_subjects, SUBJECTS_MAX);
  }
  if (!check_message(&top, &event->base, 0, err) || !check_head(event, err) ||
      !check_place(event->place, err) || !check_marks(event->marks, err)) {
    return false;
  }
  for (size_t i = 0; i < event->n_subjects; i++) {
    if (!check_subject(event->subjects[i], i, err)) return false;
  }
  return check_body(event, err);
}
