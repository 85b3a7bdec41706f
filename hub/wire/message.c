// See message.h. Decoding is check.c's; encoding is protobuf-c's.
#include "hub/wire/message.h"

#include <string.h>

#include "hub/wire/check.h"

void *wire_decode(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena, const uint8_t *bytes,
                  size_t length, struct nav_error *err) {
  return wire_check_and_fill(descriptor, arena, bytes, length, false, err);
}

void *wire_decode_lenient(const ProtobufCMessageDescriptor *descriptor, struct nav_arena *arena,
                          const uint8_t *bytes, size_t length, struct nav_error *err) {
  return wire_check_and_fill(descriptor, arena, bytes, length, true, err);
}

bool wire_encode(const void *message, struct nav_buffer *out) {
  size_t size = protobuf_c_message_get_packed_size(message);
  uint8_t *room = nav_buffer_reserve(out, size);
  if (room == NULL) return false;
  out->length += protobuf_c_message_pack(message, room);
  return true;
}

static size_t put_varint(uint8_t *out, uint64_t value) {
  size_t length = 0;
  for (; value >= 0x80; value >>= 7) out[length++] = (uint8_t)(value | 0x80);
  out[length++] = (uint8_t)value;
  return length;
}

bool wire_encode_field(uint32_t number, struct nav_bytes first, struct nav_bytes second,
                       struct nav_buffer *out) {
  enum { VARINTS_SIZE = 5 + 10 };
  uint8_t *room = nav_buffer_reserve(out, VARINTS_SIZE + first.length + second.length);
  if (room == NULL) return false;
  uint8_t *at = room;
  at += put_varint(at, (uint64_t)number << 3 | PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
  at += put_varint(at, first.length + second.length);
  if (first.length > 0) memcpy(at, first.data, first.length);
  at += first.length;
  if (second.length > 0) memcpy(at, second.data, second.length);
  at += second.length;
  out->length += (size_t)(at - room);
  return true;
}
