// See state.h. The hash table: open addressing, at most half full; ids are keyed hashes already.
#include "adapters/engine/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/engine/state_file.h"

enum { CAPACITY_FIRST = 1024 };

struct state {
  struct state_entry *table;
  size_t capacity;  // a power of two
  size_t count;
  struct state_file *file;  // NULL: in memory alone
};

static size_t hash_of(const uint8_t *id) {
  uint64_t hash = 0;
  memcpy(&hash, id + 4, sizeof hash);  // past the day
  return (size_t)hash;
}

// Where the id is, or the free place for it.
static struct state_entry *place_of(struct state_entry *table, size_t capacity, const uint8_t *id) {
  size_t i = hash_of(id) & (capacity - 1);
  while (table[i].used && memcmp(table[i].id, id, NAV_EVENT_ID_SIZE) != 0) i = (i + 1) & (capacity - 1);
  return &table[i];
}

static bool make_room(struct state *state) {
  if (state->count * 2 < state->capacity) return true;
  size_t capacity = state->capacity == 0 ? (size_t)CAPACITY_FIRST : state->capacity * 2;
  struct state_entry *table = calloc(capacity, sizeof *table);
  if (table == NULL) return false;
  for (size_t i = 0; i < state->capacity; i++) {
    if (state->table[i].used) *place_of(table, capacity, state->table[i].id) = state->table[i];
  }
  free(state->table);
  state->table = table;
  state->capacity = capacity;
  return true;
}

struct state_entry *state_find(struct state *state, const uint8_t id[NAV_EVENT_ID_SIZE]) {
  if (state->capacity == 0) return NULL;
  struct state_entry *entry = place_of(state->table, state->capacity, id);
  return entry->used ? entry : NULL;
}

struct state_entry *state_enter(struct state *state, const uint8_t id[NAV_EVENT_ID_SIZE],
                                struct nav_error *err) {
  struct state_entry *entry = state_find(state, id);
  if (entry != NULL) return entry;
  if (state->count >= STATE_EVENTS_MAX) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "state",
                   "%d events are kept, which is the maximum: begin a new state folder", STATE_EVENTS_MAX);
    return NULL;
  }
  if (!make_room(state)) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "state", "no memory for more than %zu events", state->count);
    return NULL;
  }
  entry = place_of(state->table, state->capacity, id);
  *entry = (struct state_entry){.used = 1};
  memcpy(entry->id, id, NAV_EVENT_ID_SIZE);
  state->count++;
  return entry;
}

static void set_kept(struct state_entry *entry, uint32_t revision, const uint8_t *digest) {
  entry->revision = revision;
  memcpy(entry->digest, digest, CONTENT_DIGEST_SIZE);
  memset(entry->rejected, 0, STATE_REJECTED_SIZE);
}

bool state_keep(struct state *state, struct state_entry *entry, uint32_t revision,
                const uint8_t digest[CONTENT_DIGEST_SIZE], struct nav_error *err) {
  set_kept(entry, revision, digest);
  if (state->file == NULL) return true;
  struct state_record record = {.kind = STATE_RECORD_KEPT, .revision = revision};
  memcpy(record.id, entry->id, sizeof record.id);
  memcpy(record.digest, digest, sizeof record.digest);
  return state_file_append(state->file, &record, err);
}

bool state_keep_rejected(struct state *state, struct state_entry *entry,
                         const uint8_t digest[CONTENT_DIGEST_SIZE], struct nav_error *err) {
  memcpy(entry->rejected, digest, STATE_REJECTED_SIZE);
  if (state->file == NULL) return true;
  struct state_record record = {.kind = STATE_RECORD_REJECTED};
  memcpy(record.id, entry->id, sizeof record.id);
  memcpy(record.digest, digest, sizeof record.digest);
  return state_file_append(state->file, &record, err);
}

bool state_sync(struct state *state, struct nav_error *err) {
  return state->file == NULL || state_file_sync(state->file, err);
}

uint64_t state_count(const struct state *state) { return state->count; }

// One record of the file, as it is read at start.
static bool load_record(void *context, const struct state_record *record, struct nav_error *err) {
  struct state *state = context;
  struct state_entry *entry = state_enter(state, record->id, err);
  if (entry == NULL) return false;
  if (record->kind == STATE_RECORD_REJECTED) {
    memcpy(entry->rejected, record->digest, STATE_REJECTED_SIZE);
  } else {
    set_kept(entry, record->revision, record->digest);
  }
  return true;
}

// Gives compaction every record that still says something.
static bool store_all(void *context, struct state_file *file, struct nav_error *err) {
  const struct state *state = context;
  for (size_t i = 0; i < state->capacity; i++) {
    const struct state_entry *entry = &state->table[i];
    if (!entry->used || entry->revision == 0) continue;
    struct state_record record = {.kind = STATE_RECORD_KEPT, .revision = entry->revision};
    memcpy(record.id, entry->id, sizeof record.id);
    memcpy(record.digest, entry->digest, sizeof record.digest);
    if (!state_file_append(file, &record, err)) return false;
  }
  return true;
}

struct state *state_open(const char *folder, uint64_t *dropped, struct nav_error *err) {
  struct state *state = calloc(1, sizeof *state);
  if (state == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "state", "no memory");
    return NULL;
  }
  *dropped = 0;
  if (folder == NULL) return state;
  state->file = state_file_open(folder, load_record, state, dropped, err);
  bool ok = state->file != NULL;
  // Revisions that newer ones have replaced are left out once they are most of the file.
  if (ok && state_file_records(state->file) > 4 * state->count + CAPACITY_FIRST) {
    ok = state_file_rewrite(state->file, store_all, state, err);
  }
  if (ok) return state;
  state_close(state);
  return NULL;
}

void state_close(struct state *state) {
  if (state == NULL) return;
  state_file_close(state->file);
  free(state->table);
  free(state);
}
