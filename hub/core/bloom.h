// A Bloom filter of event ids: says of an id that was never put in that it is new, almost always, and never
// of one that was. Keyed, so that no sender can choose ids that collide. Called by: known. Must never: forget
// an id. B. H. Bloom, "Space/time trade-offs in hash coding with allowable errors" (1970); one cache line an
// id, as F. Putze, P. Sanders and J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters" (2007).
#ifndef NAV_CORE_BLOOM_H
#define NAV_CORE_BLOOM_H

#include <stdbool.h>
#include <stdint.h>

// 32 MiB: with 26 million ids some 15 in a thousand new ones are taken for known, with 100 million half.
enum { BLOOM_ID_SIZE = 16, BLOOM_BYTES = 32 * 1024 * 1024 };

struct bloom;

struct bloom *bloom_new(void);         // NULL: no memory
void bloom_free(struct bloom *bloom);  // takes NULL
void bloom_add(struct bloom *bloom, const uint8_t id[BLOOM_ID_SIZE]);
bool bloom_may_have(const struct bloom *bloom, const uint8_t id[BLOOM_ID_SIZE]);

#endif
