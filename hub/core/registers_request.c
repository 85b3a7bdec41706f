// See registers_request.h. Entries in one array, chained by hash of their id.
#include "hub/core/registers_request.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS = 16384, NONE = -1, GROW = 256, SWEEP_MS = 60000 };

struct entry {
  struct register_request request;
  bool used;
  int32_t next;  // in its chain; or the next free entry
};

struct requests {
  uint8_t key[crypto_shorthash_KEYBYTES];
  struct entry *entries;
  size_t capacity;
  size_t end;
  size_t count;
  int32_t first_free;
  int64_t swept_ms;
  int32_t chains[CHAINS];
};

struct requests *requests_new(const uint8_t key[16]) {
  struct requests *requests = calloc(1, sizeof *requests);
  if (requests == NULL) return NULL;
  memcpy(requests->key, key, sizeof requests->key);
  requests->first_free = NONE;
  requests->swept_ms = INT64_MIN / 2;
  for (size_t i = 0; i < CHAINS; i++) requests->chains[i] = NONE;
  return requests;
}

static void free_persons(struct entry *entry) { free((void *)(uintptr_t)entry->request.persons); }

void requests_free(struct requests *requests) {
  if (requests == NULL) return;
  for (size_t i = 0; i < requests->end; i++) free_persons(&requests->entries[i]);
  free(requests->entries);
  free(requests);
}

size_t requests_count(const struct requests *requests) { return requests->count; }

static size_t chain_of(const struct requests *requests, const uint8_t event_id[16]) {
  uint64_t hash = 0;
  (void)crypto_shorthash((uint8_t *)&hash, event_id, 16, requests->key);
  return hash % CHAINS;
}

static bool is_named(const struct entry *entry, const uint8_t event_id[16]) {
  return memcmp(entry->request.event_id, event_id, sizeof entry->request.event_id) == 0;
}

static int32_t find(const struct requests *requests, uint32_t sender, const uint8_t event_id[16]) {
  int32_t at = requests->chains[chain_of(requests, event_id)];
  while (at != NONE) {
    const struct entry *entry = &requests->entries[at];
    if (entry->request.sender == sender && is_named(entry, event_id)) return at;
    at = entry->next;
  }
  return NONE;
}

static void take_out(struct requests *requests, int32_t index) {
  struct entry *entry = &requests->entries[index];
  int32_t *link = &requests->chains[chain_of(requests, entry->request.event_id)];
  while (*link != index) link = &requests->entries[*link].next;
  *link = entry->next;
  free_persons(entry);
  *entry = (struct entry){.next = requests->first_free};
  requests->first_free = index;
  requests->count--;
}

bool requests_have_room(struct requests *requests, uint32_t sender, const uint8_t event_id[16],
                        int64_t now_ms) {
  if (requests->count < REQUESTS_MAX || find(requests, sender, event_id) != NONE) return true;
  if (now_ms - requests->swept_ms < SWEEP_MS) return false;
  requests->swept_ms = now_ms;
  for (size_t i = 0; i < requests->end; i++) {
    const struct entry *entry = &requests->entries[i];
    if (entry->used && entry->request.erased_ms <= now_ms) take_out(requests, (int32_t)i);
  }
  return requests->count < REQUESTS_MAX;
}

// NONE: no memory.
static int32_t new_entry(struct requests *requests) {
  int32_t index = requests->first_free;
  if (index != NONE) {
    requests->first_free = requests->entries[index].next;
    return index;
  }
  if (requests->end == requests->capacity) {
    size_t capacity = requests->capacity == 0 ? GROW : 2 * requests->capacity;
    if (capacity > REQUESTS_MAX) capacity = REQUESTS_MAX;
    struct entry *entries = reallocarray(requests->entries, capacity, sizeof *entries);
    if (entries == NULL) return NONE;
    requests->entries = entries;
    requests->capacity = capacity;
  }
  return (int32_t)requests->end++;
}

void requests_take(struct requests *requests, const struct register_request *request) {
  int32_t before = find(requests, request->sender, request->event_id);
  if (before != NONE) take_out(requests, before);
  if (requests->count >= REQUESTS_MAX || request->persons_count > REQUEST_PERSONS_MAX) return;
  uint8_t(*persons)[REGISTER_PERSON_SIZE] = NULL;
  if (request->persons_count > 0) {
    persons = calloc(request->persons_count, sizeof *persons);
    if (persons == NULL) return;
    memcpy(persons, request->persons, request->persons_count * sizeof *persons);
  }
  int32_t index = new_entry(requests);
  if (index == NONE) {
    free(persons);
    return;
  }
  struct entry *entry = &requests->entries[index];
  int32_t *chain = &requests->chains[chain_of(requests, request->event_id)];
  *entry = (struct entry){.request = *request, .used = true, .next = *chain};
  entry->request.persons = (const uint8_t(*)[REGISTER_PERSON_SIZE])persons;
  *chain = index;
  requests->count++;
}

void requests_forget(struct requests *requests, uint32_t sender, const uint8_t event_id[16]) {
  int32_t index = find(requests, sender, event_id);
  if (index != NONE) take_out(requests, index);
}

const struct register_request *requests_find(const struct requests *requests, const uint8_t event_id[16],
                                             const struct register_request *before) {
  int32_t at = requests->chains[chain_of(requests, event_id)];
  bool passed = before == NULL;
  for (; at != NONE; at = requests->entries[at].next) {
    const struct entry *entry = &requests->entries[at];
    if (passed && is_named(entry, event_id)) return &entry->request;
    passed = passed || &entry->request == before;
  }
  return NULL;
}

static bool is_about(const struct register_request *request, const uint8_t person[REGISTER_PERSON_SIZE]) {
  for (size_t i = 0; i < request->persons_count; i++) {
    if (memcmp(request->persons[i], person, REGISTER_PERSON_SIZE) == 0) return true;
  }
  return false;
}

int request_is_answered(const struct register_request *request, const char *source,
                        const uint8_t (*persons)[REGISTER_PERSON_SIZE], size_t count, int64_t now_ms) {
  if (strcmp(request->addressee, source) != 0 || now_ms >= request->erased_ms) return 0;
  if (request->persons_count == 0 && request->persons_complete) return 1;
  for (size_t i = 0; i < count; i++) {
    if (!is_about(request, persons[i])) return request->persons_complete ? 0 : -1;
  }
  return count == 0 && !request->persons_complete ? -1 : 1;
}
