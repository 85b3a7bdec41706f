// See database.h.
#include "hub/desk/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/desk/database_private.h"

enum { PAGE_ROWS = 200, SQL_SIZE = 4096, CONNECT_S = 10 };

// Microseconds between 1970-01-01 and PostgreSQL's 2000-01-01.
static const int64_t EPOCH_2000_US = 946684800LL * 1000000;

bool desk_failed(struct nav_error *err, const struct desk_database *database, const PGresult *result) {
  const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  const char *text = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  if (text == NULL) text = PQerrorMessage(database->connection);
  bool lost = PQstatus(database->connection) != CONNECTION_OK;
  char line[256];
  (void)snprintf(line, sizeof line, "%s", text);
  line[strcspn(line, "\n")] = '\0';
  const enum nav_error_class class = lost ? NAV_ERROR_RETRY : NAV_ERROR_LOCAL;
  if (state == NULL) return nav_fail(err, class, 0, "database", "%s", line);
  // Class 42: what is asked for is not there, or not granted.
  return nav_fail(err, class, 0, "database", "%s, SQLSTATE %s%s", line, state,
                  strncmp(state, "42", 2) == 0 ? " (is `navctl db upgrade` done?)" : "");
}

// Our cursors are read to their end, which the server's planner should know.
static const char server_options[] =
    "-c default_transaction_read_only=on -c statement_timeout=600000 -c cursor_tuple_fraction=1";

static PGconn *connect_to(const char *conninfo) {
  char timeout[8];
  (void)snprintf(timeout, sizeof timeout, "%d", CONNECT_S);
  const char *const keywords[] = {"dbname",           "connect_timeout", "client_encoding",
                                  "application_name", "options",         NULL};
  const char *const values[] = {conninfo, timeout, "UTF8", "nav-desk", server_options, NULL};
  return PQconnectdbParams(keywords, values, 1);
}

static struct desk_database *connected(const char *conninfo, struct nav_error *err) {
  struct desk_database *database = calloc(1, sizeof *database);
  if (database != NULL) database->conninfo = strdup(conninfo);
  if (database == NULL || database->conninfo == NULL) {
    (void)nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "no memory");
    free(database);
    return NULL;
  }
  database->connection = connect_to(conninfo);
  if (PQstatus(database->connection) == CONNECTION_OK) return database;
  (void)desk_failed(err, database, NULL);
  desk_database_close(database);
  return NULL;
}

static bool run_all(struct desk_database *database, const char *sql, struct nav_error *err) {
  PGresult *result = PQexec(database->connection, sql);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || desk_failed(err, database, result);
  PQclear(result);
  return ok;
}

bool desk_database_begin(struct desk_database *database, struct nav_error *err) {
  database->snapshot[0] = '\0';
  return run_all(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

bool desk_database_end(struct desk_database *database) {
  struct nav_error ignored;
  return run_all(database, "ROLLBACK", &ignored);
}

struct desk_database *desk_database_open(const char *conninfo, struct nav_error *err) {
  struct desk_database *database = connected(conninfo, err);
  if (database == NULL || desk_database_begin(database, err)) return database;
  desk_database_close(database);
  return NULL;
}

// The snapshot's name, which others may take for as long as the transaction lasts.
static bool export_snapshot(struct desk_database *database, struct nav_error *err) {
  if (database->snapshot[0] != '\0') return true;
  PGresult *result = desk_query(database, "SELECT pg_export_snapshot()", 0, NULL, err);
  if (result == NULL) return false;
  const char *name = PQgetvalue(result, 0, 0);
  size_t length = strspn(name, "0123456789ABCDEF-");  // it is put into a statement
  bool ok = name[length] == '\0' && length > 0 && length < sizeof database->snapshot;
  if (ok) memcpy(database->snapshot, name, length + 1);
  PQclear(result);
  return ok || nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "gives its snapshot a name that is none");
}

// A plan that reads an index and sorts nothing, however few rows the planner thinks there are: the first row
// comes at once, and the server needs no room of the table's size.
static const char beside_sql[] =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '%s'; "
    "SET LOCAL statement_timeout = '6h'; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; "
    "SET LOCAL enable_sort = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off";

struct desk_database *desk_database_open_beside(struct desk_database *database, struct nav_error *err) {
  char text[sizeof beside_sql + DESK_SNAPSHOT_SIZE];
  if (!export_snapshot(database, err)) return NULL;
  struct desk_database *other = connected(database->conninfo, err);
  if (other == NULL) return NULL;
  (void)snprintf(text, sizeof text, beside_sql, database->snapshot);
  if (run_all(other, text, err)) return other;
  desk_database_close(other);
  return NULL;
}

void desk_database_close(struct desk_database *database) {
  if (database == NULL) return;
  PQfinish(database->connection);
  free(database->conninfo);
  free(database);
}

PGresult *desk_query(struct desk_database *database, const char *sql, int count, const char *const *values,
                     struct nav_error *err) {
  PGresult *result = PQexecParams(database->connection, sql, count, NULL, values, NULL, NULL, 1);
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  (void)desk_failed(err, database, result);
  PQclear(result);
  return NULL;
}

bool desk_cursor_open(struct desk_cursor *cursor, struct desk_database *database, const char *name,
                      const char *sql, int count, const char *const *values, struct nav_error *err) {
  char text[SQL_SIZE];
  *cursor = (struct desk_cursor){.database = database, .name = name};
  int length = snprintf(text, sizeof text, "DECLARE %s NO SCROLL CURSOR FOR %s", name, sql);
  NAV_ASSERT(length > 0 && (size_t)length < sizeof text);
  PGresult *declared = desk_query(database, text, count, values, err);
  if (declared == NULL) return false;
  PQclear(declared);
  return true;
}

int desk_cursor_next(struct desk_cursor *cursor, struct nav_error *err) {
  if (cursor->page != NULL && cursor->row + 1 < cursor->rows) {
    cursor->row++;
    return 1;
  }
  if (cursor->ended) return 0;
  char text[128];
  (void)snprintf(text, sizeof text, "FETCH %d FROM %s", (int)PAGE_ROWS, cursor->name);
  PQclear(cursor->page);
  cursor->page = desk_query(cursor->database, text, 0, NULL, err);
  if (cursor->page == NULL) return -1;
  cursor->row = 0;
  cursor->rows = PQntuples(cursor->page);
  cursor->ended = cursor->rows < PAGE_ROWS;
  return cursor->rows > 0 ? 1 : 0;
}

void desk_cursor_close(struct desk_cursor *cursor) {
  PQclear(cursor->page);
  cursor->page = NULL;
  cursor->ended = true;
}

static const uint8_t *cell(const PGresult *result, int row, int column, int size) {
  NAV_ASSERT(PQgetlength(result, row, column) == size);
  return (const uint8_t *)PQgetvalue(result, row, column);
}

bool desk_is_null(const PGresult *result, int row, int column) {
  return PQgetisnull(result, row, column) != 0;
}

int64_t desk_int8(const PGresult *result, int row, int column) {
  return (int64_t)nav_get_u64(cell(result, row, column, 8));
}

int32_t desk_int4(const PGresult *result, int row, int column) {
  return (int32_t)nav_get_u32(cell(result, row, column, 4));
}

int16_t desk_int2(const PGresult *result, int row, int column) {
  return (int16_t)nav_get_u16(cell(result, row, column, 2));
}

int64_t desk_time_us(const PGresult *result, int row, int column) {
  return desk_time_since_1970(desk_int8(result, row, column));
}

int64_t desk_time_since_1970(int64_t us) {
  // '-infinity' and 'infinity' are the two ends.
  if (us == INT64_MAX || us > INT64_MAX - EPOCH_2000_US) return INT64_MAX;
  return us + EPOCH_2000_US;
}

const uint8_t *desk_bytes(const PGresult *result, int row, int column, size_t *length) {
  *length = (size_t)PQgetlength(result, row, column);
  return (const uint8_t *)PQgetvalue(result, row, column);
}

const char *desk_array(struct nav_arena *arena, const uint64_t *numbers, size_t count) {
  enum { DIGITS = 21 };
  if (count > SIZE_MAX / DIGITS - 2) return NULL;
  char *text = nav_arena_alloc(arena, (count + 1) * DIGITS + 3);
  if (text == NULL) return NULL;
  size_t used = 0;
  text[used++] = '{';
  for (size_t i = 0; i < count; i++) {
    used +=
        (size_t)snprintf(text + used, DIGITS + 1, i == 0 ? "%llu" : ",%llu", (unsigned long long)numbers[i]);
  }
  text[used++] = '}';
  text[used] = '\0';
  return text;
}
