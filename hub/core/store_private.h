// What store.c, store_lease.c, store_read.c and store_subtrees.c share of the connection. Called by: those
// alone. Must never: be included elsewhere.
#ifndef NAV_CORE_STORE_PRIVATE_H
#define NAV_CORE_STORE_PRIVATE_H

#include <libpq-fe.h>

#include "hub/core/store.h"

enum { STORE_PARTS_MAX = 64 };

struct store {
  char *conninfo;
  PGconn *connection;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  enum store_state state;
  const struct batch *batch;  // under way; NULL: a renewal is
  unsigned copy;              // which COPY is next or active
  bool copy_active;
  size_t offset;  // of the active COPY's rows
  bool failed;
  bool fenced;  // the lease is another core's
  bool rolling_back;
  struct nav_error error;
  struct nav_buffer sql;
  uint32_t parts[STORE_PARTS_MAX];  // partitions known to be there; forgotten oldest first
  size_t parts_count;
};

bool store_failed(struct nav_error *err, PGconn *connection, const PGresult *result, const char *what);
// Blocking; parameters as text, the result in binary. NULL: *err.
PGresult *store_query(struct store *store, const char *sql, int params, const char *const *values,
                      struct nav_error *err);
// Sends sql; the outcome comes by store_step.
void store_begin(struct store *store, const struct batch *batch, const char *sql);
bool store_knows_part(const struct store *store, uint32_t part);
void store_learn_part(struct store *store, uint32_t part);

#endif
