// See briefing.h: the whole briefing as JSON. The form is written down in README.md beside this file; others
// build on it. Must never: print a counted-only cell's true count, or a sequence number outside the annex
// (gaps would tell of what was left out).
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/briefing/render.h"
#include "hub/desk/briefing/words.h"
#include "hub/wire/event.h"
#include "hub/wire/json.h"

static json_t *text_or_null(const char *text) {
  json_t *value = text != NULL ? json_string(text) : json_null();
  return value != NULL ? value : json_string("?");  // not UTF-8: cannot come from an event that was checked
}

static json_t *number(uint64_t value) { return json_integer((json_int_t)value); }

static json_t *real_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *moment(int64_t ms) {
  char text[NAV_RFC3339_SIZE];
  return json_string(nav_clock_rfc3339(ms, text));
}

static json_t *date(int64_t day) {
  char text[WORDS_SIZE];
  return json_string(words_date_iso(text, day));
}

// A value that could not be made leaves its key out; with so little memory the text at the end fails too.
static void put(json_t *object, const char *key, json_t *value) {
  (void)json_object_set_new(object, key, value);
}

static json_t *span_json(const struct briefing_span *span) {
  json_t *object = json_object();
  put(object, "start", date(span->start_day));
  put(object, "end", date(span->end_day - 1));
  put(object, "days", number((uint64_t)(span->end_day - span->start_day)));
  return object;
}

static json_t *told_json(struct told told) {
  if (told.hidden) return json_null();
  if (told.low == told.high) return number(told.low);
  json_t *object = json_object();
  put(object, "from", number(told.low));
  put(object, "to", number(told.high));
  return object;
}

static json_t *comparison_json(const struct comparison *comparison) {
  if (isnan(comparison->rate.ratio)) return json_null();
  json_t *object = json_object();
  put(object, "ratio", real_or_null(comparison->rate.ratio));
  put(object, "low", real_or_null(comparison->rate.low));
  put(object, "high", real_or_null(comparison->rate.high));
  put(object, "p", json_real(comparison->rate.p));
  put(object, "tested", json_boolean(comparison->tested));
  put(object, "changed", json_boolean(comparison->changed));
  return object;
}

static void put_cell(json_t *object, const struct cell *cell) {
  put(object, "now", told_json(cell->told[SPAN_NOW]));
  put(object, "before", told_json(cell->told[SPAN_BEFORE]));
  put(object, "year", told_json(cell->told[SPAN_YEAR]));
  put(object, "against_before", comparison_json(&cell->before));
  put(object, "against_year", comparison_json(&cell->year));
}

static json_t *unit_json(const struct briefing *briefing, size_t unit) {
  const struct nav_area *area = briefing->units[unit].area;
  json_t *object = json_object();
  put(object, "area", text_or_null(area != NULL ? area->id : NULL));
  put(object, "title", text_or_null(briefing->units[unit].title));
  return object;
}

static bool is_empty(const struct cell *cell) {
  for (size_t i = 0; i < BRIEFING_SPANS; i++) {
    if (cell->told[i].high > 0) return false;
  }
  return true;
}

static json_t *category_json(const struct briefing *briefing, const struct category *category) {
  static const char *const classes[] = {"never", "incident", "work", "person", "figures", "agreed"};
  json_t *object = json_object(), *total = json_object(), *areas = json_array();
  put(object, "type", text_or_null(wire_body_name(category->type)));
  put(object, "type_title", text_or_null(category_type_title(category->type)));
  put(object, "kind", text_or_null(category->kind));
  put(object, "class", json_string(classes[category->class]));
  put(object, "counted_only", json_boolean(category->counted_only));
  put(object, "smallest_cell", category->counted_only ? number(category->smallest_cell) : json_null());
  put_cell(total, &category->total);
  put(object, "total", total);
  for (size_t i = 0; i < briefing->units_count; i++) {
    if (is_empty(&category->units[i])) continue;
    json_t *area = unit_json(briefing, i);
    put_cell(area, &category->units[i]);
    (void)json_array_append_new(areas, area);
  }
  put(object, "areas", areas);
  return object;
}

static json_t *categories_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->categories_count; i++) {
    (void)json_array_append_new(list, category_json(briefing, &briefing->categories[i]));
  }
  return list;
}

static json_t *areas_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->units_count; i++) {
    const struct nav_area *area = briefing->units[i].area;
    json_t *object = unit_json(briefing, i);
    uint32_t population = area != NULL ? area->population : 0;
    put(object, "population", population > 0 ? number(population) : json_null());
    put(object, "per_1000", real_or_null(render_rate(briefing, i)));
    put_cell(object, &briefing->unit_incidents[i]);
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *id_json(const Nav__V1__Event *event) {
  char text[2 * NAV_EVENT_ID_SIZE + 1] = "";
  if (event->id.len != NAV_EVENT_ID_SIZE) return json_null();
  return json_string(nav_hex(text, event->id.data, event->id.len));
}

static json_t *cluster_json(const struct briefing *briefing, const struct cluster *cluster) {
  json_t *object = json_object(), *agencies = json_array(), *events = json_array();
  put(object, "latitude", json_real(cluster->latitude));
  put(object, "longitude", json_real(cluster->longitude));
  put(object, "address", text_or_null(cluster->address));
  put(object, "area", unit_json(briefing, cluster->unit));
  put(object, "count", number(cluster->count));
  put(object, "count_before", number(cluster->count_before));
  for (size_t i = 0; i < briefing->senders_count; i++) {
    if (cluster->sender_count[i] == 0) continue;
    json_t *agency = json_object();
    put(agency, "agency", text_or_null(briefing->senders[i].agency));
    put(agency, "count", number(cluster->sender_count[i]));
    (void)json_array_append_new(agencies, agency);
  }
  for (size_t i = 0; i < cluster->items_count; i++) {
    (void)json_array_append_new(events, id_json(cluster->items[i]->source->event));
  }
  put(object, "agencies", agencies);
  put(object, "events", events);
  return object;
}

static json_t *clusters_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->clusters_count; i++) {
    (void)json_array_append_new(list, cluster_json(briefing, &briefing->clusters[i]));
  }
  return list;
}

static json_t *weeks_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->weeks_count; i++) {
    const struct week *week = &briefing->weeks[i];
    json_t *object = json_object();
    put(object, "start", date(week->start_day));
    put(object, "days", number(week->days));
    put(object, "in_period", json_boolean(week->in_period));
    put(object, "count", number(week->count));
    put(object, "year_count", week->in_period ? number(week->year_count) : json_null());
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *hours_json(const struct briefing *briefing) {
  json_t *days = json_array();
  for (size_t day = 0; day < 7; day++) {
    json_t *hours = json_array();
    for (size_t hour = 0; hour < 24; hour++)
      (void)json_array_append_new(hours, number(briefing->hours[day][hour]));
    (void)json_array_append_new(days, hours);
  }
  return days;
}

static json_t *figures_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->figures_count; i++) {
    const struct figure *figure = &briefing->figures[i];
    json_t *object = unit_json(briefing, figure->unit);
    put(object, "agency", text_or_null(figure->event->source));
    if (figure->event->body_case == NAV__V1__EVENT__BODY_CASE_COUNTS) {
      const Nav__V1__CaseCounts *counts = figure->event->case_counts;
      put(object, "kind", text_or_null(counts->kind));
      put(object, "count", told_json(figure->told));
      put(object, "start_time", counts->has_start_time_ms ? moment(counts->start_time_ms) : json_null());
      put(object, "end_time", counts->has_end_time_ms ? moment(counts->end_time_ms) : json_null());
    } else {
      put(object, "survey", wire_json_from_message(&figure->event->survey_result->base));
    }
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *agreed_json(const struct briefing *briefing) {
  static const char *const keys[] = {"problem", "action", "promise"};
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->agreed_count; i++) {
    const struct agreed *agreed = &briefing->agreed[i];
    size_t kind = agreed->event->body_case == NAV__V1__EVENT__BODY_PROBLEM  ? 0
                  : agreed->event->body_case == NAV__V1__EVENT__BODY_ACTION ? 1
                                                                            : 2;
    json_t *object = json_object();
    put(object, "id", id_json(agreed->event));
    put(object, "kind", json_string(keys[kind]));
    put(object, "overdue", json_boolean(agreed->overdue));
    put(object, keys[kind], wire_json_from_message(wire_event_body_message(agreed->event)));
    if (agreed->follow_up != NULL) {
      put(object, "follow_up", wire_json_from_message(&agreed->follow_up->follow_up->base));
    }
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *item_json(const struct briefing *briefing, const struct item *item) {
  struct nav_arena *scratch = nav_arena_new(RENDER_SCRATCH_MAX);
  const Nav__V1__Event *redacted =
      scratch != NULL ? briefing_redacted(briefing, item->source, &item->joint, scratch) : NULL;
  json_t *json = redacted != NULL ? wire_cloudevent_from_event(redacted) : NULL;
  nav_arena_free(scratch);
  return json;
}

// The newest of the period. False: no memory.
static bool put_events(const struct briefing *briefing, json_t *root) {
  json_t *list = json_array();
  uint32_t total = 0;
  bool good = true;
  for (size_t i = briefing->items_count; i-- > 0;) {
    const struct item *item = &briefing->items[i];
    if ((item->spans >> SPAN_NOW & 1) == 0) continue;
    if (total++ < BRIEFING_LISTED_MAX) good &= json_array_append_new(list, item_json(briefing, item)) == 0;
  }
  put(root, "events", list);
  put(root, "events_total", number(total));
  return good;
}

static bool put_persons(const struct briefing *briefing, json_t *root) {
  json_t *list = json_array();
  bool good = true;
  for (size_t i = 0; i < briefing->timelines_count; i++) {
    const struct timeline *timeline = &briefing->timelines[i];
    json_t *object = json_object(), *events = json_array();
    put(object, "id", text_or_null(timeline->person->id));
    put(object, "title", text_or_null(timeline->person->title));
    for (size_t j = 0; j < timeline->count; j++) {
      good &= json_array_append_new(events, item_json(briefing, timeline->items[j])) == 0;
    }
    put(object, "events", events);
    (void)json_array_append_new(list, object);
  }
  put(root, "persons", list);
  return good;
}

static json_t *hidden_json(uint16_t hidden) {
  json_t *list = json_array();
  if ((hidden & 1) != 0) (void)json_array_append_new(list, json_string("subjects"));
  for (int class = 1; class <= NAV__V1__SENSITIVITY__SENSITIVITY_OFFENCE; class ++) {
    if ((hidden >> class & 1) == 0) continue;
    const char *name = wire_enum_name(&nav__v1__sensitivity__descriptor, class);
    (void)json_array_append_new(list, text_or_null(name));
  }
  return list;
}

static json_t *annex_row_json(const struct briefing *briefing, const struct annex_row *row) {
  static const char *const whys[] = {"left_out", "counted_only", "fields"};
  json_t *object = json_object(), *examples = json_array(), *participants = json_array();
  for (size_t i = 0; i < briefing->input.part->participants_count; i++) {
    if ((row->participants >> i & 1) == 0) continue;
    (void)json_array_append_new(participants, text_or_null(briefing->input.part->participants[i].agency));
  }
  put(object, "why", json_string(whys[row->why]));
  put(object, "type", text_or_null(wire_body_name(row->type)));
  put(object, "kind", text_or_null(row->kind));
  put(object, "for", participants);
  put(object, "outcome", text_or_null(wire_enum_name(&nav__v1__outcome__descriptor, row->lane->outcome)));
  put(object, "rule", text_or_null(row->lane->rule));
  put(object, "basis", text_or_null(row->lane->basis));
  put(object, "decided_now", json_boolean(row->lane->decided_now));
  put(object, "because", text_or_null(row->because));
  put(object, "would_allow", text_or_null(row->would_allow));
  put(object, "hidden", hidden_json(row->hidden));
  put(object, "count", number(row->count));
  for (size_t i = 0; i < 3 && i < row->count; i++) {
    json_t *example = json_object();
    put(example, "seq", number(row->seqs[i]));
    put(example, "time", moment(row->times[i]));
    (void)json_array_append_new(examples, example);
  }
  put(object, "newest", examples);
  return object;
}

static json_t *annex_json(const struct briefing *briefing) {
  const struct annex *annex = briefing->annex;
  json_t *object = json_object(), *rows = json_array();
  put(object, "agency", text_or_null(annex->agency));
  put(object, "own", number(annex->own));
  put(object, "shown", number(annex->shown));
  put(object, "counted", number(annex->counted));
  put(object, "left_out", number(annex->left_out));
  for (size_t i = 0; i < annex->rows_count; i++)
    (void)json_array_append_new(rows, annex_row_json(briefing, &annex->rows[i]));
  put(object, "rows", rows);
  put(object, "truncated", json_boolean(annex->truncated));
  return object;
}

static json_t *meeting_json(const struct briefing *briefing) {
  const struct meeting *meeting = briefing->input.meeting;
  json_t *object = json_object();
  put(object, "id", text_or_null(meeting->id));
  put(object, "kind", text_or_null(meeting_kind_name(meeting->kind)));
  put(object, "title", text_or_null(meeting->title));
  put(object, "part", text_or_null(briefing->input.part->id));
  put(object, "part_title", text_or_null(briefing->input.part->title));
  put(object, "purpose", text_or_null(briefing->input.part->purpose));
  put(object, "agreement", text_or_null(meeting->agreement));
  put(object, "chair", text_or_null(meeting->chair));
  put(object, "opens", moment(meeting->opens_ms));
  put(object, "closes", meeting->closes_ms == INT64_MAX ? json_null() : moment(meeting->closes_ms));
  return object;
}

static json_t *agencies_json(const struct briefing *briefing) {
  const struct meeting_part *part = briefing->input.part;
  json_t *list = json_array();
  for (size_t i = 0; i < part->participants_count; i++) {
    json_t *object = json_object();
    put(object, "agency", text_or_null(part->participants[i].agency));
    put(object, "title", text_or_null(briefing_agency_title(briefing, part->participants[i].agency)));
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *feeds_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->input.feeds_count; i++) {
    const struct briefing_feed *feed = &briefing->input.feeds[i];
    const struct sender *sender = render_sender(briefing, feed->agency);
    json_t *object = json_object();
    put(object, "agency", text_or_null(feed->agency));
    put(object, "newest", feed->newest_ms > 0 ? moment(feed->newest_ms) : json_null());
    put(object, "events", number(sender != NULL ? sender->count[SPAN_NOW] : 0));
    (void)json_array_append_new(list, object);
  }
  return list;
}

static json_t *rules_json(const struct briefing *briefing) {
  json_t *list = json_array();
  for (size_t i = 0; i < briefing->rules_count; i++) {
    json_t *object = json_object();
    put(object, "rule", text_or_null(briefing->rules[i]));
    put(object, "basis", text_or_null(briefing->bases[i]));
    (void)json_array_append_new(list, object);
  }
  return list;
}

static void put_head(const struct briefing *briefing, json_t *root) {
  const struct briefing_input *input = &briefing->input;
  char hash[65];
  put(root, "form", json_string("nav-briefing/1"));
  put(root, "meeting", meeting_json(briefing));
  put(root, "period", span_json(&briefing->spans[SPAN_NOW]));
  put(root, "period_before", span_json(&briefing->spans[SPAN_BEFORE]));
  put(root, "period_year", span_json(&briefing->spans[SPAN_YEAR]));
  put(root, "participants", agencies_json(briefing));
  put(root, "rules", rules_json(briefing));
  put(root, "rules_hash", json_string(nav_hex(hash, input->rules_hash, 32)));
  put(root, "checkpoint", text_or_null(input->checkpoint));
  put(root, "compiled", moment(input->now_ms));
  put(root, "reader", text_or_null(briefing->reader));
  put(root, "record", briefing->record_seq > 0 ? number(briefing->record_seq) : json_null());
  put(root, "feeds", feeds_json(briefing));
  put(root, "truncated", json_boolean(input->truncated));
  put(root, "recalled", number(briefing->recalled));
}

static void put_method(const struct briefing *briefing, json_t *root) {
  json_t *object = json_object();
  put(object, "interval", json_string("exact, Clopper-Pearson on the share of the sum, 95 %"));
  put(object, "correction", json_string("Benjamini-Hochberg, false discovery rate 5 %"));
  put(object, "tested", number(briefing->comparisons_tested));
  put(object, "changed", number(briefing->comparisons_changed));
  put(object, "events_min", number(RATIO_EVENTS_MIN));
  put(object, "cluster_metres", number(150));
  put(root, "method", object);
}

static bool print(const json_t *root, struct nav_buffer *out) {
  char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(8));
  bool good = text != NULL && nav_buffer_append_text(out, text) && nav_buffer_append_text(out, "\n");
  free(text);
  return good;
}

bool briefing_render_json(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                          struct nav_error *err) {
  json_t *root = json_object(), *incidents = json_object();
  if (!render_may_show_annex(briefing, for_agency, err)) {
    json_decref(root);
    json_decref(incidents);
    return false;
  }
  put_head(briefing, root);
  put_cell(incidents, &briefing->incidents);
  put(root, "incidents", incidents);
  put(root, "categories", categories_json(briefing));
  put(root, "areas", areas_json(briefing));
  put(root, "clusters", clusters_json(briefing));
  put(root, "weeks", weeks_json(briefing));
  put(root, "hours", hours_json(briefing));
  put(root, "without_hour", number(briefing->without_hour));
  put(root, "figures", figures_json(briefing));
  put(root, "agreed", agreed_json(briefing));
  put_method(briefing, root);
  bool good = put_persons(briefing, root) && put_events(briefing, root);
  if (for_agency != NULL) put(root, "annex", annex_json(briefing));
  good = good && print(root, out);
  json_decref(root);
  return good || nav_fail(err, NAV_ERROR_LOCAL, 0, briefing->input.meeting->id, "does not fit in %zu bytes",
                          out->max);
}
