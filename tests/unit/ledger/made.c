// See made.h.
#include "tests/unit/ledger/made.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/ledger/checkpoint.h"
#include "hub/ledger/cosignature.h"
#include "hub/ledger/record.h"
#include "hub/wire/merkle.h"
#include "hub/wire/message.h"
#include "nav/v1/event.pb-c.h"
#include "tests/unit/ledger/made_private.h"

enum { ARENA_MAX = 2047 * 1024 * 1024, RETENTION_CLASS = 2, STEP_MS = 250, MS_A_DAY = 86400000 };
enum { TYPE_SCHOOL_INCIDENT = 41 };

const char *const made_agencies[MADE_AGENCIES] = {"police-north", "social-bromma", "school-sol"};

const struct made_lane made_lanes[MADE_LANES] = {
    {0, "lagesbild"}, {1, "lagesbild"}, {1, "young-at-risk"}, {0, "young-at-risk"}};

static void *take(struct made *made, size_t size) {
  void *memory = nav_arena_zalloc(made->arena, 1, size);
  NAV_ASSERT(memory != NULL);
  return memory;
}

char *made_text(const char *constant) {
  union {
    const char *in;
    char *out;
  } cast = {constant};
  return cast.out;
}

const uint8_t *made_keep(struct made *made, const void *bytes, size_t length) {
  uint8_t *copy = take(made, length + 1);
  if (length > 0) memcpy(copy, bytes, length);
  return copy;
}

static void seed_pair(struct key_pair_sign *pair, uint8_t number) {
  uint8_t seed[crypto_sign_SEEDBYTES];
  memset(seed, number, sizeof seed);
  (void)crypto_sign_seed_keypair(pair->public_key, pair->secret_key, seed);
}

void made_bucket_key(uint8_t key[CONTENT_KEY_SIZE], uint32_t retention_class, uint32_t day) {
  uint8_t message[14] = {'b', 'u', 'c', 'k', 'e', 't'};
  nav_put_u32(message + 6, retention_class);
  nav_put_u32(message + 10, day);
  (void)crypto_generichash(key, CONTENT_KEY_SIZE, message, sizeof message, NULL, 0);
}

void made_event_key(uint8_t key[CONTENT_KEY_SIZE], const uint8_t bucket_key[CONTENT_KEY_SIZE], uint64_t seq) {
  uint8_t message[13] = {'e', 'v', 'e', 'n', 't'};
  nav_put_u64(message + 5, seq);
  (void)crypto_generichash(key, CONTENT_KEY_SIZE, message, sizeof message, bucket_key, CONTENT_KEY_SIZE);
}

void made_set_leaf(struct made *made, struct verify_ledger_row *row) {
  uint8_t *leaf = take(made, NAV_SHA256_SIZE);
  merkle_leaf(leaf, row->record, row->record_length);
  row->leaf = leaf;
  row->leaf_length = NAV_SHA256_SIZE;
}

void made_set_record(struct made *made, struct verify_ledger_row *row, const Nav__V1__Record *record) {
  struct nav_buffer bytes;
  nav_buffer_init(&bytes, RECORD_SIZE_MAX);
  NAV_ASSERT(record_encode(record, &bytes));
  row->record = made_keep(made, bytes.data, bytes.length);
  row->record_length = bytes.length;
  nav_buffer_free(&bytes);
}

static struct verify_checkpoint_row sign_frontier(struct made *made, const struct merkle_frontier *frontier,
                                                  uint64_t size, const struct key_pair_sign *key) {
  struct checkpoint checkpoint = {.size = size};
  struct nav_buffer note;
  char origin[320];
  char log_id[2 * KEY_LOG_ID_SIZE + 1];
  merkle_root(frontier, checkpoint.root);
  (void)snprintf(origin, sizeof origin, "%s/%s", made->settings.hub,
                 nav_hex(log_id, made->log_id, KEY_LOG_ID_SIZE));
  nav_buffer_init(&note, 4096);
  NAV_ASSERT(checkpoint_sign(&checkpoint, origin, key, &note));
  size_t hashes = (size_t)__builtin_popcountll(frontier->size);
  uint8_t bytes[8 + 64 * NAV_SHA256_SIZE];
  nav_put_u64(bytes, frontier->size);
  memcpy(bytes + 8, frontier->hashes, hashes * NAV_SHA256_SIZE);
  struct verify_checkpoint_row row = {
      .size = size,
      .root = made_keep(made, checkpoint.root, NAV_SHA256_SIZE),
      .note = (const char *)made_keep(made, note.data, note.length),
      .frontier_length = 8 + hashes * NAV_SHA256_SIZE,
  };
  row.frontier = made_keep(made, bytes, row.frontier_length);
  nav_buffer_free(&note);
  return row;
}

struct verify_checkpoint_row made_checkpoint(struct made *made, uint64_t size,
                                             const struct key_pair_sign *key) {
  struct merkle_frontier frontier = {0};
  for (size_t i = 0; i < size && i < made->ledger_count; i++) merkle_append(&frontier, made->ledger[i].leaf);
  return sign_frontier(made, &frontier, size, key);
}

void made_person(uint8_t token[VERIFY_KEY_SIZE], uint32_t n) {
  uint8_t text[10] = "person";
  nav_put_u32(text + 6, n);
  (void)crypto_generichash(token, VERIFY_KEY_SIZE, text, sizeof text, NULL, 0);
}

static void note_persons(struct made *made, const Nav__V1__Accepted *accepted, uint64_t seq) {
  for (size_t i = 0; i < accepted->n_persons; i++) {
    struct verify_index_row *row = &made->persons[made->persons_count++];
    row->seq = seq;
    memcpy(row->key, accepted->persons[i].data, VERIFY_KEY_SIZE);
  }
}

static void note_mentions(struct made *made, const Nav__V1__Record *record) {
  struct record_mentions mentions;
  NAV_ASSERT(record_mentions_of(record, &mentions));
  for (size_t i = 0; i < mentions.count; i++) {
    struct verify_index_row *row = &made->mentions[made->mentions_count++];
    *row = (struct verify_index_row){.seq = record->seq};
    nav_put_u64(row->key + VERIFY_KEY_SIZE - 8, mentions.seqs[i]);
  }
  record_mentions_free(&mentions);
}

static void keep_subtree(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  struct made *made = context;
  if (level % 8 != 0 || made->subtrees_count == MADE_SUBTREES_MAX) return;
  made->subtrees[made->subtrees_count++] =
      (struct verify_subtree_row){level, index, made_keep(made, hash, NAV_SHA256_SIZE)};
}

uint64_t made_stage(struct made *made, Nav__V1__Record *record) {
  NAV_ASSERT(made->ledger_count < made->capacity);
  struct verify_ledger_row *row = &made->ledger[made->ledger_count++];
  made->time_ms += STEP_MS;
  record->has_seq = record->has_time_ms = record->has_epoch = true;
  record->seq = made->ledger_count;
  record->time_ms = made->time_ms;
  record->epoch = MADE_EPOCH;
  struct record_columns columns;
  record_columns_of(record, &columns);
  *row = (struct verify_ledger_row){.seq = columns.seq,
                                    .at_us = columns.time_ms * 1000,
                                    .kind = columns.kind,
                                    .has_lane = columns.lane != 0,
                                    .lane = (int32_t)columns.lane,
                                    .has_about = columns.about != 0,
                                    .about = (int64_t)columns.about};
  if (columns.reader != NULL) {
    row->reader_length = strlen(columns.reader);
    row->reader = (const char *)made_keep(made, (const uint8_t *)columns.reader, row->reader_length + 1);
  }
  made_set_record(made, row, record);
  made_set_leaf(made, row);
  note_mentions(made, record);
  merkle_append_telling(&made->frontier, row->leaf, keep_subtree, made);
  return record->seq;
}

static void cosign(struct made *made, const struct verify_checkpoint_row *row) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  struct checkpoint_text text;
  struct nav_error err;
  NAV_ASSERT(checkpoint_origin(row->note, origin) && checkpoint_text(row->note, origin, &text, &err));
  for (size_t i = 0; made->witness_seq != 0 && i < MADE_WITNESSES; i++) {
    char name[COSIGNATURE_NAME_SIZE];
    char line[COSIGNATURE_LINE_SIZE];
    NAV_ASSERT(cosignature_name(name, made_agencies[i], origin));
    cosignature_make(line, row->note, text.length, name, &made->witness_keys[i],
                     (uint64_t)made->time_ms / 1000);
    made->cosignatures[made->cosignatures_count++] = (struct verify_cosignature_row){
        row->size, made_agencies[i], (const char *)made_keep(made, line, strlen(line) + 1)};
  }
}

void made_checkpoint_if_due(struct made *made) {
  uint64_t last = made->checkpoints_count == 0 ? 0 : made->checkpoints[made->checkpoints_count - 1].size;
  if (made->ledger_count - last < made->settings.checkpoint_every) return;
  made->checkpoints[made->checkpoints_count++] =
      sign_frontier(made, &made->frontier, made->ledger_count, &made->checkpoint_key);
  cosign(made, &made->checkpoints[made->checkpoints_count - 1]);
}

static void encode_event(const struct made *made, unsigned number, unsigned agency, const uint8_t *id,
                         int64_t time_ms, struct nav_buffer *out) {
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  Nav__V1__Place place = NAV__V1__PLACE__INIT;
  Nav__V1__SchoolIncident incident = NAV__V1__SCHOOL_INCIDENT__INIT;
  char address[64];
  uint8_t id_copy[NAV_EVENT_ID_SIZE];
  (void)made;
  memcpy(id_copy, id, sizeof id_copy);
  (void)snprintf(address, sizeof address, "Testgatan %u", number);
  place.area = made_text(number % 3 == 0 ? "bromma" : "vallingby");
  place.address = address;
  event.has_id = event.has_revision = event.has_time_ms = true;
  event.id = (ProtobufCBinaryData){sizeof id_copy, id_copy};
  event.source = made_text(made_agencies[agency]);
  event.revision = 1;
  event.time_ms = time_ms;
  event.place = &place;
  event.body_case = NAV__V1__EVENT__BODY_SCHOOL_INCIDENT;
  event.school_incident = &incident;
  NAV_ASSERT(wire_encode(&event, out));
}

struct event_plan {
  unsigned number;
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t salt[CONTENT_SALT_SIZE];
  int64_t time_ms;
  struct nav_buffer bytes;
};

static void plan_event(struct made *made, struct event_plan *plan, unsigned agency, unsigned number) {
  uint8_t id_key[NAV_ID_KEY_SIZE];
  char source_id[32];
  memset(id_key, (int)agency + 1, sizeof id_key);
  (void)snprintf(source_id, sizeof source_id, "record-%u", number);
  plan->number = number;
  plan->time_ms = made->time_ms - 3600000 + (int64_t)number;
  nav_event_id(plan->id, id_key, plan->time_ms, made_agencies[agency], source_id);
  nav_buffer_init(&plan->bytes, WIRE_EVENT_MAX);
  encode_event(made, number, agency, plan->id, plan->time_ms, &plan->bytes);
  keys_event_salt(plan->salt, id_key, plan->bytes.data, plan->bytes.length);
}

static uint64_t publish(struct made *made, unsigned agency, const struct event_plan *plans, size_t count,
                        uint8_t digests[][NAV_SHA256_SIZE]) {
  ProtobufCBinaryData list[WIRE_EVENTS_MAX];
  uint8_t signature[KEY_SIGNATURE_SIZE];
  for (size_t i = 0; i < count; i++) {
    keys_event_digest(digests[i], plans[i].salt, CONTENT_SALT_SIZE, plans[i].bytes.data,
                      plans[i].bytes.length);
    list[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, digests[i]};
  }
  keys_sign_publication(signature, &made->agency_keys[agency], made->log_id, made_agencies[agency],
                        digests[0], count);
  Nav__V1__Published published = NAV__V1__PUBLISHED__INIT;
  published.agency = made_text(made_agencies[agency]);
  published.n_digests = count;
  published.digests = list;
  published.has_signature = published.has_public_key = true;
  published.signature = (ProtobufCBinaryData){sizeof signature, signature};
  published.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, made->agency_keys[agency].public_key};
  STAGE(made, published, PUBLISHED, &published);
  return made->ledger_count;
}

static int32_t part_of(uint32_t day) {
  int year = 0;
  int month = 0;
  int date = 0;
  nav_date_from_days(day, &year, &month, &date);
  return RETENTION_CLASS * 1000000 + year * 100 + month;
}

static size_t persons_of(unsigned number, uint8_t tokens[2][VERIFY_KEY_SIZE]) {
  size_t count = number % 3;
  for (size_t i = 0; i < count; i++) made_person(tokens[i], (number + 17 * (unsigned)i) % MADE_PERSONS);
  if (count == 2 && memcmp(tokens[0], tokens[1], VERIFY_KEY_SIZE) > 0) {
    uint8_t first[VERIFY_KEY_SIZE];
    memcpy(first, tokens[0], sizeof first);
    memcpy(tokens[0], tokens[1], sizeof first);
    memcpy(tokens[1], first, sizeof first);
  }
  return count;
}

struct verify_event *made_event(struct made *made, size_t n) {
  return &made->ledger[made->events[n] - 1].event;
}

static void accept_event(struct made *made, unsigned agency, const struct event_plan *plan, uint32_t verdict,
                         uint64_t published_seq, uint32_t index, const uint8_t *digest) {
  uint32_t day = (uint32_t)(made->time_ms / MS_A_DAY);
  uint64_t seq = made->ledger_count + 1;
  struct content_place place = {made->log_id, seq, RETENTION_CLASS, day};
  uint8_t bucket[CONTENT_KEY_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  uint8_t commitment[NAV_SHA256_SIZE];
  struct nav_buffer sealed;
  nav_buffer_init(&sealed, WIRE_EVENT_MAX + CONTENT_OVERHEAD);
  made_bucket_key(bucket, RETENTION_CLASS, day);
  made_event_key(key, bucket, seq);
  NAV_ASSERT(content_seal(&place, key, plan->salt, plan->bytes.data, plan->bytes.length, &sealed));
  const struct nav_bytes part = {sealed.data, sealed.length};
  nav_sha256(commitment, &part, 1);
  uint8_t id[NAV_EVENT_ID_SIZE];
  memcpy(id, plan->id, sizeof id);
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  accepted.has_event_id = accepted.has_revision = accepted.has_type = accepted.has_event_time_ms = true;
  accepted.has_published_seq = accepted.has_published_index = accepted.has_commitment = accepted.has_verdict =
      true;
  accepted.has_retention_class = accepted.has_bucket_day = true;
  accepted.event_id = (ProtobufCBinaryData){sizeof id, id};
  accepted.revision = 1;
  accepted.agency = made_text(made_agencies[agency]);
  accepted.type = TYPE_SCHOOL_INCIDENT;
  accepted.event_time_ms = plan->time_ms;
  accepted.published_seq = published_seq;
  accepted.published_index = index;
  accepted.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
  accepted.verdict = verdict;
  accepted.retention_class = RETENTION_CLASS;
  accepted.bucket_day = day;
  made->contents[made->contents_count++] =
      (struct verify_content_row){.seq = seq,
                                  .part = part_of(day),
                                  .sealed = made_keep(made, sealed.data, sealed.length),
                                  .length = sealed.length};
  uint8_t tokens[2][VERIFY_KEY_SIZE];
  ProtobufCBinaryData persons[2] = {{VERIFY_KEY_SIZE, tokens[0]}, {VERIFY_KEY_SIZE, tokens[1]}};
  accepted.n_persons = persons_of(plan->number, tokens);
  accepted.persons = persons;
  note_persons(made, &accepted, seq);
  STAGE(made, accepted, ACCEPTED, &accepted);
  made->events[made->events_count++] = seq;
  struct verify_event *event = made_event(made, made->events_count - 1);
  *event = (struct verify_event){.there = VERIFY_EVENT_WHOLE,
                                 .agency = (int32_t)agency + 1,
                                 .revision = 1,
                                 .type = TYPE_SCHOOL_INCIDENT,
                                 .time_us = plan->time_ms * 1000,
                                 .verdict = (int32_t)verdict,
                                 .bucket_class = RETENTION_CLASS,
                                 .bucket_day = (int32_t)day,
                                 .published_seq = (int64_t)published_seq};
  memcpy(event->event_id, id, sizeof event->event_id);
  memcpy(event->digest, digest, sizeof event->digest);
  nav_buffer_free(&sealed);
}

static void acknowledge(struct made *made, uint32_t lane, uint64_t position) {
  uint8_t signature[KEY_SIGNATURE_SIZE];
  unsigned agency = made_lanes[lane - 1].agency;
  keys_sign_acknowledge(signature, &made->agency_keys[agency], made->log_id, made_agencies[agency], lane,
                        position);
  Nav__V1__Acknowledged record = NAV__V1__ACKNOWLEDGED__INIT;
  record.has_lane = record.has_position = record.has_delivered = record.has_signature =
      record.has_public_key = true;
  record.lane = lane;
  record.position = position;
  record.delivered = 1;
  record.signature = (ProtobufCBinaryData){sizeof signature, signature};
  record.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE, made->agency_keys[agency].public_key};
  STAGE(made, acknowledged, ACKNOWLEDGED, &record);
}

static void reject_and_read(struct made *made, uint64_t event_seq) {
  Nav__V1__Rejected rejected = NAV__V1__REJECTED__INIT;
  rejected.agency = made_text(made_agencies[2]);
  rejected.has_code = true;
  rejected.code = NAV__V1__CODE__CODE_BAD_VALUE;
  rejected.field = made_text("time");
  rejected.reason = made_text("is before 1900");
  STAGE(made, rejected, REJECTED, &rejected);
  Nav__V1__Read read = NAV__V1__READ__INIT;
  read.person = made_text("anna");
  read.agency = made_text(made_agencies[0]);
  read.reason = made_text("prepares the meeting");
  read.purpose = made_text("lagesbild");
  read.meeting = made_text("bromma-november");
  read.n_event_seqs = 1;
  read.event_seqs = &event_seq;
  STAGE(made, read, READ, &read);
}

// The rules in force later let social services have less than the verdict said.
static void redecide(struct made *made, uint64_t event_seq) {
  Nav__V1__LaneVerdict lane = NAV__V1__LANE_VERDICT__INIT;
  Nav__V1__Redecided redecided = NAV__V1__REDECIDED__INIT;
  lane.has_lane = lane.has_outcome = true;
  lane.lane = 2;
  lane.outcome = NAV__V1__OUTCOME__OUTCOME_WITHHOLD;
  redecided.has_event_seq = true;
  redecided.event_seq = event_seq;
  redecided.lane = &lane;
  STAGE(made, redecided, REDECIDED, &redecided);
}

static void acknowledge_if_due(struct made *made, unsigned number) {
  unsigned every = made->settings.acknowledge_every;
  bool due = every == 0 ? number % 5 == 4 : made->events_count - made->acknowledged >= every;
  if (!due) return;
  made->acknowledged = made->events_count;
  acknowledge(made, 1 + (every == 0 ? number : made->acknowledgements) % MADE_LANES, made->ledger_count);
  made->acknowledgements++;
}

static void make_publication(struct made *made, unsigned number) {
  unsigned agency = number % MADE_AGENCIES;
  unsigned most = made->settings.events_a_publication;
  size_t count = most != 0 ? most : 1 + number % MADE_EVENTS_A_PUBLICATION;
  unsigned first = number * (most != 0 ? most : MADE_EVENTS_A_PUBLICATION);
  struct event_plan plans[WIRE_EVENTS_MAX];
  uint8_t digests[WIRE_EVENTS_MAX][NAV_SHA256_SIZE];
  NAV_ASSERT(count <= WIRE_EVENTS_MAX);
  for (size_t i = 0; i < count; i++) plan_event(made, &plans[i], agency, first + (unsigned)i);
  uint64_t published_seq = publish(made, agency, plans, count, digests);
  for (size_t i = 0; i < count; i++) {
    accept_event(made, agency, &plans[i], 1 + (number + (uint32_t)i) % 2, published_seq, (uint32_t)i,
                 digests[i]);
    nav_buffer_free(&plans[i].bytes);
  }
  acknowledge_if_due(made, number);
  if (number == 13) made_change_rules(made, "bases: []\n", "rules: []\n# reviewed\n");
  if (number % 11 == 10) redecide(made, made->events[made->events_count - 1]);
  if (number % 7 == 6) reject_and_read(made, made->events[made->events_count - 1]);
}

// What the publications come to, and room for what a test adds: address space alone, but a sanitizer marks
// all of it.
static size_t capacity_for(const struct made_settings *settings) {
  size_t events =
      settings->events_a_publication == 0 ? MADE_EVENTS_A_PUBLICATION : settings->events_a_publication;
  size_t wanted = settings->publications * (2 * events + 2) + 4096;
  return wanted < MADE_RECORDS_MAX ? wanted : MADE_RECORDS_MAX;
}

struct made *made_new(const struct made_settings *settings) {
  struct made *made = calloc(1, sizeof *made);
  NAV_ASSERT(made != NULL && sodium_init() >= 0);
  made->settings = *settings;
  made->arena = nav_arena_new(ARENA_MAX);
  made->time_ms = settings->start_ms;
  NAV_ASSERT(made->arena != NULL);
  memset(made->log_id, 0xA5, sizeof made->log_id);
  seed_pair(&made->checkpoint_key, 99);
  for (int i = 0; i < MADE_AGENCIES; i++) seed_pair(&made->agency_keys[i], (uint8_t)(i + 1));
  for (int i = 0; i < MADE_WITNESSES; i++) seed_pair(&made->witness_keys[i], (uint8_t)(i + 51));
  made->capacity = capacity_for(settings);
  made->cosignatures = calloc(made->capacity, MADE_WITNESSES * sizeof *made->cosignatures);
  NAV_ASSERT(made->cosignatures != NULL);
  made->ledger = calloc(made->capacity, sizeof *made->ledger);
  made->events = calloc(made->capacity, sizeof *made->events);
  made->contents = calloc(made->capacity, sizeof *made->contents);
  made->checkpoints = calloc(made->capacity, sizeof *made->checkpoints);
  made->persons = calloc(made->capacity, 2 * sizeof *made->persons);
  made->mentions = calloc(made->capacity, sizeof *made->mentions);
  NAV_ASSERT(made->persons != NULL && made->mentions != NULL);
  NAV_ASSERT(made->ledger != NULL && made->events != NULL && made->contents != NULL &&
             made->checkpoints != NULL);
  made_define(made);
  made_define_verdict(made, 1);
  made_define_verdict(made, 2);
  for (unsigned i = 0; i < settings->publications; i++) make_publication(made, i);
  if (made->checkpoints_count == 0 ||
      made->checkpoints[made->checkpoints_count - 1].size < made->ledger_count) {
    made->checkpoints[made->checkpoints_count++] =
        sign_frontier(made, &made->frontier, made->ledger_count, &made->checkpoint_key);
    cosign(made, &made->checkpoints[made->checkpoints_count - 1]);
  }
  return made;
}

// A checkpoint over all, where there is none.
void made_sign_end(struct made *made) {
  if (made->checkpoints[made->checkpoints_count - 1].size == made->ledger_count) return;
  made->checkpoints[made->checkpoints_count++] =
      made_checkpoint(made, made->ledger_count, &made->checkpoint_key);
  cosign(made, &made->checkpoints[made->checkpoints_count - 1]);
}

void made_free(struct made *made) {
  if (made == NULL) return;
  nav_arena_free(made->arena);
  free(made->ledger);
  free(made->events);
  free(made->contents);
  free(made->checkpoints);
  free(made->cosignatures);
  free(made->persons);
  free(made->mentions);
  free(made);
}
