// PostgreSQL's binary COPY format, written into a buffer.
// https://www.postgresql.org/docs/15/sql-copy.html (Binary Format).
// Called by: batch. Must never: be read back; one row has as many fields as copy_row says.
#ifndef NAV_CORE_COPY_H
#define NAV_CORE_COPY_H

#include "hub/base/buffer.h"

enum { COPY_LENGTH_SIZE = 4 };  // before each field's bytes

NAV_MUST_USE bool copy_begin(struct nav_buffer *out);
NAV_MUST_USE bool copy_row(struct nav_buffer *out, uint16_t fields);
NAV_MUST_USE bool copy_int2(struct nav_buffer *out, uint16_t value);
NAV_MUST_USE bool copy_int4(struct nav_buffer *out, uint32_t value);
NAV_MUST_USE bool copy_int8(struct nav_buffer *out, uint64_t value);
NAV_MUST_USE bool copy_null(struct nav_buffer *out);
NAV_MUST_USE bool copy_bytes(struct nav_buffer *out, const void *data, size_t length);
// timestamptz, from milliseconds since 1970.
NAV_MUST_USE bool copy_time(struct nav_buffer *out, int64_t ms);
NAV_MUST_USE bool copy_end(struct nav_buffer *out);

#endif
