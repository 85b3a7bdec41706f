// See rehearse.h: counts by lane and kind of change, and in person-days.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/desk/reader.h"
#include "hub/desk/rehearse.h"

enum {
  EXAMPLES_MAX = 5,
  PAIRS_MAX = 12,
  SLOTS = 1 << 22,  // of the set of person-days, 32 MiB
  PERSON_DAYS_MAX = SLOTS - SLOTS / 4,
  KEY_BYTES_MAX = 64,
};

static const char *const change_names[REHEARSE_CHANGES] = {
    "newly_released", "newly_held",   "no_longer_released",           "no_longer_held",
    "more_fields",    "fewer_fields", "depends_on_consent_or_request"};

struct pair {
  const char *before, *after;
  uint64_t events;
};

struct row {
  uint64_t events;
  uint64_t person_days;
  uint8_t examples[EXAMPLES_MAX][16];
  struct pair pairs[PAIRS_MAX];
  size_t pairs_count;
  uint64_t other_events;  // by other pairs of rules
};

struct total {
  uint64_t events;
  uint64_t person_days;
  uint64_t last_seq;  // of the event counted last
};

struct rehearse_tally {
  const struct rehearse_lanes *lanes;
  struct row **rows;  // lane × change; NULL: none
  struct total totals[REHEARSE_CHANGES];
  uint64_t *slots;  // hashes of (row or total, person, day); 0: free
  size_t slots_used;
  bool full;
  uint8_t key[crypto_shorthash_KEYBYTES];
};

struct rehearse_tally *rehearse_tally_new(const struct rehearse_lanes *lanes) {
  struct rehearse_tally *tally = calloc(1, sizeof *tally);
  if (tally == NULL) return NULL;
  tally->lanes = lanes;
  tally->rows = calloc(lanes->count * REHEARSE_CHANGES + 1, sizeof *tally->rows);
  tally->slots = calloc(SLOTS, sizeof *tally->slots);
  randombytes_buf(tally->key, sizeof tally->key);
  if (tally->rows != NULL && tally->slots != NULL) return tally;
  rehearse_tally_free(tally);
  return NULL;
}

void rehearse_tally_free(struct rehearse_tally *tally) {
  if (tally == NULL) return;
  for (size_t i = 0; tally->rows != NULL && i < tally->lanes->count * REHEARSE_CHANGES; i++)
    free(tally->rows[i]);
  free(tally->rows);
  free(tally->slots);
  free(tally);
}

bool rehearse_tally_is_full(const struct rehearse_tally *tally) { return tally->full; }

// ---- person-days ----

// Whether it is new in the set.
static bool add_key(struct rehearse_tally *tally, const uint8_t *bytes, size_t length) {
  uint8_t hashed[crypto_shorthash_BYTES];
  (void)crypto_shorthash(hashed, bytes, length, tally->key);
  uint64_t hash = nav_get_u64(hashed) | 1U;
  for (uint64_t i = hash >> 1;; i++) {
    uint64_t *slot = &tally->slots[i % SLOTS];
    if (*slot == hash) return false;
    if (*slot != 0) continue;
    if (tally->slots_used == PERSON_DAYS_MAX) {
      tally->full = true;
      return false;
    }
    *slot = hash;
    tally->slots_used++;
    return true;
  }
}

// A person by personal number, else each subject of each event is one.
static bool add_person_day(struct rehearse_tally *tally, uint64_t of, const struct desk_event *event,
                           size_t subject) {
  uint8_t bytes[KEY_BYTES_MAX] = {0};
  const char *text = event->event->subjects[subject]->personal_number;
  struct nav_personal_number number;
  nav_put_u64(bytes, of);
  nav_put_u64(bytes + 8, (uint64_t)nav_day_stockholm(event->time_ms));
  if (text != NULL && nav_personal_number_parse(text, event->accepted_time_ms, &number)) {
    memcpy(bytes + 16, number.digits, sizeof number.digits);
  } else {
    bytes[16] = 1;
    nav_put_u64(bytes + 32, event->seq);
    nav_put_u64(bytes + 40, subject);
  }
  return add_key(tally, bytes, sizeof bytes);
}

static void count_persons(struct rehearse_tally *tally, const struct rehearse_finding *finding, size_t at,
                          struct row *row, struct total *total) {
  const Nav__V1__Event *event = finding->event->event;
  uint64_t of_total = UINT64_MAX - (uint64_t)finding->change;
  for (size_t i = 0; i < event->n_subjects && i < ACCESS_SUBJECTS_MAX; i++) {
    if ((finding->subjects >> i & 1U) == 0) continue;
    if (add_person_day(tally, at, finding->event, i)) row->person_days++;
    if (add_person_day(tally, of_total, finding->event, i)) total->person_days++;
  }
}

// ---- rows ----

static bool same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void count_pair(struct row *row, const struct rehearse_finding *finding) {
  for (size_t i = 0; i < row->pairs_count; i++) {
    struct pair *pair = &row->pairs[i];
    if (!same_text(pair->before, finding->before) || !same_text(pair->after, finding->after)) continue;
    pair->events++;
    return;
  }
  if (row->pairs_count == PAIRS_MAX) {
    row->other_events++;
    return;
  }
  row->pairs[row->pairs_count++] = (struct pair){finding->before, finding->after, 1};
}

bool rehearse_tally_add(struct rehearse_tally *tally, const struct rehearse_finding *finding) {
  size_t at = finding->lane * REHEARSE_CHANGES + (size_t)finding->change;
  struct total *total = &tally->totals[finding->change];
  if (tally->rows[at] == NULL) tally->rows[at] = calloc(1, sizeof **tally->rows);
  struct row *row = tally->rows[at];
  if (row == NULL) return false;
  if (row->events < EXAMPLES_MAX) memcpy(row->examples[row->events], finding->event->id, 16);
  row->events++;
  if (total->last_seq != finding->event->seq) total->events++;
  total->last_seq = finding->event->seq;
  count_pair(row, finding);
  count_persons(tally, finding, at, row, total);
  return true;
}

// ---- JSON ----

static json_t *text_or_null(const char *text) { return text == NULL ? json_null() : json_string(text); }

static json_t *examples_json(const struct row *row) {
  json_t *list = json_array();
  for (size_t i = 0; i < EXAMPLES_MAX && i < row->events; i++) {
    char hex[2 * 16 + 1];
    (void)json_array_append_new(list, json_string(nav_hex(hex, row->examples[i], 16)));
  }
  return list;
}

static json_t *pairs_json(const struct row *row) {
  json_t *list = json_array();
  for (size_t i = 0; i < row->pairs_count; i++) {
    const struct pair *pair = &row->pairs[i];
    (void)json_array_append_new(list,
                                json_pack("{s:o, s:o, s:I}", "before", text_or_null(pair->before), "after",
                                          text_or_null(pair->after), "events", (json_int_t)pair->events));
  }
  return list;
}

static json_t *row_json(const struct rehearse_lane *lane, size_t change, const struct row *row) {
  return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:I}", "agency", lane->agency, "purpose",
                   lane->purpose, "change", change_names[change], "events", (json_int_t)row->events,
                   "person_days", (json_int_t)row->person_days, "examples", examples_json(row), "rules",
                   pairs_json(row), "other_rules", (json_int_t)row->other_events);
}

json_t *rehearse_tally_rows(const struct rehearse_tally *tally) {
  json_t *list = json_array();
  for (size_t i = 0; i < tally->lanes->count; i++) {
    for (size_t change = 0; change < REHEARSE_CHANGES; change++) {
      const struct row *row = tally->rows[i * REHEARSE_CHANGES + change];
      if (row != NULL) (void)json_array_append_new(list, row_json(&tally->lanes->items[i], change, row));
    }
  }
  return list;
}

json_t *rehearse_tally_totals(const struct rehearse_tally *tally) {
  json_t *object = json_object();
  for (size_t i = 0; i < REHEARSE_CHANGES; i++) {
    const struct total *total = &tally->totals[i];
    (void)json_object_set_new(object, change_names[i],
                              json_pack("{s:I, s:I}", "events", (json_int_t)total->events, "person_days",
                                        (json_int_t)total->person_days));
  }
  return object;
}
