// The ledger's Merkle tree as it is stored: leaves beside their records, every eighth level in nav.subtree.
// What is between is computed. A source for hub/wire/merkle's proofs. Called by: audit_prove. Must never:
// hold more than SUBTREES_TILES_MAX tiles of 256 hashes.
#ifndef NAV_DESK_SUBTREES_H
#define NAV_DESK_SUBTREES_H

#include "hub/desk/database.h"
#include "hub/wire/merkle.h"

enum { SUBTREES_LEVELS = 8, SUBTREES_TILE = 1 << SUBTREES_LEVELS, SUBTREES_TILES_MAX = 24 };

struct subtrees_tile {
  unsigned level;  // 0, 8, 16, …
  uint64_t index;  // of 256 hashes of that level
  size_t count;    // that are there; fewer only at the right edge
  uint8_t hashes[SUBTREES_TILE][NAV_SHA256_SIZE];
};

struct subtrees {
  struct desk_database *database;
  struct subtrees_tile *tiles[SUBTREES_TILES_MAX];
  size_t count;
  size_t oldest;  // replaced next, where all are used
};

// A merkle_subtree; context: a struct subtrees.
bool subtrees_hash(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                   struct nav_error *err);
void subtrees_free(struct subtrees *subtrees);

#endif
