// The wire form of a message, checked in full while the message's structs are filled from it (fill.h): by
// itself protobuf-c checks neither depth, counts, UTF-8, duplicates, nor enum values. Refused: what is cut,
// wire types that do not match, varints that are too large or not the shortest, numbers out of their type's
// range, NaN and infinity, groups, and all that message.h says. Called by: message.c. Must never: allocate
// but in the arena, or change what it reads.
#ifndef NAV_WIRE_CHECK_H
#define NAV_WIRE_CHECK_H

#include <protobuf-c/protobuf-c.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"

// The message, in the arena; NULL: *err is filled. lenient: fields that the descriptor does not know are
// passed over; else they are refused.
NAV_MUST_USE ProtobufCMessage *wire_check_and_fill(const ProtobufCMessageDescriptor *descriptor,
                                                   struct nav_arena *arena, const uint8_t *bytes,
                                                   size_t length, bool lenient, struct nav_error *err);

#endif
