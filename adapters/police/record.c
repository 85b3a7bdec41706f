// See record.h.
#include "adapters/police/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/police/name.h"
#include "adapters/police/text.h"
#include "hub/base/clock.h"

static const char web_site[] = "https://polisen.se";
static const char summary_kind[] = "Sammanfattning";

struct read {
  struct nav_mapping_run *run;
  struct nav_arena *arena;
  const struct record_slice *slice;
  struct police_record *out;
};

static bool skip(const struct read *read, const char *reason) {
  nav_mapping_skip(read->run, read->slice->place, "%s", reason);
  return false;
}

static bool read_identity(const struct read *read, const json_t *json) {
  char *text = records_identifier(read->run, json, "id");
  read->out->id = text != NULL ? strtoll(text, NULL, 10) : 0;
  if (read->out->id <= 0) return skip(read, "has no id, or one that is no number");
  (void)snprintf(read->out->source_id, sizeof read->out->source_id, "%" PRId64, read->out->id);
  if (strcmp(text, read->out->source_id) != 0) return skip(read, "has an id that is no number");
  const char *published = records_text(read->run, json, "datetime");
  if (published == NULL) return skip(read, "has no datetime");
  if (!nav_clock_parse(published, false, &read->out->published_ms)) {
    return skip(read, "has a datetime that is no time with a zone");
  }
  return true;
}

// The area that the texts name, unless map's "municipality-of-<area>" says that it lies elsewhere than the
// event.
static const char *area_in(const struct read *read, const char *text, const char *municipality) {
  const char *area = nav_mapping_area_in_text(read->run, text);
  if (area == NULL) return NULL;
  char key[96];
  (void)snprintf(key, sizeof key, "municipality-of-%s", area);
  const char *lies_in = nav_mapping_option(read->run, key);
  if (lies_in == NULL || municipality == NULL) return area;
  return strcmp(lies_in, municipality) == 0 ? area : NULL;
}

// A municipality that is one area as a whole: map's "area-of-<code>".
static const char *area_of(const struct read *read, const char *municipality) {
  char key[32];
  if (municipality == NULL) return NULL;
  (void)snprintf(key, sizeof key, "area-of-%.8s", municipality);
  return nav_mapping_option(read->run, key);
}

static char *copy(const struct read *read, const char *text) {
  return text != NULL ? nav_arena_strdup(read->arena, text) : NULL;
}

// Until 2026-01-20 `location` is the municipality (or the county); since then always the county, and the
// municipality is the last part of `name`. A municipality in `location` stands over the name's: it is what
// gets corrected.
static Nav__V1__Place *make_place(const struct read *read, const json_t *json,
                                  const struct police_name *name) {
  Nav__V1__Place *place = nav_arena_alloc(read->arena, sizeof *place);
  if (place == NULL) return NULL;
  nav__v1__place__init(place);
  const char *location = police_text(read->run, json_object_get(json, "location"), "name");
  const char *municipality = location != NULL ? nav_municipality_code(location) : NULL;
  if (municipality == NULL && name->place != NULL) municipality = nav_municipality_code(name->place);
  const char *county = location != NULL ? nav_county_code(location) : NULL;
  if (county == NULL && name->place != NULL) county = nav_county_code(name->place);
  // A municipality lies in the county of its first two digits; where the two disagree, `location` is right
  // about the county.
  if (municipality != NULL && county != NULL && strncmp(municipality, county, 2) != 0) municipality = NULL;
  place->municipality = copy(read, municipality);
  place->county = municipality != NULL ? nav_arena_strndup(read->arena, municipality, 2) : copy(read, county);
  place->has_precision = 1;
  place->precision = NAV__V1__PRECISION__PRECISION_AREA;
  const char *area = area_in(read, police_text(read->run, json, "summary"), place->municipality);
  if (area == NULL) area = area_in(read, name->text, place->municipality);
  if (area == NULL) area = area_of(read, place->municipality);
  place->area = copy(read, area);
  return place;
}

// The most exact name that the police write: since 2026 it is the name's, before it was the location's.
static char *place_name(const struct read *read, const json_t *json, const struct police_name *name) {
  char *location = police_text(read->run, json_object_get(json, "location"), "name");
  bool county = location != NULL && nav_county_code(location) != NULL;
  return (location == NULL || county) && name->place != NULL ? name->place : location;
}

static char *web_address(const struct read *read, const json_t *json) {
  char *url = records_text(read->run, json, "url");
  return url != NULL && url[0] == '/' ? nav_arena_printf(read->arena, "%s%s", web_site, url) : url;
}

static Nav__V1__PublicIncident *make_body(const struct read *read, const json_t *json,
                                          const struct police_name *name) {
  Nav__V1__PublicIncident *body = nav_arena_alloc(read->arena, sizeof *body);
  if (body == NULL) return NULL;
  nav__v1__public_incident__init(body);
  body->kind = police_text(read->run, json, "type");
  if (body->kind == NULL) body->kind = name->kind;
  body->title = name->text;
  body->summary = police_text(read->run, json, "summary");
  body->url = web_address(read, json);
  body->has_is_summary = 1;
  body->is_summary = body->kind != NULL && strncmp(body->kind, summary_kind, sizeof summary_kind - 1) == 0;
  body->place_name = place_name(read, json, name);
  body->has_withdrawn = 1;
  return body;
}

// When it happened stands only in the name, without a year. Where the name has no time, the time of
// publication is all there is.
static int64_t time_of(const struct read *read, const struct police_name *name) {
  int64_t time_ms = 0;
  if (police_name_time(name, read->out->published_ms, &time_ms)) return time_ms;
  nav_mapping_note(read->run, read->slice->place,
                   "its name begins with no time: the time of publication is taken");
  return read->out->published_ms;
}

bool police_record_read(struct nav_mapping_run *run, const struct record_slice *slice, const json_t *json,
                        struct police_record *out) {
  struct read read = {.run = run, .arena = nav_mapping_arena(run), .slice = slice, .out = out};
  *out = (struct police_record){0};
  if (!read_identity(&read, json)) return false;
  struct police_name name;
  police_name_read(run, police_text(run, json, "name"), &name);
  Nav__V1__Event *event = nav_arena_alloc(read.arena, sizeof *event);
  Nav__V1__Place *place = make_place(&read, json, &name);
  Nav__V1__PublicIncident *body = make_body(&read, json, &name);
  if (event == NULL || place == NULL || body == NULL) return skip(&read, "is larger than an adapter takes");
  if (body->kind == NULL) return skip(&read, "has no type");
  nav__v1__event__init(event);
  event->has_time_ms = event->has_recorded_time_ms = 1;
  event->time_ms = time_of(&read, &name);
  event->recorded_time_ms = out->published_ms;
  event->place = place;
  event->body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event->public_incident = body;
  out->event = event;
  return true;
}
