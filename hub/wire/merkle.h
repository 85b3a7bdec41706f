// The Merkle tree of RFC 6962 §2.1, kept as its frontier: the roots of the perfect subtrees from left to
// right. Leaf SHA-256(0x00 ‖ data), node SHA-256(0x01 ‖ left ‖ right). Proofs of inclusion and consistency
// are made from a source of perfect subtrees, and checked as RFC 9162 §2.1.3.2 and §2.1.4.2 say. Called by:
// publications' digests, the ledger, witnesses. Must never: hold more than 64 hashes.
#ifndef NAV_WIRE_MERKLE_H
#define NAV_WIRE_MERKLE_H

#include <stdbool.h>

#include "hub/base/error.h"
#include "hub/wire/sha256.h"

enum { MERKLE_LEAF_PREFIX = 0x00, MERKLE_NODE_PREFIX = 0x01 };

struct merkle_frontier {
  uint64_t size;                        // leaves
  uint8_t hashes[64][NAV_SHA256_SIZE];  // one a set bit of size, the largest subtree first
};

void merkle_leaf(uint8_t out[NAV_SHA256_SIZE], const void *data, size_t length);
void merkle_node(uint8_t out[NAV_SHA256_SIZE], const uint8_t *left, const uint8_t *right);
// One subtree that a leaf has made perfect: level 1 has two leaves, level n 2^n; index from 0 at that level.
typedef void merkle_perfect(void *context, unsigned level, uint64_t index,
                            const uint8_t hash[NAV_SHA256_SIZE]);
// As merkle_append; perfect is told of every subtree that becomes whole, the smallest first.
void merkle_append_telling(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE],
                           merkle_perfect *perfect, void *context);
void merkle_append(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE]);
// Appends the 2^level leaves of a perfect subtree by its root; size is a multiple of 2^level.
void merkle_append_subtree(struct merkle_frontier *frontier, unsigned level,
                           const uint8_t root[NAV_SHA256_SIZE]);

// Perfect subtrees that were hashed beforehand, many at once: of each level those from `first` on.
enum { MERKLE_KNOWN_LEVELS = 10 };
struct merkle_known {
  uint64_t first[MERKLE_KNOWN_LEVELS];
  size_t count[MERKLE_KNOWN_LEVELS];
  const uint8_t (*hashes[MERKLE_KNOWN_LEVELS])[NAV_SHA256_SIZE];
};
// As merkle_append_telling. A known hash is taken only where its two children are the very ones at hand, so
// that the outcome is the same whatever known says of others. known: NULL for none.
void merkle_append_known(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE],
                         const struct merkle_known *known, merkle_perfect *perfect, void *context);
// The same of many leaves (count × 32 bytes), a level's nodes hashed side by side; perfect (may be NULL) is
// told level by level.
void merkle_append_many(struct merkle_frontier *frontier, const uint8_t *leaves, size_t count,
                        merkle_perfect *perfect, void *context);
// The root; of no leaves: SHA-256 of nothing.
void merkle_root(const struct merkle_frontier *frontier, uint8_t out[NAV_SHA256_SIZE]);

// ---- proofs ----

enum { MERKLE_PROOF_MAX = 64 };  // hashes; a tree has fewer than 2^63 leaves

struct merkle_proof {
  size_t count;
  uint8_t hashes[MERKLE_PROOF_MAX][NAV_SHA256_SIZE];  // in the order of RFC 6962's PATH and PROOF
};

// The hash of a perfect subtree: level 0 is a leaf, the indexth 2^level leaves. False: *err.
typedef bool merkle_subtree(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                            struct nav_error *err);

// PATH(index, D[size]); index < size. Asks for at most two times 64 subtrees.
NAV_MUST_USE bool merkle_inclusion_make(merkle_subtree *subtree, void *context, uint64_t index, uint64_t size,
                                        struct merkle_proof *proof, struct nav_error *err);
// PROOF(old_size, D[size]); 0 < old_size <= size.
NAV_MUST_USE bool merkle_consistency_make(merkle_subtree *subtree, void *context, uint64_t old_size,
                                          uint64_t size, struct merkle_proof *proof, struct nav_error *err);
// Whether the leaf is the indexth of the tree of that size and root.
NAV_MUST_USE bool merkle_inclusion_check(const uint8_t leaf[NAV_SHA256_SIZE], uint64_t index, uint64_t size,
                                         const struct merkle_proof *proof,
                                         const uint8_t root[NAV_SHA256_SIZE]);
// Whether the tree of size and root begins with the one of old_size and old_root. Every tree begins with the
// one of no leaves, by an empty proof.
NAV_MUST_USE bool merkle_consistency_check(uint64_t old_size, const uint8_t old_root[NAV_SHA256_SIZE],
                                           uint64_t size, const uint8_t root[NAV_SHA256_SIZE],
                                           const struct merkle_proof *proof);

#endif
