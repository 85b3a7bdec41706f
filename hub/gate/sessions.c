// See sessions.h. A session's number holds its slot in the low bits and a count above, so that finding is one
// look and a number never comes again. Routing ids are hashed with a random key, because clients choose them.
#include "hub/gate/sessions.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { SLOT_BITS = 14, SLOTS_MAX = 1 << SLOT_BITS };

struct sessions {
  uint32_t max, live, ended, chains;
  uint64_t begun;
  uint32_t free_hint, ended_hint;  // where to look first
  size_t queued;
  uint8_t hash_key[crypto_shorthash_KEYBYTES];
  uint32_t *heads;  // slot + 1
  struct session *slots;
};

struct sessions *sessions_new(uint32_t max) {
  NAV_ASSERT(max > 0 && max <= SLOTS_MAX);
  struct sessions *sessions = calloc(1, sizeof *sessions);
  if (sessions == NULL) return NULL;
  sessions->max = max;
  sessions->chains = max * 2;
  sessions->heads = calloc(sessions->chains, sizeof *sessions->heads);
  sessions->slots = calloc(max, sizeof *sessions->slots);
  if (sessions->heads == NULL || sessions->slots == NULL) {
    sessions_free(sessions);
    return NULL;
  }
  randombytes_buf(sessions->hash_key, sizeof sessions->hash_key);
  return sessions;
}

void sessions_free(struct sessions *sessions) {
  if (sessions == NULL) return;
  for (uint32_t i = 0; sessions->slots != NULL && i < sessions->max; i++) {
    outbox_clear(&sessions->slots[i].outbox);
  }
  free(sessions->heads);
  free(sessions->slots);
  free(sessions);
}

static uint32_t *chain_of(struct sessions *sessions, const uint8_t *routing, size_t length) {
  uint8_t hash[crypto_shorthash_BYTES];
  (void)crypto_shorthash(hash, routing, length, sessions->hash_key);
  uint64_t value;
  memcpy(&value, hash, sizeof value);
  return &sessions->heads[value % sessions->chains];
}

static struct session *take_slot(struct sessions *sessions) {
  for (uint32_t i = 0; i < sessions->max; i++) {
    uint32_t slot = (sessions->free_hint + i) % sessions->max;
    if (sessions->slots[slot].state != SESSION_FREE) continue;
    sessions->free_hint = (slot + 1) % sessions->max;
    return &sessions->slots[slot];
  }
  return NULL;
}

struct session *sessions_begin(struct sessions *sessions, const uint8_t *routing, size_t length,
                               const char *agency, const char *key_hex, int fd, struct quota_agency *quota) {
  NAV_ASSERT(length <= SESSION_ROUTING_MAX && strlen(agency) < RELAY_AGENCY_SIZE);
  NAV_ASSERT(strlen(key_hex) < SESSION_KEY_HEX_SIZE);
  if (sessions->live + sessions->ended == sessions->max) return NULL;
  struct session *session = take_slot(sessions);
  NAV_ASSERT(session != NULL);
  uint32_t slot = (uint32_t)(session - sessions->slots);
  uint32_t *head = chain_of(sessions, routing, length);
  *session = (struct session){.state = SESSION_LIVE,
                              .number = ++sessions->begun << SLOT_BITS | slot,
                              .routing_length = length,
                              .fd = fd,
                              .quota = quota,
                              .outbox = {.all_bytes = &sessions->queued},
                              .next = *head};
  memcpy(session->routing, routing, length);
  memcpy(session->agency, agency, strlen(agency) + 1);
  memcpy(session->key_hex, key_hex, strlen(key_hex) + 1);
  *head = slot + 1;
  sessions->live++;
  quota->sessions++;
  return session;
}

struct session *sessions_by_routing(struct sessions *sessions, const uint8_t *routing, size_t length) {
  uint32_t at = *chain_of(sessions, routing, length);
  while (at != 0) {
    struct session *session = &sessions->slots[at - 1];
    if (session->routing_length == length && memcmp(session->routing, routing, length) == 0) return session;
    at = session->next;
  }
  return NULL;
}

struct session *sessions_by_number(struct sessions *sessions, uint64_t number) {
  uint64_t slot = number & (SLOTS_MAX - 1);
  if (slot >= sessions->max) return NULL;
  struct session *session = &sessions->slots[slot];
  return session->state == SESSION_LIVE && session->number == number ? session : NULL;
}

void sessions_end(struct sessions *sessions, struct session *session, bool core_must_know) {
  NAV_ASSERT(session->state == SESSION_LIVE);
  uint32_t slot = (uint32_t)(session - sessions->slots);
  uint32_t *at = chain_of(sessions, session->routing, session->routing_length);
  while (*at != slot + 1) at = &sessions->slots[*at - 1].next;
  *at = session->next;
  outbox_clear(&session->outbox);
  session->quota->sessions--;
  session->quota = NULL;
  session->state = SESSION_ENDED;
  sessions->live--;
  sessions->ended++;
  if (!core_must_know) sessions_release(sessions, session);
}

struct session *sessions_next_ended(struct sessions *sessions) {
  for (uint32_t i = 0; sessions->ended > 0 && i < sessions->max; i++) {
    uint32_t slot = (sessions->ended_hint + i) % sessions->max;
    if (sessions->slots[slot].state != SESSION_ENDED) continue;
    sessions->ended_hint = slot;
    return &sessions->slots[slot];
  }
  return NULL;
}

void sessions_release(struct sessions *sessions, struct session *session) {
  NAV_ASSERT(session->state == SESSION_ENDED);
  session->state = SESSION_FREE;
  sessions->ended--;
}

struct session *sessions_at(struct sessions *sessions, uint32_t index) {
  struct session *session = &sessions->slots[index];
  return session->state == SESSION_LIVE ? session : NULL;
}

uint32_t sessions_max(const struct sessions *sessions) { return sessions->max; }
uint32_t sessions_live(const struct sessions *sessions) { return sessions->live; }
size_t sessions_queued(const struct sessions *sessions) { return sessions->queued; }
