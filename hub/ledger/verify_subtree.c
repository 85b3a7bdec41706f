// nav.subtree of `audit verify`: each row against the tree, in the order in which nav-core writes them.
// Whether the row or the records are wrong is known once the next checkpoint has told which tree was signed;
// until then what differs waits. See verify.h.
#include <inttypes.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

static uint64_t end_of(const struct verify_subtree_row *row) { return (row->index + 1) << row->level; }

static bool next(struct verify *v, struct nav_error *err) {
  const struct verify_subtree_row before = v->subtree;
  bool had = v->has_subtree;
  v->has_subtree = false;
  if (v->source->subtree == NULL) return true;
  int got = v->source->subtree(v->source->context, &v->subtree, err);
  v->has_subtree = got > 0;
  if (got > 0 && had && end_of(&v->subtree) < end_of(&before))
    return nav_fail(err, NAV_ERROR_BUG, 0, "verify", "subtrees are not in order");
  return got >= 0;
}

bool verify_subtrees_begin(struct verify *v, struct nav_error *err) { return next(v, err); }

void verify_told(void *context, unsigned level, uint64_t index, const uint8_t hash[NAV_SHA256_SIZE]) {
  struct verify_told *told = context;
  if (level % VERIFY_SUBTREE_STEP != 0) return;
  size_t place = level / VERIFY_SUBTREE_STEP - 1;
  NAV_ASSERT(place == told->count && place < VERIFY_TOLD_MAX);
  told->index[told->count] = index;
  memcpy(told->hashes[told->count++], hash, NAV_SHA256_SIZE);
}

static void accuse_one(struct verify *v, const struct verify_odd_subtree *odd) {
  verify_accuse_checkpoint(
      v, 0, "nav.subtree, the row of level %u, index %" PRIu64 ": %s", odd->level, odd->index,
      odd->missing ? "it is missing" : "it is not the hash of the records that it covers");
}

static void wait(struct verify *v, const struct verify_odd_subtree *odd) {
  struct verify_tree *tree = &v->tree;
  if (tree->odd_count < VERIFY_ODD_MAX)
    tree->odd[tree->odd_count++] = *odd;
  else
    accuse_one(v, odd);
}

static void compare(struct verify *v, unsigned level, size_t place, bool there) {
  const struct verify_tree *tree = &v->tree;
  const struct verify_told *leaves = tree->differ ? &tree->told_leaves : &tree->told_records;
  struct verify_odd_subtree odd = {
      .level = level, .index = tree->told_records.index[place], .missing = !there};
  odd.fits_records = there && memcmp(v->subtree.hash, tree->told_records.hashes[place], NAV_SHA256_SIZE) == 0;
  odd.fits_leaves =
      there && place < leaves->count && memcmp(v->subtree.hash, leaves->hashes[place], NAV_SHA256_SIZE) == 0;
  if (!odd.fits_records || !odd.fits_leaves) wait(v, &odd);
}

static void extra(struct verify *v) {
  verify_accuse_checkpoint(
      v, 0, "nav.subtree, the row of level %u, index %" PRIu64 ": the ledger has no such subtree",
      v->subtree.level, v->subtree.index);
}

bool verify_subtrees_at(struct verify *v, uint64_t seq, struct nav_error *err) {
  const struct verify_told *told = &v->tree.told_records;
  size_t place = 0;
  if (v->source->subtree == NULL) return true;
  while (v->has_subtree && end_of(&v->subtree) <= seq) {
    // Of what no leaf told us nothing is known.
    bool known = !v->tree.broken && end_of(&v->subtree) == seq;
    while (known && place < told->count && (place + 1) * VERIFY_SUBTREE_STEP < v->subtree.level) {
      compare(v, (unsigned)(place + 1) * VERIFY_SUBTREE_STEP, place, false);
      place++;
    }
    if (known && place < told->count && (place + 1) * VERIFY_SUBTREE_STEP == v->subtree.level) {
      compare(v, v->subtree.level, place, true);
      place++;
    } else if (known) {
      extra(v);
    }
    if (!next(v, err)) return false;
  }
  for (; !v->tree.broken && place < told->count; place++)
    compare(v, (unsigned)(place + 1) * VERIFY_SUBTREE_STEP, place, false);
  return true;
}

void verify_subtrees_signed(struct verify *v, bool records) {
  struct verify_tree *tree = &v->tree;
  for (size_t i = 0; i < tree->odd_count; i++) {
    const struct verify_odd_subtree *odd = &tree->odd[i];
    if (!(records ? odd->fits_records : odd->fits_leaves)) accuse_one(v, odd);
  }
  tree->odd_count = 0;
}

bool verify_subtrees_end(struct verify *v, uint64_t last, struct nav_error *err) {
  // No checkpoint tells: where the records agree with themselves, the row is the one that does not fit.
  if (!v->tree.broken) verify_subtrees_signed(v, true);
  while (v->has_subtree) {
    if (end_of(&v->subtree) > last) extra(v);
    if (!next(v, err)) return false;
  }
  return true;
}
