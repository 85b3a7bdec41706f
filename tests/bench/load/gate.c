// See gate.h.
#include "tests/bench/load/gate.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/core/copy.h"

enum { ROWS_MAX = 64 * 1024 * 1024, ROW_FIELDS = 4, OUTCOME_RELEASE = 1 };

static const char *const tables =
    "DROP TABLE IF EXISTS gate_message, gate_decision;"
    "CREATE TABLE gate_message (id bytea PRIMARY KEY, publisher int4 NOT NULL, at timestamptz NOT NULL,"
    " body bytea NOT NULL);"
    "CREATE TABLE gate_decision (message bytea NOT NULL, recipient int4 NOT NULL, outcome int2 NOT NULL,"
    " rule bytea NOT NULL)";
static const char rule[] = "picture-public-incident";

struct gate {
  PGconn *connection;  // NULL: no database
  unsigned publisher;
  struct gate_batch batch;
  struct nav_buffer messages, decisions;
};

static bool complain(const PGconn *connection, const char *what) {
  (void)fprintf(stderr, "gate: %s: %s\n", what, PQerrorMessage(connection));
  return false;
}

static bool run(PGconn *connection, const char *sql, ExecStatusType wanted) {
  PGresult *result = PQexec(connection, sql);
  bool ok = PQresultStatus(result) == wanted;
  PQclear(result);
  return ok || complain(connection, sql);
}

static PGconn *connect_database(void) {
  PGconn *connection = PQconnectdb(load_options->database);
  bool ok = PQstatus(connection) == CONNECTION_OK &&
            run(connection, "SET client_min_messages = error", PGRES_COMMAND_OK);
  if (ok) return connection;
  (void)complain(connection, "connecting");
  PQfinish(connection);
  return NULL;
}

bool gate_prepare(void) {
  if (load_options->database == NULL) return true;
  PGconn *connection = connect_database();
  if (connection == NULL) return false;
  bool ok = run(connection, tables, PGRES_COMMAND_OK);
  PQfinish(connection);
  return ok;
}

struct gate *gate_open(unsigned publisher) {
  struct gate *gate = calloc(1, sizeof *gate);
  if (gate == NULL) return NULL;
  gate->publisher = publisher;
  gate->batch.bytes = malloc((size_t)GATE_BATCH_MAX * load_options->bytes);
  nav_buffer_init(&gate->messages, ROWS_MAX);
  nav_buffer_init(&gate->decisions, ROWS_MAX);
  bool ok = gate->batch.bytes != NULL;
  for (size_t i = 0; ok && i < (size_t)GATE_BATCH_MAX * load_options->bytes; i++)
    gate->batch.bytes[i] = (uint8_t)('a' + i * 31 % 26);
  if (ok && load_options->database != NULL) gate->connection = connect_database();
  if (ok && (load_options->database == NULL || gate->connection != NULL)) return gate;
  gate_close(gate);
  return NULL;
}

void gate_close(struct gate *gate) {
  if (gate == NULL) return;
  PQfinish(gate->connection);
  nav_buffer_free(&gate->messages);
  nav_buffer_free(&gate->decisions);
  free(gate->batch.bytes);
  free(gate);
}

static uint8_t *place_of(const struct gate_batch *batch, size_t index) {
  return batch->bytes + index * load_options->bytes;
}

const uint8_t *gate_message(const struct gate_batch *batch, size_t index) { return place_of(batch, index); }

static bool write_row(struct gate *gate, size_t index, int64_t now_ms) {
  const uint8_t *message = place_of(&gate->batch, index);
  bool ok = copy_row(&gate->messages, ROW_FIELDS) && copy_bytes(&gate->messages, message, MARK_SIZE) &&
            copy_int4(&gate->messages, gate->publisher) && copy_time(&gate->messages, now_ms) &&
            copy_bytes(&gate->messages, message, load_options->bytes);
  for (uint32_t i = 0; ok && i < load_options->recipients; i++) {
    ok = copy_row(&gate->decisions, ROW_FIELDS) && copy_bytes(&gate->decisions, message, MARK_SIZE) &&
         copy_int4(&gate->decisions, i) && copy_int2(&gate->decisions, OUTCOME_RELEASE) &&
         copy_bytes(&gate->decisions, rule, sizeof rule - 1);
  }
  return ok;
}

static bool write_rows(struct gate *gate) {
  int64_t now_ms = nav_clock_now_ms();
  nav_buffer_clear(&gate->messages);
  nav_buffer_clear(&gate->decisions);
  bool ok = copy_begin(&gate->messages) && copy_begin(&gate->decisions);
  for (size_t i = 0; ok && i < gate->batch.count; i++) ok = write_row(gate, i, now_ms);
  return ok && copy_end(&gate->messages) && copy_end(&gate->decisions);
}

static bool copy_in(PGconn *connection, const char *sql, const struct nav_buffer *rows) {
  if (!run(connection, sql, PGRES_COPY_IN)) return false;
  if (PQputCopyData(connection, (const char *)rows->data, (int)rows->length) != 1 ||
      PQputCopyEnd(connection, NULL) != 1)
    return complain(connection, sql);
  PGresult *result = PQgetResult(connection);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  PQclear(PQgetResult(connection));
  return ok || complain(connection, sql);
}

static bool commit(struct gate *gate) {
  if (!write_rows(gate)) {
    (void)fputs("gate: a batch's rows pass their maximum\n", stderr);
    return false;
  }
  return run(gate->connection, "BEGIN", PGRES_COMMAND_OK) &&
         copy_in(gate->connection, "COPY gate_message FROM STDIN (FORMAT binary)", &gate->messages) &&
         copy_in(gate->connection, "COPY gate_decision FROM STDIN (FORMAT binary)", &gate->decisions) &&
         run(gate->connection, "COMMIT", PGRES_COMMAND_OK);
}

const struct gate_batch *gate_take(struct gate *gate, struct load_pace *pace) {
  struct gate_batch *batch = &gate->batch;
  batch->count = 0;
  while (batch->count < GATE_BATCH_MAX &&
         load_may_send(pace, place_of(batch, batch->count), &batch->numbers[batch->count]))
    batch->count++;
  if (batch->count == 0 || gate->connection == NULL || commit(gate)) return batch;
  return NULL;
}
