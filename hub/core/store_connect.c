// How the store comes to its connection: at a start, and anew after one was lost. A database that cannot be
// reached may not answer for ever (a server that is frozen, a tunnel whose other end is gone), so every wait
// here can be cut short, and while nav-core runs it is the store's thread that waits. See store.h. Called by:
// start and standby (blocking), the loop (in the thread). Must never: run without fsync.
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/thread.h"
#include "hub/core/store_private.h"

enum {
  CONNECT_MS_MAX = 10000,  // then it is given up and begun anew
  MEANWHILE_MS = 100,
};

// ---- waits that can be cut short ----

bool store_cut_open(struct store *store, struct nav_error *err) {
  store->cut_fd = nav_tell_open(err);
  return store->cut_fd >= 0;
}

void store_cut(struct store *store) { nav_tell(store->cut_fd); }

void store_meanwhile(struct store *store, void (*meanwhile)(void *context), void *context) {
  store->meanwhile = meanwhile;
  store->meanwhile_context = context;
}

// False: cut short, or the time is over. timeout_ms: -1 for none.
static bool wait_for(const struct store *store, short events, int timeout_ms) {
  bool meanwhile = timeout_ms < 0 && store->meanwhile != NULL;
  for (;;) {
    if (meanwhile) store->meanwhile(store->meanwhile_context);
    struct pollfd fds[] = {{PQsocket(store->connection), events, 0}, {store->cut_fd, POLLIN, 0}};
    int ready = poll(fds, 2, meanwhile ? MEANWHILE_MS : timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready != 0 || !meanwhile) return ready > 0 && fds[1].revents == 0;
  }
}

// The last result, as PQexecParams gives it. NULL: cut short, or the connection is gone.
PGresult *store_last_result(struct store *store) {
  PGresult *last = NULL;
  for (;;) {
    while (PQisBusy(store->connection) != 0) {
      int unsent = PQflush(store->connection);
      bool came = unsent >= 0 && wait_for(store, (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN), -1);
      if (came && PQconsumeInput(store->connection) != 0) continue;
      PQclear(last);
      return NULL;
    }
    PGresult *next = PQgetResult(store->connection);
    if (next == NULL) return last;
    PQclear(last);
    last = next;
  }
}

// ---- connecting ----

static bool connect_in_time(struct store *store, struct nav_error *err) {
  int64_t until_ms = nav_clock_monotonic_ms() + CONNECT_MS_MAX;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  store->connection = PQconnectStart(store->conninfo);
  if (store->connection == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  while (PQstatus(store->connection) != CONNECTION_BAD && status != PGRES_POLLING_FAILED) {
    if (status == PGRES_POLLING_OK) return true;
    int64_t left_ms = until_ms - nav_clock_monotonic_ms();
    short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (left_ms <= 0 || !wait_for(store, events, (int)left_ms))
      return nav_fail(err, NAV_ERROR_RETRY, 0, "database", "it has not answered within %d s",
                      CONNECT_MS_MAX / 1000);
    status = PQconnectPoll(store->connection);
  }
  return store_failed(err, store->connection, NULL, "cannot connect");
}

static bool setting_is_safe(struct store *store, const char *name, const char *unsafe,
                            struct nav_error *err) {
  const char *values[] = {name};
  PGresult *result = store_query(store, "SELECT current_setting($1)", 1, values, err);
  if (result == NULL) return false;
  bool bad = strcmp(PQgetvalue(result, 0, 0), unsafe) == 0;
  PQclear(result);
  if (!bad) return true;
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "database",
                  "%s is %s: what is acknowledged could be lost; set it to on in postgresql.conf", name,
                  unsafe);
}

bool store_connect(struct store *store, struct nav_error *err) {
  return connect_in_time(store, err) && setting_is_safe(store, "fsync", "off", err) &&
         setting_is_safe(store, "synchronous_commit", "off", err) &&
         setting_is_safe(store, "full_page_writes", "off", err);
}

void store_disconnect(struct store *store) {
  if (store->connection != NULL) PQfinish(store->connection);
  store->connection = NULL;
  store->prepared = false;
}

bool store_connect_again(struct store *store, struct nav_error *err) {
  store_disconnect(store);
  if (store_connect(store, err)) {
    store->state = STORE_IDLE;
    return true;
  }
  store_disconnect(store);
  store->state = STORE_LOST;
  return false;
}

// ---- in the thread ----

static enum store_state reopen(struct store *store) {
  struct store_asking *asking = &store->asking;
  uint8_t expected[KEY_LOG_ID_SIZE];
  memcpy(expected, store->log_id, sizeof expected);
  if (!store_connect_again(store, &store->error)) return STORE_LOST;
  asking->asked_ms = nav_clock_boot_ms();
  bool taken = store_take_lease(store, &asking->claim, &asking->taken, &store->error);
  if (taken && asking->taken.ours && memcmp(expected, asking->taken.log_id, sizeof expected) != 0)
    taken = nav_fail(&store->error, NAV_ERROR_BUG, 0, "database",
                     "the ledger was replaced by another while nav-core ran");
  if (taken) return STORE_IDLE;
  store_disconnect(store);
  return STORE_LOST;
}

static enum store_state look(struct store *store) {
  struct store_asking *asking = &store->asking;
  if (asking->anew && !store_connect_again(store, &store->error)) return STORE_LOST;
  return store_look_at_lease(store, &asking->row, &store->error) ? STORE_IDLE : STORE_LOST;
}

static void ask(struct store *store, const struct store_asking *asking, store_job *job) {
  NAV_ASSERT(!store->asking.under_way);
  store->asking = *asking;
  store->asking.under_way = true;
  store_thread_do(store, job);
}

// BUSY: not yet.
static enum store_state outcome_of(struct store *store, struct nav_error *err) {
  enum store_state outcome = store_thread_outcome(store);
  if (outcome == STORE_BUSY) return STORE_BUSY;
  store->asking.under_way = false;
  store->state = outcome;
  if (outcome == STORE_LOST) *err = store->error;
  return outcome;
}

void store_reopen(struct store *store, const struct lease_claim *claim) {
  ask(store, &(struct store_asking){.claim = *claim}, reopen);
}

bool store_is_asking(const struct store *store) { return store->asking.under_way; }

enum store_state store_reopened(struct store *store, struct lease_taken *taken, int64_t *asked_ms,
                                struct nav_error *err) {
  enum store_state outcome = outcome_of(store, err);
  if (outcome != STORE_IDLE) return outcome;
  *taken = store->asking.taken;
  *asked_ms = store->asking.asked_ms;
  return outcome;
}

void store_look(struct store *store, bool anew) { ask(store, &(struct store_asking){.anew = anew}, look); }

enum store_state store_looked(struct store *store, struct lease_row *row, struct nav_error *err) {
  enum store_state outcome = outcome_of(store, err);
  if (outcome == STORE_IDLE) *row = store->asking.row;
  return outcome;
}
