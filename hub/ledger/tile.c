// See tile.h.
#include "hub/ledger/tile.h"

#include <inttypes.h>
#include <string.h>

struct tile_place tile_place_of(unsigned level, uint64_t index) {
  unsigned stored = level / TILE_LEVELS * TILE_LEVELS;
  size_t width = (size_t)1 << (level - stored);
  uint64_t first = index * width;
  return (struct tile_place){stored, first / TILE_HASHES, (size_t)(first % TILE_HASHES), width};
}

bool tile_is_at(const struct tile *tile, const struct tile_place *place) {
  return tile->level == place->level && tile->index == place->index;
}

bool tile_missing(unsigned level, uint64_t index, struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "the tree's stored hash of level %u, number %" PRIu64
                  ", is missing: run navctl audit verify",
                  level, index);
}

bool tile_hash(const struct tile *tile, const struct tile_place *place, uint8_t out[NAV_SHA256_SIZE],
               struct nav_error *err) {
  size_t count = tile == NULL ? 0 : tile->count;
  size_t width = place->width;
  if (tile == NULL || place->at + width > count)
    return tile_missing(place->level, place->index * TILE_HASHES + count, err);
  uint8_t hashes[TILE_HASHES / 2][NAV_SHA256_SIZE];
  memcpy(hashes, tile->hashes[place->at], width * NAV_SHA256_SIZE);
  for (; width > 1; width /= 2)
    for (size_t i = 0; i < width / 2; i++) merkle_node(hashes[i], hashes[2 * i], hashes[2 * i + 1]);
  memcpy(out, hashes[0], NAV_SHA256_SIZE);
  return true;
}
