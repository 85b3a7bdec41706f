// What tree and checkpoint cost a commit: the same batches are staged and committed by nav-core's own parts
// to two databases in turn, to one as they are, to the other without nav.subtree's rows and without a
// checkpoint; the time to hash the leaves and to grow the tree is measured by itself and counted to the first
// alone. A ratio within one run, since machines differ. Run by commit_bench.py, which makes the databases.
//
//   commit_bench CONNECTION CONNECTION [BYTES PERSONS]      both with a new ledger
// BYTES of each event's content, 600 (a school's report) to begin with; PERSONS in each, 0 to 2. commit_us is
// COPY and commit alone, of what is staged already.
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/copy.h"
#include "hub/core/head.h"
#include "hub/core/store.h"
#include "hub/wire/sha256_many.h"

enum { HASHED_AT_ONCE = 512 };  // as the batch does
enum {
  CONTENT_SIZE = 600,
  CONTENT_SIZE_MAX = 4096,
  SEALED_MORE = 16,  // what sealing adds
  PERSONS_MAX = 2,
  EVENTS_A_PUBLICATION = 64,
  CLASS = 4,
  CHECKPOINT_RECORDS = 4096,
  CHECKPOINT_MS = 60000,
  MS_A_DAY = 86400000,
};

struct side {
  struct store *store;
  uint64_t epoch;
  double seconds;
};

struct bench {
  struct sequence sequence;
  struct batch batch;
  struct key_pair_sign key;
  struct nav_buffer no_rows;  // an empty COPY
  struct nav_buffer records;  // of the batch at hand, to be hashed once more
  size_t record_ends[BATCH_RECORDS_MAX + 1];
  size_t records_count;
  double stage_s, hash_s;
  struct side with, without;
  size_t events;
  size_t content_size, persons;  // of an event
};

static double now_s(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const struct nav_error *err, const char *what) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  (void)fprintf(stderr, "commit_bench: %s: %s\n", what, nav_error_string(err, text, sizeof text));
  exit(1);
}

static void keep_record(struct bench *b) {
  const struct nav_buffer *record = batch_last_record(&b->batch);
  NAV_ASSERT(nav_buffer_append(&b->records, record->data, record->length));
  b->record_ends[++b->records_count] = b->records.length;
}

static uint64_t stage_published(struct bench *b, size_t count) {
  static uint8_t digest[EVENTS_A_PUBLICATION][NAV_SHA256_SIZE];
  static uint8_t signature[KEY_SIGNATURE_SIZE];
  ProtobufCBinaryData digests[EVENTS_A_PUBLICATION];
  Nav__V1__Published published = NAV__V1__PUBLISHED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  randombytes_buf(digest, sizeof digest);
  randombytes_buf(signature, sizeof signature);
  for (size_t i = 0; i < count; i++) digests[i] = (ProtobufCBinaryData){sizeof digest[i], digest[i]};
  published.agency = (char *)(uintptr_t) "skolan";
  published.digests = digests;
  published.n_digests = count;
  published.has_signature = published.has_public_key = true;
  published.signature = (ProtobufCBinaryData){sizeof signature, signature};
  published.public_key = (ProtobufCBinaryData){sizeof b->key.public_key, b->key.public_key};
  record.record_case = NAV__V1__RECORD__RECORD_PUBLISHED;
  record.published = &published;
  uint64_t seq = batch_stage(&b->batch, &record, nav_clock_now_ms());
  keep_record(b);
  return seq;
}

static void stage_event(struct bench *b, uint64_t published_seq, uint32_t index) {
  static uint8_t sealed[CONTENT_SIZE_MAX + SEALED_MORE];
  static uint8_t tokens[PERSONS_MAX][BATCH_TOKEN_SIZE];
  static uint8_t commitment[NAV_SHA256_SIZE];
  uint32_t day = (uint32_t)(nav_clock_now_ms() / MS_A_DAY);
  struct batch_event row = {.agency = 1, .revision = 1, .type = 30, .verdict = 1, .retention_class = CLASS};
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  ProtobufCBinaryData persons[PERSONS_MAX] = {{sizeof tokens[0], tokens[0]}, {sizeof tokens[1], tokens[1]}};
  size_t size = b->content_size + SEALED_MORE;
  randombytes_buf(sealed, size);
  randombytes_buf(commitment, sizeof commitment);
  randombytes_buf(tokens, sizeof tokens);
  randombytes_buf(row.event_id, sizeof row.event_id);
  randombytes_buf(row.digest, sizeof row.digest);
  nav_put_u32(row.event_id, day);  // ids are ordered by day, as an adapter makes them
  accepted.has_event_id = accepted.has_revision = accepted.has_type = accepted.has_event_time_ms = true;
  accepted.has_published_seq = accepted.has_published_index = accepted.has_commitment = true;
  accepted.has_verdict = accepted.has_retention_class = accepted.has_bucket_day = true;
  accepted.agency = (char *)(uintptr_t) "skolan";
  accepted.event_id = (ProtobufCBinaryData){sizeof row.event_id, row.event_id};
  accepted.revision = 1;
  accepted.type = 30;
  accepted.event_time_ms = row.time_ms = nav_clock_now_ms();
  accepted.published_seq = row.published_seq = published_seq;
  accepted.published_index = index;
  accepted.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
  accepted.verdict = 1;
  accepted.retention_class = CLASS;
  accepted.bucket_day = row.bucket_day = day;
  accepted.persons = persons;
  accepted.n_persons = b->persons;
  row.persons = (const uint8_t(*)[BATCH_TOKEN_SIZE])tokens;
  row.persons_count = b->persons;
  record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  record.accepted = &accepted;
  double start = now_s();
  uint64_t seq = batch_stage_accepted(&b->batch, &record, &row, accepted.event_time_ms);
  struct head_entry *entry = head_entry_new(seq, 1, day, sealed, size);
  NAV_ASSERT(entry != NULL);
  batch_stage_content(&b->batch, &row, sealed, size, entry);
  b->stage_s += now_s() - start;
  keep_record(b);
}

static void stage(struct bench *b, size_t events) {
  nav_buffer_clear(&b->records);
  b->records_count = 0;
  for (size_t i = 0; i < events; i += EVENTS_A_PUBLICATION) {
    size_t count = events - i < EVENTS_A_PUBLICATION ? events - i : EVENTS_A_PUBLICATION;
    uint64_t published = stage_published(b, count);
    for (size_t k = 0; k < count; k++) stage_event(b, published, (uint32_t)k);
  }
  double start = now_s();
  batch_finish(&b->batch, "bench/00", &b->key, CHECKPOINT_RECORDS, CHECKPOINT_MS, false);
  b->stage_s += now_s() - start;
}

// What staging did for the tree, once more: each leaf, the tree and its check, and the checkpoint's
// signature.
static void hash_again(struct bench *b) {
  struct merkle_frontier tree = b->sequence.frontier;
  struct merkle_frontier check = tree;
  uint8_t root[NAV_SHA256_SIZE];
  double start = now_s();
  for (size_t done = 0; done < b->records_count;) {
    struct sha256_input inputs[HASHED_AT_ONCE];
    uint8_t leaves[HASHED_AT_ONCE][NAV_SHA256_SIZE];
    size_t some = b->records_count - done < HASHED_AT_ONCE ? b->records_count - done : HASHED_AT_ONCE;
    for (size_t i = 0; i < some; i++) {
      const size_t *ends = &b->record_ends[done + i];
      inputs[i] =
          (struct sha256_input){b->records.data + ends[0], ends[1] - ends[0], MERKLE_LEAF_PREFIX, leaves[i]};
    }
    nav_sha256_many(inputs, some);
    merkle_append_many(&tree, leaves[0], some, NULL, NULL);
    merkle_append_many(&check, leaves[0], some, NULL, NULL);
    done += some;
  }
  if (b->batch.has_checkpoint) {
    struct nav_buffer note;
    struct checkpoint head = {.size = tree.size};
    nav_buffer_init(&note, 4096);
    merkle_root(&tree, head.root);
    merkle_root(&check, root);
    NAV_ASSERT(checkpoint_sign(&head, "bench/00", &b->key, &note));
    nav_buffer_free(&note);
  }
  b->hash_s += now_s() - start;
}

static void commit(struct side *side, const struct batch *batch) {
  struct nav_error err;
  double start = now_s();
  store_commit(side->store, batch, side->epoch);
  for (;;) {
    enum store_state state = store_step(side->store, &err);
    if (state == STORE_COMMITTED) break;
    if (state == STORE_FAILED || state == STORE_LOST) die(&err, "commit");
    struct pollfd fd = {store_fd(side->store), POLLIN, 0};
    (void)poll(&fd, 1, 1000);
  }
  side->seconds += now_s() - start;
}

static void one_round(struct bench *b, size_t events, bool other_first) {
  stage(b, events);
  hash_again(b);
  struct batch plain = b->batch;
  plain.has_checkpoint = false;
  plain.subtree = b->no_rows;
  if (other_first) commit(&b->without, &plain);
  commit(&b->with, &b->batch);
  if (!other_first) commit(&b->without, &plain);
  b->events += events;
  batch_clear(&b->batch);
}

// The first round is not counted.
static void measure(struct bench *b, size_t events, unsigned rounds) {
  for (unsigned i = 0; i <= rounds; i++) {
    if (i == 1) {
      b->with.seconds = b->without.seconds = b->stage_s = b->hash_s = 0;
      b->events = 0;
    }
    one_round(b, events, i % 2 == 1);
  }
  double with = b->with.seconds + b->stage_s;
  double without = b->without.seconds + b->stage_s - b->hash_s;
  (void)printf(
      "{\"events_a_commit\": %zu, \"events\": %zu, \"with_us\": %.2f, \"without_us\": %.2f, "
      "\"commit_us\": %.2f, \"hashing_us\": %.2f, \"ratio\": %.3f}\n",
      events, b->events, with / (double)b->events * 1e6, without / (double)b->events * 1e6,
      b->with.seconds / (double)b->events * 1e6, b->hash_s / (double)b->events * 1e6, with / without);
}

static void open_side(struct side *side, const char *conninfo, uint8_t log_id[KEY_LOG_ID_SIZE]) {
  struct nav_error err;
  side->store = store_open(conninfo, &err);
  struct lease_row row;
  struct lease_taken taken = {0};
  if (side->store == NULL || !store_look_at_lease(side->store, &row, &err)) die(&err, "open");
  const struct lease_claim claim = {.seen_epoch = row.epoch, .any_beat = true, .length_ms = 3000};
  if (!store_take_lease(side->store, &claim, &taken, &err)) die(&err, "the lease");
  memcpy(log_id, taken.log_id, KEY_LOG_ID_SIZE);
  side->epoch = taken.epoch;
  if (taken.last_seq != 0) {
    (void)fprintf(stderr, "commit_bench: a ledger is there already; it takes empty ones\n");
    exit(1);
  }
}

static bool take_sizes(struct bench *b, int argc, char **argv) {
  b->content_size = argc > 3 ? strtoul(argv[3], NULL, 10) : CONTENT_SIZE;
  b->persons = argc > 4 ? strtoul(argv[4], NULL, 10) : PERSONS_MAX;
  return b->content_size > 0 && b->content_size <= CONTENT_SIZE_MAX && b->persons <= PERSONS_MAX;
}

int main(int argc, char **argv) {
  static const struct {
    size_t events;
    unsigned rounds;
  } sizes[] = {{1, 400}, {4, 300}, {16, 200}, {256, 60}, {4096, 12}, {8192, 12}};
  static struct bench b;
  if ((argc != 3 && argc != 5) || !take_sizes(&b, argc, argv) || sodium_init() < 0) {
    (void)fprintf(stderr, "commit_bench CONNECTION CONNECTION [BYTES PERSONS], see its first lines\n");
    return 2;
  }
  nav_log_open("commit_bench", NAV_LOG_WARNING);
  open_side(&b.without, argv[2], b.sequence.log_id);
  open_side(&b.with, argv[1], b.sequence.log_id);
  b.sequence.epoch = b.with.epoch;
  nav_buffer_init(&b.records, 64 * 1024 * 1024);
  nav_buffer_init(&b.no_rows, 64);
  (void)crypto_sign_keypair(b.key.public_key, b.key.secret_key);
  NAV_ASSERT(batch_init(&b.batch, &b.sequence) && copy_begin(&b.no_rows) && copy_end(&b.no_rows));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) measure(&b, sizes[i].events, sizes[i].rounds);
  batch_free(&b.batch);
  nav_buffer_free(&b.records);
  nav_buffer_free(&b.no_rows);
  store_close(b.with.store);
  store_close(b.without.store);
  return 0;
}
