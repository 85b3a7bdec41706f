// SHA-256 by OpenSSL's EVP (measured: four times libsodium's speed on small inputs).
// Called by: digests, the Merkle tree, commitments. Must never: fail silently; without a digest the program
// ends.
#ifndef NAV_WIRE_SHA256_H
#define NAV_WIRE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "hub/base/buffer.h"

enum { NAV_SHA256_SIZE = 32 };

// The hash of the parts, one after another.
void nav_sha256(uint8_t out[NAV_SHA256_SIZE], const struct nav_bytes *parts, size_t count);

// Of what comes in pieces. NULL: no memory.
struct nav_sha256_stream;
struct nav_sha256_stream *nav_sha256_stream_new(void);
void nav_sha256_stream_add(struct nav_sha256_stream *stream, const void *data, size_t length);
void nav_sha256_stream_end(struct nav_sha256_stream *stream, uint8_t out[NAV_SHA256_SIZE]);  // once
void nav_sha256_stream_free(struct nav_sha256_stream *stream);                               // takes NULL

#endif
