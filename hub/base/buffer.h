// A growable run of bytes with a stated maximum.
// Called by: everything that builds bytes. Must never: grow past its maximum, or be shared between owners.
#ifndef NAV_BASE_BUFFER_H
#define NAV_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hub/base/error.h"

// A run of bytes that is somebody else's.
struct nav_bytes {
  const void *data;
  size_t length;
};

struct nav_buffer {
  uint8_t *data;
  size_t length;
  size_t capacity;
  size_t max;  // bytes; appending past it fails
};

void nav_buffer_init(struct nav_buffer *buffer, size_t max);
void nav_buffer_free(struct nav_buffer *buffer);
// Keeps the memory.
void nav_buffer_clear(struct nav_buffer *buffer);
// Its memory, which is the caller's now, to be freed with free(); the buffer is empty. NULL: it had none.
NAV_MUST_USE uint8_t *nav_buffer_take(struct nav_buffer *buffer);
// Room for `more` bytes after length; the caller writes there and adds to length.
// NULL: past the maximum.
NAV_MUST_USE uint8_t *nav_buffer_reserve(struct nav_buffer *buffer, size_t more);
NAV_MUST_USE bool nav_buffer_append(struct nav_buffer *buffer, const void *data, size_t length);
NAV_MUST_USE bool nav_buffer_append_text(struct nav_buffer *buffer, const char *text);
NAV_MUST_USE bool nav_buffer_printf(struct nav_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// The bytes as text, with a NUL after them that is not counted; NULL: past the maximum.
NAV_MUST_USE const char *nav_buffer_text(struct nav_buffer *buffer);

// Big-endian, as on the wire and in SQL's binary format. Here, so that a loop over millions of numbers calls
// nobody.
static inline void nav_put_u16(uint8_t *out, uint16_t value) {
  value = __builtin_bswap16(value);
  memcpy(out, &value, sizeof value);
}

static inline void nav_put_u32(uint8_t *out, uint32_t value) {
  value = __builtin_bswap32(value);
  memcpy(out, &value, sizeof value);
}

static inline void nav_put_u64(uint8_t *out, uint64_t value) {
  value = __builtin_bswap64(value);
  memcpy(out, &value, sizeof value);
}

static inline uint16_t nav_get_u16(const uint8_t *in) {
  uint16_t value = 0;
  memcpy(&value, in, sizeof value);
  return __builtin_bswap16(value);
}

static inline uint32_t nav_get_u32(const uint8_t *in) {
  uint32_t value = 0;
  memcpy(&value, in, sizeof value);
  return __builtin_bswap32(value);
}

static inline uint64_t nav_get_u64(const uint8_t *in) {
  uint64_t value = 0;
  memcpy(&value, in, sizeof value);
  return __builtin_bswap64(value);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the hub runs on little-endian machines");

#endif
