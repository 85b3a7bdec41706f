// See verify_prepare.h.
#include "hub/ledger/verify_prepare.h"

#include <string.h>

#include "hub/wire/message.h"
#include "hub/wire/sha256_many.h"

// ---- the batch ----

bool verify_batch_init(struct verify_batch *batch, bool is_content) {
  batch->is_content = is_content;
  batch->bytes = nav_arena_new(AHEAD_ARENA_MAX);
  batch->decoded = nav_arena_new(AHEAD_DECODED_MAX);
  if (batch->bytes != NULL && batch->decoded != NULL) return true;
  verify_batch_free(batch);
  return false;
}

void verify_batch_free(struct verify_batch *batch) {
  nav_arena_free(batch->bytes);
  nav_arena_free(batch->decoded);
  batch->bytes = batch->decoded = NULL;
}

void verify_batch_clear(struct verify_batch *batch) {
  batch->count = 0;
  nav_arena_reset(batch->bytes);
  nav_arena_reset(batch->decoded);
}

bool verify_batch_is_full(const struct verify_batch *batch) {
  return batch->count == AHEAD_ROWS || nav_arena_used(batch->bytes) >= AHEAD_BYTES;
}

// NULL: no memory.
static const uint8_t *copy(struct verify_batch *batch, const uint8_t *bytes, size_t length) {
  uint8_t *kept = nav_arena_alloc(batch->bytes, length);
  if (kept != NULL && length > 0) memcpy(kept, bytes, length);
  return kept;
}

bool verify_batch_add_record(struct verify_batch *batch, const struct verify_ledger_row *row) {
  struct verify_ready *ready = &batch->records[batch->count];
  *ready = (struct verify_ready){.row = *row};
  ready->row.record = copy(batch, row->record, row->record_length);
  if (row->leaf != NULL) ready->row.leaf = copy(batch, row->leaf, row->leaf_length);
  if (row->reader != NULL)
    ready->row.reader = (const char *)copy(batch, (const uint8_t *)row->reader, row->reader_length);
  if (ready->row.record == NULL || (row->leaf != NULL && ready->row.leaf == NULL) ||
      (row->reader != NULL && ready->row.reader == NULL))
    return false;
  batch->count++;
  return true;
}

bool verify_batch_add_content(struct verify_batch *batch, const struct verify_content_row *row) {
  batch->contents[batch->count] = *row;
  batch->contents[batch->count].sealed = copy(batch, row->sealed, row->length);
  if (batch->contents[batch->count].sealed == NULL) return false;
  batch->count++;
  return true;
}

// ---- hashes ----

static void hash_contents(struct verify_batch *batch) {
  struct sha256_input inputs[AHEAD_ROWS];
  for (size_t i = 0; i < batch->count; i++) {
    const struct verify_content_row *row = &batch->contents[i];
    inputs[i] = (struct sha256_input){row->sealed, row->length, -1, batch->hashes[i]};
  }
  nav_sha256_many(inputs, batch->count);
}

static void hash_leaves(struct verify_batch *batch) {
  struct sha256_input inputs[AHEAD_ROWS];
  for (size_t i = 0; i < batch->count; i++) {
    const struct verify_ledger_row *row = &batch->records[i].row;
    inputs[i] = (struct sha256_input){row->record, row->record_length, 0x00, batch->hashes[i]};
    batch->records[i].hash = batch->hashes[i];
  }
  nav_sha256_many(inputs, batch->count);
}

// Of one level, from the one below it. Gives how many there are.
static size_t hash_level(struct merkle_known *known, unsigned level, uint8_t (*nodes)[NAV_SHA256_SIZE]) {
  struct sha256_input inputs[AHEAD_ROWS / 2];
  uint64_t below = known->first[level - 1];
  uint64_t first = (below + 1) / 2;
  uint64_t end = (below + known->count[level - 1]) / 2;
  size_t count = end > first ? (size_t)(end - first) : 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *pair = known->hashes[level - 1][2 * (first + i) - below];
    inputs[i] = (struct sha256_input){pair, 2 * NAV_SHA256_SIZE, 0x01, nodes[i]};
  }
  nav_sha256_many(inputs, count);
  known->first[level] = first;
  known->count[level] = count;
  known->hashes[level] = (const uint8_t(*)[NAV_SHA256_SIZE])nodes;
  return count;
}

// Where the batch's numbers follow one another; else nothing is known.
static void hash_nodes(struct verify_batch *batch) {
  struct merkle_known *known = &batch->known;
  uint64_t first = batch->count > 0 ? batch->records[0].row.seq : 0;
  *known = (struct merkle_known){0};
  if (first == 0) return;
  for (size_t i = 0; i < batch->count; i++) {
    batch->records[i].known = known;
    if (batch->records[i].row.seq != first + i) return;
  }
  known->first[0] = first - 1;
  known->count[0] = batch->count;
  known->hashes[0] = (const uint8_t(*)[NAV_SHA256_SIZE])batch->hashes;
  size_t used = 0;
  for (unsigned level = 1; level < MERKLE_KNOWN_LEVELS; level++)
    used += hash_level(known, level, batch->nodes + used);
}

// ---- signatures ----

static void guess_published(struct verify_batch *batch, struct verify_ready *ready,
                            const struct verify_known *known) {
  const Nav__V1__Published *p = ready->record->published;
  uint8_t digests[WIRE_EVENTS_MAX][NAV_SHA256_SIZE];
  if (p->n_digests == 0 || p->n_digests > WIRE_EVENTS_MAX || p->signature.len != KEY_SIGNATURE_SIZE ||
      p->public_key.len != KEY_ED25519_PUBLIC_SIZE)
    return;
  for (size_t i = 0; i < p->n_digests; i++) {
    if (p->digests[i].len != NAV_SHA256_SIZE) return;
    memcpy(digests[i], p->digests[i].data, NAV_SHA256_SIZE);
  }
  struct verify_guess *guess = nav_arena_zalloc(batch->decoded, 1, sizeof *guess);
  if (guess == NULL) return;
  memcpy(guess->log_id, known->log_id, sizeof guess->log_id);
  guess->holds = keys_verify_publication(p->signature.data, p->public_key.data, known->log_id,
                                         p->agency != NULL ? p->agency : "", digests[0], p->n_digests);
  ready->guess = guess;
}

static void guess_acknowledged(struct verify_batch *batch, struct verify_ready *ready,
                               const struct verify_known *known) {
  const Nav__V1__Acknowledged *a = ready->record->acknowledged;
  if (a->lane >= AHEAD_LANES || known->lanes[a->lane][0] == '\0' || a->signature.len != KEY_SIGNATURE_SIZE ||
      a->public_key.len != KEY_ED25519_PUBLIC_SIZE)
    return;
  struct verify_guess *guess = nav_arena_zalloc(batch->decoded, 1, sizeof *guess);
  if (guess == NULL) return;
  memcpy(guess->log_id, known->log_id, sizeof guess->log_id);
  memcpy(guess->agency, known->lanes[a->lane], sizeof guess->agency);
  guess->holds = keys_verify_acknowledge(a->signature.data, a->public_key.data, known->log_id, guess->agency,
                                         a->lane, a->position);
  ready->guess = guess;
}

static void prepare_record(struct verify_batch *batch, struct verify_ready *ready,
                           const struct verify_known *known) {
  struct nav_error ignored;
  ready->record = record_decode_accepted(batch->decoded, ready->row.record, ready->row.record_length);
  if (ready->record != NULL) return;
  ready->record = record_decode(batch->decoded, ready->row.record, ready->row.record_length, &ignored);
  if (ready->record == NULL) return;
  if (ready->record->record_case == NAV__V1__RECORD__RECORD_PUBLISHED) guess_published(batch, ready, known);
  if (ready->record->record_case == NAV__V1__RECORD__RECORD_ACKNOWLEDGED)
    guess_acknowledged(batch, ready, known);
}

void verify_prepare(struct verify_batch *batch, const struct verify_known *known) {
  if (batch->is_content) {
    hash_contents(batch);
    return;
  }
  hash_leaves(batch);
  hash_nodes(batch);
  for (size_t i = 0; i < batch->count; i++) prepare_record(batch, &batch->records[i], known);
}
