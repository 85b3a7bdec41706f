// Proof files: that one record stands in the ledger under a checkpoint that the hub signed, to be checked by
// anybody without the hub. C2SP tlog-proof (c2sp.org/tlog-proof), version 1:
//   c2sp.org/tlog-proof@v1\n
//   extra <base64 of the record's bytes>\n
//   index <seq - 1>\n
//   <base64 hash>\n …                        (RFC 6962 PATH, from the leaf's sibling upward)
//   \n
//   <the checkpoint, a signed note>
// The record stands in `extra`, so that a file is whole by itself: its leaf is computed from it. Called by:
// desk (prove, export), tests. Must never: take a looser form than the specification.
#ifndef NAV_LEDGER_PROOF_H
#define NAV_LEDGER_PROOF_H

#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/ledger/checkpoint.h"
#include "hub/wire/merkle.h"

enum { PROOF_FILE_MAX = 2 * 1024 * 1024 };

struct ledger_proof {
  uint64_t index;  // from 0: a record's seq less one
  struct merkle_proof path;
  const uint8_t *record;  // NULL: the file has no extra line
  size_t record_length;
  const char *note;
};

NAV_MUST_USE bool proof_write(const struct ledger_proof *proof, struct nav_buffer *out);
// Reads the form alone; what it leads to lives in the arena, note points into text.
NAV_MUST_USE bool proof_read(const char *text, struct nav_arena *arena, struct ledger_proof *proof,
                             struct nav_error *err);
// Whether the record stands in the tree that the note signs. origin, public_key: as checkpoint_open. record,
// record_length: the bytes to be proven where the file has none, else NULL and 0.
NAV_MUST_USE bool proof_check(const struct ledger_proof *proof, const uint8_t *record, size_t record_length,
                              const char *origin, const uint8_t *public_key, struct checkpoint *checkpoint,
                              struct nav_error *err);

#endif
