// `audit verify` of a range: those records alone, each with its rows, and that they stand in the tree of the
// newest checkpoint. Of what is before and after, it takes the stored hashes and the records that others are
// judged by (definitions, publications, what was erased), and accuses none of it. Called by: desk (audit
// verify), verify.c. Must never: be taken for a verification of the whole.
#ifndef NAV_LEDGER_VERIFY_RANGE_H
#define NAV_LEDGER_VERIFY_RANGE_H

#include "hub/wire/merkle.h"

struct verify_seed {
  const uint8_t *record;
  size_t length;
};

// One perfect subtree behind the range.
struct verify_behind {
  unsigned level;
  uint8_t hash[NAV_SHA256_SIZE];
};

enum { VERIFY_BEHIND_MAX = 2 * MERKLE_PROOF_MAX };

struct verify_range {
  uint64_t first, last;
  uint64_t size;  // of the newest checkpoint; 0: none
  // As verify_range_place makes them.
  bool placed;                                     // false: where the range stands in the tree is not known
  struct merkle_frontier before;                   // of the records before it
  struct verify_behind behind[VERIFY_BEHIND_MAX];  // from the range's end to size
  size_t behind_count;
  // Records before the range that it is judged by, in their order; and those after it that erased content.
  const struct verify_seed *seeds, *erased_later;
  size_t seeds_count, erased_later_count;
};

// Finds the range's place out of the stored subtrees. first, last and size are set. False: *err, and it is
// not placed.
NAV_MUST_USE bool verify_range_place(struct verify_range *range, merkle_subtree *subtree, void *context,
                                     struct nav_error *err);

#endif
