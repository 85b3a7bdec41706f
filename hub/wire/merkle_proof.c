// Proofs of merkle.h: made by the recursion of RFC 6962 §2.1.1 and §2.1.2, checked by the loops of RFC 9162
// §2.1.3.2 and §2.1.4.2, which share nothing with it.
#include <string.h>

#include "hub/wire/merkle.h"

struct making {
  merkle_subtree *subtree;
  void *context;
  struct merkle_proof *proof;
  struct nav_error *err;
};

// The largest power of two below n, as its exponent; n > 1.
static unsigned split(uint64_t n) { return 63U - (unsigned)__builtin_clzll(n - 1); }

// MTH(D[first : first + count]); first is a multiple of the power of two at or above count, so that the
// range's perfect subtrees are subtrees of the whole.
static bool hash_of(const struct making *making, uint64_t first, uint64_t count,
                    uint8_t out[NAV_SHA256_SIZE]) {
  if ((count & (count - 1)) == 0) {
    unsigned level = (unsigned)__builtin_ctzll(count);
    return making->subtree(making->context, level, first >> level, out, making->err);
  }
  uint8_t right[NAV_SHA256_SIZE];
  uint64_t left = UINT64_C(1) << split(count);
  if (!hash_of(making, first, left, out) || !hash_of(making, first + left, count - left, right)) return false;
  merkle_node(out, out, right);
  return true;
}

static bool add(const struct making *making, uint64_t first, uint64_t count) {
  struct merkle_proof *proof = making->proof;
  NAV_ASSERT(proof->count < MERKLE_PROOF_MAX);
  return hash_of(making, first, count, proof->hashes[proof->count++]);
}

static bool path(const struct making *making, uint64_t index, uint64_t first, uint64_t count) {
  if (count == 1) return true;
  uint64_t left = UINT64_C(1) << split(count);
  if (index < left) return path(making, index, first, left) && add(making, first + left, count - left);
  return path(making, index - left, first + left, count - left) && add(making, first, left);
}

// whole: the old tree is all of what stands to the left so far, so that whoever checks knows its hash.
static bool subproof(const struct making *making, uint64_t old, uint64_t first, uint64_t count, bool whole) {
  if (old == count) return whole || add(making, first, count);
  uint64_t left = UINT64_C(1) << split(count);
  if (old <= left)
    return subproof(making, old, first, left, whole) && add(making, first + left, count - left);
  return subproof(making, old - left, first + left, count - left, false) && add(making, first, left);
}

bool merkle_inclusion_make(merkle_subtree *subtree, void *context, uint64_t index, uint64_t size,
                           struct merkle_proof *proof, struct nav_error *err) {
  NAV_ASSERT(index < size && size < UINT64_C(1) << 63);
  const struct making making = {subtree, context, proof, err};
  proof->count = 0;
  return path(&making, index, 0, size);
}

bool merkle_consistency_make(merkle_subtree *subtree, void *context, uint64_t old_size, uint64_t size,
                             struct merkle_proof *proof, struct nav_error *err) {
  NAV_ASSERT(old_size > 0 && old_size <= size && size < UINT64_C(1) << 63);
  const struct making making = {subtree, context, proof, err};
  proof->count = 0;
  return subproof(&making, old_size, 0, size, true);
}

static bool same(const uint8_t a[NAV_SHA256_SIZE], const uint8_t b[NAV_SHA256_SIZE]) {
  return memcmp(a, b, NAV_SHA256_SIZE) == 0;
}

bool merkle_inclusion_check(const uint8_t leaf[NAV_SHA256_SIZE], uint64_t index, uint64_t size,
                            const struct merkle_proof *proof, const uint8_t root[NAV_SHA256_SIZE]) {
  if (index >= size || proof->count > MERKLE_PROOF_MAX) return false;
  uint64_t at = index;
  uint64_t last = size - 1;
  uint8_t hash[NAV_SHA256_SIZE];
  memcpy(hash, leaf, sizeof hash);
  for (size_t i = 0; i < proof->count; i++) {
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      merkle_node(hash, proof->hashes[i], hash);
      for (; (at & 1) == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      merkle_node(hash, hash, proof->hashes[i]);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && same(hash, root);
}

bool merkle_consistency_check(uint64_t old_size, const uint8_t old_root[NAV_SHA256_SIZE], uint64_t size,
                              const uint8_t root[NAV_SHA256_SIZE], const struct merkle_proof *proof) {
  if (old_root == NULL || old_size > size || proof->count > MERKLE_PROOF_MAX) return false;
  if (old_size == 0) return proof->count == 0;
  if (old_size == size) return proof->count == 0 && same(old_root, root);
  // An old tree that is perfect stands whole in the new one: its root begins the path, unsaid.
  size_t next = 0;
  const uint8_t *first = (old_size & (old_size - 1)) == 0 ? old_root : NULL;
  if (first == NULL) {
    if (proof->count == 0) return false;
    first = proof->hashes[next++];
  }
  uint64_t at = old_size - 1;
  uint64_t last = size - 1;
  for (; (at & 1) != 0; at >>= 1) last >>= 1;
  uint8_t old_hash[NAV_SHA256_SIZE];
  uint8_t hash[NAV_SHA256_SIZE];
  memcpy(old_hash, first, sizeof old_hash);
  memcpy(hash, first, sizeof hash);
  for (; next < proof->count; next++) {
    const uint8_t *given = proof->hashes[next];
    if (last == 0) return false;
    if ((at & 1) != 0 || at == last) {
      merkle_node(old_hash, given, old_hash);
      merkle_node(hash, given, hash);
      for (; (at & 1) == 0 && at != 0; at >>= 1) last >>= 1;
    } else {
      merkle_node(hash, hash, given);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && same(old_hash, old_root) && same(hash, root);
}
