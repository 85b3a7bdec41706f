// See list.h.
#include "adapters/police/list.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/police/memory.h"

enum { LIST_BYTES_MAX = 8 * 1024 * 1024, MISSING_MAX = 2 };

struct police_list {
  struct memory_event events[POLICE_LIST_MAX];
  uint64_t kinds[POLICE_LIST_MAX];  // hashes, as many as events
  uint64_t places[POLICE_LIST_MAX];
  size_t count;
  size_t unread;
  bool overflown;
  struct nav_buffer packed;  // the events' bytes, one after the other
};

struct police_list *police_list_new(void) {
  struct police_list *list = calloc(1, sizeof *list);
  if (list != NULL) nav_buffer_init(&list->packed, LIST_BYTES_MAX);
  return list;
}

void police_list_free(struct police_list *list) {
  if (list == NULL) return;
  nav_buffer_free(&list->packed);
  free(list);
}

static uint64_t hash_text(const char *text) {
  static const uint8_t key[crypto_shorthash_KEYBYTES] = {0};
  uint64_t hash = 0;
  if (text != NULL) (void)crypto_shorthash((uint8_t *)&hash, (const uint8_t *)text, strlen(text), key);
  return hash;
}

void police_list_add(struct police_list *list, const struct police_record *record) {
  size_t size = nav__v1__event__get_packed_size(record->event);
  uint8_t *room = list->count < POLICE_LIST_MAX ? nav_buffer_reserve(&list->packed, size) : NULL;
  if (room == NULL) {
    list->overflown = true;
    return;
  }
  list->kinds[list->count] = hash_text(record->event->public_incident->kind);
  list->places[list->count] = hash_text(record->event->public_incident->place_name);
  list->events[list->count++] = (struct memory_event){
      .id = record->id, .published_ms = record->published_ms, .offset = list->packed.length, .length = size};
  list->packed.length += nav__v1__event__pack(record->event, room);
}

void police_list_add_unread(struct police_list *list) { list->unread++; }

static int compare_hashes(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a;
  uint64_t right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}

// Distinct values, and how often the most common one stands there. Sorts them.
static size_t count_distinct(uint64_t *hashes, size_t count, size_t *most) {
  size_t distinct = 0;
  size_t run = 0;
  qsort(hashes, count, sizeof *hashes, compare_hashes);
  for (size_t i = 0; i < count; i++) {
    bool same = i > 0 && hashes[i] == hashes[i - 1];
    run = same ? run + 1 : 1;
    if (!same) distinct++;
    if (run > *most) *most = run;
  }
  return distinct;
}

const char *police_list_partial(const struct police_list *list, char *out, size_t size) {
  uint64_t hashes[POLICE_LIST_MAX];
  size_t common_kind = 0;
  size_t common_place = 0;
  memcpy(hashes, list->kinds, sizeof hashes);
  size_t kinds = count_distinct(hashes, list->count, &common_kind);
  memcpy(hashes, list->places, sizeof hashes);
  size_t places = count_distinct(hashes, list->count, &common_place);
  if (list->overflown) {
    (void)snprintf(out, size, "it has more than %d records", POLICE_LIST_MAX);
  } else if (list->unread > 0) {
    (void)snprintf(out, size, "%zu of its records could not be read", list->unread);
  } else if (list->count < POLICE_LIST_RECORDS_MIN) {
    (void)snprintf(out, size, "it has only %zu records", list->count);
  } else if (kinds < POLICE_LIST_KINDS_MIN || common_kind * 100 > list->count * POLICE_LIST_SHARE_MAX) {
    (void)snprintf(out, size, "it has only %zu types of event: somebody's filter", kinds);
  } else if (places < POLICE_LIST_PLACES_MIN) {
    (void)snprintf(out, size, "it has only %zu places: somebody's filter", places);
  } else {
    return NULL;
  }
  return out;
}

static int compare_times(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a;
  int64_t right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

// The publications that the list spans for certain.
static void find_span(const struct police_list *list, int64_t *from_ms, int64_t *to_ms) {
  int64_t times[POLICE_LIST_MAX];
  for (size_t i = 0; i < list->count; i++) times[i] = list->events[i].published_ms;
  qsort(times, list->count, sizeof *times, compare_times);
  *from_ms = times[list->count / 4];
  *to_ms = times[list->count - 1];
}

static const struct memory_event *find(const struct police_list *list, int64_t id) {
  for (size_t i = 0; i < list->count; i++) {
    if (list->events[i].id == id) return &list->events[i];
  }
  return NULL;
}

// The event once more, marked as withdrawn: a new revision of it.
static void emit_withdrawn(struct nav_mapping_run *run, const struct memory_event *gone,
                           const uint8_t *bytes) {
  Nav__V1__Event *event = nav__v1__event__unpack(NULL, gone->length, bytes);
  if (event == NULL || event->body_case != NAV__V1__EVENT__BODY_PUBLIC_INCIDENT) {
    nav__v1__event__free_unpacked(event, NULL);
    return;
  }
  char source_id[24];
  (void)snprintf(source_id, sizeof source_id, "%" PRId64, gone->id);
  event->public_incident->has_withdrawn = 1;
  event->public_incident->withdrawn = 1;
  nav_mapping_emit(run, source_id, gone->published_ms, event);
  nav__v1__event__free_unpacked(event, NULL);
}

// One remembered event that the list lacks: withdrawn, kept with one more miss, or forgotten since it is too
// old to tell.
static void settle_missing(struct nav_mapping_run *run, struct memory_writer *writer,
                           struct memory_event event, const uint8_t *bytes, int64_t from_ms, int64_t to_ms) {
  if (event.published_ms < from_ms) return;
  if (event.published_ms <= to_ms) event.missing++;
  if (event.missing >= MISSING_MAX) {
    emit_withdrawn(run, &event, bytes);
  } else {
    memory_write(writer, &event, bytes);
  }
}

void police_list_compare(struct police_list *list, struct nav_mapping_run *run, const uint8_t *bytes,
                         size_t length) {
  uint8_t digest[MEMORY_DIGEST_SIZE];
  struct memory_reader reader;
  struct memory_writer writer;
  int64_t from_ms = 0;
  int64_t to_ms = 0;
  (void)crypto_generichash(digest, sizeof digest, bytes, length, NULL, 0);
  memory_open(&reader, run);
  if (reader.count > 0 && memcmp(reader.digest, digest, sizeof digest) == 0) return;  // this very list, again
  find_span(list, &from_ms, &to_ms);
  memory_begin(&writer, digest);
  struct memory_event event;
  for (const uint8_t *kept = NULL; (kept = memory_next(&reader, &event)) != NULL;) {
    if (find(list, event.id) == NULL) settle_missing(run, &writer, event, kept, from_ms, to_ms);
  }
  for (size_t i = 0; i < list->count; i++) {
    if (list->events[i].published_ms < from_ms) continue;
    memory_write(&writer, &list->events[i], list->packed.data + list->events[i].offset);
  }
  if (!memory_end(&writer, run)) {
    nav_mapping_note(run, "", "its events cannot be remembered: what is withdrawn next will not be noticed");
  }
}
