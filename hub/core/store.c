// See store.h. This file commits, small batches by store_prepared.c; store_connect.c connects, store_read.c
// reads at start, store_lease.c has the lease.
#include "hub/core/store.h"

#include <inttypes.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/core/copy.h"
#include "hub/core/store_private.h"

enum { CHUNK_BYTES = 128 * 1024, COMMIT_SQL_MAX = 256 * 1024 };

const struct store_table store_tables[STORE_TABLES] = {
    {"nav.ledger",
     "seq, at, kind, lane, about, reader, record, leaf, event_id, agency, revision, digest, type, time, "
     "verdict, bucket_class, bucket_day, published_seq",
     18},
    {"nav.content", "seq, part, sealed", 3},
    {"nav.subtree", "level, index, hash", 3},
    {"nav.person", "token, seq", 2},
    {"nav.mention", "event_seq, seq", 2},
    {"nav.rules_text", "sha256, seq, text", 3},
};

void store_rows(const struct batch *batch, const struct nav_buffer *rows[STORE_TABLES]) {
  const struct nav_buffer *const all[STORE_TABLES] = {&batch->ledger, &batch->content, &batch->subtree,
                                                      &batch->person, &batch->mention, &batch->rules_text};
  memcpy(rows, all, sizeof all);
}

bool store_failed(struct nav_error *err, PGconn *connection, const PGresult *result, const char *what) {
  const char *state = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char *text = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (text == NULL) text = PQerrorMessage(connection);
  if (state == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "database", "%s: %.200s", what, text);
  // Class 42: what is asked for is not there, or not granted.
  return nav_fail(err, NAV_ERROR_RETRY, 0, "database", "%s: %.200s, SQLSTATE %s%s", what, text, state,
                  strncmp(state, "42", 2) == 0 ? " (is `navctl db upgrade` done?)" : "");
}

PGresult *store_query(struct store *store, const char *sql, int params, const char *const *values,
                      struct nav_error *err) {
  bool sent = PQsendQueryParams(store->connection, sql, params, NULL, values, NULL, NULL, 1) != 0;
  PGresult *result = sent ? store_last_result(store) : NULL;
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  (void)store_failed(err, store->connection, result, "a query failed");
  PQclear(result);
  return NULL;
}

struct store *store_open(const char *conninfo, struct nav_error *err) {
  struct store *store = calloc(1, sizeof *store);
  if (store != NULL) store->conninfo = strdup(conninfo);
  if (store == NULL || store->conninfo == NULL) {
    free(store);
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  nav_buffer_init(&store->sql, COMMIT_SQL_MAX);
  if (!store_cut_open(store, err) || !store_thread_start(store, err) || !store_connect(store, err)) {
    store_close(store);
    return NULL;
  }
  return store;
}

void store_close(struct store *store) {
  if (store == NULL) return;
  store_thread_end(store);
  store_disconnect(store);
  if (store->cut_fd >= 0) (void)close(store->cut_fd);
  nav_buffer_free(&store->sql);
  free(store->conninfo);
  free(store);
}

static bool append_checkpoint(struct nav_buffer *sql, PGconn *connection, const struct batch *batch) {
  uint8_t bytes[8 + sizeof batch->frontier.hashes];
  struct nav_buffer frontier;
  nav_buffer_init(&frontier, sizeof bytes);
  char *hex = NULL;
  char *note = NULL;
  bool ok = store_frontier_encode(&batch->frontier, &frontier);
  if (ok) {
    hex = calloc(1, frontier.length * 2 + 1);
    note = PQescapeLiteral(connection, (const char *)batch->note.data, batch->note.length);
    ok = hex != NULL && note != NULL;
  }
  if (ok) {
    char root[2 * NAV_SHA256_SIZE + 1];
    (void)sodium_bin2hex(root, sizeof root, batch->checkpoint.root, NAV_SHA256_SIZE);
    (void)sodium_bin2hex(hex, frontier.length * 2 + 1, frontier.data, frontier.length);
    ok = nav_buffer_printf(sql,
                           "INSERT INTO nav.checkpoint (size, root, note, frontier) VALUES (%" PRIu64
                           ", '\\x%s', %s, '\\x%s') ON CONFLICT (size) DO NOTHING;",
                           batch->checkpoint.size, root, note, hex);
  }
  PQfreemem(note);
  free(hex);
  nav_buffer_free(&frontier);
  return ok;
}

static bool append_log(struct store *store, const struct batch *batch, uint64_t epoch) {
  char hex[2 * KEY_LOG_ID_SIZE + 1];
  memcpy(store->log_id, batch->sequence->log_id, KEY_LOG_ID_SIZE);
  return nav_buffer_printf(&store->sql, "SELECT nav.begin_log(%" PRIu64 ", '\\x%s');", epoch,
                           sodium_bin2hex(hex, sizeof hex, store->log_id, KEY_LOG_ID_SIZE));
}

// In the same query, so that they cost no round trip. A line that is there already stays: an agency that
// connects again confirms again.
static bool append_cosignatures(struct nav_buffer *sql, PGconn *connection, const struct batch *batch) {
  bool ok = true;
  for (size_t i = 0; ok && i < batch->cosignatures_count; i++) {
    const struct batch_cosignature *row = &batch->cosignatures[i];
    char *agency = PQescapeLiteral(connection, row->agency, strlen(row->agency));
    char *line = PQescapeLiteral(connection, row->line, strlen(row->line));
    ok = agency != NULL && line != NULL &&
         nav_buffer_printf(sql,
                           "INSERT INTO nav.cosignature (size, agency, line) VALUES (%" PRIu64
                           ", %s, %s) ON CONFLICT (size, agency) DO NOTHING;",
                           row->size, agency, line);
    PQfreemem(agency);
    PQfreemem(line);
  }
  return ok;
}

// Each COPY is a round trip: there is none of what has no rows.
static bool append_copies(struct store *store, const struct batch *batch) {
  const struct nav_buffer *rows[STORE_TABLES];
  bool ok = true;
  store_rows(batch, rows);
  store->copies_count = 0;
  for (size_t i = 0; ok && i < STORE_TABLES; i++) {
    if (copy_is_empty(rows[i])) continue;
    store->copies[store->copies_count++] = rows[i];
    ok = nav_buffer_printf(&store->sql, "COPY %s (%s) FROM STDIN (FORMAT binary);", store_tables[i].name,
                           store_tables[i].columns);
  }
  return ok;
}

static bool build_sql(struct store *store, const struct batch *batch, uint64_t epoch) {
  struct nav_buffer *sql = &store->sql;
  nav_buffer_clear(sql);
  bool ok = nav_buffer_printf(sql, "BEGIN; SELECT nav.advance(%" PRIu64 ", %" PRIu64 ", %" PRIu64 ");", epoch,
                              batch->first_seq, batch->last_seq);
  if (ok && batch->begins_log) ok = append_log(store, batch, epoch);
  for (size_t i = 0; ok && i < batch->parts_count; i++) {
    if (store_knows_part(store, batch->parts[i])) continue;
    ok = nav_buffer_printf(sql, "SELECT nav.ensure_part(%u);", batch->parts[i]);
  }
  ok = ok && append_copies(store, batch);
  if (ok && batch->has_checkpoint) ok = append_checkpoint(sql, store->connection, batch);
  ok = ok && append_cosignatures(sql, store->connection, batch);
  return ok && nav_buffer_append_text(sql, "COMMIT") && nav_buffer_text(sql) != NULL;
}

static void begin(struct store *store, const struct batch *batch) {
  store->batch = batch;
  store->copy = 0;
  store->copy_active = false;
  store->offset = 0;
  store->failed = store->fenced = store->rolling_back = store->pipelined = false;
  store->state = STORE_BUSY;
}

// The thread does, or the loop itself where one answer is all that comes: that saves waking two threads.
static void see_it_through(struct store *store, bool sent) {
  if (!sent) {
    store->state = STORE_LOST;
  } else if (!store->pipelined) {
    store_thread_go(store);
  }
}

void store_begin(struct store *store, const char *sql) {
  begin(store, NULL);
  see_it_through(store, PQsendQuery(store->connection, sql) == 1);
}

void store_commit(struct store *store, const struct batch *batch, uint64_t epoch) {
  NAV_ASSERT(store->state == STORE_IDLE && batch->finished);
  begin(store, batch);
  if (store_is_small(store, batch)) {
    see_it_through(store, store_send_small(store, batch, epoch));
    return;
  }
  NAV_ASSERT(build_sql(store, batch, epoch));
  see_it_through(store, PQsendQuery(store->connection, (const char *)store->sql.data) == 1);
}

// Feeds the COPY under way as far as the socket takes it. False: the connection is gone.
static bool feed(struct store *store) {
  const struct nav_buffer *rows = store->copies[store->copy];
  while (store->offset < rows->length) {
    size_t chunk = rows->length - store->offset;
    if (chunk > CHUNK_BYTES) chunk = CHUNK_BYTES;
    int put = PQputCopyData(store->connection, (const char *)rows->data + store->offset, (int)chunk);
    if (put < 0) return false;
    if (put == 0) return true;
    store->offset += chunk;
    if (PQflush(store->connection) > 0) return true;  // the socket is full: poll for writing
  }
  int end = PQputCopyEnd(store->connection, NULL);
  if (end < 0) return false;
  if (end > 0) {
    store->copy_active = false;
    store->copy++;
    store->offset = 0;
  }
  return true;
}

// As nav.advance and nav.renew_lease say it.
static bool says_fenced(const PGresult *result) {
  const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state != NULL && strcmp(state, "NV001") == 0;
}

void store_take_failure(struct store *store, const PGresult *result) {
  if (!store->failed) (void)store_failed(&store->error, store->connection, result, "the transaction failed");
  store->failed = true;
  store->fenced = store->fenced || says_fenced(result);
}

static void take_result(struct store *store, PGresult *result) {
  switch (PQresultStatus(result)) {
    case PGRES_COPY_IN:
      NAV_ASSERT(store->copy < store->copies_count);
      store->copy_active = true;
      break;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
      break;
    default:
      store_take_failure(store, result);
      break;
  }
  PQclear(result);
}

// After the last result: committed only where nothing failed and the server says that no transaction is open.
static enum store_state finish(struct store *store) {
  if (store->fenced) return STORE_FENCED;
  if (store->failed) {
    if (PQstatus(store->connection) != CONNECTION_OK) return STORE_LOST;
    if (PQtransactionStatus(store->connection) == PQTRANS_IDLE) return STORE_FAILED;
    // The simple query was abandoned at its first error and left the transaction open.
    store->failed = false;
    store->rolling_back = true;
    return PQsendQuery(store->connection, "ROLLBACK") == 0 ? STORE_LOST : STORE_BUSY;
  }
  if (store->rolling_back) {
    store->rolling_back = false;
    return STORE_FAILED;
  }
  if (store->batch == NULL) return STORE_COMMITTED;  // a renewal
  for (size_t i = 0; i < store->batch->parts_count; i++) store_learn_part(store, store->batch->parts[i]);
  return STORE_COMMITTED;
}

enum store_state store_advance(struct store *store) {
  if (PQconsumeInput(store->connection) == 0) return STORE_LOST;
  if (store->pipelined) return store_advance_small(store);
  for (;;) {
    if (store->copy_active) {
      if (!feed(store)) return STORE_LOST;
      if (store->copy_active) break;
    }
    if (PQflush(store->connection) < 0) return STORE_LOST;
    if (PQisBusy(store->connection)) break;
    PGresult *result = PQgetResult(store->connection);
    if (result == NULL) return finish(store);
    take_result(store, result);
  }
  return PQflush(store->connection) < 0 ? STORE_LOST : STORE_BUSY;
}

enum store_state store_step(struct store *store, struct nav_error *err) {
  if (store->state == STORE_IDLE && store->connection != NULL) {
    // Notices the end of an idle connection, so that a restart of the database is seen before the next batch.
    if (PQconsumeInput(store->connection) == 0) {
      (void)store_failed(&store->error, store->connection, NULL, "the connection was lost");
      store->state = STORE_LOST;
    }
  }
  if (store->state == STORE_BUSY) {
    store->state = store->pipelined ? store_advance(store) : store_thread_outcome(store);
    if (store->state == STORE_LOST)
      (void)store_failed(&store->error, store->connection, NULL, "the connection was lost");
  }
  enum store_state told = store->state;
  if (told == STORE_FAILED || told == STORE_LOST || told == STORE_FENCED) *err = store->error;
  if (told == STORE_FAILED || told == STORE_COMMITTED) store->state = STORE_IDLE;
  return told;
}

short store_poll_events(const struct store *store) {
  // While it asks, the rest is the thread's.
  bool sends = !store->asking.under_way && store->pipelined && store->state == STORE_BUSY && store->unsent;
  return (short)(sends ? POLLIN | POLLOUT : POLLIN);
}

int store_fd(const struct store *store) {
  if (store->asking.under_way || (store->state == STORE_BUSY && !store->pipelined))
    return store->thread.done_fd;
  return store->state == STORE_LOST || store->connection == NULL ? -1 : PQsocket(store->connection);
}
