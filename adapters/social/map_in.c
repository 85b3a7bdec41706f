// See map_in.h. Which family of flows becomes which message, and from which fields, is written in
// adapter.yaml; flows that it does not name stay at home and are named as skipped. A report of concern is
// sent only if a person has assessed it and it is about one child.
#include "adapters/social/map_in.h"

#include <string.h>

#include "adapters/record/record.h"
#include "adapters/social/flow.h"
#include "hub/base/clock.h"

static char *area_of(struct record *record, const char *text) {
  return text == NULL ? NULL : record_text(record, nav_mapping_area_in_text(record->run, text));
}

static bool take_birth_date(struct record *record, const char *text, Nav__V1__Subject *subject) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (text == NULL) return true;
  if (!nav_date_parse(text, &year, &month, &day))
    return record_skip(record, "the person's birth date is not a date");
  subject->birth_date = record_text(record, text);
  return true;
}

static char *person_name(struct record *record, const struct flow *flow, const struct xml_node *person) {
  char *name = flow_person_text(record, flow, person, "name");
  if (name != NULL) return name;
  const char *given = flow_person_text(record, flow, person, "given_name");
  const char *family = flow_person_text(record, flow, person, "family_name");
  if (given == NULL && family == NULL) return NULL;
  return record_text(record, record_printf(record, "%.300s %.300s", given != NULL ? given : "",
                                           family != NULL ? family : ""));
}

// NULL after a skip.
static Nav__V1__Subject *read_person(struct record *record, const struct flow *flow,
                                     const struct xml_node *person, Nav__V1__Role role) {
  Nav__V1__Subject *subject = record_subject(record, role);
  if (subject == NULL) {
    (void)record_emit(record, NULL, 0, NULL);  // says that it does not fit
    return NULL;
  }
  const char *number = flow_person_text(record, flow, person, "number");
  subject->name = person_name(record, flow, person);
  if (!take_birth_date(record, flow_person_text(record, flow, person, "birth_date"), subject)) return NULL;
  if (number != NULL && !record_subject_number(record, subject, number)) {
    (void)record_skip(record, "the person's number is no personal, coordination or interim number");
    return NULL;
  }
  record_subject_protection(subject, flow_person_text(record, flow, person, "protection"));
  subject->school_unit = flow_person_text(record, flow, person, "school_unit");
  subject->home_area = area_of(record, flow_person_text(record, flow, person, "home"));
  subject->stay_area = area_of(record, flow_person_text(record, flow, person, "stay"));
  return subject;
}

static bool names_somebody(const Nav__V1__Subject *subject) {
  return subject->personal_number != NULL || subject->name != NULL || subject->birth_date != NULL;
}

// The one person whom the form is about. False after a skip.
static bool add_one_person(struct record *record, const struct flow *flow, Nav__V1__Role role,
                           const char *what, Nav__V1__Event *event) {
  const struct xml_node *person = NULL;
  size_t count = flow_persons(record, flow, &person);
  if (count > 1)
    return record_skip(record, "is about %zu persons: it takes one form for each %s", count, what);
  if (count == 0)
    return record_skip(record, "names no %s (family.%.32s.person in adapter.yaml)", what, flow->family);
  Nav__V1__Subject *subject = read_person(record, flow, person, role);
  if (subject == NULL) return false;
  if (!names_somebody(subject))
    return record_skip(record, "the %s has neither number, name nor birth date", what);
  record_one_subject(record, event, subject);
  return true;
}

static bool fill_concern(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  int kind = NAV__V1__CONCERN_KIND__CONCERN_KIND_OTHER;
  Nav__V1__ConcernReport *concern = record_new(record, sizeof *concern);
  if (concern == NULL) return record_emit(record, NULL, 0, NULL);
  nav__v1__concern_report__init(concern);
  concern->assessed_by = flow_text(record, flow, "assessed_by");
  if (concern->assessed_by == NULL) {
    return record_skip(record,
                       "nobody has assessed it: a report of concern is shared only when a named person has");
  }
  // A kind that adapter.yaml does not translate does not stop a duty: it is "other".
  (void)flow_enum(record, flow, "kind", &nav__v1__concern_kind__descriptor, &kind);
  concern->has_kind = true;
  concern->kind = (Nav__V1__ConcernKind)kind;
  concern->description = flow_text(record, flow, "description");
  concern->health_note = flow_text(record, flow, "health_note");
  concern->case_number = flow_text(record, flow, "case_number");
  event->body_case = NAV__V1__EVENT__BODY_CONCERN_REPORT;
  event->concern_report = concern;
  return add_one_person(record, flow, NAV__V1__ROLE__ROLE_CHILD, "child", event);
}

static bool fill_intervention(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  int value = 0;
  Nav__V1__SocialIntervention *intervention = record_new(record, sizeof *intervention);
  if (intervention == NULL) return record_emit(record, NULL, 0, NULL);
  nav__v1__social_intervention__init(intervention);
  // Rules turn on the kind: one that is not known is not guessed.
  if (!flow_enum(record, flow, "kind", &nav__v1__social_intervention_kind__descriptor, &value)) {
    return record_skip(record, "its kind is not translated (family.%.32s.kind… in adapter.yaml)",
                       flow->family);
  }
  intervention->has_kind = true;
  intervention->kind = (Nav__V1__SocialInterventionKind)value;
  intervention->has_status =
      flow_enum(record, flow, "status", &nav__v1__intervention_status__descriptor, &value);
  if (intervention->has_status) intervention->status = (Nav__V1__InterventionStatus)value;
  intervention->plan = flow_text(record, flow, "plan");
  intervention->crime_risk = flow_text(record, flow, "crime_risk");
  intervention->description = flow_text(record, flow, "description");
  intervention->case_number = flow_text(record, flow, "case_number");
  event->body_case = NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION;
  event->social_intervention = intervention;
  return add_one_person(record, flow, NAV__V1__ROLE__ROLE_PARTICIPANT, "participant", event);
}

static bool fill_victim_support(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  int value = 0;
  Nav__V1__VictimSupport *support = record_new(record, sizeof *support);
  if (support == NULL) return record_emit(record, NULL, 0, NULL);
  nav__v1__victim_support__init(support);
  support->has_risk = flow_enum(record, flow, "risk", &nav__v1__violence_risk__descriptor, &value);
  if (support->has_risk) support->risk = (Nav__V1__ViolenceRisk)value;
  support->support = flow_text(record, flow, "support");
  support->threat = flow_text(record, flow, "threat");
  support->description = flow_text(record, flow, "description");
  support->case_number = flow_text(record, flow, "case_number");
  event->body_case = NAV__V1__EVENT__BODY_VICTIM_SUPPORT;
  event->victim_support = support;
  return add_one_person(record, flow, NAV__V1__ROLE__ROLE_VICTIM, "victim", event);
}

static bool parse_count(const char *text, uint32_t *count) {
  uint32_t value = 0;
  if (text == NULL || *text == '\0' || strlen(text) > 9) return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (uint32_t)(*text - '0');
  }
  *count = value;
  return true;
}

// The first moment of the next Swedish day.
static int64_t day_after(int64_t ms) {
  struct nav_civil civil = {0};
  nav_date_from_days(nav_day_stockholm(ms) + 1, &civil.year, &civil.month, &civil.day);
  return nav_ms_from_civil_stockholm(&civil);
}

static bool fill_counts(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  int64_t end = 0;
  Nav__V1__CaseCounts *counts = record_new(record, sizeof *counts);
  if (counts == NULL) return record_emit(record, NULL, 0, NULL);
  nav__v1__case_counts__init(counts);
  counts->kind = flow_text(record, flow, "kind");
  if (counts->kind == NULL) return record_skip(record, "kind of case is missing");
  if (!parse_count(flow_text(record, flow, "count"), &counts->count))
    return record_skip(record, "count is not a number");
  bool period =
      flow_time(record, flow, "start", &counts->start_time_ms) && flow_time(record, flow, "end", &end);
  if (!period || end < counts->start_time_ms)
    return record_skip(record, "start and end are not a period of dates");
  counts->end_time_ms = day_after(end);  // the form's last day is part of it
  counts->has_count = counts->has_start_time_ms = counts->has_end_time_ms = true;
  event->time_ms = counts->start_time_ms;
  event->body_case = NAV__V1__EVENT__BODY_CASE_COUNTS;
  event->case_counts = counts;
  return true;
}

struct message {
  const char *name;  // as "family.<id>:" writes it
  bool (*fill)(struct record *record, const struct flow *flow, Nav__V1__Event *event);
};

static const struct message messages[] = {
    {"concern_report", fill_concern},
    {"social_intervention", fill_intervention},
    {"victim_support", fill_victim_support},
    {"case_counts", fill_counts},
};

// NULL after a skip that names the flow.
static const struct message *find_message(struct record *record, const struct flow *flow) {
  const char *name = flow_option(record, flow, "");
  const char *flow_name = flow->name != NULL ? flow->name : "without a name";
  if (name == NULL || strcmp(name, "not_shared") == 0) {
    (void)record_skip(record, "flow '%.120s' (family %.32s) is not shared", flow_name, flow->family);
    return NULL;
  }
  for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
    if (strcmp(messages[i].name, name) == 0) return &messages[i];
  }
  (void)record_skip(
      record,
      "map: family.%.32s in adapter.yaml: '%.40s' is none of concern_report, social_intervention, "
      "victim_support, case_counts, not_shared",
      flow->family, name);
  return NULL;
}

// "not_status: Preliminär | Sparad": what is not handed in is not told.
static bool is_handed_in(struct record *record, const struct flow *flow) {
  const char *rest = record_option(record, "not_status");
  while (rest != NULL && flow->status != NULL) {
    const char *status = record_next_part(record, &rest, '|');
    if (status != NULL && strcmp(status, flow->status) == 0) {
      return record_skip(record, "has the status '%.40s' (map: not_status)", status);
    }
  }
  return true;
}

static void add_area(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  char *area = area_of(record, flow_text(record, flow, "area"));
  if (area == NULL) return;
  Nav__V1__Place *place = record_new(record, sizeof *place);
  if (place == NULL) return;
  nav__v1__place__init(place);
  place->area = area;
  place->has_precision = true;
  place->precision = NAV__V1__PRECISION__PRECISION_AREA;
  place->municipality = record_text(record, record_option(record, "municipality.%s", area));
  if (place->municipality != NULL) place->county = record_printf(record, "%.2s", place->municipality);
  event->place = place;
}

static void add_marks(struct record *record, const struct flow *flow, Nav__V1__Event *event) {
  const char *urgent = flow_text(record, flow, "urgent");
  if (urgent == NULL || (strcmp(urgent, "Ja") != 0 && strcmp(urgent, "ja") != 0)) return;
  Nav__V1__Marks *marks = record_new(record, sizeof *marks);
  if (marks == NULL) return;
  nav__v1__marks__init(marks);
  marks->has_urgent = true;
  marks->urgent = true;
  event->marks = marks;
}

static bool map_instance(struct record *record, const struct xml_node *instance) {
  struct flow flow;
  if (!flow_read(record, instance, &flow)) return false;
  const struct message *message = find_message(record, &flow);
  if (message == NULL || !is_handed_in(record, &flow)) return false;
  int64_t time_ms = flow.first_submitted_ms;
  (void)flow_time(record, &flow, "time", &time_ms);
  Nav__V1__Event *event = record_event(record, time_ms);
  if (event == NULL) return record_emit(record, NULL, 0, NULL);
  record_recorded(event, flow.last_submitted_ms);
  add_area(record, &flow, event);
  add_marks(record, &flow, event);
  event->addressee = flow_text(record, &flow, "addressee");
  if (!message->fill(record, &flow, event)) return false;
  return record_emit(record, record_printf(record, "flow:%s", flow.id), flow.first_submitted_ms, event);
}

static void map_one(struct nav_mapping_run *run, const char *file, const struct xml_node *instance) {
  struct record record;
  const char *id = xml_child_text(xml_child(instance, "Header"), "FlowInstanceID");
  if (id == NULL) id = xml_child_text(instance, "flowInstanceID");
  record_begin(&record, run, "%.180s:%u: flow instance %.20s", file, instance->line,
               id != NULL ? id : "without id");
  (void)map_instance(&record, instance);
}

static bool map_document(struct nav_mapping_run *run, const char *file, const struct xml_node *root,
                         struct nav_error *err) {
  if (strcmp(root->name, "FlowInstance") == 0) {
    map_one(run, file, root);
    return true;
  }
  if (strcmp(root->name, "FlowInstances") == 0) {
    for (const struct xml_node *child = root->first; child != NULL; child = child->next)
      map_one(run, file, child);
    return true;
  }
  if (strcmp(root->name, "Status") == 0 || strcmp(root->name, "Messages") == 0) {
    struct record record;
    record_begin(&record, run, "%.180s", file);
    (void)record_skip(&record, "is a %s answer, not a form: not shared", root->name);
    return true;
  }
  return nav_fail(err, NAV_ERROR_PEER, 0, file,
                  "is no answer of Open ePlattform: its root element is '%.40s', not FlowInstance",
                  root->name);
}

static bool map_file(struct nav_mapping_run *run, const char *file, const uint8_t *bytes, size_t length,
                     struct nav_error *err) {
  bool mended = false;
  struct nav_arena *arena = nav_arena_new(XML_ARENA_MAX);
  if (arena == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, file, "no memory");
  const struct xml_node *root = xml_parse(file, bytes, length, arena, &mended, err);
  if (mended) nav_mapping_note(run, file, "the XML declaration was not well-formed and was mended");
  bool mapped = root != NULL && map_document(run, file, root, err);
  nav_arena_free(arena);
  return mapped;
}

static const char *const suffixes[] = {".xml", ".xml.gz", NULL};

const struct nav_mapping social_mapping = {
    .program = "nav-social",
    .description = "forms of social services (Open ePlattform flow instances, XML)",
    .suffixes = suffixes,
    .map = map_file,
};
