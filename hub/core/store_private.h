// What store.c and the other store_*.c share of the connection. Called by: those
// alone. Must never: be included elsewhere.
#ifndef NAV_CORE_STORE_PRIVATE_H
#define NAV_CORE_STORE_PRIVATE_H

#include <libpq-fe.h>
#include <pthread.h>

#include "hub/core/store.h"

enum {
  STORE_PARTS_MAX = 64,
  STORE_TABLES = 6,
  STORE_ROWS_TOGETHER_MAX = 8,  // in one prepared statement
};

// What a batch's rows go to, in this order.
struct store_table {
  const char *name, *columns;
  unsigned fields;
};
extern const struct store_table store_tables[STORE_TABLES];

// store_thread.c: it has the connection while the store is BUSY, but for a pipeline, and nothing else of the
// store is touched meanwhile.
typedef enum store_state store_job(struct store *store);
struct store_thread {
  bool started;
  pthread_t id;
  pthread_mutex_t lock;  // of what follows
  pthread_cond_t wake;
  bool works, ends;
  store_job *job;
  enum store_state outcome;
  int done_fd;  // an eventfd: readable once there is an outcome
};

// Connecting anew, or looking at the lease: the thread has the connection and the rest of this until the
// outcome is told.
struct store_asking {
  bool under_way;  // the loop's
  bool anew;
  struct lease_row row;
  struct lease_claim claim;
  struct lease_taken taken;
  int64_t asked_ms;
};

struct store {
  char *conninfo;
  PGconn *connection;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  enum store_state state;
  const struct batch *batch;  // under way; NULL: a renewal is
  unsigned copy;              // which COPY is next or active
  bool copy_active;
  const struct nav_buffer *copies[STORE_TABLES];  // of the batch, those with rows
  size_t copies_count;
  size_t offset;  // of the active COPY's rows
  bool failed;
  bool fenced;  // the lease is another core's
  bool rolling_back;
  bool pipelined, synced;  // a small batch is under way; its answer has come
  bool unsent;             // a part of it stands in libpq's buffer: the socket was full
  bool prepared;           // the connection has the statements for it, and of each table's INSERTs …
  uint32_t prepared_inserts[STORE_TABLES];  // … those whose number of rows is a set bit here
  struct nav_error error;
  struct nav_buffer sql;
  uint32_t parts[STORE_PARTS_MAX];  // partitions known to be there; forgotten oldest first
  size_t parts_count;
  struct store_thread thread;
  struct store_asking asking;
  void (*meanwhile)(void *context);
  void *meanwhile_context;
  int cut_fd;  // an eventfd: readable once no wait for the database is to go on
};

bool store_failed(struct nav_error *err, PGconn *connection, const PGresult *result, const char *what);
// Blocking; parameters as text, the result in binary. NULL: *err.
PGresult *store_query(struct store *store, const char *sql, int params, const char *const *values,
                      struct nav_error *err);
// store_connect.c. What was sent: its last result. NULL: cut short, or the connection is gone.
PGresult *store_last_result(struct store *store);
// Blocking; where it fails the connection is still to be ended.
NAV_MUST_USE bool store_connect(struct store *store, struct nav_error *err);
void store_disconnect(struct store *store);
NAV_MUST_USE bool store_cut_open(struct store *store, struct nav_error *err);
// Ends every wait that is under way for the database, and any to come.
void store_cut(struct store *store);

// Sends sql, a transaction without a batch; the outcome comes by store_step.
void store_begin(struct store *store, const char *sql);
// The batch's rows as binary COPYs, each table's.
void store_rows(const struct batch *batch, const struct nav_buffer *rows[STORE_TABLES]);
// Notes what the server said against the transaction under way.
void store_take_failure(struct store *store, const PGresult *result);

// store_prepared.c. Whether the batch can be committed so.
bool store_is_small(const struct store *store, const struct batch *batch);
NAV_MUST_USE bool store_send_small(struct store *store, const struct batch *batch, uint64_t epoch);
enum store_state store_advance_small(struct store *store);
// Goes on with what the socket allows. BUSY: poll for more.
enum store_state store_advance(struct store *store);

NAV_MUST_USE bool store_thread_start(struct store *store, struct nav_error *err);
// Cuts off what is under way.
void store_thread_end(struct store *store);
// A query was sent: the thread sees it through.
void store_thread_go(struct store *store);
// The thread does this; the outcome is what it returns, and never BUSY.
void store_thread_do(struct store *store, store_job *job);
// BUSY: not yet.
enum store_state store_thread_outcome(struct store *store);

bool store_knows_part(const struct store *store, uint32_t part);
void store_learn_part(struct store *store, uint32_t part);

#endif
