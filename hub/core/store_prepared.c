// Commits a small batch: prepared statements of up to eight rows each, sent at once in libpq's pipeline, so
// that a commit is one round trip. A COPY takes one for each table, and the server half a millisecond to
// begin and end it: where a publisher waits for a few rows that is most of the time. Rows share a statement,
// since the server opens a table and its indexes for each. The pipeline is one transaction without BEGIN and
// COMMIT, which ends at its Sync; only the answer to that says that it is durable.
// https://www.postgresql.org/docs/15/libpq-pipeline-mode.html
// Called by: store. Must never: be given more than the socket takes at once, since the loop sends it.
#include <stdio.h>
#include <string.h>

#include "hub/core/copy.h"
#include "hub/core/store_private.h"

enum {
  ROWS_MAX = 32,          // above, a COPY is the quicker way
  BYTES_MAX = 96 * 1024,  // of the rows; a unix socket's buffer has twice that
  TOGETHER_MAX = STORE_ROWS_TOGETHER_MAX,
  PARAMS_MAX = TOGETHER_MAX * COPY_FIELDS_MAX,
  PARAM_TEXT_MAX = 6,  // ", $128"
  STATEMENT_MAX = 512 + PARAMS_MAX * PARAM_TEXT_MAX,
  STATEMENT_NAME_MAX = 64,
};

static const char ADVANCE[] = "nav_advance";
static const char CHECKPOINT[] = "nav_checkpoint";
static const char COSIGNATURE[] = "nav_cosignature";

static const struct {
  const char *name, *sql;
} OTHERS[] = {
    {ADVANCE, "SELECT nav.advance($1, $2, $3)"},
    {CHECKPOINT,
     "INSERT INTO nav.checkpoint (size, root, note, frontier) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO "
     "NOTHING"},
    {COSIGNATURE,
     "INSERT INTO nav.cosignature (size, agency, line) VALUES ($1, $2, $3) ON CONFLICT (size, agency) DO "
     "NOTHING"},
};
enum { OTHERS_COUNT = sizeof OTHERS / sizeof OTHERS[0] };

// ---- the statements ----

// "nav.ledger 3": three rows.
static void name_insert(char name[STATEMENT_NAME_MAX], const struct store_table *table, unsigned rows) {
  (void)snprintf(name, STATEMENT_NAME_MAX, "%s %u", table->name, rows);
}

static bool prepare_insert(PGconn *connection, const struct store_table *table, const char *name,
                           unsigned rows) {
  char sql[STATEMENT_MAX];
  int length = snprintf(sql, sizeof sql, "INSERT INTO %s (%s) VALUES ", table->name, table->columns);
  for (unsigned i = 0; i < rows * table->fields; i++) {
    const char *before = i == 0 ? "(" : i % table->fields == 0 ? "), (" : ", ";
    length += snprintf(sql + length, sizeof sql - (size_t)length, "%s$%u", before, i + 1);
  }
  (void)snprintf(sql + length, sizeof sql - (size_t)length, ")");
  return PQsendPrepare(connection, name, sql, 0, NULL) == 1;
}

// In the pipeline of the first small batch of a connection, and again after a pipeline that failed, whose
// statements may be there or not.
static bool prepare_others(struct store *store) {
  PGconn *connection = store->connection;
  memset(store->prepared_inserts, 0, sizeof store->prepared_inserts);
  bool ok = PQsendQueryParams(connection, "DEALLOCATE ALL", 0, NULL, NULL, NULL, NULL, 0) == 1;
  for (size_t i = 0; ok && i < OTHERS_COUNT; i++)
    ok = PQsendPrepare(connection, OTHERS[i].name, OTHERS[i].sql, 0, NULL) == 1;
  return ok;
}

// ---- what is sent ----

static bool send_statement(PGconn *connection, const char *name, int count, const char *const *values,
                           const int *lengths) {
  static const int binary[PARAMS_MAX] = {[0 ... PARAMS_MAX - 1] = 1};
  return PQsendQueryPrepared(connection, name, count, values, lengths, binary, 1) == 1;
}

// As many of the rows as one statement takes; prepared where this connection has had no such number yet.
static bool send_together(struct store *store, size_t table_index, const struct nav_buffer *rows, size_t *at,
                          bool *more) {
  const struct store_table *table = &store_tables[table_index];
  const char *values[PARAMS_MAX];
  int lengths[PARAMS_MAX];
  char name[STATEMENT_NAME_MAX];
  struct copy_fields row;
  unsigned count = 0;
  while (count < TOGETHER_MAX && (*more = copy_next(rows, at, &row))) {
    NAV_ASSERT(row.count == (int)table->fields);
    memcpy(values + count * table->fields, row.values, table->fields * sizeof *values);
    memcpy(lengths + count * table->fields, row.lengths, table->fields * sizeof *lengths);
    count++;
  }
  if (count == 0) return true;
  name_insert(name, table, count);
  uint32_t *prepared = &store->prepared_inserts[table_index];
  bool known = (*prepared >> count & 1) != 0;
  *prepared |= UINT32_C(1) << count;
  return (known || prepare_insert(store->connection, table, name, count)) &&
         send_statement(store->connection, name, (int)(count * table->fields), values, lengths);
}

static bool send_rows(struct store *store, size_t table_index, const struct nav_buffer *rows) {
  size_t at = 0;
  bool more = true;
  bool ok = true;
  while (ok && more) ok = send_together(store, table_index, rows, &at, &more);
  return ok;
}

static bool send_advance(PGconn *connection, const struct batch *batch, uint64_t epoch) {
  uint8_t numbers[3][8];
  nav_put_u64(numbers[0], epoch);
  nav_put_u64(numbers[1], batch->first_seq);
  nav_put_u64(numbers[2], batch->last_seq);
  const char *values[] = {(const char *)numbers[0], (const char *)numbers[1], (const char *)numbers[2]};
  const int lengths[] = {8, 8, 8};
  return send_statement(connection, ADVANCE, 3, values, lengths);
}

static bool send_checkpoint(PGconn *connection, const struct batch *batch) {
  uint8_t bytes[8 + sizeof batch->frontier.hashes];
  uint8_t size[8];
  struct nav_buffer frontier;
  nav_buffer_init(&frontier, sizeof bytes);
  nav_put_u64(size, batch->checkpoint.size);
  bool ok = store_frontier_encode(&batch->frontier, &frontier);
  if (ok) {
    const char *values[] = {(const char *)size, (const char *)batch->checkpoint.root,
                            (const char *)batch->note.data, (const char *)frontier.data};
    const int lengths[] = {8, NAV_SHA256_SIZE, (int)batch->note.length, (int)frontier.length};
    ok = send_statement(connection, CHECKPOINT, 4, values, lengths);
  }
  nav_buffer_free(&frontier);
  return ok;
}

static bool send_cosignatures(PGconn *connection, const struct batch *batch) {
  bool ok = true;
  for (size_t i = 0; ok && i < batch->cosignatures_count; i++) {
    const struct batch_cosignature *row = &batch->cosignatures[i];
    uint8_t size[8];
    nav_put_u64(size, row->size);
    const char *values[] = {(const char *)size, row->agency, row->line};
    const int lengths[] = {8, (int)strlen(row->agency), (int)strlen(row->line)};
    ok = send_statement(connection, COSIGNATURE, 3, values, lengths);
  }
  return ok;
}

static bool send_all(struct store *store, const struct batch *batch, uint64_t epoch) {
  PGconn *connection = store->connection;
  const struct nav_buffer *rows[STORE_TABLES];
  store_rows(batch, rows);
  bool ok = PQenterPipelineMode(connection) == 1 && (store->prepared || prepare_others(store)) &&
            send_advance(connection, batch, epoch);
  for (size_t i = 0; ok && i < STORE_TABLES; i++) ok = copy_is_empty(rows[i]) || send_rows(store, i, rows[i]);
  return ok && (!batch->has_checkpoint || send_checkpoint(connection, batch)) &&
         send_cosignatures(connection, batch) && PQpipelineSync(connection) == 1;
}

// ---- the commit ----

// Of all tables, as far as the limits: one more where they are passed.
static size_t count_rows(const struct nav_buffer *const rows[STORE_TABLES]) {
  struct copy_fields row;
  size_t bytes = 0;
  size_t count = 0;
  for (size_t i = 0; i < STORE_TABLES; i++) bytes += rows[i]->length;
  if (bytes > BYTES_MAX) return ROWS_MAX + 1;
  for (size_t i = 0; i < STORE_TABLES; i++) {
    for (size_t at = 0; count <= ROWS_MAX && copy_next(rows[i], &at, &row);) count++;
  }
  return count;
}

bool store_is_small(const struct store *store, const struct batch *batch) {
  const struct nav_buffer *rows[STORE_TABLES];
  for (size_t i = 0; i < batch->parts_count; i++) {
    if (!store_knows_part(store, batch->parts[i])) return false;
  }
  store_rows(batch, rows);
  return !batch->begins_log && count_rows(rows) <= ROWS_MAX;
}

bool store_send_small(struct store *store, const struct batch *batch, uint64_t epoch) {
  store->pipelined = true;
  store->synced = false;
  if (!send_all(store, batch, epoch)) return false;
  store->unsent = PQflush(store->connection) > 0;
  return true;
}

static void take_result(struct store *store, PGresult *result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_PIPELINE_ABORTED:  // after the statement that failed, which told why
      break;
    case PGRES_PIPELINE_SYNC:
      store->synced = true;
      break;
    default:
      store_take_failure(store, result);
      break;
  }
  PQclear(result);
}

enum store_state store_advance_small(struct store *store) {
  while (!store->synced) {
    int flushed = PQflush(store->connection);
    store->unsent = flushed > 0;
    if (flushed < 0 || PQstatus(store->connection) != CONNECTION_OK) return STORE_LOST;
    if (PQisBusy(store->connection)) return STORE_BUSY;
    PGresult *result = PQgetResult(store->connection);
    if (result != NULL) take_result(store, result);  // NULL: the end of a statement's
  }
  store->pipelined = false;
  store->prepared = !store->failed;
  if (PQexitPipelineMode(store->connection) == 0) return STORE_LOST;
  return store->fenced ? STORE_FENCED : store->failed ? STORE_FAILED : STORE_COMMITTED;
}
