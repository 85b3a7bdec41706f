// The Merkle tree of RFC 6962 §2.1, kept as its frontier: the roots of the perfect subtrees from left to
// right. Leaf SHA-256(0x00 ‖ data), node SHA-256(0x01 ‖ left ‖ right). Called by: publications' digests, the
// ledger. Must never: hold more than 64 hashes.
#ifndef NAV_WIRE_MERKLE_H
#define NAV_WIRE_MERKLE_H

#include "hub/wire/sha256.h"

struct merkle_frontier {
  uint64_t size;                        // leaves
  uint8_t hashes[64][NAV_SHA256_SIZE];  // one a set bit of size, the largest subtree first
};

void merkle_leaf(uint8_t out[NAV_SHA256_SIZE], const void *data, size_t length);
void merkle_node(uint8_t out[NAV_SHA256_SIZE], const uint8_t *left, const uint8_t *right);
void merkle_append(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE]);
// The root; of no leaves: SHA-256 of nothing.
void merkle_root(const struct merkle_frontier *frontier, uint8_t out[NAV_SHA256_SIZE]);

#endif
