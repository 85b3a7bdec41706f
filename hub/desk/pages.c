// See pages.h. Each page's statement goes with a synchronization point of its own, so that the server sends
// its page at once and a failed one leaves the others' answers whole.
#include "hub/desk/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/desk/database_private.h"

enum { FIRST_ROWS = 100, ROWS_MIN = 10, READ_EVERY = 64, SQL_SIZE = 4096, NUMBER_SIZE = 24 };

static bool run_sql(struct desk_database *database, const char *sql, struct nav_error *err) {
  PGresult *result = desk_query(database, sql, 0, NULL, err);
  PQclear(result);
  return result != NULL;
}

static bool prepare(struct desk_database *database, const struct desk_paged *r, struct nav_error *err) {
  char text[SQL_SIZE];
  int length = snprintf(text, sizeof text, "DECLARE %s NO SCROLL CURSOR FOR %s", r->name, r->sql);
  NAV_ASSERT(length > 0 && (size_t)length < sizeof text);
  if (r->order == NULL) return run_sql(database, text, err);
  length = snprintf(text, sizeof text, "%s ORDER BY %s OFFSET $2 LIMIT $3", r->sql, r->order);
  NAV_ASSERT(length > 0 && (size_t)length < sizeof text);
  PGresult *result = PQprepare(database->connection, r->name, text, 0, NULL);
  bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || desk_failed(err, database, result);
  PQclear(result);
  return ok;
}

// Where the page at hand ends.
static void note_end(struct desk_paged *r) {
  int64_t key = r->rows > 0 ? desk_int8(r->page, r->rows - 1, 0) : r->key;
  int same = 0;
  while (same < r->rows && desk_int8(r->page, r->rows - 1 - same, 0) == key) same++;
  r->passed = key == r->key ? r->passed + (uint64_t)same : (uint64_t)same;
  r->key = key;
}

// By the page at hand: about DESK_PAGE_BYTES.
static int rows_to_ask(const struct desk_paged *r) {
  if (r->page == NULL || r->rows == 0) return FIRST_ROWS;
  size_t a_row = PQresultMemorySize(r->page) / (size_t)r->rows + 1;
  size_t rows = (size_t)DESK_PAGE_BYTES / a_row;
  if (rows > DESK_PAGE_ROWS) return DESK_PAGE_ROWS;
  return rows < ROWS_MIN ? ROWS_MIN : (int)rows;
}

static int send_page(PGconn *connection, const struct desk_paged *r) {
  char text[SQL_SIZE];
  char key[NUMBER_SIZE];
  char passed[NUMBER_SIZE];
  char rows[NUMBER_SIZE];
  const char *const values[] = {key, passed, rows};
  (void)snprintf(text, sizeof text, "FETCH %d FROM %s", r->asked, r->name);
  if (r->order == NULL) return PQsendQueryParams(connection, text, 0, NULL, NULL, NULL, NULL, 1);
  (void)snprintf(key, sizeof key, "%" PRId64, r->key);
  (void)snprintf(passed, sizeof passed, "%" PRIu64, r->passed);
  (void)snprintf(rows, sizeof rows, "%d", r->asked);
  return PQsendQueryPrepared(connection, r->name, 3, values, NULL, NULL, 1);
}

static bool ask(struct desk_pages *pages, size_t which, struct nav_error *err) {
  struct desk_paged *r = &pages->results[which];
  PGconn *connection = pages->database->connection;
  r->asked = rows_to_ask(r);
  if (send_page(connection, r) != 1 || PQpipelineSync(connection) != 1)
    return desk_failed(err, pages->database, NULL);
  NAV_ASSERT(pages->queued < DESK_PAGES_MAX);
  pages->queue[pages->queued++] = which;
  return true;
}

bool desk_pages_open(struct desk_pages *pages, struct desk_database *database, struct desk_paged *results,
                     size_t count, struct nav_error *err) {
  NAV_ASSERT(count <= DESK_PAGES_MAX);
  *pages = (struct desk_pages){.database = database, .results = results, .count = count};
  // Pages go by an index, however little of a table the planner thinks is left.
  if (!run_sql(database, "DEALLOCATE ALL", err) || !run_sql(database, "SET LOCAL enable_seqscan = off", err))
    return false;
  for (size_t i = 0; i < count; i++) {
    if (!prepare(database, &results[i], err)) return false;
  }
  if (PQenterPipelineMode(database->connection) != 1) return desk_failed(err, database, NULL);
  pages->open = true;
  for (size_t i = 0; i < count; i++) {
    if (!ask(pages, i, err)) return false;
  }
  return true;
}

// The oldest page under way, with the marks that follow it. NULL: the connection is gone.
static PGresult *receive(struct desk_pages *pages) {
  PGconn *connection = pages->database->connection;
  PGresult *page = PQgetResult(connection);
  for (PGresult *more = page; more != NULL && PQresultStatus(more) != PGRES_PIPELINE_SYNC;) {
    if (more != page) PQclear(more);
    more = PQgetResult(connection);  // NULL: the end of the one before
    if (more == NULL) more = PQgetResult(connection);
    if (more == NULL || PQresultStatus(more) == PGRES_PIPELINE_SYNC) {
      PQclear(more);
      break;
    }
  }
  return page;
}

// Into the `next` of whose it is.
static bool take_oldest(struct desk_pages *pages, struct nav_error *err) {
  struct desk_paged *r = &pages->results[pages->queue[0]];
  pages->queued--;
  memmove(pages->queue, pages->queue + 1, pages->queued * sizeof pages->queue[0]);
  r->next = receive(pages);
  if (r->next != NULL && PQresultStatus(r->next) == PGRES_TUPLES_OK) return true;
  return desk_failed(err, pages->database, r->next);
}

static bool next_page(struct desk_pages *pages, size_t which, struct nav_error *err) {
  struct desk_paged *r = &pages->results[which];
  while (r->next == NULL) {
    if (!take_oldest(pages, err)) return false;
  }
  PQclear(r->page);
  r->page = r->next;
  r->next = NULL;
  r->row = 0;
  r->rows = PQntuples(r->page);
  r->ended = r->rows < r->asked;
  if (r->order != NULL) note_end(r);
  return r->ended || ask(pages, which, err);
}

int desk_pages_next(struct desk_pages *pages, size_t which, struct nav_error *err) {
  struct desk_paged *r = &pages->results[which];
  // What has come is taken off the socket in between, so that the server need not wait for room.
  if (r->row % READ_EVERY == 0 && PQconsumeInput(pages->database->connection) != 1)
    return desk_failed(err, pages->database, NULL) ? 1 : -1;
  if (r->page != NULL && r->row + 1 < r->rows) {
    r->row++;
    return 1;
  }
  if (r->ended) return 0;
  if (!next_page(pages, which, err)) return -1;
  return r->rows > 0 ? 1 : 0;
}

void desk_pages_close(struct desk_pages *pages) {
  struct nav_error ignored;
  while (pages->queued > 0) {
    if (!take_oldest(pages, &ignored) && PQstatus(pages->database->connection) != CONNECTION_OK) break;
    for (size_t i = 0; i < pages->count; i++) {
      PQclear(pages->results[i].next);
      pages->results[i].next = NULL;
    }
  }
  for (size_t i = 0; i < pages->count; i++) {
    PQclear(pages->results[i].page);
    PQclear(pages->results[i].next);
    pages->results[i].page = pages->results[i].next = NULL;
  }
  if (pages->open) (void)PQexitPipelineMode(pages->database->connection);
  pages->open = false;
}
