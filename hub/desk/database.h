// The desk's read-only connection to the ledger: one request's at a time, within one snapshot, so that all it
// reads fits together. Called by: reader, audit commands. Must never: write; the role nav_desk may not, and
// the transaction is READ ONLY besides.
#ifndef NAV_DESK_DATABASE_H
#define NAV_DESK_DATABASE_H

#include <libpq-fe.h>
#include <stdint.h>

#include "hub/base/arena.h"
#include "hub/base/error.h"

struct desk_database;

// Connects and begins the snapshot, at the first query. Class RETRY where the server cannot be reached. NULL:
// *err.
struct desk_database *desk_database_open(const char *conninfo, struct nav_error *err);
// Of a connection that is kept: ends the snapshot, and begins another for the next request. False: close it.
bool desk_database_end(struct desk_database *database);
NAV_MUST_USE bool desk_database_begin(struct desk_database *database, struct nav_error *err);
// Another connection, which sees what `database` sees, for a query that runs beside others for hours; the
// same errors. For the ledger's large tables in the order of an index.
struct desk_database *desk_database_open_beside(struct desk_database *database, struct nav_error *err);
void desk_database_close(struct desk_database *database);  // takes NULL

// Parameters as text (NULL: SQL null); results in binary. NULL: *err. The caller clears the result.
PGresult *desk_query(struct desk_database *database, const char *sql, int count, const char *const *values,
                     struct nav_error *err);

// A cursor reads a long result in pages of bounded size. name: an identifier of ours.
struct desk_cursor {
  struct desk_database *database;
  const char *name;
  PGresult *page;
  int row;
  int rows;
  bool ended;
};
NAV_MUST_USE bool desk_cursor_open(struct desk_cursor *cursor, struct desk_database *database,
                                   const char *name, const char *sql, int count, const char *const *values,
                                   struct nav_error *err);
// 1: cursor->page and cursor->row are the next row; 0: no more; -1: *err. The row lives until the next call.
int desk_cursor_next(struct desk_cursor *cursor, struct nav_error *err);
void desk_cursor_close(struct desk_cursor *cursor);

// Cells of binary results.
bool desk_is_null(const PGresult *result, int row, int column);
int64_t desk_int8(const PGresult *result, int row, int column);
int32_t desk_int4(const PGresult *result, int row, int column);
int16_t desk_int2(const PGresult *result, int row, int column);
// timestamptz, microseconds since 1970.
int64_t desk_time_us(const PGresult *result, int row, int column);
int64_t desk_time_since_1970(int64_t us);  // of PostgreSQL's own, since 2000
const uint8_t *desk_bytes(const PGresult *result, int row, int column, size_t *length);

// "{1,2,3}" for ANY($n). NULL: no memory.
const char *desk_array(struct nav_arena *arena, const uint64_t *numbers, size_t count);

#endif
