// The ledger's Merkle tree out of nav-desk's database (hub/ledger/tile), as a source for hub/wire/merkle's
// proofs. Called by: audit_prove. Must never: hold more than SUBTREES_TILES_MAX tiles.
#ifndef NAV_DESK_SUBTREES_H
#define NAV_DESK_SUBTREES_H

#include "hub/desk/database.h"
#include "hub/ledger/tile.h"

enum { SUBTREES_TILES_MAX = 24 };

struct subtrees {
  struct desk_database *database;
  struct tile *tiles[SUBTREES_TILES_MAX];
  size_t count;
  size_t oldest;  // replaced next, where all are used
};

// A merkle_subtree; context: a struct subtrees.
bool subtrees_hash(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                   struct nav_error *err);
void subtrees_free(struct subtrees *subtrees);

#endif
