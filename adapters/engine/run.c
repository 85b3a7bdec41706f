// See run.h.
#include "adapters/engine/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/wire/event.h"

enum { REASON_SIZE = 512 };

struct nav_mapping_run {
  struct run_settings settings;
  struct nav_arena *arena;
  bool record_over;  // a record was skipped: the arena is given back when it is next asked for
  uint8_t *memory;
  size_t memory_length;
  bool memory_changed;
};

struct nav_mapping_run *run_new(const struct run_settings *settings) {
  struct nav_mapping_run *run = calloc(1, sizeof *run);
  struct nav_arena *arena = nav_arena_new(NAV_MAPPING_ARENA_MAX);
  if (run == NULL || arena == NULL) {
    free(run);
    nav_arena_free(arena);
    return NULL;
  }
  run->settings = *settings;
  run->arena = arena;
  return run;
}

void run_free(struct nav_mapping_run *run) {
  if (run == NULL) return;
  nav_arena_free(run->arena);
  free(run->memory);
  free(run);
}

const char *nav_mapping_option(const struct nav_mapping_run *run, const char *key) {
  for (size_t i = 0; i < run->settings.options_count; i++) {
    if (strcmp(run->settings.options[i].key, key) == 0) return run->settings.options[i].value;
  }
  return NULL;
}

const char *nav_mapping_area_in_text(const struct nav_mapping_run *run, const char *text) {
  if (run->settings.places == NULL || text == NULL) return NULL;
  return gazetteer_find(run->settings.places, text);
}

struct nav_arena *nav_mapping_arena(struct nav_mapping_run *run) {
  if (run->record_over) nav_arena_reset(run->arena);
  run->record_over = false;
  return run->arena;
}

int64_t nav_mapping_now_ms(const struct nav_mapping_run *run) { return run->settings.now_ms; }

void run_set_now(struct nav_mapping_run *run, int64_t now_ms) { run->settings.now_ms = now_ms; }

uint8_t *nav_mapping_event_id(struct nav_mapping_run *run, const char *source_id, int64_t created_ms) {
  uint8_t *id = nav_arena_alloc(run->arena, NAV_EVENT_ID_SIZE);
  if (id != NULL) nav_event_id(id, run->settings.id_key, created_ms, run->settings.agency, source_id);
  return id;
}

void nav_mapping_emit(struct nav_mapping_run *run, const char *source_id, int64_t created_ms,
                      const Nav__V1__Event *event) {
  uint8_t id[NAV_EVENT_ID_SIZE];
  char agency[128];
  (void)snprintf(agency, sizeof agency, "%s", run->settings.agency);
  nav_event_id(id, run->settings.id_key, created_ms, agency, source_id);
  // The sender's structure is not changed: id and source go on a copy of the outermost level.
  Nav__V1__Event complete = *event;
  complete.has_id = 1;
  complete.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  complete.source = agency;
  complete.has_revision = 1;
  complete.revision = 1;
  struct nav_error err = {0};
  if (wire_event_validate(&complete, &err)) {
    run->settings.sink.event(run->settings.sink.context, source_id, &complete);
  } else {
    char reason[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE + 4];
    nav_mapping_skip(run, source_id, "does not make a valid event: %s",
                     nav_error_string(&err, reason, sizeof reason));
  }
  nav_arena_reset(run->arena);
  run->record_over = false;
}

void nav_mapping_skip(struct nav_mapping_run *run, const char *place, const char *format, ...) {
  char reason[REASON_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  run->settings.sink.skip(run->settings.sink.context, place, reason);
  run->record_over = true;
}

void nav_mapping_note(struct nav_mapping_run *run, const char *place, const char *format, ...) {
  char text[REASON_SIZE];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (run->settings.sink.note != NULL) run->settings.sink.note(run->settings.sink.context, place, text);
}

const uint8_t *nav_mapping_memory(const struct nav_mapping_run *run, size_t *length) {
  *length = run->memory_length;
  return run->memory;
}

static bool keep_memory(struct nav_mapping_run *run, const uint8_t *bytes, size_t length) {
  if (length > NAV_MAPPING_MEMORY_MAX) return false;
  uint8_t *copy = NULL;
  if (length > 0) {
    copy = malloc(length);
    if (copy == NULL) return false;
    memcpy(copy, bytes, length);  // before the free: bytes may be the memory of before
  }
  free(run->memory);
  run->memory = copy;
  run->memory_length = length;
  return true;
}

bool nav_mapping_remember(struct nav_mapping_run *run, const uint8_t *bytes, size_t length) {
  if (!keep_memory(run, bytes, length)) return false;
  run->memory_changed = true;
  return true;
}

bool run_set_memory(struct nav_mapping_run *run, const uint8_t *bytes, size_t length) {
  if (!keep_memory(run, bytes, length)) return false;
  run->memory_changed = false;
  return true;
}

bool run_memory_changed(const struct nav_mapping_run *run) { return run->memory_changed; }

void run_memory_saved(struct nav_mapping_run *run) { run->memory_changed = false; }
