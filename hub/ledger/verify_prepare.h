// One batch of verify_ahead.h: how rows are copied in, and what a thread then does with them. Called by:
// verify_ahead.c. Must never: use anything but the batch, so that threads share nothing.
#ifndef NAV_LEDGER_VERIFY_PREPARE_H
#define NAV_LEDGER_VERIFY_PREPARE_H

#include "hub/base/arena.h"
#include "hub/ledger/verify_ahead.h"

// What signatures are checked by. "": a lane is not known.
struct verify_known {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  char lanes[AHEAD_LANES][AHEAD_NAME_SIZE];
};

struct verify_batch {
  bool is_content;
  size_t count;
  struct nav_arena *bytes;    // the rows' own
  struct nav_arena *decoded;  // of records; NULL for contents
  struct verify_known known_by;
  struct verify_ready records[AHEAD_ROWS];
  struct verify_content_row contents[AHEAD_ROWS];
  uint8_t hashes[AHEAD_ROWS][NAV_SHA256_SIZE];  // leaves, or the contents' hashes
  struct merkle_known known;
  uint8_t nodes[AHEAD_ROWS][NAV_SHA256_SIZE];  // over the leaves, level after level
};

NAV_MUST_USE bool verify_batch_init(struct verify_batch *batch, bool is_content);  // false: no memory
void verify_batch_free(struct verify_batch *batch);
void verify_batch_clear(struct verify_batch *batch);
bool verify_batch_is_full(const struct verify_batch *batch);
// False: no memory.
NAV_MUST_USE bool verify_batch_add_record(struct verify_batch *batch, const struct verify_ledger_row *row);
NAV_MUST_USE bool verify_batch_add_content(struct verify_batch *batch, const struct verify_content_row *row);

void verify_prepare(struct verify_batch *batch, const struct verify_known *known);

#endif
