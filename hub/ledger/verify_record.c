// One record of `audit verify` against what was recorded before it: numbers are defined before use and never
// for another, signatures hold, references point backwards. See verify.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

void verify_names_free(struct verify_names *names) {
  free(names->items);
  *names = (struct verify_names){0};
}

const char *verify_name(const struct verify_names *names, uint32_t number) {
  if (number >= names->count || names->items[number].agency[0] == '\0') return NULL;
  return names->items[number].agency;
}

bool verify_verdict_known(const struct verify *v, uint32_t number) {
  return number < VERIFY_NUMBERS_MAX && (v->verdicts[number / 8] >> (number % 8) & 1) != 0;
}

static bool grow(struct verify_names *names, uint32_t number) {
  if (number < names->count) return true;
  size_t count = names->count == 0 ? 64 : names->count;
  while (count <= number) count *= 2;
  struct verify_name *items = realloc(names->items, count * sizeof *items);
  if (items == NULL) return false;
  memset(items + names->count, 0, (count - names->count) * sizeof *items);
  names->items = items;
  names->count = count;
  return true;
}

static void define_name(struct verify *v, struct verify_names *names, uint64_t seq, const char *what,
                        uint32_t number, const char *agency) {
  if (number == 0 || number >= VERIFY_NAMES_MAX || agency == NULL || agency[0] == '\0' ||
      strlen(agency) >= VERIFY_NAME_SIZE) {
    verify_accuse(v, seq, "defines %s %" PRIu32 ", which no record can name", what, number);
    return;
  }
  if (verify_name(names, number) != NULL) {
    verify_doubt(v, seq, names->items[number].seq, "defines %s %" PRIu32 " a second time", what, number);
    return;
  }
  if (!grow(names, number)) {
    v->lost = true;  // no memory: what names it later is not judged
    return;
  }
  (void)snprintf(names->items[number].agency, VERIFY_NAME_SIZE, "%s", agency);
  names->items[number].seq = seq;
}

static bool lane_known(struct verify *v, uint64_t seq, uint32_t lane) {
  if (verify_name(&v->lanes, lane) != NULL) return true;
  if (!v->lost) verify_doubt(v, seq, 0, "names lane %" PRIu32 ", which no record before it defines", lane);
  return false;
}

static void check_verdict(struct verify *v, uint64_t seq, const Nav__V1__VerdictDefined *verdict) {
  uint32_t number = verdict->number;
  if (number >= VERIFY_NUMBERS_MAX) {
    verify_accuse(v, seq, "defines verdict %" PRIu32 ", which no record can name", number);
    return;
  }
  if (verify_verdict_known(v, number) && !v->lost) {
    verify_doubt(v, seq, 0, "defines verdict %" PRIu32 " a second time", number);
  }
  v->verdicts[number / 8] = (uint8_t)(v->verdicts[number / 8] | 1u << number % 8);
  for (size_t i = 0; i < verdict->n_lanes; i++) {
    if (!lane_known(v, seq, verdict->lanes[i]->lane)) return;
  }
}

struct verify_publication *verify_publication_find(struct verify *v, uint64_t seq) {
  for (size_t i = 0; seq != 0 && i < VERIFY_PUBLICATIONS_BACK; i++) {  // mostly the newest
    size_t at = (v->publication_next + 2 * VERIFY_PUBLICATIONS_BACK - 1 - i) % VERIFY_PUBLICATIONS_BACK;
    if (v->publications[at].seq == seq) return &v->publications[at];
  }
  return NULL;
}

// The record that a signature is checked by, beside the checked one itself: a definition, or the record that
// names the log. defined: 1 for none.
static uint64_t signature_rests_on(const struct verify *v, uint64_t defined) {
  return v->log_id_seq > defined ? v->log_id_seq : defined;
}

static bool log_guessed(const struct verify *v, const struct verify_guess *guess) {
  return guess != NULL && memcmp(guess->log_id, v->log_id, sizeof v->log_id) == 0;
}

static bool publication_holds(struct verify *v, const Nav__V1__Published *published, const char *agency,
                              const struct verify_publication *kept, const struct verify_guess *guess) {
  v->report->signatures++;
  if (log_guessed(v, guess)) return guess->holds;
  return keys_verify_publication(published->signature.data, published->public_key.data, v->log_id, agency,
                                 kept->digests[0], kept->count);
}

static void check_published(struct verify *v, uint64_t seq, const Nav__V1__Published *published,
                            const struct verify_guess *guess) {
  struct verify_publication *kept = &v->publications[v->publication_next];
  const char *agency = published->agency != NULL ? published->agency : "";
  bool sized = published->n_digests > 0 && published->n_digests <= WIRE_EVENTS_MAX &&
               published->signature.len == KEY_SIGNATURE_SIZE &&
               published->public_key.len == KEY_ED25519_PUBLIC_SIZE;
  for (size_t i = 0; sized && i < published->n_digests; i++) {
    sized = published->digests[i].len == NAV_SHA256_SIZE;
  }
  if (!sized) {
    verify_accuse(v, seq,
                  "is no publication: 1 to %d digests of 32 bytes, a signature and a key were expected",
                  (int)WIRE_EVENTS_MAX);
    v->lost = true;
    return;
  }
  v->publication_next = (v->publication_next + 1) % VERIFY_PUBLICATIONS_BACK;
  kept->seq = seq;
  kept->count = published->n_digests;
  memset(kept->used, 0, sizeof kept->used);
  (void)snprintf(kept->agency, sizeof kept->agency, "%s", agency);
  for (size_t i = 0; i < kept->count; i++)
    memcpy(kept->digests[i], published->digests[i].data, NAV_SHA256_SIZE);
  if (!publication_holds(v, published, agency, kept, guess)) {
    verify_doubt(v, seq, signature_rests_on(v, 1), "the signature of %s over its publication does not hold",
                 agency);
    kept->seq = 0;  // its digests judge nobody
    v->lost = true;
  }
}

static bool acknowledgement_holds(struct verify *v, const Nav__V1__Acknowledged *record, const char *agency,
                                  const struct verify_guess *guess) {
  v->report->signatures++;
  if (log_guessed(v, guess) && strcmp(guess->agency, agency) == 0) return guess->holds;
  return record->signature.len == KEY_SIGNATURE_SIZE && record->public_key.len == KEY_ED25519_PUBLIC_SIZE &&
         keys_verify_acknowledge(record->signature.data, record->public_key.data, v->log_id, agency,
                                 record->lane, record->position);
}

static void check_acknowledged(struct verify *v, uint64_t seq, const Nav__V1__Acknowledged *record,
                               const struct verify_guess *guess) {
  if (!lane_known(v, seq, record->lane)) return;
  struct verify_name *lane = &v->lanes.items[record->lane];
  if (record->position >= seq) {
    verify_accuse(v, seq, "acknowledges position %" PRIu64 " of lane %" PRIu32 ", which came later",
                  record->position, record->lane);
  } else if (record->position < lane->position) {
    verify_doubt(v, seq, lane->position_seq,
                 "acknowledges position %" PRIu64 " of lane %" PRIu32 " after %" PRIu64, record->position,
                 record->lane, lane->position);
  }
  if (!acknowledgement_holds(v, record, lane->agency, guess)) {
    verify_doubt(v, seq, signature_rests_on(v, lane->seq),
                 "the signature of %s over its acknowledgement does not hold", lane->agency);
  } else if (record->position < seq && record->position > lane->position) {
    lane->position = record->position;
    lane->position_seq = seq;
  }
}

static void check_redecided(struct verify *v, uint64_t seq, const Nav__V1__Redecided *record) {
  if (record->lane == NULL || record->event_seq >= seq) {
    verify_accuse(v, seq, "decides again of seq %" PRIu64 ", which is no event before it", record->event_seq);
  } else {
    (void)lane_known(v, seq, record->lane->lane);
  }
}

static void check_redelivered(struct verify *v, uint64_t seq, const Nav__V1__Redelivered *record) {
  bool of_lane = record->released == NULL || record->released->lane == record->lane;
  if (record->position >= seq || record->event_seq >= seq || !of_lane) {
    verify_accuse(v, seq, "redelivers position %" PRIu64 ", which is none before it of that lane",
                  record->position);
  } else {
    (void)lane_known(v, seq, record->lane);
  }
}

static void check_started(struct verify *v, uint64_t seq, const Nav__V1__Started *record) {
  if (!record->has_log_id) return;  // a program without a ledger of its own
  if (record->log_id.len != KEY_LOG_ID_SIZE) {
    verify_accuse(v, seq, "names a log id that is not 16 bytes");
    return;
  }
  if (memcmp(v->log_id, record->log_id.data, sizeof v->log_id) != 0) {
    if (v->has_started) memcpy(v->previous_log_id, v->log_id, sizeof v->log_id);
    v->log_id_seq = seq;
    v->log_changed = v->has_started;
  }
  v->has_started = true;
  memcpy(v->log_id, record->log_id.data, sizeof v->log_id);
  verify_ahead_know_log(v->ahead, v->log_id);
}

// The record after a Started that names another log must say that the database was put back.
static void check_restored(struct verify *v, const Nav__V1__Record *record) {
  const Nav__V1__Restored *restored =
      record->record_case == NAV__V1__RECORD__RECORD_RESTORED ? record->restored : NULL;
  bool expected = v->log_changed && record->seq == v->log_id_seq + 1;
  // An empty database goes on from nothing: its first record begins the only log there is.
  if (restored != NULL && record->seq == 2 && restored->last_seq == 0 && restored->previous_log_id.len == 0)
    return;
  if (expected) v->log_changed = false;
  if (expected && restored == NULL) {
    verify_doubt(v, v->log_id_seq, record->seq,
                 "begins another log, and the record after it does not say that the database was put back");
  } else if (restored != NULL &&
             (!expected || restored->previous_log_id.len != sizeof v->previous_log_id ||
              memcmp(restored->previous_log_id.data, v->previous_log_id, sizeof v->previous_log_id) != 0)) {
    verify_doubt(v, record->seq, v->log_id_seq == 0 ? 1 : v->log_id_seq,
                 "says that the database was put back, and the record before it begins no other log");
  }
}

static void note_key(struct verify *v, uint64_t seq, const Nav__V1__KeyChanged *record) {
  verify_cosigner_key(v, seq, record);
  if (record->owner == NULL || record->use == NULL || strcmp(record->owner, "hub") != 0 ||
      strcmp(record->use, "checkpoint") != 0 || record->public_key.len != sizeof v->hub_key) {
    return;
  }
  memcpy(v->hub_key, record->public_key.data, sizeof v->hub_key);
  v->hub_key_seq = seq;
}

static void know_lane(struct verify *v, uint32_t number) {
  const char *agency = verify_name(&v->lanes, number);
  if (agency != NULL) verify_ahead_know_lane(v->ahead, number, agency);
}

void verify_record(struct verify *v, const Nav__V1__Record *record, const struct verify_guess *guess) {
  uint64_t seq = record->seq;
  check_restored(v, record);
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_STARTED:
      check_started(v, seq, record->started);
      break;
    case NAV__V1__RECORD__RECORD_KEY_CHANGED:
      note_key(v, seq, record->key_changed);
      break;
    case NAV__V1__RECORD__RECORD_AGENCY_DEFINED:
      define_name(v, &v->agencies, seq, "agency", record->agency_defined->number,
                  record->agency_defined->agency);
      break;
    case NAV__V1__RECORD__RECORD_LANE_DEFINED:
      define_name(v, &v->lanes, seq, "lane", record->lane_defined->number, record->lane_defined->agency);
      know_lane(v, record->lane_defined->number);
      break;
    case NAV__V1__RECORD__RECORD_VERDICT_DEFINED:
      check_verdict(v, seq, record->verdict_defined);
      break;
    case NAV__V1__RECORD__RECORD_PUBLISHED:
      check_published(v, seq, record->published, guess);
      break;
    case NAV__V1__RECORD__RECORD_ACCEPTED:
      v->report->events++;
      verify_accepted(v, record);
      break;
    case NAV__V1__RECORD__RECORD_REDECIDED:
      check_redecided(v, seq, record->redecided);
      break;
    case NAV__V1__RECORD__RECORD_ACKNOWLEDGED:
      check_acknowledged(v, seq, record->acknowledged, guess);
      break;
    case NAV__V1__RECORD__RECORD_REPLAYED:
      (void)lane_known(v, seq, record->replayed->lane);
      break;
    case NAV__V1__RECORD__RECORD_NACKED:
      (void)lane_known(v, seq, record->nacked->lane);
      break;
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      check_redelivered(v, seq, record->redelivered);
      break;
    case NAV__V1__RECORD__RECORD_ERASED:
      for (size_t i = 0; i < record->erased->n_lanes; i++)
        (void)lane_known(v, seq, record->erased->lanes[i]->lane);
      verify_erased(v, record);
      break;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      for (size_t i = 0; i < record->events_erased->n_events; i++)
        for (size_t k = 0; k < record->events_erased->events[i]->n_undelivered; k++)
          (void)lane_known(v, seq, record->events_erased->events[i]->undelivered[k]);
      verify_events_erased(v, seq, record->events_erased);
      break;
    default:
      break;  // says nothing that others must bear out
  }
}
