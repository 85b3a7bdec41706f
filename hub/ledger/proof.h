// Proof that one record is in the ledger, as a file that needs nothing of us to be checked: C2SP tlog-proof.
//   c2sp.org/tlog-proof@v1\n[extra <base64>\n]index <n>\n<base64 hash>\n…\n<checkpoint, verbatim>
// index: from 0, a record's seq minus 1. Hashes: RFC 6962 §2.1.1, from the leaf's sibling upwards.
// Specification: c2sp.org/tlog-proof. Called by: desk (audit prove), tests. Must never: take a file as proven
// by its form.
#ifndef NAV_LEDGER_PROOF_H
#define NAV_LEDGER_PROOF_H

#include "hub/ledger/checkpoint.h"
#include "hub/wire/merkle.h"

enum {
  PROOF_EXTRA_MAX = 1024,      // bytes of extra data
  PROOF_FILE_MAX = 80 * 1024,  // bytes; a checkpoint has at most 64 KiB
};

struct proof {
  uint64_t index;
  struct merkle_proof path;
  uint8_t extra[PROOF_EXTRA_MAX];  // nobody vouches for it: no checkpoint covers it
  size_t extra_length;             // 0: none
  const char *note;                // the checkpoint; after proof_parse it points into the parsed text
};

// Appends the file. False: memory is out, or the buffer's limit reached.
NAV_MUST_USE bool proof_write(const struct proof *proof, struct nav_buffer *out);
// The form alone, and nothing looser than specified. Class PEER where it is another.
NAV_MUST_USE bool proof_parse(const char *text, struct proof *proof, struct nav_error *err);
// Whether the checkpoint is signed by that key for that origin, and the leaf is the indexth of its tree.
// Fills *checkpoint. False: *err says which of the two does not hold.
NAV_MUST_USE bool proof_check(const struct proof *proof, const uint8_t leaf[NAV_SHA256_SIZE],
                              const char *origin, const uint8_t *public_key, struct checkpoint *checkpoint,
                              struct nav_error *err);

#endif
