// See bloom.h. SipHash-2-4 with 128 bits of libsodium's gives the line and the bits in it.
#include "hub/core/bloom.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/memory.h"

enum {
  LINE_WORDS = 8,  // of 64 bits: a cache line
  LINES = BLOOM_BYTES / (LINE_WORDS * 8),
  BITS_AN_ID = 6,
  PLACE_BITS = 9,  // that name a bit of a line
};
_Static_assert((LINES & (LINES - 1)) == 0, "a hash is cut to a line by a mask");
_Static_assert(BITS_AN_ID *PLACE_BITS <= 64, "half a hash names all bits of an id");

struct bloom {
  uint8_t key[crypto_shorthash_siphashx24_KEYBYTES];
  uint64_t *words;
};

struct place {
  size_t line;
  uint64_t bits;  // PLACE_BITS for each
};

struct bloom *bloom_new(void) {
  struct bloom *bloom = calloc(1, sizeof *bloom);
  if (bloom == NULL) return NULL;
  bloom->words = nav_memory_map(BLOOM_BYTES);
  if (bloom->words == NULL) {
    free(bloom);
    return NULL;
  }
  randombytes_buf(bloom->key, sizeof bloom->key);
  return bloom;
}

void bloom_free(struct bloom *bloom) {
  if (bloom == NULL) return;
  nav_memory_unmap(bloom->words, BLOOM_BYTES);
  free(bloom);
}

static struct place place_of(const struct bloom *bloom, const uint8_t id[BLOOM_ID_SIZE]) {
  uint64_t hash[2];
  _Static_assert(sizeof hash == crypto_shorthash_siphashx24_BYTES, "two halves");
  uint8_t bytes[sizeof hash];
  (void)crypto_shorthash_siphashx24(bytes, id, BLOOM_ID_SIZE, bloom->key);
  memcpy(hash, bytes, sizeof hash);
  return (struct place){(size_t)(hash[0] & (LINES - 1)), hash[1]};
}

void bloom_add(struct bloom *bloom, const uint8_t id[BLOOM_ID_SIZE]) {
  struct place place = place_of(bloom, id);
  uint64_t *line = bloom->words + place.line * LINE_WORDS;
  for (int i = 0; i < BITS_AN_ID; i++, place.bits >>= PLACE_BITS)
    line[place.bits >> 6 & (LINE_WORDS - 1)] |= UINT64_C(1) << (place.bits & 63);
}

bool bloom_may_have(const struct bloom *bloom, const uint8_t id[BLOOM_ID_SIZE]) {
  struct place place = place_of(bloom, id);
  const uint64_t *line = bloom->words + place.line * LINE_WORDS;
  for (int i = 0; i < BITS_AN_ID; i++, place.bits >>= PLACE_BITS)
    if ((line[place.bits >> 6 & (LINE_WORDS - 1)] >> (place.bits & 63) & 1) == 0) return false;
  return true;
}
