// SHA-256 of many short inputs at once: sixteen beside one another in vector registers where the processor
// has AVX-512, or AVX2 and no SHA instructions of its own, else one after another by sha256.h. OpenSSL has
// this for no caller of its own; short events and a tree's leaves are hashed several times as fast by it.
// Called by: core (digests, commitments, leaves), `audit verify`. Must never: give another hash than sha256.h
// (tests/unit/wire/sha256_many_test.c).
#ifndef NAV_WIRE_SHA256_MANY_H
#define NAV_WIRE_SHA256_MANY_H

#include "hub/wire/sha256.h"

struct sha256_input {
  const void *data;
  size_t length;
  int prefix;  // a byte before the data; -1: none
  uint8_t *out;
};

// out of one may be another's data only where that stands in a later call.
void nav_sha256_many(const struct sha256_input *inputs, size_t count);

#endif
