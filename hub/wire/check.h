// The wire form of a message, checked in full before protobuf-c unpacks it: protobuf-c itself checks neither
// depth, counts, UTF-8, duplicates, nor enum values. Refused: what is cut, wire types that do not match,
// varints that are too large or not the shortest, numbers out of their type's range, NaN and infinity,
// groups, and all that message.h says. Called by: message.c. Must never: allocate, or change what it reads.
#ifndef NAV_WIRE_CHECK_H
#define NAV_WIRE_CHECK_H

#include <protobuf-c/protobuf-c.h>

#include "hub/base/error.h"

// lenient: fields that the descriptor does not know are passed over, and *has_unknown tells that there were
// some; else they are refused.
NAV_MUST_USE bool wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                             size_t length, bool lenient, bool *has_unknown, struct nav_error *err);

#endif
