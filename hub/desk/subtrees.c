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

static struct tile *room_for(struct subtrees *subtrees) {
  if (subtrees->count == SUBTREES_TILES_MAX) return subtrees->tiles[subtrees->oldest++ % SUBTREES_TILES_MAX];
  struct tile *tile = malloc(sizeof *tile);
  if (tile != NULL) subtrees->tiles[subtrees->count++] = tile;
  return tile;
}

static bool fill(struct tile *tile, const PGresult *result, struct nav_error *err) {
  for (int i = 0; i < PQntuples(result); i++) {
    size_t length = 0;
    const uint8_t *hash = desk_bytes(result, i, 1, &length);
    uint64_t index = tile->index * TILE_HASHES + (uint64_t)i;
    if ((uint64_t)desk_int8(result, i, 0) != index || length != NAV_SHA256_SIZE)
      return tile_missing(tile->level, index, err);
    memcpy(tile->hashes[tile->count++], hash, NAV_SHA256_SIZE);
  }
  return true;
}

static const struct tile *tile_at(struct subtrees *subtrees, const struct tile_place *place,
                                  struct nav_error *err) {
  for (size_t i = 0; i < subtrees->count; i++)
    if (tile_is_at(subtrees->tiles[i], place)) return subtrees->tiles[i];
  struct tile *tile = room_for(subtrees);
  if (tile == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "", "no memory");
    return NULL;
  }
  char first[NUMBER_SIZE];
  char at_level[NUMBER_SIZE];
  const char *values[] = {first, at_level};
  *tile = (struct tile){.level = place->level, .index = place->index};
  (void)snprintf(first, sizeof first, "%" PRIu64, place->index * TILE_HASHES);
  (void)snprintf(at_level, sizeof at_level, "%u", place->level);
  PGresult *result = place->level == 0 ? desk_query(subtrees->database, leaf_sql, 1, values, err)
                                       : desk_query(subtrees->database, subtree_sql, 2, values, err);
  bool ok = result != NULL && fill(tile, result, err);
  PQclear(result);
  return ok ? tile : NULL;
}

bool subtrees_hash(void *context, unsigned level, uint64_t index, uint8_t out[NAV_SHA256_SIZE],
                   struct nav_error *err) {
  const struct tile_place place = tile_place_of(level, index);
  const struct tile *tile = tile_at(context, &place, err);
  return tile != NULL && tile_hash(tile, &place, out, err);
}

void subtrees_free(struct subtrees *subtrees) {
  for (size_t i = 0; i < subtrees->count; i++) free(subtrees->tiles[i]);
  subtrees->count = 0;
}
