// See rehearse.h: the draft, the events of a time, opened under a record, some at a time.
#include "hub/desk/rehearse.h"

#include <stdio.h>
#include <string.h>

#include "hub/access/check.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/reader_private.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

enum {
  FILES_MAX = 1200,
  CHUNK_EVENTS = 4000,  // opened together: few enough that nav-core, which records it, is not kept
  CHUNK_BYTES_MAX = 256 * 1024 * 1024,
  REASON_MAX = 500,
};

struct rehearsal {
  const struct desk_request *request;
  struct desk_reader *reader;
  struct conf_agencies *agencies;
  struct access_rules *draft;
  struct rehearse_lanes lanes;
  struct rehearse_compare *compare;
  struct rehearse_tally *tally;
  char hash[2 * NAV_SHA256_SIZE + 1];
  const char *reason;
  struct desk_span span;
  uint64_t opened;
  uint64_t erased;
};

static bool no_memory(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "",
                  "the rehearsal needs more memory than one request may have: ask for a shorter time");
}

// ---- the draft ----

static bool bad_files(struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "files",
                  "must be a list of at most %d files with name and text, in order of their names",
                  FILES_MAX);
}

// In order of the names' bytes, each once: that is the order which the hash goes by.
static bool read_texts(const struct rehearsal *rehearsal, const json_t *files, struct conf_texts *texts,
                       struct nav_error *err) {
  size_t count = json_array_size(files);
  struct conf_text *items = nav_arena_zalloc(rehearsal->request->arena, count + 1, sizeof *items);
  if (items == NULL) return no_memory(err);
  if (!json_is_array(files) || count > FILES_MAX) return bad_files(err);
  for (size_t i = 0; i < count; i++) {
    const json_t *name = json_object_get(json_array_get(files, i), "name");
    const json_t *text = json_object_get(json_array_get(files, i), "text");
    if (!json_is_string(name) || !json_is_string(text)) return bad_files(err);
    items[i] = (struct conf_text){json_string_value(name), json_string_value(text), json_string_length(text)};
    if (i > 0 && strcmp(items[i - 1].name, items[i].name) >= 0) return bad_files(err);
  }
  *texts = (struct conf_texts){items, count};
  return true;
}

// False: *err, or faults.
static bool load_draft(struct rehearsal *rehearsal, struct conf_faults *faults, struct nav_error *err) {
  const json_t *files = json_object_get(rehearsal->request->json, "files");
  const char *folder = rehearsal->request->nav->config_folder;
  struct conf_texts texts = {NULL, 0};
  if (files != NULL && !read_texts(rehearsal, files, &texts, err)) return false;
  rehearsal->agencies =
      files == NULL ? conf_agencies_load(folder, faults) : conf_agencies_load_texts(&texts, faults);
  if (rehearsal->agencies == NULL) return false;
  rehearsal->draft = files == NULL ? access_rules_load(folder, rehearsal->agencies, faults)
                                   : access_rules_load_texts(&texts, rehearsal->agencies, faults);
  if (rehearsal->draft == NULL) return false;
  (void)nav_hex(rehearsal->hash, access_rules_hash(rehearsal->draft), NAV_SHA256_SIZE);
  return true;
}

// ---- lanes ----

static void add_lane(struct rehearse_lanes *lanes, struct rehearse_lane lane) {
  lanes->items[lanes->count++] = lane;
  if (lane.number >= lanes->numbers_end) lanes->numbers_end = lane.number + 1;
}

static bool collect_lanes(struct rehearsal *rehearsal, struct nav_error *err) {
  const struct definitions *definitions = &rehearsal->reader->definitions;
  struct nav_arena *arena = rehearsal->request->arena;
  size_t draft_count = access_lane_count(rehearsal->draft);
  struct rehearse_lanes *lanes = &rehearsal->lanes;
  lanes->items = nav_arena_zalloc(arena, draft_count + definitions->lanes_count + 1, sizeof *lanes->items);
  bool *known = nav_arena_zalloc(arena, definitions->lanes_count + 1, sizeof *known);
  if (lanes->items == NULL || known == NULL) return no_memory(err);
  for (size_t i = 0; i < draft_count; i++) {
    const struct access_lane *lane = access_lane(rehearsal->draft, i);
    uint32_t number = desk_reader_lane(rehearsal->reader, lane->agency, lane->purpose);
    add_lane(lanes, (struct rehearse_lane){lane->agency, lane->purpose, number, (int)i});
    known[number] = true;
  }
  for (size_t i = 0; i < definitions->lanes_count; i++) {
    const struct desk_lane *lane = &definitions->lanes[i];
    if (lane->agency == NULL || known[i]) continue;
    add_lane(lanes, (struct rehearse_lane){lane->agency, lane->purpose, lane->number, -1});
  }
  return true;
}

// ---- events ----

// What these very rules decided needs no opening: nothing would change.
static bool is_decided_alike(const struct rehearsal *rehearsal, const struct desk_event *event) {
  const ProtobufCBinaryData *hash = &event->verdict->rules_hash;
  return event->redecided_count == 0 && hash->len == NAV_SHA256_SIZE &&
         memcmp(hash->data, access_rules_hash(rehearsal->draft), NAV_SHA256_SIZE) == 0;
}

static bool compare_chunk(struct rehearsal *rehearsal, struct desk_event *const *chosen, size_t count,
                          struct nav_error *err) {
  for (size_t i = 0; i < count; i++) {
    struct desk_event *event = chosen[i];
    if (event->event == NULL) {
      rehearsal->erased++;
      continue;
    }
    rehearsal->opened++;
    if (!rehearse_compare_event(rehearsal->compare, event, rehearsal->tally)) return no_memory(err);
    event->event = NULL;  // it lies in the chunk's memory
  }
  return true;
}

// The chunk's content lives in memory of its own, which is used again for the next.
static bool open_and_compare(struct rehearsal *rehearsal, struct nav_arena *arena,
                             struct desk_event *const *chosen, size_t count, struct nav_error *err) {
  const struct desk_reading reading = {"rehearsal", "", rehearsal->reason};
  struct desk_request request = *rehearsal->request;
  struct desk_reader reader = *rehearsal->reader;
  request.arena = arena;
  reader.request = &request;
  nav_arena_reset(arena);
  return desk_reader_open(&reader, &reading, chosen, count, err) &&
         compare_chunk(rehearsal, chosen, count, err);
}

static bool compare_events(struct rehearsal *rehearsal, const struct desk_events *events,
                           struct nav_error *err) {
  struct desk_event *chosen[CHUNK_EVENTS];
  struct nav_arena *arena = nav_arena_new(CHUNK_BYTES_MAX);
  if (arena == NULL) return no_memory(err);
  bool ok = true;
  for (size_t i = 0; ok && i < events->count;) {
    size_t count = 0;
    for (; i < events->count && count < CHUNK_EVENTS; i++) {
      if (!is_decided_alike(rehearsal, &events->items[i])) chosen[count++] = &events->items[i];
    }
    if (count > 0) ok = open_and_compare(rehearsal, arena, chosen, count, err);
  }
  nav_arena_free(arena);
  return ok;
}

// ---- the answer ----

static json_t *make_summary(const struct rehearsal *rehearsal, const struct desk_events *events,
                            json_t *totals, const char *since, const char *until) {
  char text[1024];
  int used = snprintf(text, sizeof text, "%s to %s: %zu events, %llu erased%s", since, until, events->count,
                      (unsigned long long)rehearsal->erased, events->truncated ? ", cut short" : "");
  const char *name = NULL;
  json_t *total = NULL;
  bool any = false;
  json_object_foreach(totals, name, total) {
    json_int_t count = json_integer_value(json_object_get(total, "events"));
    if (count == 0 || used < 0 || (size_t)used >= sizeof text) continue;
    any = true;
    used += snprintf(text + used, sizeof text - (size_t)used,
                     "; %s %" JSON_INTEGER_FORMAT " (%" JSON_INTEGER_FORMAT " person-days)", name, count,
                     json_integer_value(json_object_get(total, "person_days")));
  }
  return json_sprintf("%s%s", text, any ? "" : "; nothing would change");
}

static json_t *make_answer(const struct rehearsal *rehearsal, const struct desk_events *events) {
  char since[NAV_RFC3339_SIZE];
  char until[NAV_RFC3339_SIZE];
  (void)nav_clock_rfc3339(rehearsal->span.start_ms, since);
  (void)nav_clock_rfc3339(rehearsal->span.end_ms, until);
  json_t *totals = rehearse_tally_totals(rehearsal->tally);
  json_t *summary = make_summary(rehearsal, events, totals, since, until);
  json_t *answer =
      json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:o, s:o, s:o}", "ok", 1, "hash",
                rehearsal->hash, "since", since, "until", until, "events", (json_int_t)events->count,
                "opened", (json_int_t)rehearsal->opened, "erased", (json_int_t)rehearsal->erased, "truncated",
                events->truncated, "person_days_cut", rehearse_tally_is_full(rehearsal->tally), "rows",
                rehearse_tally_rows(rehearsal->tally), "totals", totals, "summary", summary);
  uint64_t last = events->count > 0 ? events->items[events->count - 1].seq : 0;
  if (answer != NULL && events->truncated)
    (void)json_object_set_new(answer, "left_out_after_seq", json_integer((json_int_t)last));
  return answer;
}

static bool read_request(struct rehearsal *rehearsal, struct nav_error *err) {
  const struct desk_request *request = rehearsal->request;
  const json_t *since = json_object_get(request->json, "since_ms");
  const json_t *until = json_object_get(request->json, "until_ms");
  bool ok = true;
  rehearsal->reason = desk_text(request, "reason", REASON_MAX, &ok, err);
  if (!ok) return false;
  rehearsal->span.start_ms = json_integer_value(since);
  rehearsal->span.end_ms = until == NULL ? request->now_ms : json_integer_value(until);
  if (json_is_integer(since) && rehearsal->span.start_ms >= 0 &&
      rehearsal->span.start_ms < rehearsal->span.end_ms && rehearsal->span.end_ms <= request->now_ms + 1)
    return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "since_ms",
                  "a rehearsal goes from a time in the past to a later one, not after now");
}

static json_t *run(struct rehearsal *rehearsal, struct nav_error *err) {
  struct desk_events events;
  if (rehearsal->reason == NULL || rehearsal->reason[0] == '\0') {
    rehearsal->reason =
        nav_arena_printf(rehearsal->request->arena, "rehearsal of rules %.16s", rehearsal->hash);
  }
  if (rehearsal->reason == NULL) {
    (void)no_memory(err);
    return NULL;
  }
  rehearsal->reader = desk_reader_new(rehearsal->request, err);
  if (rehearsal->reader == NULL || !collect_lanes(rehearsal, err)) return NULL;
  rehearsal->compare = rehearse_compare_new(rehearsal->draft, &rehearsal->lanes);
  rehearsal->tally = rehearse_tally_new(&rehearsal->lanes);
  if (rehearsal->compare == NULL || rehearsal->tally == NULL) {
    (void)no_memory(err);
    return NULL;
  }
  if (!desk_reader_list(rehearsal->reader, &rehearsal->span, 1, NULL, 0, &events, err) ||
      !compare_events(rehearsal, &events, err))
    return NULL;
  return make_answer(rehearsal, &events);
}

json_t *rehearse(const struct desk_request *request, struct nav_error *err) {
  struct rehearsal rehearsal = {.request = request};
  struct conf_faults faults = {0};
  json_t *answer = NULL;
  if (read_request(&rehearsal, err)) {
    if (load_draft(&rehearsal, &faults, err)) {
      answer = run(&rehearsal, err);
    } else if (err->class == NAV_ERROR_NONE) {
      answer = json_pack("{s:b, s:o, s:I}", "ok", 1, "faults", access_faults_json(&faults), "faults_dropped",
                         (json_int_t)faults.dropped);
    }
  }
  rehearse_compare_free(rehearsal.compare);
  rehearse_tally_free(rehearsal.tally);
  access_rules_free(rehearsal.draft);
  conf_agencies_free(rehearsal.agencies);
  conf_faults_free(&faults);
  return answer;
}
