// Perfect subtrees of the ledger's Merkle tree, as the proofs of hub/wire/merkle.h ask for them: leaves from
// the ledger's rows, every eighth level from nav.subtree, the levels between computed. One proof in a tree of
// 2^32 records reads at most two times 256 rows of each of five levels. What it gives is not checked here:
// whoever makes a proof of it checks that against a signed root. Called by: audit_prove, tests. Must never:
// outlive its request's snapshot.
#ifndef NAV_DESK_SUBTREES_H
#define NAV_DESK_SUBTREES_H

#include "hub/desk/database.h"
#include "hub/wire/merkle.h"

enum { SUBTREES_STEP = 8, SUBTREES_BLOCK = 1 << SUBTREES_STEP, SUBTREES_LEVELS = 8 };

// The rows of one level read last: SUBTREES_BLOCK of them, from a multiple of that.
struct subtrees_block {
  bool loaded;
  uint64_t first;
  bool there[SUBTREES_BLOCK];
  uint8_t hashes[SUBTREES_BLOCK][NAV_SHA256_SIZE];
};

struct subtrees {
  struct desk_database *database;
  struct subtrees_block blocks[SUBTREES_LEVELS];  // of levels 0, 8, 16, …
};

// A merkle_subtree; context is a struct subtrees. False where a row is missing or the database fails.
bool subtrees_get(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                  struct nav_error *err);
// The root of the first `size` records.
NAV_MUST_USE bool subtrees_root(struct subtrees *subtrees, uint64_t size, uint8_t root[NAV_SHA256_SIZE],
                                struct nav_error *err);

#endif
