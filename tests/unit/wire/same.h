// Whether a decoded message is what protobuf-c's own unpacking makes of the same bytes.
// Called by: unpack_test.c and fuzz targets. Must never: keep what it unpacked.
#ifndef NAV_TESTS_WIRE_SAME_H
#define NAV_TESTS_WIRE_SAME_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

// Both packed are the same bytes, and both structs have the same members. Where not, says which on stderr.
bool same_as_unpacked(const void *decoded, const uint8_t *bytes, size_t length);

#endif
