// Adds records by the million to a hub's ledger, through nav-core's own batch and store, so that rows,
// columns, leaves, subtrees, indexes and partitions are those of a hub that has run for years. Signatures of
// agencies and sealed bytes are random: `audit verify` would name every one of them.
//   growth_ledger HOME EVENTS DAYS KEPT_DAYS VERDICT LANES NUMBERS…
// EVENTS over the last DAYS days, the content of the last KEPT_DAYS still there; VERDICT a number that the
// ledger defines, LANES how many; NUMBERS personal numbers to be asked for, of as many events as anybody
// else. Called by: tests/bench/growth.py. Must never: touch a ledger that is not a bench's.
#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/id.h"
#include "hub/conf/nav.h"
#include "hub/core/persons.h"
#include "hub/core/store.h"
#include "hub/ledger/reason.h"

// What a thousand events bring with them: 250 publications, an acknowledgement of every lane for each tenth
// publication, readings, an auditor's reading, assessments.
enum {
  EVENTS_A_PUBLICATION = 4,
  PUBLICATIONS_AN_ACKNOWLEDGEMENT = 10,
  EVENTS_A_READ = 50,
  READ_EVENTS = 10,
  EVENTS_AN_AUDIT_READ = 250,
  EVENTS_A_HOLD = 200,
  READERS = 400,
  EVENTS_A_PERSON = 20,
  SEALED_BYTES = 600,
  REASON_BYTES = 60,
  TYPE_PUBLIC_INCIDENT = 20,
  RETENTION_CLASS = 4,
  BATCH_EVENTS = 4000,
  MS_A_DAY = 86400000,
  ARGUMENTS = 7,
};

struct growth {
  struct conf_nav *nav;
  struct store *store;
  struct sequence sequence;
  struct batch batch;
  struct key_pair_sign checkpoint_key;
  uint8_t person_key[PERSON_KEY_SIZE];
  char origin[CHECKPOINT_ORIGIN_SIZE];
  uint64_t events, done, persons;
  int64_t start_ms, end_ms, kept_from_ms;
  uint32_t verdict, lanes;
  uint8_t (*asked)[PERSON_TOKEN_SIZE];
  size_t asked_count;
  uint64_t last_events[READ_EVENTS];
  uint64_t publications, acknowledgements;
  uint64_t random;
};

// xorshift64*: quick, and the same ledger each time; other ids where it adds to what it made before.
static uint64_t next(struct growth *g) {
  g->random ^= g->random >> 12;
  g->random ^= g->random << 25;
  g->random ^= g->random >> 27;
  return g->random * 2685821657736338717u;
}

static void fill(struct growth *g, uint8_t *out, size_t length) {
  for (size_t i = 0; i < length; i += 8) {
    uint64_t value = next(g);
    memcpy(out + i, &value, length - i < 8 ? length - i : 8);
  }
}

static bool wait_committed(struct growth *g, struct nav_error *err) {
  for (;;) {
    enum store_state state = store_step(g->store, err);
    if (state == STORE_COMMITTED) return true;
    if (state != STORE_BUSY) return false;
    struct pollfd fd = {store_fd(g->store), POLLIN, 0};
    (void)poll(&fd, 1, 1000);
  }
}

static bool commit(struct growth *g, struct nav_error *err) {
  batch_finish(&g->batch, g->origin, &g->checkpoint_key, 1, 1, true);
  store_commit(g->store, &g->batch, g->sequence.epoch);
  if (!wait_committed(g, err)) return false;
  batch_clear(&g->batch);
  return true;
}

static int64_t now_of(const struct growth *g) {
  return g->start_ms + (int64_t)((double)(g->end_ms - g->start_ms) * ((double)g->done / (double)g->events));
}

#define STAGE(g, name, NAME, message)                     \
  do {                                                    \
    Nav__V1__Record record_ = NAV__V1__RECORD__INIT;      \
    record_.record_case = NAV__V1__RECORD__RECORD_##NAME; \
    record_.name = (message);                             \
    (void)batch_stage(&(g)->batch, &record_, now_of(g));  \
  } while (0)

static char *text(const char *constant) { return (char *)(uintptr_t)constant; }  // protobuf-c does not write

static Nav__V1__SealedText sealed_reason(struct growth *g, uint8_t bytes[REASON_BYTES]) {
  Nav__V1__SealedText sealed = NAV__V1__SEALED_TEXT__INIT;
  fill(g, bytes, REASON_BYTES);
  sealed.has_retention_class = sealed.has_sealed = sealed.has_bucket_day = true;
  sealed.retention_class = REASON_CLASS;
  sealed.sealed = (ProtobufCBinaryData){REASON_BYTES, bytes};
  sealed.bucket_day = (uint32_t)nav_day_stockholm(now_of(g));
  return sealed;
}

static void person_of(struct growth *g, uint64_t number, uint8_t token[PERSON_TOKEN_SIZE]) {
  uint8_t bytes[8];
  if (number < g->asked_count) {
    memcpy(token, g->asked[number], PERSON_TOKEN_SIZE);
    return;
  }
  nav_put_u64(bytes, number);
  (void)crypto_generichash(token, PERSON_TOKEN_SIZE, bytes, sizeof bytes, g->person_key, PERSON_KEY_SIZE);
}

static void accept(struct growth *g, uint64_t published_seq, uint32_t index,
                   uint8_t digest[NAV_SHA256_SIZE]) {
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t commitment[NAV_SHA256_SIZE];
  uint8_t sealed[SEALED_BYTES + 7];
  uint8_t token[1][PERSON_TOKEN_SIZE];
  int64_t now = now_of(g);
  fill(g, id, sizeof id);
  fill(g, commitment, sizeof commitment);
  fill(g, sealed, sizeof sealed);
  person_of(g, next(g) % g->persons, token[0]);
  ProtobufCBinaryData persons = {PERSON_TOKEN_SIZE, token[0]};
  struct batch_event row = {.agency = 1,
                            .revision = 1,
                            .type = TYPE_PUBLIC_INCIDENT,
                            .time_ms = now - 3600000,
                            .verdict = g->verdict,
                            .retention_class = RETENTION_CLASS,
                            .bucket_day = (uint32_t)(now / MS_A_DAY),
                            .published_seq = published_seq,
                            .persons = (const uint8_t(*)[BATCH_TOKEN_SIZE])token,
                            .persons_count = 1};
  memcpy(row.event_id, id, sizeof id);
  memcpy(row.digest, digest, NAV_SHA256_SIZE);
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  accepted.has_event_id = accepted.has_revision = accepted.has_type = accepted.has_event_time_ms = true;
  accepted.has_published_seq = accepted.has_published_index = accepted.has_commitment = true;
  accepted.has_verdict = accepted.has_retention_class = accepted.has_bucket_day = true;
  accepted.event_id = (ProtobufCBinaryData){sizeof id, id};
  accepted.revision = 1;
  accepted.agency = text("polisen");
  accepted.type = row.type;
  accepted.event_time_ms = row.time_ms;
  accepted.published_seq = published_seq;
  accepted.published_index = index;
  accepted.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
  accepted.verdict = row.verdict;
  accepted.retention_class = row.retention_class;
  accepted.bucket_day = row.bucket_day;
  accepted.n_persons = 1;
  accepted.persons = &persons;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  record.accepted = &accepted;
  uint64_t seq = batch_stage_accepted(&g->batch, &record, &row, now);
  size_t content = g->batch.content.length;
  size_t parts = g->batch.parts_count;
  batch_stage_content(&g->batch, &row, sealed, sizeof sealed, NULL);
  if (now < g->kept_from_ms) {  // erased since: its partition is gone
    g->batch.content.length = content;
    g->batch.parts_count = parts;
  }
  g->last_events[g->done % READ_EVENTS] = seq;
  g->done++;
}

static void publish(struct growth *g) {
  uint8_t digests[EVENTS_A_PUBLICATION][NAV_SHA256_SIZE];
  uint8_t signature[KEY_SIGNATURE_SIZE];
  uint8_t public_key[KEY_ED25519_PUBLIC_SIZE] = {1};
  ProtobufCBinaryData list[EVENTS_A_PUBLICATION];
  fill(g, digests[0], sizeof digests);
  fill(g, signature, sizeof signature);
  for (size_t i = 0; i < EVENTS_A_PUBLICATION; i++)
    list[i] = (ProtobufCBinaryData){NAV_SHA256_SIZE, digests[i]};
  Nav__V1__Published published = NAV__V1__PUBLISHED__INIT;
  published.agency = text("polisen");
  published.n_digests = EVENTS_A_PUBLICATION;
  published.digests = list;
  published.has_signature = published.has_public_key = true;
  published.signature = (ProtobufCBinaryData){sizeof signature, signature};
  published.public_key = (ProtobufCBinaryData){sizeof public_key, public_key};
  STAGE(g, published, PUBLISHED, &published);
  uint64_t seq = g->sequence.last_seq;
  for (uint32_t i = 0; i < EVENTS_A_PUBLICATION; i++) accept(g, seq, i, digests[i]);
  g->publications++;
}

static void acknowledge(struct growth *g) {
  uint8_t signature[KEY_SIGNATURE_SIZE];
  uint8_t public_key[KEY_ED25519_PUBLIC_SIZE] = {2};
  uint64_t position = g->sequence.last_seq;
  for (uint32_t lane = 1; lane <= g->lanes; lane++) {
    fill(g, signature, sizeof signature);
    Nav__V1__Acknowledged record = NAV__V1__ACKNOWLEDGED__INIT;
    record.has_lane = record.has_position = record.has_delivered = record.has_signature = true;
    record.has_public_key = true;
    record.lane = lane;
    record.position = position;
    record.delivered = g->done;
    record.signature = (ProtobufCBinaryData){sizeof signature, signature};
    record.public_key = (ProtobufCBinaryData){sizeof public_key, public_key};
    STAGE(g, acknowledged, ACKNOWLEDGED, &record);
  }
}

static void read_events(struct growth *g) {
  char person[32];
  uint8_t bytes[REASON_BYTES];
  Nav__V1__SealedText reason = sealed_reason(g, bytes);
  (void)snprintf(person, sizeof person, "lasare-%u", (unsigned)(next(g) % READERS));
  Nav__V1__Read read = NAV__V1__READ__INIT;
  read.person = person;
  read.agency = text("polisen");
  read.purpose = text("situation-picture");
  read.meeting = text("bromma-lagesbild");
  read.n_event_seqs = READ_EVENTS;
  read.event_seqs = g->last_events;
  read.sealed_reason = &reason;
  STAGE(g, read, READ, &read);
}

static void audit(struct growth *g) {
  uint8_t bytes[REASON_BYTES];
  Nav__V1__SealedText reason = sealed_reason(g, bytes);
  Nav__V1__AuditRead read = NAV__V1__AUDIT_READ__INIT;
  read.person = text("granskare");
  read.agency = text("stadsdelen");
  read.query = text("audit search since=2026-11-01T00:00:00Z agency=polisen limit=1000");
  read.sealed_reason = &reason;
  STAGE(g, audit_read, AUDIT_READ, &read);
}

static void release_hold(struct growth *g) {
  uint8_t bytes[REASON_BYTES];
  Nav__V1__SealedText reason = sealed_reason(g, bytes);
  Nav__V1__LaneVerdict lane = NAV__V1__LANE_VERDICT__INIT;
  Nav__V1__HoldReleased released = NAV__V1__HOLD_RELEASED__INIT;
  lane.has_lane = lane.has_outcome = true;
  lane.lane = 1;
  lane.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
  released.has_event_seq = true;
  released.event_seq = g->last_events[0];
  released.lane = &lane;
  released.person = text("soc-gruppledare");
  released.agency = text("socialtjansten");
  released.sealed_reason = &reason;
  STAGE(g, hold_released, HOLD_RELEASED, &released);
}

static void step(struct growth *g) {
  uint64_t before = g->done;
  publish(g);
  if (g->publications % PUBLICATIONS_AN_ACKNOWLEDGEMENT == 0) acknowledge(g);
  if (before < READ_EVENTS) return;
  if (g->done / EVENTS_A_READ != before / EVENTS_A_READ) read_events(g);
  if (g->done / EVENTS_AN_AUDIT_READ != before / EVENTS_AN_AUDIT_READ) audit(g);
  if (g->done / EVENTS_A_HOLD != before / EVENTS_A_HOLD) release_hold(g);
}

static bool grow(struct growth *g, struct nav_error *err) {
  while (g->done < g->events) {
    uint64_t until = g->done + BATCH_EVENTS;
    while (g->done < until && g->done < g->events) step(g);
    if (!commit(g, err)) return false;
    if (g->done % (BATCH_EVENTS * 50) == 0)
      (void)fprintf(stderr, "\r%" PRIu64 " events, %" PRIu64 " records", g->done, g->sequence.last_seq);
  }
  (void)fputc('\n', stderr);
  return true;
}

// Whoever had it: nav-core is stopped, or what is committed next says so.
static bool take_lease(struct store *store, struct sequence *sequence, struct nav_error *err) {
  struct lease_row row;
  struct lease_taken taken;
  if (!store_look_at_lease(store, &row, err)) return false;
  const struct lease_claim claim = {.seen_epoch = row.epoch, .any_beat = true, .length_ms = 3000};
  if (!store_take_lease(store, &claim, &taken, err)) return false;
  memcpy(sequence->log_id, taken.log_id, KEY_LOG_ID_SIZE);
  sequence->epoch = taken.epoch;
  sequence->last_seq = taken.last_seq;
  return taken.ours || nav_fail(err, NAV_ERROR_RETRY, 0, "nav.lease", "nav-core runs");
}

static bool open_home(struct growth *g, const char *home, struct nav_error *err) {
  struct conf_faults faults = {0};
  uint8_t pseudonym[KEY_SYMMETRIC_SIZE];
  struct store_checkpoint last;
  char path[512];
  char log_id[2 * KEY_LOG_ID_SIZE + 1];
  g->nav = conf_nav_load(home, &faults);
  conf_faults_free(&faults);
  if (g->nav == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, home, "is no hub's home");
  (void)snprintf(path, sizeof path, "%s/checkpoint.key", g->nav->keys_folder);
  if (!keys_read(path, "checkpoint", true, g->checkpoint_key.secret_key, sizeof g->checkpoint_key.secret_key,
                 err) ||
      !keys_sign_pair(&g->checkpoint_key, err))
    return false;
  (void)snprintf(path, sizeof path, "%s/pseudonym.key", g->nav->keys_folder);
  if (!keys_read(path, "pseudonym", true, pseudonym, sizeof pseudonym, err)) return false;
  persons_key(g->person_key, pseudonym);
  g->store = store_open(g->nav->database_core, err);
  if (g->store == NULL || !take_lease(g->store, &g->sequence, err) ||
      !store_read_checkpoint(g->store, &last, err))
    return false;
  if (!last.found || last.size != g->sequence.last_seq)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, home, "stop nav-core first: its last checkpoint covers all");
  g->random ^= g->sequence.last_seq * UINT64_C(0x9e3779b97f4a7c15);
  g->sequence.frontier = g->sequence.check = last.frontier;
  g->sequence.checkpoint_seq = last.size;
  (void)snprintf(g->origin, sizeof g->origin, "%s/%s", g->nav->hub,
                 nav_hex(log_id, g->sequence.log_id, KEY_LOG_ID_SIZE));
  return batch_init(&g->batch, &g->sequence) || nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
}

static bool take_numbers(struct growth *g, char **numbers, size_t count, struct nav_error *err) {
  g->asked = calloc(count + 1, sizeof *g->asked);
  for (size_t i = 0; g->asked != NULL && i < count; i++) {
    if (!persons_token(g->person_key, numbers[i], g->end_ms, g->asked[i]))
      return nav_fail(err, NAV_ERROR_LOCAL, 0, "NUMBERS", "number %zu is no personal number", i + 1);
  }
  g->asked_count = count;
  return g->asked != NULL || nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
}

int main(int argc, char **argv) {
  struct nav_error err = {0};
  char said[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  if (argc < ARGUMENTS || sodium_init() < 0) {
    (void)fputs("growth_ledger HOME EVENTS DAYS KEPT_DAYS VERDICT LANES NUMBERS...\n", stderr);
    return 2;
  }
  static struct growth g = {.random = 88172645463325252u};
  g.events = strtoull(argv[2], NULL, 10) / EVENTS_A_PUBLICATION * EVENTS_A_PUBLICATION;
  g.persons = g.events / EVENTS_A_PERSON + 1;
  g.end_ms = nav_clock_now_ms();
  g.start_ms = g.end_ms - strtoll(argv[3], NULL, 10) * MS_A_DAY;
  g.kept_from_ms = g.end_ms - strtoll(argv[4], NULL, 10) * MS_A_DAY;
  g.verdict = (uint32_t)strtoul(argv[5], NULL, 10);
  g.lanes = (uint32_t)strtoul(argv[6], NULL, 10);
  bool ok = open_home(&g, argv[1], &err) &&
            take_numbers(&g, argv + ARGUMENTS, (size_t)(argc - ARGUMENTS), &err) && grow(&g, &err);
  if (!ok) (void)fprintf(stderr, "growth_ledger: %s\n", nav_error_string(&err, said, sizeof said));
  if (ok) (void)printf("%" PRIu64 " events, %" PRIu64 " records\n", g.done, g.sequence.last_seq);
  batch_free(&g.batch);
  store_close(g.store);
  conf_nav_free(g.nav);
  free(g.asked);
  return ok ? 0 : 1;
}
