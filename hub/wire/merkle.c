// See merkle.h. The frontier is a binary counter: adding a leaf merges as many subtrees as size has trailing
// ones.
#include "hub/wire/merkle.h"

#include <string.h>

static const uint8_t leaf_prefix = 0x00;
static const uint8_t node_prefix = 0x01;

void merkle_leaf(uint8_t out[NAV_SHA256_SIZE], const void *data, size_t length) {
  const struct nav_bytes parts[] = {{&leaf_prefix, 1}, {data, length}};
  nav_sha256(out, parts, 2);
}

void merkle_node(uint8_t out[NAV_SHA256_SIZE], const uint8_t *left, const uint8_t *right) {
  const struct nav_bytes parts[] = {{&node_prefix, 1}, {left, NAV_SHA256_SIZE}, {right, NAV_SHA256_SIZE}};
  nav_sha256(out, parts, 3);
}

void merkle_append_telling(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE],
                           merkle_perfect *perfect, void *context) {
  NAV_ASSERT(frontier->size < UINT64_MAX);
  uint8_t hash[NAV_SHA256_SIZE];
  memcpy(hash, leaf, sizeof hash);
  size_t subtrees = (size_t)__builtin_popcountll(frontier->size);
  unsigned level = 0;
  for (uint64_t size = frontier->size; (size & 1) != 0; size >>= 1) {
    subtrees--;
    merkle_node(hash, frontier->hashes[subtrees], hash);
    level++;
    if (perfect != NULL) perfect(context, level, frontier->size >> level, hash);
  }
  memcpy(frontier->hashes[subtrees], hash, sizeof hash);
  frontier->size++;
}

void merkle_append(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE]) {
  merkle_append_telling(frontier, leaf, NULL, NULL);
}

void merkle_root(const struct merkle_frontier *frontier, uint8_t out[NAV_SHA256_SIZE]) {
  size_t subtrees = (size_t)__builtin_popcountll(frontier->size);
  if (subtrees == 0) {
    nav_sha256(out, NULL, 0);
    return;
  }
  memcpy(out, frontier->hashes[subtrees - 1], NAV_SHA256_SIZE);
  for (size_t i = subtrees - 1; i > 0; i--) merkle_node(out, frontier->hashes[i - 1], out);
}
