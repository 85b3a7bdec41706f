// See dry.h.
#include "adapters/engine/dry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapters/engine/input.h"
#include "adapters/engine/report.h"
#include "adapters/engine/state.h"
#include "hub/wire/json.h"
#include "hub/wire/keys.h"

struct dry {
  struct report report;
  struct summary *summary;
  struct state *state;
  struct nav_buffer scratch;
  uint8_t id_key[NAV_ID_KEY_SIZE];
  uint64_t events;
  bool failed;
};

static void print_event(struct dry *dry, const Nav__V1__Event *event) {
  json_t *json = wire_cloudevent_from_event(event);
  bool ok = json != NULL && json_dumpf(json, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF;
  json_decref(json);
  dry->events++;
  if (!ok) dry->failed = true;
}

// Gives the revision that the engine would, were this all that it had ever sent.
static void on_event(void *context, const char *source_id, const Nav__V1__Event *event) {
  (void)source_id;
  struct dry *dry = context;
  struct nav_error err = {0};
  uint8_t digest[CONTENT_DIGEST_SIZE];
  struct state_entry *entry = state_enter(dry->state, event->id.data, &err);
  if (entry == NULL || !content_digest(digest, dry->id_key, &dry->scratch, event)) {
    dry->failed = true;
    return;
  }
  if (entry->revision > 0 && memcmp(entry->digest, digest, sizeof digest) == 0) {
    dry->summary->unchanged++;
    return;
  }
  Nav__V1__Event revised = *event;
  revised.revision = entry->revision + 1;
  if (!state_keep(dry->state, entry, revised.revision, digest, &err)) dry->failed = true;
  print_event(dry, &revised);
}

static void on_skip(void *context, const char *place, const char *reason) {
  struct dry *dry = context;
  dry->summary->skipped++;
  report_line(&dry->report, "skipped", place, reason);
}

static void on_note(void *context, const char *place, const char *text) {
  struct dry *dry = context;
  report_line(&dry->report, "note", place, text);
}

static void map_file(struct dry *dry, const struct nav_mapping *mapping, struct nav_mapping_run *run,
                     const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = strcmp(path, "-") == 0 ? "standard input" : slash != NULL ? slash + 1 : path;
  struct input input;
  struct nav_error err = {0};
  report_begin(&dry->report, name);
  bool ok = input_read(&input, path, &err);
  if (ok && input.cut) on_skip(dry, "", err.text);
  ok = ok && mapping->map(run, name, input.bytes, input.length, &err);
  if (!ok) report_failure("failed", &err);
  if (!ok) dry->summary->failed++;
  if (ok) dry->summary->files++;
  input_free(&input);
  report_end(&dry->report);
}

// The agency's own id key where it can be read, so that ids are those of earnest; zeros where not.
static void load_id_key(struct dry *dry, const struct engine_settings *settings) {
  struct keys_agency keys;
  struct nav_error err = {0};
  if (settings != NULL && keys_agency_load(settings->keys, &keys, &err)) {
    memcpy(dry->id_key, keys.id_key, sizeof dry->id_key);
  } else {
    (void)fprintf(stderr, "note no keys of an agency are here: the ids are not those that will be sent\n");
  }
}

static struct nav_mapping_run *new_run(struct dry *dry, const struct engine_settings *settings,
                                       const struct nav_mapping *mapping, int64_t now_ms) {
  struct run_settings run = {.agency = mapping->program,
                             .id_key = dry->id_key,
                             .now_ms = now_ms,
                             .sink = {dry, on_event, on_skip, on_note}};
  if (settings != NULL) {
    run.agency = settings->agency;
    run.options = settings->options;
    run.options_count = settings->options_count;
    run.places = settings->places;
  }
  return run_new(&run);
}

bool dry_run(const struct nav_mapping *mapping, const struct engine_settings *settings, char **files,
             size_t count, int64_t now_ms, struct summary *summary) {
  struct dry dry = {.summary = summary};
  struct nav_error err = {0};
  uint64_t dropped = 0;
  load_id_key(&dry, settings);
  nav_buffer_init(&dry.scratch, CONTENT_EVENT_MAX);
  dry.state = state_open(NULL, &dropped, &err);
  struct nav_mapping_run *run = dry.state != NULL ? new_run(&dry, settings, mapping, now_ms) : NULL;
  for (size_t i = 0; run != NULL && i < count; i++) map_file(&dry, mapping, run, files[i]);
  if (run == NULL || fflush(stdout) != 0) dry.failed = true;
  if (dry.failed) (void)fprintf(stderr, "failed: not all events could be printed\n");
  (void)fprintf(stderr,
                "%" PRIu64 " events, %" PRIu64 " skipped, %" PRIu64 " unchanged, %" PRIu64 " files failed\n",
                dry.events, summary->skipped, summary->unchanged, summary->failed);
  run_free(run);
  state_close(dry.state);
  nav_buffer_free(&dry.scratch);
  return !dry.failed && summary->failed == 0;
}
