// A long result as one stream of rows: binary COPY over a connection of its own, in the snapshot of the
// request's. The server sends while whoever reads works at what has come; nothing is asked for page by page,
// and a row is parsed where libpq put it. Memory: one row, and libpq's buffer. Called by: verify_rows.c. Must
// never: be used for what a cursor does as well: each stream is a connection of the database's few.
#ifndef NAV_DESK_STREAM_H
#define NAV_DESK_STREAM_H

#include "hub/desk/database.h"

enum { DESK_STREAM_COLUMNS_MAX = 18 };

// A cell of the row at hand.
struct desk_cell {
  const uint8_t *bytes;  // NULL: SQL null
  size_t length;
};

struct desk_stream {
  struct desk_database *database;  // the stream's own
  char *message;                   // libpq's: the row at hand
  int columns;
  struct desk_cell cells[DESK_STREAM_COLUMNS_MAX];
  bool begun, ended;
};

// Begins the query, which has so many columns, in the snapshot that `beside` sees; what beside's transaction
// itself has written is not in it. False: *err; close it all the same.
NAV_MUST_USE bool desk_stream_open(struct desk_stream *stream, struct desk_database *beside, const char *sql,
                                   int columns, struct nav_error *err);
// 1: cells are the next row's, until the next call; 0: no more; -1: *err.
int desk_stream_next(struct desk_stream *stream, struct nav_error *err);
// Ends the query, wherever it is. Takes one that was never opened, all zeros.
void desk_stream_close(struct desk_stream *stream);

// A cell as a number of 2, 4 or 8 bytes; 0 where it is null, as no column of the schema is but those that say
// so.
int64_t desk_cell_int(const struct desk_stream *stream, int column);
int64_t desk_cell_time_us(const struct desk_stream *stream, int column);

#endif
