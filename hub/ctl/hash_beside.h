// SHA-256 of a long file as it goes by, by a thread beside the one that reads it: hashing an export takes as
// long as half of what else is checked in it. Memory: a megabyte. Called by: export_read. Must never: keep a
// pointer to what it was given.
#ifndef NAV_CTL_HASH_BESIDE_H
#define NAV_CTL_HASH_BESIDE_H

#include <stddef.h>
#include <stdint.h>

#include "hub/wire/sha256.h"

struct hash_beside;

struct hash_beside *hash_beside_new(void);  // NULL: no memory
// Copies it; waits where the thread is a megabyte behind.
void hash_beside_add(struct hash_beside *hash, const void *data, size_t length);
void hash_beside_end(struct hash_beside *hash, uint8_t out[NAV_SHA256_SIZE]);  // once, after the last add
void hash_beside_free(struct hash_beside *hash);                               // takes NULL

#endif
