// What a range of `audit verify` is judged by and is not itself of it: its place in the tree of the newest
// checkpoint, the definitions and publications before it, what was erased. Called by: verify_rows.c. Must
// never: accuse.
#ifndef NAV_DESK_VERIFY_BESIDE_H
#define NAV_DESK_VERIFY_BESIDE_H

#include "hub/desk/database.h"
#include "hub/ledger/verify_range.h"

enum { VERIFY_SEEDS_MAX = 200000 };

struct verify_beside {
  struct verify_range range;
  PGresult *before, *later;  // what the seeds point into
  struct verify_seed *seeds, *erased_later;
  struct nav_error unplaced;  // why the range has no place, where it has none and a checkpoint covers it
};

// Reads it for first to last. False: *err; free it all the same.
NAV_MUST_USE bool verify_beside_read(struct desk_database *database, uint64_t first, uint64_t last,
                                     struct verify_beside *beside, struct nav_error *err);
void verify_beside_free(struct verify_beside *beside);

#endif
