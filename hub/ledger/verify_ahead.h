// Rows of `audit verify` read ahead and prepared by threads, for the one thread that judges them in their
// order: what needs no earlier record (a leaf's hash, the nodes over leaves, decoding, a content's hash) is
// done, and each signature is checked by what is known when its batch is filled. That is a guess: whoever
// judges takes the answer only where the log and the agency that it was checked by are those that count, and
// checks it himself else, so that the outcome is that of one thread. Sources are called by the judging thread
// alone. Threads are started once a batch is full: a small ledger has none. Memory, whatever the ledger's
// size: AHEAD_BATCHES batches of records and as many of contents, each of at most AHEAD_ROWS rows,
// AHEAD_BYTES of them and one row more, and AHEAD_DECODED_MAX of decoded records. Called by: verify.c and its
// parts. Must never: accuse, or call a source after it has ended or failed.
#ifndef NAV_LEDGER_VERIFY_AHEAD_H
#define NAV_LEDGER_VERIFY_AHEAD_H

#include "hub/ledger/record.h"
#include "hub/ledger/verify.h"
#include "hub/wire/merkle.h"

enum {
  AHEAD_ROWS = 512,
  AHEAD_BYTES = 1024 * 1024,
  AHEAD_BATCHES = 4,
  AHEAD_ARENA_MAX = 8 * 1024 * 1024,     // of a batch's rows
  AHEAD_DECODED_MAX = 16 * 1024 * 1024,  // past it a record is decoded when it is judged
  AHEAD_THREADS_MAX = 8,
  AHEAD_LANES = 256,  // lanes with a higher number are checked when they are judged
  AHEAD_NAME_SIZE = 65
};

// By what a signature was checked, and whether it holds.
struct verify_guess {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  char agency[AHEAD_NAME_SIZE];  // of an acknowledgement
  bool holds;
};

struct verify_ready {
  struct verify_ledger_row row;
  const uint8_t *hash;               // the leaf that its bytes give
  const Nav__V1__Record *record;     // NULL: decode it to learn why
  const struct verify_guess *guess;  // NULL: none was made
  const struct merkle_known *known;  // nodes over the batch's leaves
};

struct verify_ahead;

// NULL: no memory.
struct verify_ahead *verify_ahead_new(const struct verify_source *source);
void verify_ahead_free(struct verify_ahead *ahead);  // takes NULL; ends the threads

// The next record, valid until the next call. 1: a row; 0: no more; -1: *err.
int verify_ahead_ledger(struct verify_ahead *ahead, const struct verify_ready **ready, struct nav_error *err);
// The next content and its SHA-256, as above.
int verify_ahead_content(struct verify_ahead *ahead, struct verify_content_row *row, const uint8_t **hash,
                         struct nav_error *err);

// What signatures are checked by from the next batch on.
void verify_ahead_know_log(struct verify_ahead *ahead, const uint8_t log_id[KEY_LOG_ID_SIZE]);
void verify_ahead_know_lane(struct verify_ahead *ahead, uint32_t lane, const char *agency);

#endif
