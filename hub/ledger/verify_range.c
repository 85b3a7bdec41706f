// See verify_range.h.
#include "hub/ledger/verify_range.h"

#include <string.h>

#include "hub/base/error.h"

enum { LEVEL_MAX = 62 };

bool verify_range_place(struct verify_range *range, merkle_subtree *subtree, void *context,
                        struct nav_error *err) {
  uint8_t hash[NAV_SHA256_SIZE];
  range->placed = false;
  range->behind_count = 0;
  range->before = (struct merkle_frontier){0};
  // Before it: a perfect subtree for each bit of its size, the largest first.
  for (int level = LEVEL_MAX; level >= 0; level--) {
    if (((range->first - 1) >> level & 1) == 0) continue;
    if (!subtree(context, (unsigned)level, range->before.size >> level, hash, err)) return false;
    merkle_append_subtree(&range->before, (unsigned)level, hash);
  }
  // Behind it: each time the largest that begins there and ends within the checkpoint.
  for (uint64_t at = range->last; at < range->size;) {
    unsigned level = 0;
    while (level < LEVEL_MAX && at % ((uint64_t)2 << level) == 0 &&
           at + ((uint64_t)2 << level) <= range->size)
      level++;
    NAV_ASSERT(range->behind_count < VERIFY_BEHIND_MAX);
    struct verify_behind *behind = &range->behind[range->behind_count];
    if (!subtree(context, level, at >> level, behind->hash, err)) return false;
    behind->level = level;
    range->behind_count++;
    at += (uint64_t)1 << level;
  }
  range->placed = true;
  return true;
}
