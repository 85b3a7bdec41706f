// See report.h.
#include "adapters/tyck_till/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hub/base/clock.h"

enum { SOURCE_ID_MAX = 128 };

// What both events need; nothing here lives in the run's arena, which is given back when the first is
// emitted.
struct report {
  struct nav_mapping_run *run;
  const struct record_slice *slice;
  const json_t *json;
  char id[SOURCE_ID_MAX + 1];
  int64_t requested_ms;
  int64_t updated_ms;  // requested_ms where the record has none
  Nav__V1__ReportStatus status;
  bool has_position;
  double latitude, longitude;
};

static bool skip(const struct report *report, const char *reason) {
  nav_mapping_skip(report->run, report->slice->place, "%s", reason);
  return false;
}

static bool read_id(struct report *report) {
  const char *id = records_identifier(report->run, report->json, "service_request_id");
  if (id == NULL) return skip(report, "has no service_request_id yet");
  if (strlen(id) > SOURCE_ID_MAX) return skip(report, "has a service_request_id of more than 128 bytes");
  (void)snprintf(report->id, sizeof report->id, "%s", id);
  return true;
}

// The event's id stands on the time of the request, which never changes.
static bool read_times(struct report *report) {
  const char *requested = records_text(report->run, report->json, "requested_datetime");
  if (requested == NULL) return skip(report, "has no requested_datetime");
  if (!nav_clock_parse(requested, true, &report->requested_ms)) {
    return skip(report, "has a requested_datetime that is no time");
  }
  const char *updated = records_text(report->run, report->json, "updated_datetime");
  report->updated_ms = report->requested_ms;
  if (updated != NULL && !nav_clock_parse(updated, true, &report->updated_ms)) {
    nav_mapping_note(report->run, report->slice->place,
                     "its updated_datetime is no time: the request's is taken");
    report->updated_ms = report->requested_ms;
  }
  return true;
}

static void read_status(struct report *report) {
  const char *status = records_text(report->run, report->json, "status");
  if (status == NULL) return;
  if (strcasecmp(status, "open") == 0) {
    report->status = NAV__V1__REPORT_STATUS__REPORT_STATUS_OPEN;
  } else if (strcasecmp(status, "closed") == 0) {
    report->status = NAV__V1__REPORT_STATUS__REPORT_STATUS_CLOSED;
  } else {
    nav_mapping_note(report->run, report->slice->place, "its status is neither open nor closed");
  }
}

static void *make(const struct report *report, size_t size) {
  return nav_arena_alloc(nav_mapping_arena(report->run), size);
}

// Degrees; a server's 0,0 is "not known", and what is not on earth is left out.
static void read_position(struct report *report) {
  bool has_latitude = records_number(report->json, "lat", &report->latitude);
  bool has_longitude = records_number(report->json, "long", &report->longitude);
  if (!has_latitude || !has_longitude) return;
  bool nowhere = fabs(report->latitude) < 1e-9 && fabs(report->longitude) < 1e-9;
  report->has_position = !nowhere && fabs(report->latitude) <= 90 && fabs(report->longitude) <= 180;
  if (report->has_position) return;
  nav_mapping_note(report->run, report->slice->place, "its lat and long are no place on earth, and left out");
}

static Nav__V1__Position *make_position(const struct report *report) {
  Nav__V1__Position *position = report->has_position ? make(report, sizeof *position) : NULL;
  if (position == NULL) return NULL;
  nav__v1__position__init(position);
  position->has_latitude = position->has_longitude = 1;
  position->latitude = report->latitude;
  position->longitude = report->longitude;
  return position;
}

// The area that the address names; if none, the one that the description or the kind of service does.
static const char *find_area(const struct report *report) {
  static const char *const keys[] = {"address", "description", "service_name"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *area =
        nav_mapping_area_in_text(report->run, records_text(report->run, report->json, keys[i]));
    if (area != NULL) return area;
  }
  return NULL;
}

static char *copy(const struct report *report, const char *text) {
  return text != NULL ? nav_arena_strdup(nav_mapping_arena(report->run), text) : NULL;
}

static Nav__V1__Precision precision_of(const Nav__V1__Place *place) {
  if (place->position != NULL) return NAV__V1__PRECISION__PRECISION_POINT;
  if (place->address != NULL) return NAV__V1__PRECISION__PRECISION_ADDRESS;
  return NAV__V1__PRECISION__PRECISION_AREA;
}

static Nav__V1__Place *make_place(const struct report *report) {
  Nav__V1__Place *place = make(report, sizeof *place);
  if (place == NULL) return NULL;
  nav__v1__place__init(place);
  place->position = make_position(report);
  place->address = records_text(report->run, report->json, "address");
  place->area = copy(report, find_area(report));
  // The area's municipality where the map says it lies in another than the system's own.
  char key[96];
  (void)snprintf(key, sizeof key, "municipality-of-%s", place->area != NULL ? place->area : "");
  const char *municipality = nav_mapping_option(report->run, key);
  if (municipality == NULL) municipality = nav_mapping_option(report->run, "municipality");
  place->municipality = copy(report, municipality);
  if (municipality != NULL && strlen(municipality) == 4) {
    place->county = nav_arena_strndup(nav_mapping_arena(report->run), municipality, 2);
  }
  place->has_precision = 1;
  place->precision = precision_of(place);
  return place;
}

static Nav__V1__Event *make_event(const struct report *report, int64_t time_ms) {
  Nav__V1__Event *event = make(report, sizeof *event);
  if (event == NULL) return NULL;
  nav__v1__event__init(event);
  event->has_time_ms = event->has_recorded_time_ms = 1;
  event->time_ms = event->recorded_time_ms = time_ms;
  event->place = make_place(report);
  return event->place != NULL ? event : NULL;
}

static bool emit_report(const struct report *report) {
  Nav__V1__Event *event = make_event(report, report->requested_ms);
  Nav__V1__CitizenReport *body = make(report, sizeof *body);
  if (event == NULL || body == NULL) return skip(report, "is larger than an adapter takes for one record");
  nav__v1__citizen_report__init(body);
  body->service_code = records_identifier(report->run, report->json, "service_code");
  body->service_name = records_text(report->run, report->json, "service_name");
  body->has_status = report->status != NAV__V1__REPORT_STATUS__REPORT_STATUS_UNSPECIFIED;
  body->status = report->status;
  body->description = records_text(report->run, report->json, "description");
  body->agency_responsible = records_text(report->run, report->json, "agency_responsible");
  body->media_url = records_text(report->run, report->json, "media_url");
  event->body_case = NAV__V1__EVENT__BODY_CITIZEN_REPORT;
  event->citizen_report = body;
  nav_mapping_emit(report->run, report->id, report->requested_ms, event);
  return true;
}

// The city's answer: one event a report, whose revisions are the answer as it changes.
static void emit_update(const struct report *report) {
  char *notes = records_text(report->run, report->json, "status_notes");
  bool closed = report->status == NAV__V1__REPORT_STATUS__REPORT_STATUS_CLOSED;
  if (notes == NULL && !closed) return;
  Nav__V1__Event *event = make_event(report, report->updated_ms);
  Nav__V1__CitizenReportUpdate *body = make(report, sizeof *body);
  uint8_t *answered = nav_mapping_event_id(report->run, report->id, report->requested_ms);
  if (event == NULL || body == NULL || answered == NULL) {
    (void)skip(report, "has an answer larger than an adapter takes for one record");
    return;
  }
  nav__v1__citizen_report_update__init(body);
  body->has_status = report->status != NAV__V1__REPORT_STATUS__REPORT_STATUS_UNSPECIFIED;
  body->status = report->status;
  body->status_notes = notes;
  body->service_name = records_text(report->run, report->json, "service_name");
  event->has_in_reply_to = 1;
  event->in_reply_to = (ProtobufCBinaryData){.len = 16, .data = answered};
  event->body_case = NAV__V1__EVENT__BODY_CITIZEN_REPORT_UPDATE;
  event->citizen_report_update = body;
  char source_id[SOURCE_ID_MAX + 16];
  (void)snprintf(source_id, sizeof source_id, "%s/update", report->id);
  nav_mapping_emit(report->run, source_id, report->requested_ms, event);
}

void report_map(struct nav_mapping_run *run, const struct record_slice *slice, const json_t *json) {
  struct report report = {.run = run, .slice = slice, .json = json};
  if (!read_id(&report) || !read_times(&report)) return;
  read_status(&report);
  read_position(&report);
  if (emit_report(&report)) emit_update(&report);
}
