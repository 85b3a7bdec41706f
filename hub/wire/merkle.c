// See merkle.h. The frontier is a binary counter: adding a leaf merges as many subtrees as size has trailing
// ones.
#include "hub/wire/merkle.h"

#include <string.h>

#include "hub/wire/sha256_many.h"

static const uint8_t leaf_prefix = MERKLE_LEAF_PREFIX;
static const uint8_t node_prefix = MERKLE_NODE_PREFIX;

void merkle_leaf(uint8_t out[NAV_SHA256_SIZE], const void *data, size_t length) {
  const struct nav_bytes parts[] = {{&leaf_prefix, 1}, {data, length}};
  nav_sha256(out, parts, 2);
}

void merkle_node(uint8_t out[NAV_SHA256_SIZE], const uint8_t *left, const uint8_t *right) {
  const struct nav_bytes parts[] = {{&node_prefix, 1}, {left, NAV_SHA256_SIZE}, {right, NAV_SHA256_SIZE}};
  nav_sha256(out, parts, 3);
}

static const uint8_t *find_known(const struct merkle_known *known, unsigned level, uint64_t index) {
  if (level >= MERKLE_KNOWN_LEVELS || index < known->first[level] ||
      index - known->first[level] >= known->count[level])
    return NULL;
  return known->hashes[level][index - known->first[level]];
}

// The node over a level's left and right; index: the right one's.
static void join(uint8_t hash[NAV_SHA256_SIZE], const uint8_t *left, const struct merkle_known *known,
                 unsigned level, uint64_t index) {
  const uint8_t *both = known != NULL ? find_known(known, level + 1, index / 2) : NULL;
  const uint8_t *known_left = both != NULL ? find_known(known, level, index - 1) : NULL;
  const uint8_t *known_right = both != NULL ? find_known(known, level, index) : NULL;
  if (known_left != NULL && known_right != NULL && memcmp(known_left, left, NAV_SHA256_SIZE) == 0 &&
      memcmp(known_right, hash, NAV_SHA256_SIZE) == 0) {
    memcpy(hash, both, NAV_SHA256_SIZE);
  } else {
    merkle_node(hash, left, hash);
  }
}

void merkle_append_known(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE],
                         const struct merkle_known *known, merkle_perfect *perfect, void *context) {
  NAV_ASSERT(frontier->size < UINT64_MAX);
  uint8_t hash[NAV_SHA256_SIZE];
  memcpy(hash, leaf, sizeof hash);
  size_t subtrees = (size_t)__builtin_popcountll(frontier->size);
  unsigned level = 0;
  for (uint64_t size = frontier->size; (size & 1) != 0; size >>= 1) {
    subtrees--;
    join(hash, frontier->hashes[subtrees], known, level, size);
    level++;
    if (perfect != NULL) perfect(context, level, frontier->size >> level, hash);
  }
  memcpy(frontier->hashes[subtrees], hash, sizeof hash);
  frontier->size++;
}

void merkle_append_telling(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE],
                           merkle_perfect *perfect, void *context) {
  merkle_append_known(frontier, leaf, NULL, perfect, context);
}

void merkle_append_subtree(struct merkle_frontier *frontier, unsigned level,
                           const uint8_t root[NAV_SHA256_SIZE]) {
  uint8_t hash[NAV_SHA256_SIZE];
  NAV_ASSERT(level < 64 && frontier->size % ((uint64_t)1 << level) == 0);
  memcpy(hash, root, sizeof hash);
  size_t subtrees = (size_t)__builtin_popcountll(frontier->size);
  for (uint64_t size = frontier->size >> level; (size & 1) != 0; size >>= 1)
    merkle_node(hash, frontier->hashes[--subtrees], hash);
  memcpy(frontier->hashes[subtrees], hash, sizeof hash);
  frontier->size += (uint64_t)1 << level;
}

void merkle_append(struct merkle_frontier *frontier, const uint8_t leaf[NAV_SHA256_SIZE]) {
  merkle_append_telling(frontier, leaf, NULL, NULL);
}

// MANY_MAX: each call zeroes what it has on the stack (hardening), which is most of what a few leaves cost.
enum { MANY_MAX = 128, LEVELS = 64 };

// The frontier by level: the root of the perfect subtree of each set bit of size.
static void spread(const struct merkle_frontier *frontier, uint8_t by_level[LEVELS][NAV_SHA256_SIZE]) {
  size_t at = (size_t)__builtin_popcountll(frontier->size);
  for (unsigned level = 0; level < LEVELS; level++)
    if ((frontier->size >> level & 1) != 0) memcpy(by_level[level], frontier->hashes[--at], NAV_SHA256_SIZE);
}

static void gather(struct merkle_frontier *frontier, uint64_t size,
                   const uint8_t by_level[LEVELS][NAV_SHA256_SIZE]) {
  size_t at = (size_t)__builtin_popcountll(size);
  frontier->size = size;
  for (unsigned level = 0; level < LEVELS; level++)
    if ((size >> level & 1) != 0) memcpy(frontier->hashes[--at], by_level[level], NAV_SHA256_SIZE);
}

// Pairs of one level: nodes to `up`. left: a place before it is free, for a sibling of the frontier.
static size_t raise(const uint8_t (*left)[NAV_SHA256_SIZE], size_t count, uint8_t (*up)[NAV_SHA256_SIZE]) {
  struct sha256_input inputs[MANY_MAX];
  for (size_t i = 0; i < count / 2; i++)
    inputs[i] = (struct sha256_input){left[2 * i], 2 * NAV_SHA256_SIZE, node_prefix, up[i]};
  nav_sha256_many(inputs, count / 2);
  return count / 2;
}

static void append_some(struct merkle_frontier *frontier, const uint8_t *leaves, size_t count,
                        merkle_perfect *perfect, void *context) {
  uint8_t by_level[LEVELS][NAV_SHA256_SIZE];
  uint8_t rows[2][MANY_MAX + 1][NAV_SHA256_SIZE];  // the first of each is for a sibling
  uint64_t first = frontier->size;
  spread(frontier, by_level);
  memcpy(rows[0][1], leaves, count * NAV_SHA256_SIZE);
  size_t left = count;
  for (unsigned level = 0; left > 0; level++) {
    uint8_t(*row)[NAV_SHA256_SIZE] = rows[level % 2] + 1;
    uint8_t(*up)[NAV_SHA256_SIZE] = rows[(level + 1) % 2] + 1;
    if ((first & 1) != 0) {
      memcpy(*--row, by_level[level], NAV_SHA256_SIZE);
      left++;
    }
    if (left % 2 != 0) memcpy(by_level[level], row[left - 1], NAV_SHA256_SIZE);
    left = raise((const uint8_t(*)[NAV_SHA256_SIZE])row, left, up);
    first >>= 1;
    for (size_t i = 0; perfect != NULL && i < left; i++) perfect(context, level + 1, first + i, up[i]);
  }
  gather(frontier, frontier->size + count, (const uint8_t(*)[NAV_SHA256_SIZE])by_level);
}

void merkle_append_many(struct merkle_frontier *frontier, const uint8_t *leaves, size_t count,
                        merkle_perfect *perfect, void *context) {
  NAV_ASSERT(frontier->size < UINT64_MAX - count);
  for (size_t done = 0; done < count;) {
    size_t some = count - done < MANY_MAX ? count - done : MANY_MAX;
    append_some(frontier, leaves + done * NAV_SHA256_SIZE, some, perfect, context);
    done += some;
  }
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
