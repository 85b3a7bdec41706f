// See batch.h. Running out of memory while staging ends the program: what was staged is not durable, nobody
// was answered, and everybody sends again.
#include "hub/core/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/core/copy.h"
#include "hub/ledger/record.h"
#include "hub/wire/message.h"
#include "hub/wire/sha256_many.h"

enum {
  ROWS_BYTES_MAX = 64 * 1024 * 1024,
  ANSWERS_BYTES_MAX = 64 * 1024 * 1024,
  NOTE_BYTES_MAX = 4096,
  HASHED_AT_ONCE = 512,
  EVENT_COLUMNS = 10,
  LEDGER_COLUMNS = 8 + EVENT_COLUMNS,  // of nav.ledger
};

_Static_assert((int)LEDGER_COLUMNS <= (int)COPY_FIELDS_MAX, "a row can be read again as parameters");

bool batch_init(struct batch *batch, struct sequence *sequence) {
  *batch = (struct batch){.sequence = sequence};
  nav_buffer_init(&batch->ledger, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->content, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->subtree, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->person, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->mention, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->rules_text, ROWS_BYTES_MAX);
  nav_buffer_init(&batch->answers, ANSWERS_BYTES_MAX);
  nav_buffer_init(&batch->note, NOTE_BYTES_MAX);
  nav_buffer_init(&batch->scratch, RECORD_SIZE_MAX);
  batch->cosignatures = calloc(BATCH_COSIGNATURES_MAX, sizeof *batch->cosignatures);
  if (batch->cosignatures == NULL) return false;
  batch_clear(batch);
  return true;
}

void batch_free(struct batch *batch) {
  for (size_t i = 0; i < batch->entries_count; i++) head_entry_free(batch->entries[i]);
  free(batch->entries);
  free(batch->unhashed);
  free(batch->cosignatures);
  free(batch->answer_list);
  free(batch->acknowledged);
  nav_buffer_free(&batch->ledger);
  nav_buffer_free(&batch->content);
  nav_buffer_free(&batch->subtree);
  nav_buffer_free(&batch->person);
  nav_buffer_free(&batch->mention);
  nav_buffer_free(&batch->rules_text);
  nav_buffer_free(&batch->answers);
  nav_buffer_free(&batch->note);
  nav_buffer_free(&batch->scratch);
}

void batch_clear(struct batch *batch) {
  for (size_t i = 0; i < batch->entries_count; i++) head_entry_free(batch->entries[i]);
  batch->entries_count = 0;
  batch->ahead_bytes = 0;
  batch->unhashed_count = 0;
  batch->answers_count = 0;
  batch->acknowledged_count = 0;
  batch->parts_count = 0;
  batch->cosignatures_count = 0;
  batch->first_seq = 0;
  batch->last_seq = 0;
  batch->has_checkpoint = false;
  batch->urgent = false;
  batch->begins_log = false;
  batch->finished = false;
  nav_buffer_clear(&batch->ledger);
  nav_buffer_clear(&batch->content);
  nav_buffer_clear(&batch->subtree);
  nav_buffer_clear(&batch->person);
  nav_buffer_clear(&batch->mention);
  nav_buffer_free(&batch->rules_text);  // large and rare: the memory is not kept
  nav_buffer_init(&batch->rules_text, ROWS_BYTES_MAX);
  batch->has_rules_texts = false;
  nav_buffer_clear(&batch->answers);
  nav_buffer_clear(&batch->note);
  NAV_ASSERT(copy_begin(&batch->ledger) && copy_begin(&batch->content) && copy_begin(&batch->subtree) &&
             copy_begin(&batch->person) && copy_begin(&batch->mention));
}

bool batch_is_empty(const struct batch *batch) { return batch->first_seq == 0; }

bool batch_has_room(const struct batch *batch) {
  return !batch->finished && batch->entries_count + WIRE_EVENTS_MAX <= BATCH_EVENTS_MAX &&
         batch->content.length < BATCH_BYTES_MAX && batch->ledger.length < BATCH_BYTES_MAX &&
         batch->mention.length < BATCH_BYTES_MAX && batch->rules_text.length < BATCH_BYTES_MAX &&
         (batch->first_seq == 0 || batch->last_seq - batch->first_seq < BATCH_RECORDS_MAX);
}

uint64_t batch_next_seq(const struct batch *batch) { return batch->sequence->last_seq + 1; }

// Every eighth level is stored: a proof then needs at most 256 rows of each.
static void keep_subtree(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  struct nav_buffer *rows = &((struct batch *)context)->subtree;
  if (level % BATCH_SUBTREE_LEVELS != 0) return;
  NAV_ASSERT(copy_row(rows, 3) && copy_int2(rows, (uint16_t)level) && copy_int8(rows, index) &&
             copy_bytes(rows, hash, NAV_SHA256_SIZE));
}

// A record has RECORD_SIZE_MAX bytes at most, so that its rows fit beside BATCH_BYTES_MAX of others.
static void keep_mentions(struct batch *batch, const Nav__V1__Record *record) {
  struct nav_buffer *rows = &batch->mention;
  struct record_mentions mentions;
  NAV_ASSERT(record_mentions_of(record, &mentions));
  for (size_t i = 0; i < mentions.count; i++)
    NAV_ASSERT(copy_row(rows, 2) && copy_int8(rows, mentions.seqs[i]) && copy_int8(rows, record->seq));
  record_mentions_free(&mentions);
}

// The list, with room for one more. What it may hold is bounded by what a batch may.
static void *grown(void *list, size_t count, size_t *capacity, size_t size) {
  if (count < *capacity) return list;
  *capacity = *capacity == 0 ? 64 : *capacity * 2;
  list = realloc(list, *capacity * size);
  NAV_ASSERT(list != NULL);
  return list;
}

static void note_unhashed(struct batch *batch, size_t record, size_t length) {
  batch->unhashed =
      grown(batch->unhashed, batch->unhashed_count, &batch->unhashed_capacity, sizeof *batch->unhashed);
  batch->unhashed[batch->unhashed_count++] =
      (struct batch_unhashed){.record = record, .length = (uint32_t)length};
}

// The record's columns before its bytes, as nav.ledger's COPY lists them (store.c).
static bool put_columns(struct nav_buffer *rows, const Nav__V1__Record *record) {
  struct record_columns columns;
  record_columns_of(record, &columns);
  return copy_row(rows, LEDGER_COLUMNS) && copy_int8(rows, columns.seq) && copy_time(rows, columns.time_ms) &&
         copy_int2(rows, columns.kind) &&
         (columns.lane == 0 ? copy_null(rows) : copy_int4(rows, columns.lane)) &&
         (columns.about == 0 ? copy_null(rows) : copy_int8(rows, columns.about)) &&
         (columns.reader == NULL ? copy_null(rows)
                                 : copy_bytes(rows, columns.reader, strlen(columns.reader)));
}

static bool put_event(struct nav_buffer *rows, const struct batch_event *event) {
  return copy_bytes(rows, event->event_id, sizeof event->event_id) && copy_int4(rows, event->agency) &&
         copy_int4(rows, event->revision) && copy_bytes(rows, event->digest, sizeof event->digest) &&
         copy_int2(rows, (uint16_t)event->type) && copy_time(rows, event->time_ms) &&
         copy_int4(rows, event->verdict) && copy_int2(rows, (uint16_t)event->retention_class) &&
         copy_int4(rows, event->bucket_day) && copy_int8(rows, event->published_seq);
}

static bool put_no_event(struct nav_buffer *rows) {
  bool ok = true;
  for (unsigned i = 0; i < EVENT_COLUMNS; i++) ok = ok && copy_null(rows);
  return ok;
}

// event: of an Accepted record, NULL of others.
static uint64_t stage(struct batch *batch, Nav__V1__Record *record, const struct batch_event *event,
                      int64_t now_ms) {
  static const uint8_t unhashed[NAV_SHA256_SIZE];
  struct sequence *sequence = batch->sequence;
  struct nav_buffer *rows = &batch->ledger;
  NAV_ASSERT(!batch->finished);
  if (now_ms > sequence->last_time_ms) sequence->last_time_ms = now_ms;
  record->has_seq = record->has_time_ms = record->has_epoch = true;
  record->seq = ++sequence->last_seq;
  record->time_ms = sequence->last_time_ms;
  record->epoch = sequence->epoch;
  nav_buffer_clear(&batch->scratch);
  NAV_ASSERT(record_encode(record, &batch->scratch));
  NAV_ASSERT(put_columns(rows, record) && copy_bytes(rows, batch->scratch.data, batch->scratch.length));
  note_unhashed(batch, rows->length - batch->scratch.length, batch->scratch.length);
  NAV_ASSERT(copy_bytes(rows, unhashed, sizeof unhashed) &&
             (event == NULL ? put_no_event(rows) : put_event(rows, event)));
  keep_mentions(batch, record);
  if (batch->first_seq == 0) batch->first_seq = record->seq;
  batch->last_seq = record->seq;
  return record->seq;
}

uint64_t batch_stage(struct batch *batch, Nav__V1__Record *record, int64_t now_ms) {
  NAV_ASSERT(record->record_case != NAV__V1__RECORD__RECORD_ACCEPTED);
  return stage(batch, record, NULL, now_ms);
}

uint64_t batch_stage_accepted(struct batch *batch, Nav__V1__Record *record, const struct batch_event *event,
                              int64_t now_ms) {
  uint64_t seq = stage(batch, record, event, now_ms);
  struct nav_buffer *rows = &batch->person;
  for (size_t i = 0; i < event->persons_count; i++)
    NAV_ASSERT(copy_row(rows, 2) && copy_bytes(rows, event->persons[i], BATCH_TOKEN_SIZE) &&
               copy_int8(rows, seq));
  return seq;
}

uint32_t batch_part(uint32_t retention_class, uint32_t bucket_day) {
  int year = 0;
  int month = 0;
  int day = 0;
  nav_date_from_days(bucket_day, &year, &month, &day);
  return retention_class * 1000000u + (uint32_t)(year * 100 + month);
}

static void note_part(struct batch *batch, uint32_t part) {
  for (size_t i = 0; i < batch->parts_count; i++) {
    if (batch->parts[i] == part) return;
  }
  NAV_ASSERT(batch->parts_count < BATCH_PARTS_MAX);
  batch->parts[batch->parts_count++] = part;
}

// Recalls have one or more beside their event's, which batch_has_room cannot know of.
static void add_entry(struct batch *batch, struct head_entry *entry) {
  batch->entries =
      grown(batch->entries, batch->entries_count, &batch->entries_capacity, sizeof *batch->entries);
  batch->entries[batch->entries_count++] = entry;
}

void batch_stage_content(struct batch *batch, const struct batch_event *event, const uint8_t *sealed,
                         size_t sealed_length, struct head_entry *entry) {
  struct nav_buffer *rows = &batch->content;
  struct batch_unhashed *record = &batch->unhashed[batch->unhashed_count - 1];
  uint32_t part = batch_part(event->retention_class, event->bucket_day);
  size_t commitment = record_commitment_at(batch->scratch.data, batch->scratch.length);
  NAV_ASSERT(commitment > 0 && (entry == NULL || entry->seq == batch->last_seq));
  note_part(batch, part);
  NAV_ASSERT(copy_row(rows, 3) && copy_int8(rows, batch->last_seq) && copy_int4(rows, part) &&
             copy_bytes(rows, sealed, sealed_length));
  record->sealed = rows->length - sealed_length;
  record->sealed_length = (uint32_t)sealed_length;
  record->commitment = (uint32_t)commitment;
  if (entry != NULL) add_entry(batch, entry);
}

void batch_stage_entry(struct batch *batch, struct head_entry *entry) {
  NAV_ASSERT(entry->seq == batch->last_seq);
  add_entry(batch, entry);
}

void batch_stage_rules_text(struct batch *batch, uint64_t seq, const uint8_t sha256[NAV_SHA256_SIZE],
                            const char *text, size_t length) {
  struct nav_buffer *rows = &batch->rules_text;
  NAV_ASSERT(seq == batch->last_seq);
  NAV_ASSERT(batch->has_rules_texts || copy_begin(rows));
  batch->has_rules_texts = true;
  NAV_ASSERT(copy_row(rows, 3) && copy_bytes(rows, sha256, NAV_SHA256_SIZE) && copy_int8(rows, seq) &&
             copy_bytes(rows, text, length));
}

const struct nav_buffer *batch_last_record(const struct batch *batch) { return &batch->scratch; }

static void add_answer(struct batch *batch, struct batch_answer answer) {
  batch->answer_list =
      grown(batch->answer_list, batch->answers_count, &batch->answers_capacity, sizeof *batch->answer_list);
  batch->answer_list[batch->answers_count++] = answer;
  batch->urgent = true;
}

void batch_answer_session(struct batch *batch, uint64_t session_id, const void *hub_frame) {
  size_t offset = batch->answers.length;
  NAV_ASSERT(session_id != 0 && wire_encode(hub_frame, &batch->answers));
  add_answer(batch, (struct batch_answer){session_id, 0, offset, batch->answers.length - offset});
}

void batch_answer_control(struct batch *batch, uint64_t connection, const char *json) {
  size_t offset = batch->answers.length;
  NAV_ASSERT(nav_buffer_append(&batch->answers, json, strlen(json) + 1));
  add_answer(batch, (struct batch_answer){0, connection, offset, batch->answers.length - offset});
}

bool batch_stage_cosignature(struct batch *batch, uint64_t size, const char *agency, const char *line) {
  if (batch->finished || batch->cosignatures_count == BATCH_COSIGNATURES_MAX) return false;
  struct batch_cosignature *row = &batch->cosignatures[batch->cosignatures_count++];
  row->size = size;
  (void)snprintf(row->agency, sizeof row->agency, "%s", agency);
  (void)snprintf(row->line, sizeof row->line, "%s", line);
  return true;
}

void batch_note_acknowledged(struct batch *batch, uint32_t lane, uint64_t position, uint64_t rank) {
  batch->acknowledged = grown(batch->acknowledged, batch->acknowledged_count, &batch->acknowledged_capacity,
                              sizeof *batch->acknowledged);
  batch->acknowledged[batch->acknowledged_count++] = (struct batch_acknowledged){lane, position, rank};
}

bool batch_checkpoint_waits(const struct batch *batch, int64_t now_ms, uint32_t checkpoint_ms) {
  const struct sequence *sequence = batch->sequence;
  return sequence->last_seq > sequence->checkpoint_seq &&
         now_ms - sequence->checkpoint_time_ms >= (int64_t)checkpoint_ms;
}

// A tree that does not extend the last signed one is never signed: the program ends, and the next start reads
// the ledger again.
static void assert_extends(const struct sequence *sequence, const uint8_t root[NAV_SHA256_SIZE]) {
  uint8_t again[NAV_SHA256_SIZE];
  merkle_root(&sequence->check, again);
  NAV_ASSERT(sequence->check.size == sequence->last_seq && sequence->frontier.size == sequence->last_seq &&
             memcmp(again, root, sizeof again) == 0);
}

// Commitments first, since they are part of what the leaves are hashes of.
static void hash_some(struct batch *batch, const struct batch_unhashed *list, size_t count) {
  struct sha256_input inputs[HASHED_AT_ONCE];
  uint8_t leaves[HASHED_AT_ONCE][NAV_SHA256_SIZE];
  uint8_t *rows = batch->ledger.data;
  size_t events = 0;
  for (size_t i = 0; i < count; i++) {
    if (list[i].sealed_length == 0) continue;
    inputs[events++] = (struct sha256_input){batch->content.data + list[i].sealed, list[i].sealed_length, -1,
                                             rows + list[i].record + list[i].commitment};
  }
  nav_sha256_many(inputs, events);
  for (size_t i = 0; i < count; i++)
    inputs[i] = (struct sha256_input){rows + list[i].record, list[i].length, MERKLE_LEAF_PREFIX, leaves[i]};
  nav_sha256_many(inputs, count);
  for (size_t i = 0; i < count; i++)
    memcpy(rows + list[i].record + list[i].length + COPY_LENGTH_SIZE, leaves[i], NAV_SHA256_SIZE);
  merkle_append_many(&batch->sequence->frontier, leaves[0], count, keep_subtree, batch);
  merkle_append_many(&batch->sequence->check, leaves[0], count, NULL, NULL);
}

static void hash_all(struct batch *batch) {
  for (size_t done = 0; done < batch->unhashed_count;) {
    size_t left = batch->unhashed_count - done;
    size_t some = left < HASHED_AT_ONCE ? left : HASHED_AT_ONCE;
    hash_some(batch, batch->unhashed + done, some);
    done += some;
  }
  batch->unhashed_count = 0;
}

void batch_finish(struct batch *batch, const char *origin, const struct key_pair_sign *key,
                  uint32_t checkpoint_records, uint32_t checkpoint_ms, bool last) {
  struct sequence *sequence = batch->sequence;
  hash_all(batch);
  if (batch_is_empty(batch)) {
    batch->first_seq = sequence->last_seq + 1;
    batch->last_seq = sequence->last_seq;
    last = true;
  }
  bool due = last || sequence->last_seq - sequence->checkpoint_seq >= checkpoint_records ||
             sequence->last_time_ms - sequence->checkpoint_time_ms >= (int64_t)checkpoint_ms;
  if (due && sequence->last_seq > sequence->checkpoint_seq) {
    batch->has_checkpoint = true;
    batch->checkpoint.size = sequence->last_seq;
    merkle_root(&sequence->frontier, batch->checkpoint.root);
    assert_extends(sequence, batch->checkpoint.root);
    batch->frontier = sequence->frontier;
    sequence->check = sequence->frontier;
    NAV_ASSERT(checkpoint_sign(&batch->checkpoint, origin, key, &batch->note));
    sequence->checkpoint_seq = sequence->last_seq;
    sequence->checkpoint_time_ms = sequence->last_time_ms;
  }
  NAV_ASSERT(copy_end(&batch->ledger) && copy_end(&batch->content) && copy_end(&batch->subtree) &&
             copy_end(&batch->person) && copy_end(&batch->mention));
  NAV_ASSERT(!batch->has_rules_texts || copy_end(&batch->rules_text));
  batch->finished = true;
}
