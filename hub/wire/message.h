// Any message of schemas/: bytes ↔ structs. Decoding checks the wire form in full (depth, counts,
// UTF-8, NUL in text, duplicates, unknown fields and enum values), because protobuf-c checks none of it, and
// in the same pass fills protobuf-c's structs, in an arena. Called by: everything that reads or writes
// messages. Must never: log, keep state, or accept what is not canonical.
#ifndef NAV_WIRE_MESSAGE_H
#define NAV_WIRE_MESSAGE_H

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/base/error.h"

enum {
  WIRE_DEPTH_MAX = 8,          // nested messages
  WIRE_ELEMENTS_MAX = 100000,  // fields and repeated elements of one message, all levels
  WIRE_FRAME_MAX = 61440,      // bytes of a frame as ZeroMQ carries it
  WIRE_EVENT_MAX = 49152,      // bytes of one encoded event
  WIRE_EVENTS_MAX = 256,       // events of a publication
};

// Checks and fills. The result lives in the arena (nothing to free). NULL: *err has class PEER, the code,
// and the field's path ("subjects.0.name") or the offset as place.
NAV_MUST_USE void *wire_decode(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                               const uint8_t *bytes, size_t length, struct nav_error *err);

// The same for events, which may come from a newer client: fields that our schema does not know are dropped
// at every level (none is left in base.unknown_fields) instead of refused. All else is as strict.
NAV_MUST_USE void *wire_decode_lenient(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                                       const uint8_t *bytes, size_t length, struct nav_error *err);

// Appends the encoding. False only past the buffer's maximum.
NAV_MUST_USE bool wire_encode(const void *message, struct nav_buffer *out);

// Appends one element of the field of that number, a message whose encoding stands in two parts already: the
// encodings of parts, one after the other, are that of the whole. An encoded message followed by such fields
// is it with them. https://protobuf.dev/programming-guides/encoding/#last-one-wins
NAV_MUST_USE bool wire_encode_field(uint32_t number, struct nav_bytes first, struct nav_bytes second,
                                    struct nav_buffer *out);

#endif
