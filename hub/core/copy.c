// See copy.h.
#include "hub/core/copy.h"

// Microseconds between 1970-01-01 and PostgreSQL's 2000-01-01.
static const int64_t EPOCH_2000_US = 946684800LL * 1000000;

bool copy_begin(struct nav_buffer *out) {
  static const uint8_t head[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0};
  return nav_buffer_append(out, head, sizeof head);
}

bool copy_row(struct nav_buffer *out, uint16_t fields) {
  uint8_t bytes[2];
  nav_put_u16(bytes, fields);
  return nav_buffer_append(out, bytes, sizeof bytes);
}

bool copy_int2(struct nav_buffer *out, uint16_t value) {
  uint8_t bytes[6];
  nav_put_u32(bytes, 2);
  nav_put_u16(bytes + 4, value);
  return nav_buffer_append(out, bytes, sizeof bytes);
}

bool copy_int4(struct nav_buffer *out, uint32_t value) {
  uint8_t bytes[8];
  nav_put_u32(bytes, 4);
  nav_put_u32(bytes + 4, value);
  return nav_buffer_append(out, bytes, sizeof bytes);
}

bool copy_int8(struct nav_buffer *out, uint64_t value) {
  uint8_t bytes[12];
  nav_put_u32(bytes, 8);
  nav_put_u64(bytes + 4, value);
  return nav_buffer_append(out, bytes, sizeof bytes);
}

bool copy_null(struct nav_buffer *out) {
  static const uint8_t minus_one[4] = {0xFF, 0xFF, 0xFF, 0xFF};
  return nav_buffer_append(out, minus_one, sizeof minus_one);
}

bool copy_bytes(struct nav_buffer *out, const void *data, size_t length) {
  uint8_t size[4];
  NAV_ASSERT(length <= INT32_MAX);
  nav_put_u32(size, (uint32_t)length);
  return nav_buffer_append(out, size, sizeof size) && nav_buffer_append(out, data, length);
}

bool copy_time(struct nav_buffer *out, int64_t ms) {
  return copy_int8(out, (uint64_t)(ms * 1000 - EPOCH_2000_US));
}

bool copy_end(struct nav_buffer *out) {
  static const uint8_t trailer[2] = {0xFF, 0xFF};
  return nav_buffer_append(out, trailer, sizeof trailer);
}

bool copy_is_empty(const struct nav_buffer *whole) {
  return whole->length <= (size_t)COPY_HEAD_SIZE + COPY_END_SIZE;
}

bool copy_next(const struct nav_buffer *whole, size_t *at, struct copy_fields *fields) {
  if (*at == 0) *at = COPY_HEAD_SIZE;
  if (*at + COPY_END_SIZE >= whole->length) return false;
  const uint8_t *next = whole->data + *at;
  fields->count = nav_get_u16(next);
  NAV_ASSERT(fields->count <= COPY_FIELDS_MAX);
  next += sizeof(uint16_t);
  for (int i = 0; i < fields->count; i++) {
    int32_t length = (int32_t)nav_get_u32(next);
    next += COPY_LENGTH_SIZE;
    fields->values[i] = length < 0 ? NULL : (const char *)next;
    fields->lengths[i] = length < 0 ? 0 : length;
    next += fields->lengths[i];
  }
  *at = (size_t)(next - whole->data);
  return true;
}
