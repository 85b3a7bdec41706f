// See subtrees.h.
#include "hub/desk/subtrees.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static PGresult *ask(struct desk_database *database, unsigned level, uint64_t first, struct nav_error *err) {
  char from[24];
  char to[24];
  char at[12];
  (void)snprintf(from, sizeof from, "%" PRIu64, first);
  (void)snprintf(to, sizeof to, "%" PRIu64, first + SUBTREES_BLOCK - 1);
  (void)snprintf(at, sizeof at, "%u", level);
  const char *values[] = {from, to, at};
  if (level == 0)
    return desk_query(database,
                      "SELECT seq - 1, leaf FROM nav.ledger_view WHERE seq BETWEEN $1::bigint + 1 AND "
                      "$2::bigint + 1",
                      2, values, err);
  return desk_query(database,
                    "SELECT index, hash FROM nav.subtree_view WHERE level = $3::smallint AND index BETWEEN "
                    "$1::bigint AND $2::bigint",
                    3, values, err);
}

static bool load(struct subtrees *subtrees, unsigned level, uint64_t first, struct nav_error *err) {
  struct subtrees_block *block = &subtrees->blocks[level / SUBTREES_STEP];
  if (block->loaded && block->first == first) return true;
  PGresult *rows = ask(subtrees->database, level, first, err);
  if (rows == NULL) return false;
  *block = (struct subtrees_block){.loaded = true, .first = first};
  for (int i = 0; i < PQntuples(rows); i++) {
    size_t length = 0;
    uint64_t place = (uint64_t)desk_int8(rows, i, 0) - first;
    const uint8_t *hash = desk_bytes(rows, i, 1, &length);
    if (place >= SUBTREES_BLOCK || length != NAV_SHA256_SIZE) continue;
    block->there[place] = true;
    memcpy(block->hashes[place], hash, NAV_SHA256_SIZE);
  }
  PQclear(rows);
  return true;
}

static bool missing(unsigned level, uint64_t index, struct nav_error *err) {
  if (level == 0)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "record %" PRIu64 " is missing: run navctl audit verify", index + 1);
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "nav.subtree",
                  "the row of level %u, index %" PRIu64
                  " is missing: nav-core adds it when it is started again",
                  level, index);
}

bool subtrees_get(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                  struct nav_error *err) {
  struct subtrees *subtrees = context;
  unsigned stored = level / SUBTREES_STEP * SUBTREES_STEP;
  uint64_t count = UINT64_C(1) << (level - stored);  // at most 128: they lie in one block
  uint64_t first = index * count;
  uint64_t block_first = first - first % SUBTREES_BLOCK;
  struct merkle_frontier frontier = {0};
  if (!load(subtrees, stored, block_first, err)) return false;
  const struct subtrees_block *block = &subtrees->blocks[stored / SUBTREES_STEP];
  for (uint64_t i = 0; i < count; i++) {
    uint64_t place = first - block_first + i;
    if (!block->there[place]) return missing(stored, first + i, err);
    merkle_append(&frontier, block->hashes[place]);
  }
  merkle_root(&frontier, out);
  return true;
}

bool subtrees_root(struct subtrees *subtrees, uint64_t size, uint8_t root[NAV_SHA256_SIZE],
                   struct nav_error *err) {
  struct merkle_frontier frontier = {.size = size};
  uint64_t done = 0;
  size_t next = 0;
  for (unsigned level = 63; level-- > 0;) {
    if ((size >> level & 1) == 0) continue;
    if (!subtrees_get(subtrees, level, done >> level, frontier.hashes[next++], err)) return false;
    done += UINT64_C(1) << level;
  }
  merkle_root(&frontier, root);
  return true;
}
