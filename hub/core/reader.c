// See reader.h.
#include "hub/core/reader.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"

enum { RECONNECT_MS = 1000 };

struct reader {
  char *conninfo;
  PGconn *connection;
  int64_t next_connect_ms;
  bool busy;
  bool connecting;
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
  reader->connecting = false;
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

void reader_ask(struct reader *reader, const char *sql, int params, const Oid *types,
                const char *const *values, const int *lengths, reader_done *done, void *context) {
  enum { PARAMS_MAX = 8 };
  int formats[PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};
  NAV_ASSERT(reader_is_idle(reader) && params <= PARAMS_MAX);
  reader->done = done;
  reader->context = context;
  reader->busy = true;
  if (PQsendQueryParams(reader->connection, sql, params, types, values, lengths, formats, 1) == 0) {
    lose(reader, "a query was not sent");
  }
}

static void start_connect(struct reader *reader) {
  if (nav_clock_monotonic_ms() < reader->next_connect_ms) return;
  // Its questions are for a few rows by index. Of a table without statistics, as a new one is, the planner
  // would read all rows.
  const char *const names[] = {"dbname", "options", NULL};
  const char *const values[] = {reader->conninfo, "-c enable_seqscan=off", NULL};
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

static bool keep(struct reader *reader, PGresult *result) {
  if (PQresultStatus(result) == PGRES_TUPLES_OK) {
    PQclear(reader->result);
    reader->result = result;
    return true;
  }
  PQclear(result);
  return false;
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
  while (reader->busy && !PQisBusy(reader->connection)) {
    PGresult *next = PQgetResult(reader->connection);
    if (next != NULL) {
      if (!keep(reader, next)) {
        lose(reader, "a query failed");
        return;
      }
      continue;
    }
    PGresult *result = reader->result;
    reader->result = NULL;
    tell(reader, result);
    PQclear(result);
    return;
  }
}

int reader_fd(const struct reader *reader) {
  return reader->connection == NULL ? -1 : PQsocket(reader->connection);
}

short reader_poll_events(const struct reader *reader) {
  if (reader->connecting) return reader->polling == PGRES_POLLING_WRITING ? POLLOUT : POLLIN;
  bool writing = reader->busy && PQflush(reader->connection) > 0;
  return (short)(writing ? POLLIN | POLLOUT : POLLIN);
}
