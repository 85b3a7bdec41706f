// See subtrees.h.
#include "hub/desk/subtrees.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SIZE = 24 };

static const char leaf_sql[] =
    "SELECT seq - 1, leaf FROM nav.ledger_view WHERE seq > $1::bigint AND seq <= $1::bigint + 256 ORDER BY "
    "seq";
static const char subtree_sql[] =
    "SELECT index, hash FROM nav.subtree_view WHERE level = $2::smallint AND index >= $1::bigint AND index < "
    "$1::bigint + 256 ORDER BY index";

static bool missing(struct nav_error *err, unsigned level, uint64_t index) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "the tree's stored hash of level %u, number %" PRIu64
                  ", is missing: run navctl audit verify",
                  level, index);
}

static struct subtrees_tile *room_for(struct subtrees *subtrees) {
  if (subtrees->count == SUBTREES_TILES_MAX) return subtrees->tiles[subtrees->oldest++ % SUBTREES_TILES_MAX];
  struct subtrees_tile *tile = malloc(sizeof *tile);
  if (tile != NULL) subtrees->tiles[subtrees->count++] = tile;
  return tile;
}

static bool fill(struct subtrees_tile *tile, const PGresult *result, struct nav_error *err) {
  for (int i = 0; i < PQntuples(result); i++) {
    size_t length = 0;
    const uint8_t *hash = desk_bytes(result, i, 1, &length);
    uint64_t index = tile->index * SUBTREES_TILE + (uint64_t)i;
    if ((uint64_t)desk_int8(result, i, 0) != index || length != NAV_SHA256_SIZE)
      return missing(err, tile->level, index);
    memcpy(tile->hashes[tile->count++], hash, NAV_SHA256_SIZE);
  }
  return true;
}

static const struct subtrees_tile *tile_at(struct subtrees *subtrees, unsigned level, uint64_t index,
                                           struct nav_error *err) {
  for (size_t i = 0; i < subtrees->count; i++)
    if (subtrees->tiles[i]->level == level && subtrees->tiles[i]->index == index) return subtrees->tiles[i];
  struct subtrees_tile *tile = room_for(subtrees);
  if (tile == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  char first[NUMBER_SIZE];
  char at_level[NUMBER_SIZE];
  const char *values[] = {first, at_level};
  *tile = (struct subtrees_tile){.level = level, .index = index};
  (void)snprintf(first, sizeof first, "%" PRIu64, index * SUBTREES_TILE);
  (void)snprintf(at_level, sizeof at_level, "%u", level);
  PGresult *result = level == 0 ? desk_query(subtrees->database, leaf_sql, 1, values, err)
                                : desk_query(subtrees->database, subtree_sql, 2, values, err);
  bool ok = result != NULL && fill(tile, result, err);
  PQclear(result);
  return ok ? tile : NULL;
}

bool subtrees_hash(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                   struct nav_error *err) {
  unsigned stored = level / SUBTREES_LEVELS * SUBTREES_LEVELS;
  size_t width = (size_t)1 << (level - stored);  // stored hashes below it
  uint64_t first = index * width;
  const struct subtrees_tile *tile = tile_at(context, stored, first / SUBTREES_TILE, err);
  if (tile == NULL) return false;
  size_t at = (size_t)(first % SUBTREES_TILE);
  if (at + width > tile->count) return missing(err, stored, tile->index * SUBTREES_TILE + tile->count);
  uint8_t hashes[SUBTREES_TILE / 2][NAV_SHA256_SIZE];
  memcpy(hashes, tile->hashes[at], width * NAV_SHA256_SIZE);
  for (; width > 1; width /= 2)
    for (size_t i = 0; i < width / 2; i++) merkle_node(hashes[i], hashes[2 * i], hashes[2 * i + 1]);
  memcpy(out, hashes[0], NAV_SHA256_SIZE);
  return true;
}

void subtrees_free(struct subtrees *subtrees) {
  for (size_t i = 0; i < subtrees->count; i++) free(subtrees->tiles[i]);
  subtrees->count = 0;
}
