// The ledger's Merkle tree as it is stored, in tiles of 256 hashes: leaves beside their records, every eighth
// level in nav.subtree. What is between is computed. Called by: desk/subtrees, core/witness. Must never: read
// the database; each reads it in its own way.
#ifndef NAV_LEDGER_TILE_H
#define NAV_LEDGER_TILE_H

#include <stddef.h>

#include "hub/base/error.h"
#include "hub/wire/merkle.h"

enum { TILE_LEVELS = 8, TILE_HASHES = 1 << TILE_LEVELS };

struct tile {
  unsigned level;  // 0, 8, 16, …
  uint64_t index;  // of 256 hashes of that level
  size_t count;    // that are here; fewer only at the right edge
  uint8_t hashes[TILE_HASHES][NAV_SHA256_SIZE];
};

// Where the subtree `index` of a level is computed from: `width` hashes from `at` in that tile.
struct tile_place {
  unsigned level;
  uint64_t index;
  size_t at, width;
};

struct tile_place tile_place_of(unsigned level, uint64_t index);
bool tile_is_at(const struct tile *tile, const struct tile_place *place);
// tile: the one of that place; NULL: there is none. False: it has not that many hashes, and *err says which
// is missing and the way out.
NAV_MUST_USE bool tile_hash(const struct tile *tile, const struct tile_place *place,
                            uint8_t out[NAV_SHA256_SIZE], struct nav_error *err);
// What tile_hash says, for a stored row that is not there. Returns false.
bool tile_missing(unsigned level, uint64_t index, struct nav_error *err);

#endif
