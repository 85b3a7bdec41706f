// See meeting_view.h.
#include "hub/desk/meeting_view.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/meeting_read.h"
#include "nav/v1/session.pb-c.h"

enum {
  ID_LENGTH_MAX = 64,
  REASON_LENGTH_MAX = 500,
  NOT_FOUND = NAV__V1__CODE__CODE_NOT_FOUND,
  NOT_PERMITTED = NAV__V1__CODE__CODE_NOT_PERMITTED,
  BAD_VALUE = NAV__V1__CODE__CODE_BAD_VALUE
};

typedef bool render(const struct briefing *briefing, const char *for_agency, struct nav_buffer *out,
                    struct nav_error *err);

static const struct output {
  const char *name;
  const char *content_type;
  render *render;
} outputs[] = {{"text", "text/plain; charset=utf-8", briefing_render_text},
               {"json", "application/json", briefing_render_json},
               {"html", "text/html; charset=utf-8", briefing_render_html}};

struct view {
  struct desk_reader *reader;
  struct access_rules *rules;
  struct nav_areas *areas;  // where only meetings are listed; else the rules'
  struct meetings *meetings;
  const struct meeting *meeting;
  const struct meeting_part *part;
  const struct output *output;
  const char *for_agency;
  const char *reason;
  struct desk_state state;
};

// The first fault as the error; the rest are what `navctl config check` is for.
static bool fail_faults(struct conf_faults *faults, struct nav_error *err) {
  const struct conf_fault *first = faults->count > 0 ? &faults->items[0] : NULL;
  char place[NAV_ERROR_PLACE_SIZE] = "";
  if (first != NULL) (void)snprintf(place, sizeof place, "%s:%d:%d", first->file, first->line, first->column);
  (void)nav_fail(err, NAV_ERROR_LOCAL, 0, place, "%s%s%s",
                 first != NULL ? first->what : "the configuration is not whole",
                 first != NULL && first->hint[0] != '\0' ? " - " : "", first != NULL ? first->hint : "");
  conf_faults_free(faults);
  return false;
}

static const char *config_folder(const struct view *view) {
  return desk_reader_nav(view->reader)->config_folder;
}

static bool load_meetings(struct view *view, const struct nav_areas *areas, struct nav_error *err) {
  struct conf_faults faults = {0};
  view->meetings = meetings_load(config_folder(view), desk_reader_agencies(view->reader), areas, &faults);
  if (view->meetings == NULL) return fail_faults(&faults, err);
  conf_faults_free(&faults);
  return true;
}

static void free_view(struct view *view) {
  meetings_free(view->meetings);
  access_rules_free(view->rules);
  nav_areas_free(view->areas);
}

static json_t *moment(int64_t ms) {
  char text[NAV_RFC3339_SIZE];
  return ms == INT64_MAX ? json_null() : json_string(nav_clock_rfc3339(ms, text));
}

static bool attends(const struct meeting *meeting, const struct meeting_part *part,
                    const struct conf_person *person) {
  return meeting_refuses(meeting, part, person, meeting->opens_ms) == NULL;
}

static json_t *agencies_json(const struct meeting_part *part) {
  json_t *list = json_array();
  for (size_t i = 0; i < part->participants_count; i++) {
    (void)json_array_append_new(list, json_string(part->participants[i].agency));
  }
  return list;
}

static json_t *part_json(const struct meeting_part *part) {
  return json_pack("{s:s,s:s,s:s,s:o}", "id", part->id, "title", part->title, "purpose", part->purpose,
                   "participants", agencies_json(part));
}

// NULL: the person neither takes part nor chairs. purpose and participants: of the part that a briefing shows
// unless another is named.
static json_t *meeting_json(const struct meeting *meeting, const struct conf_person *person) {
  const struct meeting_part *first = NULL;
  json_t *parts = json_array();
  for (size_t i = 0; i < meeting->parts_count; i++) {
    if (!attends(meeting, &meeting->parts[i], person)) continue;
    if (first == NULL) first = &meeting->parts[i];
    (void)json_array_append_new(parts, part_json(&meeting->parts[i]));
  }
  if (first == NULL && strcmp(meeting->chair, person->id) != 0) {
    json_decref(parts);
    return NULL;
  }
  if (first == NULL) first = &meeting->parts[0];
  return json_pack("{s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "id", meeting->id, "title", meeting->title, "kind",
                   meeting_kind_name(meeting->kind), "purpose", first->purpose, "opens",
                   moment(meeting->opens_ms), "closes", moment(meeting->closes_ms), "participants",
                   agencies_json(first), "parts", parts);
}

json_t *briefing_meetings(struct desk_reader *reader, struct nav_error *err) {
  struct view view = {.reader = reader};
  struct conf_faults faults = {0};
  json_t *list = NULL;
  view.areas = nav_areas_load(config_folder(&view), &faults);
  if (view.areas == NULL) {
    (void)fail_faults(&faults, err);
  } else if (load_meetings(&view, view.areas, err)) {
    list = json_array();
    for (size_t i = 0; i < view.meetings->count; i++) {
      json_t *meeting = meeting_json(&view.meetings->items[i], desk_reader_person(reader));
      if (meeting != NULL) (void)json_array_append_new(list, meeting);
    }
  }
  conf_faults_free(&faults);
  free_view(&view);
  return list != NULL ? json_pack("{s:b,s:o}", "ok", 1, "meetings", list) : NULL;
}

// The rules on disk must be the ones that nav-core decides by; else a draft would decide what is shown.
static bool load_rules(struct view *view, struct nav_error *err) {
  struct conf_faults faults = {0};
  view->rules = access_rules_load(config_folder(view), desk_reader_agencies(view->reader), &faults);
  if (view->rules == NULL) return fail_faults(&faults, err);
  conf_faults_free(&faults);
  if (memcmp(access_rules_hash(view->rules), view->state.rules_hash, 32) == 0) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, config_folder(view),
                  "the rules here are not those in force: take them into use (navctl access load), or put "
                  "the old files back");
}

static const char *request_text(const json_t *request, const char *key, size_t max, bool *ok,
                                struct nav_error *err) {
  const json_t *value = json_object_get(request, key);
  if (value == NULL || json_is_null(value)) return NULL;
  const char *text = json_string_value(value);
  if (text != NULL && json_string_length(value) <= max && strlen(text) == json_string_length(value))
    return text;
  *ok = nav_fail(err, NAV_ERROR_PEER, BAD_VALUE, key, "must be a text of at most %zu bytes", max);
  return NULL;
}

static bool read_output(struct view *view, const char *name, struct nav_error *err) {
  view->output = &outputs[0];
  for (size_t i = 0; name != NULL && i < sizeof outputs / sizeof *outputs; i++) {
    if (strcmp(outputs[i].name, name) == 0) {
      view->output = &outputs[i];
      return true;
    }
  }
  return name == NULL || nav_fail(err, NAV_ERROR_PEER, BAD_VALUE, "output", "is json, text or html");
}

static bool find_part(struct view *view, const char *meeting, const char *part, struct nav_error *err) {
  const struct conf_person *person = desk_reader_person(view->reader);
  if (meeting == NULL)
    return nav_fail(err, NAV_ERROR_PEER, BAD_VALUE, "meeting", "name a meeting (navctl meeting list)");
  view->meeting = meeting_find(view->meetings, meeting);
  if (view->meeting == NULL)
    return nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "meeting", "no meeting '%.64s' (navctl meeting list)",
                    meeting);
  // Unless a part is named: the first that the person attends.
  for (size_t i = 0; part == NULL && view->part == NULL && i < view->meeting->parts_count; i++) {
    if (attends(view->meeting, &view->meeting->parts[i], person)) view->part = &view->meeting->parts[i];
  }
  if (view->part == NULL) view->part = meeting_part_find(view->meeting, part);
  return view->part != NULL ||
         nav_fail(err, NAV_ERROR_PEER, NOT_FOUND, "part", "the meeting has no part '%.64s'", part);
}

static bool may_see(const struct view *view, struct nav_error *err) {
  const struct conf_person *person = desk_reader_person(view->reader);
  const char *refused = meeting_refuses(view->meeting, view->part, person, desk_reader_now_ms(view->reader));
  if (refused != NULL) return nav_fail(err, NAV_ERROR_PEER, NOT_PERMITTED, view->meeting->id, "%s", refused);
  if (view->for_agency == NULL || strcmp(view->for_agency, person->agency) == 0) return true;
  return nav_fail(err, NAV_ERROR_PEER, NOT_PERMITTED, "for",
                  "en bilaga visas bara för den egna verksamheten (%s)", person->agency);
}

static bool read_request(struct view *view, const json_t *request, struct nav_error *err) {
  bool ok = true;
  const char *meeting = request_text(request, "meeting", ID_LENGTH_MAX, &ok, err);
  const char *part = request_text(request, "part", ID_LENGTH_MAX, &ok, err);
  const char *output = request_text(request, "output", ID_LENGTH_MAX, &ok, err);
  view->for_agency = request_text(request, "for", ID_LENGTH_MAX, &ok, err);
  view->reason = request_text(request, "reason", REASON_LENGTH_MAX, &ok, err);
  return ok && read_output(view, output, err) && find_part(view, meeting, part, err) && may_see(view, err);
}

static bool takes_part(const struct meeting_part *part, const char *agency) {
  for (size_t i = 0; i < part->participants_count; i++) {
    if (strcmp(part->participants[i].agency, agency) == 0) return true;
  }
  return false;
}

// Of the participants alone: whether others send is not the table's business.
static bool read_feeds(const struct view *view, struct briefing_feed *feeds, size_t *count,
                       struct nav_error *err) {
  struct desk_feed *all = NULL;
  size_t all_count = 0;
  *count = 0;
  if (!desk_reader_feeds(view->reader, &all, &all_count, err)) return false;
  for (size_t i = 0; i < all_count && *count < MEETING_PARTICIPANTS_MAX; i++) {
    if (!takes_part(view->part, all[i].agency)) continue;
    feeds[(*count)++] =
        (struct briefing_feed){.agency = all[i].agency, .newest_ms = all[i].newest_accepted_ms};
  }
  return true;
}

static const char *checkpoint_text(const struct view *view) {
  char root[2 * 32 + 1];
  if (view->state.checkpoint_size == 0) return NULL;
  return nav_arena_printf(desk_reader_arena(view->reader), "%llu poster, rot %s",
                          (unsigned long long)view->state.checkpoint_size,
                          nav_hex(root, view->state.checkpoint_root, sizeof view->state.checkpoint_root));
}

static const char *reader_text(const struct view *view) {
  const struct conf_person *person = desk_reader_person(view->reader);
  const struct conf_agency *agency = conf_agency_find(desk_reader_agencies(view->reader), person->agency);
  const char *text = nav_arena_printf(desk_reader_arena(view->reader), "%s, %s", person->title,
                                      agency != NULL ? agency->title : person->agency);
  return text != NULL ? text : person->title;
}

static struct briefing *compile(const struct view *view, struct nav_error *err) {
  struct meeting_reading reading = {.reader = view->reader,
                                    .rules = view->rules,
                                    .meeting = view->meeting,
                                    .part = view->part,
                                    .for_agency = view->for_agency,
                                    .reason = view->reason != NULL ? view->reason : ""};
  struct meeting_events events;
  struct briefing_feed *feeds =
      nav_arena_zalloc(desk_reader_arena(view->reader), MEETING_PARTICIPANTS_MAX, sizeof *feeds);
  uint8_t *key = nav_arena_alloc(desk_reader_arena(view->reader), 32);
  size_t feeds_count = 0;
  if (feeds == NULL || key == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, view->meeting->id, "no memory");
    return NULL;
  }
  // Pseudonyms hold within one briefing: two copies cannot be joined by them. nav-desk holds no lasting key.
  randombytes_buf(key, 32);
  if (!meeting_read(&reading, &events, err) || !read_feeds(view, feeds, &feeds_count, err)) return NULL;
  struct briefing_input input = {.meeting = view->meeting,
                                 .part = view->part,
                                 .agencies = desk_reader_agencies(view->reader),
                                 .areas = access_rules_areas(view->rules),
                                 .rules = view->rules,
                                 .events = events.items,
                                 .events_count = events.count,
                                 .truncated = events.truncated,
                                 .feeds = feeds,
                                 .feeds_count = feeds_count,
                                 .rules_hash = access_rules_hash(view->rules),
                                 .checkpoint = checkpoint_text(view),
                                 .pseudonym_key = key,
                                 .now_ms = desk_reader_now_ms(view->reader),
                                 .for_agency = view->for_agency};
  return briefing_compile(&input, err);
}

static json_t *answer(const struct view *view, const struct briefing *briefing, uint64_t record,
                      struct nav_error *err) {
  struct nav_buffer out;
  nav_buffer_init(&out, BRIEFING_OUTPUT_MAX);
  json_t *json = NULL;
  if (view->output->render(briefing, view->for_agency, &out, err)) {
    json = json_pack("{s:b,s:s,s:s%,s:I}", "ok", 1, "content_type", view->output->content_type, "body",
                     (const char *)out.data, out.length, "record", (json_int_t)record);
    if (json == NULL)
      (void)nav_fail(err, NAV_ERROR_LOCAL, 0, view->meeting->id, "the briefing is not UTF-8 or too large");
  }
  nav_buffer_free(&out);
  return json;
}

// Recorded, then shown.
static json_t *record_and_answer(const struct view *view, struct briefing *briefing, struct nav_error *err) {
  Nav__V1__BriefingCompiled compiled;
  uint64_t record = 0;
  if (!briefing_record(briefing, &compiled)) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, view->meeting->id, "no memory");
    return NULL;
  }
  if (!desk_reader_record_briefing(view->reader, &compiled, &record, err)) return NULL;
  briefing_set_copy(briefing, reader_text(view), record, view->reason);
  return answer(view, briefing, record, err);
}

json_t *briefing_show(struct desk_reader *reader, const json_t *request, struct nav_error *err) {
  struct view view = {.reader = reader};
  json_t *json = NULL;
  if (desk_reader_state(reader, &view.state, err) && load_rules(&view, err) &&
      load_meetings(&view, access_rules_areas(view.rules), err) && read_request(&view, request, err)) {
    struct briefing *briefing = compile(&view, err);
    if (briefing != NULL) json = record_and_answer(&view, briefing, err);
    briefing_free(briefing);
  }
  free_view(&view);
  return json;
}
