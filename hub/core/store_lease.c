// The lease as the database keeps it: looked at, taken, renewed, given back. See store.h, and lease.h for
// when.
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "hub/core/store_private.h"

enum { NUMBER_TEXT = 24, SQL_TEXT = 128 };

static uint64_t int8_at(const PGresult *result, int row, int column) {
  return nav_get_u64((const uint8_t *)PQgetvalue(result, row, column));
}

static bool is_true(const PGresult *result, int column) {
  return PQgetisnull(result, 0, column) == 0 && *PQgetvalue(result, 0, column) == 1;
}

static void fill_row(struct lease_row *row, const PGresult *result) {
  row->epoch = int8_at(result, 0, 0);
  row->beat = int8_at(result, 0, 1);
  row->held = PQgetisnull(result, 0, 2) == 0;
  // Of another length, which the table refuses: held by nobody that is known, so not by us.
  if (row->held && PQgetlength(result, 0, 2) == LEASE_NODE_SIZE)
    memcpy(row->node, PQgetvalue(result, 0, 2), sizeof row->node);
  (void)snprintf(row->node_name, sizeof row->node_name, "%s", PQgetvalue(result, 0, 3));
  row->length_ms = nav_get_u32((const uint8_t *)PQgetvalue(result, 0, 4));
  row->session_lives = is_true(result, 5);
  row->server_is_new = is_true(result, 6);
  row->taken_ms = PQgetisnull(result, 0, 7) ? 0 : (int64_t)int8_at(result, 0, 7);
  row->renewed_ms = PQgetisnull(result, 0, 8) ? 0 : (int64_t)int8_at(result, 0, 8);
}

// An empty ledger gets its lease, with a new log id; where there is one already nothing happens.
static bool make_lease(struct store *store, struct nav_error *err) {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  char hex[2 * KEY_LOG_ID_SIZE + 1];
  randombytes_buf(log_id, sizeof log_id);
  const char *values[] = {sodium_bin2hex(hex, sizeof hex, log_id, sizeof log_id)};
  PGresult *result =
      store_query(store,
                  "INSERT INTO nav.lease (log_id, epoch, last_seq) VALUES (decode($1, 'hex'), 0, 0) "
                  "ON CONFLICT DO NOTHING",
                  1, values, err);
  PQclear(result);
  return result != NULL;
}

bool store_look_at_lease(struct store *store, struct lease_row *row, struct nav_error *err) {
  *row = (struct lease_row){0};
  PGresult *result = store_query(store, "SELECT * FROM nav.look_at_lease()", 0, NULL, err);
  if (result == NULL) return false;
  bool found = PQntuples(result) == 1;
  if (found) fill_row(row, result);
  PQclear(result);
  return found || make_lease(store, err);  // as it then stands: never taken
}

bool store_take_lease(struct store *store, const struct lease_claim *claim, struct lease_taken *taken,
                      struct nav_error *err) {
  char epoch[NUMBER_TEXT];
  char beat[NUMBER_TEXT];
  char length[NUMBER_TEXT];
  char node[2 * LEASE_NODE_SIZE + 1];
  (void)snprintf(epoch, sizeof epoch, "%" PRIu64, claim->seen_epoch);
  (void)snprintf(beat, sizeof beat, "%" PRIu64, claim->seen_beat);
  (void)snprintf(length, sizeof length, "%" PRId64, claim->length_ms);
  (void)sodium_bin2hex(node, sizeof node, claim->node, sizeof claim->node);
  const char *values[] = {epoch, claim->any_beat ? NULL : beat, node, claim->node_name, length};
  *taken = (struct lease_taken){0};
  PGresult *result = store_query(
      store, "SELECT * FROM nav.take_lease($1::bigint, $2::bigint, decode($3, 'hex'), $4, $5::int)", 5,
      values, err);
  if (result == NULL) return false;
  taken->ours = PQntuples(result) == 1;
  if (taken->ours) {
    memcpy(taken->log_id, PQgetvalue(result, 0, 0), sizeof taken->log_id);
    taken->epoch = int8_at(result, 0, 1);
    taken->last_seq = int8_at(result, 0, 2);
    memcpy(store->log_id, taken->log_id, sizeof taken->log_id);
  }
  PQclear(result);
  if (taken->ours && PQsetnonblocking(store->connection, 1) != 0)
    return store_failed(err, store->connection, NULL, "non-blocking");
  store->state = STORE_IDLE;
  return true;
}

void store_renew(struct store *store, uint64_t epoch, int64_t length_ms) {
  char sql[SQL_TEXT];
  NAV_ASSERT(store->state == STORE_IDLE);
  (void)snprintf(sql, sizeof sql, "SELECT nav.renew_lease(%" PRIu64 ", %" PRId64 ")", epoch, length_ms);
  store_begin(store, sql);
}

void store_release_lease(struct store *store, uint64_t epoch) {
  char number[NUMBER_TEXT];
  struct nav_error err;
  if (store == NULL || store->connection == NULL || store->state != STORE_IDLE) return;
  (void)snprintf(number, sizeof number, "%" PRIu64, epoch);
  const char *values[] = {number};
  if (PQsetnonblocking(store->connection, 0) != 0) return;
  PQclear(store_query(store, "SELECT nav.release_lease($1::bigint)", 1, values, &err));
}
