// PostgreSQL's binary COPY format, written into a buffer, and its rows read from there again, since a
// statement's parameters are wanted in the same form.
// https://www.postgresql.org/docs/15/sql-copy.html (Binary Format).
// Called by: batch, store. Must never: read what it has not written; one row has as many fields as copy_row
// says.
#ifndef NAV_CORE_COPY_H
#define NAV_CORE_COPY_H

#include "hub/base/buffer.h"

enum {
  COPY_LENGTH_SIZE = 4,
  COPY_HEAD_SIZE = 19,
  COPY_END_SIZE = 2
};  // before each field's bytes; of the whole

// Of what was begun and ended: whether there is no row between.
bool copy_is_empty(const struct nav_buffer *whole);

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

enum { COPY_FIELDS_MAX = 18 };

// A row as it stands in the whole: parameters for libpq, all binary; a null has no value.
struct copy_fields {
  int count;
  const char *values[COPY_FIELDS_MAX];
  int lengths[COPY_FIELDS_MAX];
};

// Of what was begun and ended. *at: 0 for the first row; moved on to the next. False: no more.
bool copy_next(const struct nav_buffer *whole, size_t *at, struct copy_fields *fields);

#endif
