// nav-core's store by itself: commits batches of the sizes it is told, and tells the outcome of each. Run by
// store_test.py. Must never: decide whether an outcome is right.
//
//   store_driver CONNECTION          a new ledger; then a line of standard input each:
//   records N                        a batch of N records
//   events N                         a batch of N events, each with its record, its content and a person
//   again                            the batch that failed
// Each is answered by a line: committed LAST_SEQ, or failed.
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/head.h"
#include "hub/core/store.h"

enum {
  LINE_MAX_SIZE = 64,
  CONTENT_SIZE = 100,
  CHECKPOINT_RECORDS = 100,
  CHECKPOINT_MS = 60000,
  MS_A_DAY = 86400000
};

struct driver {
  struct store *store;
  struct sequence sequence;
  struct batch batch;
  struct key_pair_sign key;
};

static void die(const struct nav_error *err, const char *what) {
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  (void)fprintf(stderr, "store_driver: %s: %s\n", what, nav_error_string(err, text, sizeof text));
  exit(1);
}

static void open_ledger(struct driver *d, const char *conninfo) {
  struct nav_error err;
  struct lease_row row;
  struct lease_taken taken = {0};
  d->store = store_open(conninfo, &err);
  if (d->store == NULL || !store_look_at_lease(d->store, &row, &err)) die(&err, "open");
  const struct lease_claim claim = {.seen_epoch = row.epoch, .any_beat = true, .length_ms = 3000};
  if (!store_take_lease(d->store, &claim, &taken, &err) || !taken.ours || taken.last_seq != 0)
    die(&err, "the lease of a new ledger");
  memcpy(d->sequence.log_id, taken.log_id, sizeof taken.log_id);
  d->sequence.epoch = taken.epoch;
  (void)crypto_sign_keypair(d->key.public_key, d->key.secret_key);
  NAV_ASSERT(batch_init(&d->batch, &d->sequence));
}

static void stage_record(struct driver *d) {
  Nav__V1__Resumed resumed = NAV__V1__RESUMED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RESUMED;
  record.resumed = &resumed;
  (void)batch_stage(&d->batch, &record, nav_clock_now_ms());
}

static void stage_event(struct driver *d) {
  uint8_t sealed[CONTENT_SIZE];
  uint8_t commitment[NAV_SHA256_SIZE] = {0};
  uint8_t token[1][BATCH_TOKEN_SIZE];
  struct batch_event row = {.agency = 1, .revision = 1, .type = 30, .verdict = 1, .retention_class = 4};
  Nav__V1__Accepted accepted = NAV__V1__ACCEPTED__INIT;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  randombytes_buf(sealed, sizeof sealed);
  randombytes_buf(token, sizeof token);
  randombytes_buf(row.event_id, sizeof row.event_id);
  row.bucket_day = (uint32_t)(nav_clock_now_ms() / MS_A_DAY);
  row.persons = (const uint8_t(*)[BATCH_TOKEN_SIZE])token;
  row.persons_count = 1;
  accepted.has_commitment = true;
  accepted.commitment = (ProtobufCBinaryData){sizeof commitment, commitment};
  record.record_case = NAV__V1__RECORD__RECORD_ACCEPTED;
  record.accepted = &accepted;
  uint64_t seq = batch_stage_accepted(&d->batch, &record, &row, nav_clock_now_ms());
  struct head_entry *entry = head_entry_new(seq, 1, row.bucket_day, sealed, sizeof sealed);
  NAV_ASSERT(entry != NULL);
  batch_stage_content(&d->batch, &row, sealed, sizeof sealed, entry);
}

// True: committed.
static bool commit(struct driver *d) {
  struct nav_error err;
  store_commit(d->store, &d->batch, d->sequence.epoch);
  for (;;) {
    enum store_state state = store_step(d->store, &err);
    if (state == STORE_COMMITTED || state == STORE_FAILED) return state == STORE_COMMITTED;
    if (state != STORE_BUSY) die(&err, "commit");
    struct pollfd fd = {store_fd(d->store), POLLIN, 0};
    (void)poll(&fd, 1, 1000);
  }
}

static void answer(struct driver *d) {
  if (commit(d)) {
    (void)printf("committed %llu\n", (unsigned long long)d->batch.last_seq);
    batch_clear(&d->batch);
  } else {
    (void)puts("failed");
  }
  (void)fflush(stdout);
}

int main(int argc, char **argv) {
  static struct driver d;
  char line[LINE_MAX_SIZE], what[LINE_MAX_SIZE];
  if (argc != 2 || sodium_init() < 0) return 2;
  nav_log_open("store_driver", NAV_LOG_ERROR);
  open_ledger(&d, argv[1]);
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned count = 0;
    if (sscanf(line, "%63s %u", what, &count) < 1) return 2;
    bool events = strcmp(what, "events") == 0;
    for (unsigned i = 0; i < count; i++) events ? stage_event(&d) : stage_record(&d);
    if (strcmp(what, "again") != 0)
      batch_finish(&d.batch, "driver/00", &d.key, CHECKPOINT_RECORDS, CHECKPOINT_MS, false);
    answer(&d);
  }
  batch_free(&d.batch);
  store_close(d.store);
  return 0;
}
