// See registers_consent.h. Entries in one array, chained twice by hash: by person, the newest first, and by
// event.
#include "hub/core/registers_consent.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/error.h"

enum { CHAINS = 65536, NONE = -1, GROW = 1024, SWEEP_MS = 60000 };

enum { RECIPIENTS, PURPOSES, MESSAGES, LISTS };

struct entry {
  uint8_t event_id[16];
  uint8_t person[REGISTER_PERSON_SIZE];
  uint32_t agency;
  uint64_t seq;
  bool used;
  bool withdrawn;
  uint16_t counts[LISTS];
  int64_t end_ms;
  int64_t erased_ms;
  char *texts;  // of the three lists in turn, each with its NUL; NULL where all are empty
  size_t bytes;
  int32_t next_of_person;  // older; or the next free entry
  int32_t next_of_event;
};

struct consents {
  uint8_t key[crypto_shorthash_KEYBYTES];
  struct entry *entries;
  size_t capacity;
  size_t end;  // entries ever used
  size_t count;
  size_t bytes;
  int32_t first_free;
  int64_t swept_ms;
  int32_t persons[CHAINS];
  int32_t events[CHAINS];
};

struct consents *consents_new(const uint8_t key[16]) {
  struct consents *consents = calloc(1, sizeof *consents);
  if (consents == NULL) return NULL;
  memcpy(consents->key, key, sizeof consents->key);
  consents->first_free = NONE;
  consents->swept_ms = INT64_MIN / 2;
  for (size_t i = 0; i < CHAINS; i++) consents->persons[i] = consents->events[i] = NONE;
  return consents;
}

void consents_free(struct consents *consents) {
  if (consents == NULL) return;
  for (size_t i = 0; i < consents->end; i++) free(consents->entries[i].texts);
  free(consents->entries);
  free(consents);
}

size_t consents_count(const struct consents *consents) { return consents->count; }

// A sender chooses its events' ids: keyed, so that it cannot choose a chain.
static int32_t *event_chain(struct consents *consents, uint32_t agency, const uint8_t event_id[16]) {
  uint8_t name[4 + 16];
  uint64_t hash = 0;
  memcpy(name, &agency, 4);
  memcpy(name + 4, event_id, 16);
  (void)crypto_shorthash((uint8_t *)&hash, name, sizeof name, consents->key);
  return &consents->events[hash % CHAINS];
}

// A keyed hash already.
static size_t person_chain(const uint8_t person[REGISTER_PERSON_SIZE]) {
  return (size_t)person[0] << 8 | person[1];
}

static int32_t find(struct consents *consents, uint32_t agency, const uint8_t event_id[16]) {
  int32_t at = *event_chain(consents, agency, event_id);
  while (at != NONE) {
    const struct entry *entry = &consents->entries[at];
    if (entry->agency == agency && memcmp(entry->event_id, event_id, sizeof entry->event_id) == 0) return at;
    at = entry->next_of_event;
  }
  return NONE;
}

static void take_out(struct consents *consents, int32_t index) {
  struct entry *entry = &consents->entries[index];
  int32_t *link = &consents->persons[person_chain(entry->person)];
  while (*link != index) link = &consents->entries[*link].next_of_person;
  *link = entry->next_of_person;
  link = event_chain(consents, entry->agency, entry->event_id);
  while (*link != index) link = &consents->entries[*link].next_of_event;
  *link = entry->next_of_event;
  consents->bytes -= entry->bytes;
  consents->count--;
  free(entry->texts);
  *entry = (struct entry){.next_of_person = consents->first_free};
  consents->first_free = index;
}

// ---- room ----

static size_t lists_bytes(const struct consent_given *given) {
  size_t bytes = 0;
  for (size_t i = 0; i < given->recipients_count; i++) bytes += strlen(given->recipients[i]) + 1;
  for (size_t i = 0; i < given->purposes_count; i++) bytes += strlen(given->purposes[i]) + 1;
  for (size_t i = 0; i < given->messages_count; i++) bytes += strlen(given->messages[i]) + 1;
  return bytes;
}

static size_t count_of_person(const struct consents *consents, const uint8_t person[REGISTER_PERSON_SIZE]) {
  size_t count = 0;
  for (int32_t i = consents->persons[person_chain(person)]; i != NONE;
       i = consents->entries[i].next_of_person) {
    count += memcmp(consents->entries[i].person, person, REGISTER_PERSON_SIZE) == 0 ? 1 : 0;
  }
  return count;
}

// Whether it fits once the entry `before` (NONE: none), whose place it takes, is out.
static bool fits(const struct consents *consents, const struct consent_given *given, int32_t before) {
  size_t count = consents->count;
  size_t bytes = consents->bytes + lists_bytes(given);
  size_t of_person = count_of_person(consents, given->person);
  if (before != NONE) {
    const struct entry *entry = &consents->entries[before];
    count--;
    bytes -= entry->bytes;
    of_person -= memcmp(entry->person, given->person, REGISTER_PERSON_SIZE) == 0 ? 1 : 0;
  }
  return count < CONSENTS_MAX && bytes <= CONSENTS_BYTES_MAX && of_person < CONSENTS_A_PERSON_MAX &&
         given->recipients_count <= UINT16_MAX && given->purposes_count <= UINT16_MAX &&
         given->messages_count <= UINT16_MAX;
}

// Only what is erased goes: all that was registered before it is erased too. One that has merely ended still
// stands before older ones.
static void sweep(struct consents *consents, int64_t now_ms) {
  if (now_ms - consents->swept_ms < SWEEP_MS) return;
  consents->swept_ms = now_ms;
  for (size_t i = 0; i < consents->end; i++) {
    const struct entry *entry = &consents->entries[i];
    if (entry->used && entry->erased_ms <= now_ms) take_out(consents, (int32_t)i);
  }
}

bool consents_have_room(struct consents *consents, const struct consent_given *given, int64_t now_ms) {
  if (given->withdrawn || fits(consents, given, find(consents, given->agency, given->event_id))) return true;
  sweep(consents, now_ms);
  return fits(consents, given, find(consents, given->agency, given->event_id));
}

// ---- take ----

static char *copy_texts(char *to, char *const *texts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(texts[i]) + 1;
    memcpy(to, texts[i], length);
    to += length;
  }
  return to;
}

// NONE: no memory.
static int32_t new_entry(struct consents *consents) {
  int32_t index = consents->first_free;
  if (index != NONE) {
    consents->first_free = consents->entries[index].next_of_person;
    return index;
  }
  if (consents->end == consents->capacity) {
    size_t capacity = consents->capacity == 0 ? GROW : 2 * consents->capacity;
    if (capacity > CONSENTS_MAX) capacity = CONSENTS_MAX;
    struct entry *entries = reallocarray(consents->entries, capacity, sizeof *entries);
    if (entries == NULL) return NONE;
    consents->entries = entries;
    consents->capacity = capacity;
  }
  return (int32_t)consents->end++;
}

static bool add(struct consents *consents, const struct consent_given *given) {
  size_t bytes = lists_bytes(given);
  char *texts = bytes == 0 ? NULL : malloc(bytes);
  int32_t index = bytes > 0 && texts == NULL ? NONE : new_entry(consents);
  if (index == NONE) {
    free(texts);
    return false;
  }
  struct entry *entry = &consents->entries[index];
  *entry = (struct entry){
      .agency = given->agency,
      .seq = given->seq,
      .used = true,
      .withdrawn = given->withdrawn,
      .counts = {(uint16_t)given->recipients_count, (uint16_t)given->purposes_count,
                 (uint16_t)given->messages_count},
      .end_ms = given->end_ms,
      .erased_ms = given->erased_ms,
      .texts = texts,
      .bytes = bytes,
  };
  memcpy(entry->event_id, given->event_id, sizeof entry->event_id);
  memcpy(entry->person, given->person, sizeof entry->person);
  if (texts != NULL) {
    char *to = copy_texts(texts, given->recipients, given->recipients_count);
    to = copy_texts(to, given->purposes, given->purposes_count);
    (void)copy_texts(to, given->messages, given->messages_count);
  }
  int32_t *chain = &consents->persons[person_chain(entry->person)];
  entry->next_of_person = *chain;
  *chain = index;
  chain = event_chain(consents, entry->agency, entry->event_id);
  entry->next_of_event = *chain;
  *chain = index;
  consents->count++;
  consents->bytes += bytes;
  return true;
}

// The first text of an entry's list.
static const char *list_of(const struct entry *entry, int list) {
  const char *text = entry->texts;
  for (int i = 0; i < list; i++) {
    for (uint16_t k = 0; k < entry->counts[i]; k++) text += strlen(text) + 1;
  }
  return text;
}

static bool names(const struct entry *entry, int list, const char *wanted) {
  if (entry->counts[list] == 0) return true;
  const char *text = list_of(entry, list);
  for (uint16_t i = 0; i < entry->counts[list]; i++, text += strlen(text) + 1) {
    if (strcmp(text, wanted) == 0) return true;
  }
  return false;
}

static bool meets(const struct entry *entry, int list, char *const *texts, size_t count) {
  bool any = count == 0;
  for (size_t i = 0; i < count && !any; i++) any = names(entry, list, texts[i]);
  return any;
}

static void take_away_touched(struct consents *consents, const struct consent_given *given) {
  int32_t next = NONE;
  for (int32_t i = consents->persons[person_chain(given->person)]; i != NONE; i = next) {
    const struct entry *entry = &consents->entries[i];
    next = entry->next_of_person;
    if (entry->withdrawn || memcmp(entry->person, given->person, REGISTER_PERSON_SIZE) != 0) continue;
    if (meets(entry, RECIPIENTS, given->recipients, given->recipients_count) &&
        meets(entry, PURPOSES, given->purposes, given->purposes_count) &&
        meets(entry, MESSAGES, given->messages, given->messages_count)) {
      take_out(consents, i);
    }
  }
}

void consents_take(struct consents *consents, const struct consent_given *given) {
  int32_t before = find(consents, given->agency, given->event_id);
  if (before != NONE) take_out(consents, before);
  bool added = fits(consents, given, NONE) && add(consents, given);
  if (!added && given->withdrawn) take_away_touched(consents, given);
}

void consents_forget(struct consents *consents, uint32_t agency, const uint8_t event_id[16]) {
  int32_t index = find(consents, agency, event_id);
  if (index != NONE && !consents->entries[index].withdrawn) take_out(consents, index);
}

// ---- ask ----

int consents_ask(const struct consents *consents, const struct consent_asked *asked) {
  for (int32_t i = consents->persons[person_chain(asked->person)]; i != NONE;
       i = consents->entries[i].next_of_person) {
    const struct entry *entry = &consents->entries[i];
    if (memcmp(entry->person, asked->person, REGISTER_PERSON_SIZE) != 0) continue;
    if (!entry->withdrawn && (entry->agency != asked->source || entry->seq > asked->up_to_seq)) continue;
    if (!names(entry, RECIPIENTS, asked->recipient) || !names(entry, PURPOSES, asked->purpose) ||
        !names(entry, MESSAGES, asked->message)) {
      continue;
    }
    return !entry->withdrawn && asked->now_ms < entry->end_ms && asked->now_ms < entry->erased_ms ? 1 : 0;
  }
  return 0;
}
