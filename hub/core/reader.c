// See reader.h.
#include "hub/core/reader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"

enum { RECONNECT_MS = 1000, PARAMS_MAX = 8, STATEMENTS_MAX = 4, NAME_SIZE = 16 };

struct reader {
  char *conninfo;
  PGconn *connection;
  int64_t next_connect_ms;
  bool busy;
  bool connecting;
  bool pipelined;                          // the query under way ends with its Sync
  const char *statements[STATEMENTS_MAX];  // the texts of those that the connection has prepared
  size_t statements_count;
  PostgresPollingStatusType polling;
  PGresult *result;  // of the query under way
  reader_done *done;
  void *context;
};

struct reader *reader_new(const char *conninfo) {
  struct reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return NULL;
  reader->conninfo = strdup(conninfo);
  if (reader->conninfo == NULL) {
    free(reader);
    return NULL;
  }
  return reader;
}

static void disconnect(struct reader *reader) {
  PQclear(reader->result);
  reader->result = NULL;
  if (reader->connection != NULL) PQfinish(reader->connection);
  reader->connection = NULL;
  reader->connecting = reader->pipelined = false;
  reader->statements_count = 0;
  reader->next_connect_ms = nav_clock_monotonic_ms() + RECONNECT_MS;
}

void reader_free(struct reader *reader) {
  if (reader == NULL) return;
  disconnect(reader);
  free(reader->conninfo);
  free(reader);
}

bool reader_is_idle(const struct reader *reader) {
  return reader->connection != NULL && !reader->connecting && !reader->busy;
}

static void tell(struct reader *reader, const PGresult *result) {
  reader->busy = false;
  reader->done(reader->context, result);
}

static void lose(struct reader *reader, const char *what) {
  nav_log(NAV_LOG_WARNING, "database, reading: %s: %.200s", what, PQerrorMessage(reader->connection));
  bool asked = reader->busy;
  disconnect(reader);
  if (asked) tell(reader, NULL);
}

static const int BINARY[PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

static void begin(struct reader *reader, int params, reader_done *done, void *context) {
  NAV_ASSERT(reader_is_idle(reader) && params <= PARAMS_MAX);
  reader->done = done;
  reader->context = context;
  reader->busy = true;
}

void reader_ask(struct reader *reader, const char *sql, int params, const Oid *types,
                const char *const *values, const int *lengths, reader_done *done, void *context) {
  begin(reader, params, done, context);
  if (PQsendQueryParams(reader->connection, sql, params, types, values, lengths, BINARY, 1) == 0)
    lose(reader, "a query was not sent");
}

// The first time prepared in the same round trip.
static bool send_prepared(struct reader *reader, const char *sql, int params, const Oid *types,
                          const char *const *values, const int *lengths) {
  PGconn *connection = reader->connection;
  char name[NAME_SIZE];
  size_t at = 0;
  while (at < reader->statements_count && reader->statements[at] != sql) at++;
  (void)snprintf(name, sizeof name, "often %zu", at);
  if (at < reader->statements_count)
    return PQsendQueryPrepared(connection, name, params, values, lengths, BINARY, 1) == 1;
  NAV_ASSERT(at < STATEMENTS_MAX);
  reader->statements[reader->statements_count++] = sql;
  reader->pipelined = true;
  return PQenterPipelineMode(connection) == 1 && PQsendPrepare(connection, name, sql, params, types) == 1 &&
         PQsendQueryPrepared(connection, name, params, values, lengths, BINARY, 1) == 1 &&
         PQpipelineSync(connection) == 1;
}

void reader_ask_often(struct reader *reader, const char *sql, int params, const Oid *types,
                      const char *const *values, const int *lengths, reader_done *done, void *context) {
  begin(reader, params, done, context);
  if (!send_prepared(reader, sql, params, types, values, lengths)) lose(reader, "a query was not sent");
}

static void start_connect(struct reader *reader) {
  if (nav_clock_monotonic_ms() < reader->next_connect_ms) return;
  // Its questions are for a few rows by index, in its order. Of a table without statistics, as a new one is,
  // the planner would read all rows, or gather and sort all that there are. One that is asked all the time is
  // planned once: with fifty partitions of content that takes longer than to answer.
  const char *const names[] = {"dbname", "options", NULL};
  const char *const values[] = {
      reader->conninfo,
      "-c enable_seqscan=off -c enable_bitmapscan=off -c plan_cache_mode=force_generic_plan", NULL};
  reader->connection = PQconnectStartParams(names, values, 1);
  if (PQstatus(reader->connection) == CONNECTION_BAD) {
    lose(reader, "cannot connect");
    return;
  }
  reader->connecting = true;
  reader->polling = PGRES_POLLING_WRITING;
}

static void go_on_connecting(struct reader *reader) {
  reader->polling = PQconnectPoll(reader->connection);
  if (reader->polling == PGRES_POLLING_FAILED) {
    lose(reader, "cannot connect");
  } else if (reader->polling == PGRES_POLLING_OK) {
    reader->connecting = false;
    if (PQsetnonblocking(reader->connection, 1) != 0) lose(reader, "cannot be used without waiting");
  }
}

// False: the query failed. An answer without rows is that to a PREPARE or a Sync.
static bool keep(struct reader *reader, PGresult *result) {
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK) {
    PQclear(reader->result);
    reader->result = result;
    return true;
  }
  PQclear(result);
  if (status == PGRES_PIPELINE_SYNC) {
    reader->pipelined = false;
    return PQexitPipelineMode(reader->connection) == 1;
  }
  return reader->pipelined && status == PGRES_COMMAND_OK;
}

static void answer(struct reader *reader) {
  PGresult *result = reader->result;
  reader->result = NULL;
  tell(reader, result);
  PQclear(result);
}

static void take_answer(struct reader *reader) {
  while (reader->busy && !PQisBusy(reader->connection)) {
    PGresult *next = PQgetResult(reader->connection);
    bool was_pipelined = reader->pipelined;
    if (next != NULL && !keep(reader, next)) {
      lose(reader, "a query failed");
      return;
    }
    // In a pipeline each statement's answers end with a NULL, and all with the Sync's.
    if (next == NULL ? !was_pipelined : was_pipelined && !reader->pipelined) {
      answer(reader);
      return;
    }
  }
}

void reader_step(struct reader *reader) {
  if (reader->connection == NULL) {
    start_connect(reader);
    return;
  }
  if (reader->connecting) {
    go_on_connecting(reader);
    return;
  }
  if (PQconsumeInput(reader->connection) == 0 || PQflush(reader->connection) < 0) {
    lose(reader, "the connection was lost");
    return;
  }
  take_answer(reader);
}

int reader_fd(const struct reader *reader) {
  return reader->connection == NULL ? -1 : PQsocket(reader->connection);
}

short reader_poll_events(const struct reader *reader) {
  if (reader->connecting) return reader->polling == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
  bool writing = reader->busy && PQflush(reader->connection) > 0;
  return (short)(writing ? POLLIN | POLLOUT : POLLIN);
}
