// See standby.h.
#include "hub/core/standby.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/node.h"

enum {
  RETRY_MS = 500,      // of the database, while it is away
  LOOKS_A_LEASE = 12,  // so often the lease is looked at while it is another's …
  LOOK_MS_MIN = 50,    // … but not more,
  LOOK_MS_MAX = 1000,  // and not less
  FRAMES_A_TURN = 64,
  REFUSAL_SIZE = 512,
  LET_GO_PART = 4,        // of a lease after ours has run out: clients are let go
  LEASES_SILENT_MAX = 2,  // after ours has run out: this node steps down
};

struct standby {
  uint8_t node[LEASE_NODE_SIZE];
  char name[LEASE_NAME_SIZE];
  int lock_fd;
  // While it waits.
  bool waits;
  bool database_away;
  struct lease_watch watch;
  struct lease_row row;  // as last looked at
  char refusal[REFUSAL_SIZE];
  // Of the lease that is ours.
  bool ours;
  struct lease lease;
  enum lease_state was;
  char from[LEASE_NAME_SIZE];  // whom it was taken over from; "": nobody
  int64_t since_ms;
  bool starting;     // the database still has the length of a start
  int64_t retry_ms;  // no renewal before (monotonic)
  bool renewing;     // the store is busy with a renewal
  bool unconfirmed;  // a commit is done, and is told when a renewal after it is
  bool said_out;
  bool let_go;  // clients were, since the lease ran out
  bool stepped_down;
};

// ---- begin and end ----

static void choose_name(struct standby *standby, const struct conf_nav *nav) {
  if (nav->node != NULL) {
    (void)snprintf(standby->name, sizeof standby->name, "%s", nav->node);
  } else if (gethostname(standby->name, sizeof standby->name) != 0) {
    (void)snprintf(standby->name, sizeof standby->name, "%s", "unnamed");
  }
  standby->name[sizeof standby->name - 1] = '\0';
}

bool standby_open(struct core *core, struct nav_error *err) {
  core->standby = calloc(1, sizeof *core->standby);
  if (core->standby == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  core->standby->lock_fd = -1;
  choose_name(core->standby, core->nav);
  return node_lock(core->nav->state_folder, &core->standby->lock_fd, core->standby->node, err);
}

void standby_close(struct core *core) {
  struct standby *standby = core->standby;
  if (standby == NULL) return;
  bool clean = standby->ours && !standby->stepped_down && !core->database_lost && core->committing == NULL;
  if (clean) store_release_lease(core->store, core->sequence.epoch);
  if (standby->lock_fd >= 0) (void)close(standby->lock_fd);
  free(standby);
  core->standby = NULL;
}

// ---- waiting ----

static int64_t look_ms(const struct lease_row *row) {
  int64_t ms = row->length_ms / LOOKS_A_LEASE;
  if (ms < LOOK_MS_MIN) return LOOK_MS_MIN;
  return ms < LOOK_MS_MAX ? ms : LOOK_MS_MAX;
}

// What clients are told. Where their configuration names several nodes they go on by themselves.
static void write_refusal(struct standby *standby, const struct conf_nav *nav) {
  int used = snprintf(standby->refusal, sizeof standby->refusal,
                      "this node stands by; %s is active: connect to", standby->row.node_name);
  for (size_t i = 0; i < nav->others_count && used > 0 && (size_t)used < sizeof standby->refusal; i++)
    used += snprintf(standby->refusal + used, sizeof standby->refusal - (size_t)used, "%s %s",
                     i == 0 ? "" : " or", nav->others[i]);
  if (nav->others_count == 0 && used > 0 && (size_t)used < sizeof standby->refusal)
    (void)snprintf(standby->refusal + used, sizeof standby->refusal - (size_t)used, " that node");
}

static bool begin_waiting(struct core *core, struct nav_error *err) {
  struct standby *standby = core->standby;
  standby->waits = true;
  write_refusal(standby, core->nav);
  if (core->sessions == NULL && !core_open_sockets(core, err)) return false;
  sessions_stand_by(core->sessions, standby->refusal);
  nav_log(NAV_LOG_INFO, "%s stands by: %s has the lease", standby->name, standby->row.node_name);
  return true;
}

// Serves the sockets for that long at the most.
static void wait_turn(struct core *core, int64_t wait_ms) {
  struct pollfd files[CORE_FILES_MAX];
  size_t count = GATE_PORT_FILES + control_port_poll_count(core->control);
  NAV_ASSERT(1 + count <= CORE_FILES_MAX);
  sessions_poll_fill(core->sessions, files, true);
  control_port_poll_fill(core->control, files + GATE_PORT_FILES);
  if (store_is_asking(core->store))
    files[count++] = (struct pollfd){.fd = store_fd(core->store), .events = POLLIN};
  core_wait(files, count, wait_ms < RELAY_ALIVE_MS / 2 ? (int)wait_ms : RELAY_ALIVE_MS / 2);
  core->now_ms = nav_clock_now_ms();
  sessions_step(core->sessions, files);
  control_port_step(core->control, files + GATE_PORT_FILES);
  (void)sessions_receive(core->sessions, FRAMES_A_TURN);
  sessions_flush(core->sessions);
}

static void wait_for(struct core *core, int64_t wait_ms) {
  int64_t until_ms = nav_clock_monotonic_ms() + wait_ms;
  for (int64_t left = wait_ms; left > 0 && !core_told_to_stop(); left = until_ms - nav_clock_monotonic_ms())
    wait_turn(core, left);
}

// The sockets are served while the database does not answer.
static bool look_meanwhile(struct core *core, struct nav_error *err) {
  enum { TURN_MS = 1000 };
  struct standby *standby = core->standby;
  store_look(core->store, standby->database_away);
  for (;;) {
    enum store_state outcome = store_looked(core->store, &standby->row, err);
    if (outcome != STORE_BUSY) return outcome == STORE_IDLE;
    if (core_told_to_stop()) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "told to stop");
    wait_turn(core, TURN_MS);
  }
}

// A database that is away is waited for; it says nothing of the lease.
static bool look(struct core *core, enum lease_state *state, struct nav_error *err) {
  struct standby *standby = core->standby;
  bool ok = standby->waits ? look_meanwhile(core, err) : store_look_at_lease(core->store, &standby->row, err);
  if (!ok && !standby->waits) return false;
  if (!ok && !standby->database_away) nav_log_failure(NAV_LOG_WARNING, "the lease cannot be looked at", err);
  // What was seen before the database went away says nothing: the holder gets its time to come back to it.
  if (standby->database_away) standby->watch = (struct lease_watch){0};
  standby->database_away = !ok;
  *state = LEASE_HELD;
  if (ok) *state = lease_look(&standby->watch, &standby->row, standby->node, nav_clock_boot_ms());
  return true;
}

static const char *why(enum lease_state was) {
  switch (was) {
    case LEASE_DISCONNECTED:
      return "its session with the database has ended";
    case LEASE_EXPIRED:
      return "it did not renew its lease";
    case LEASE_RELEASED:
      return "it stopped";
    default:
      return "";
  }
}

static struct lease_claim claim_of(const struct standby *standby) {
  struct lease_claim claim = {.length_ms = standby->lease.length_ms};
  memcpy(claim.node, standby->node, sizeof claim.node);
  memcpy(claim.node_name, standby->name, sizeof claim.node_name);
  return claim;
}

static void note_taken(struct core *core, enum lease_state was, const struct lease_taken *taken) {
  struct standby *standby = core->standby;
  lease_confirmed(&standby->lease);
  standby->ours = true;
  standby->waits = false;
  standby->was = was;
  standby->since_ms = nav_clock_now_ms();
  bool over = was == LEASE_DISCONNECTED || was == LEASE_EXPIRED;
  if (over) (void)snprintf(standby->from, sizeof standby->from, "%s", standby->row.node_name);
  if (over) nav_log(NAV_LOG_WARNING, "%s takes over from %s: %s", standby->name, standby->from, why(was));
  memcpy(core->sequence.log_id, taken->log_id, sizeof core->sequence.log_id);
  core->sequence.epoch = taken->epoch;
  core->sequence.last_seq = taken->last_seq;
}

// True: it was asked for; *ours tells.
static bool take(struct core *core, enum lease_state was, bool *ours, struct nav_error *err) {
  struct standby *standby = core->standby;
  struct lease_taken taken;
  standby->lease.length_ms = core->nav->lease_starting_ms;
  struct lease_claim claim = claim_of(standby);
  claim.seen_epoch = standby->row.epoch;
  claim.seen_beat = standby->row.beat;
  lease_sent(&standby->lease, nav_clock_boot_ms());
  *ours = false;
  if (!store_take_lease(core->store, &claim, &taken, err)) return false;
  *ours = taken.ours;
  if (taken.ours) note_taken(core, was, &taken);
  return true;
}

// One look, and what follows of it. *done: the lease is ours.
static bool look_and_take(struct core *core, bool *done, struct nav_error *err) {
  struct standby *standby = core->standby;
  enum lease_state state = LEASE_HELD;
  if (!look(core, &state, err)) return false;
  if (state != LEASE_HELD) {
    if (take(core, state, done, err)) return true;
    if (!standby->waits) return false;
    nav_log_failure(NAV_LOG_WARNING, "the lease could not be taken, will be tried again", err);
    standby->database_away = true;
    return true;
  }
  if (core->restored_reason != NULL && standby->watch.moved)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "--restored", "%s is active: stop the hub's every node first",
                    standby->row.node_name);
  return standby->waits || begin_waiting(core, err);
}

bool standby_take_lease(struct core *core, struct nav_error *err) {
  struct standby *standby = core->standby;
  bool done = false;
  while (!core_told_to_stop()) {
    if (!look_and_take(core, &done, err)) return false;
    if (done) return true;
    if (standby->waits) wait_for(core, standby->database_away ? RETRY_MS : look_ms(&standby->row));
  }
  return false;
}

void standby_fill_started(const struct core *core, Nav__V1__Started *started) {
  static const Nav__V1__LeaseWas words[] = {
      [LEASE_NEW] = NAV__V1__LEASE_WAS__LEASE_WAS_NEW,
      [LEASE_RELEASED] = NAV__V1__LEASE_WAS__LEASE_WAS_RELEASED,
      [LEASE_OWN] = NAV__V1__LEASE_WAS__LEASE_WAS_OWN,
      [LEASE_DISCONNECTED] = NAV__V1__LEASE_WAS__LEASE_WAS_DISCONNECTED,
      [LEASE_EXPIRED] = NAV__V1__LEASE_WAS__LEASE_WAS_EXPIRED,
  };
  struct standby *standby = core->standby;
  started->node = standby->name;
  started->has_lease_was = true;
  started->lease_was = words[standby->was];
  if (standby->from[0] != '\0') started->taken_over = standby->from;
}

void standby_started(struct core *core) {
  struct standby *standby = core->standby;
  // The time that a start may take ends with it. What is renewed next is of the ordinary length.
  standby->lease = (struct lease){.length_ms = core->nav->lease_ms};
  standby->starting = true;
  if (core->sessions != NULL) sessions_stand_by(core->sessions, NULL);
}

// ---- keeping ----

void standby_commits(struct core *core) { lease_sent(&core->standby->lease, nav_clock_boot_ms()); }

static void renew(struct core *core) {
  struct standby *standby = core->standby;
  standby->renewing = true;
  lease_sent(&standby->lease, nav_clock_boot_ms());
  store_renew(core->store, core->sequence.epoch, standby->lease.length_ms);
}

// The lease is ours still: clients are welcome again.
static void take_back(struct core *core) {
  if (core->standby->let_go) sessions_stand_by(core->sessions, NULL);
  core->standby->let_go = false;
}

bool standby_committed(struct core *core) {
  struct standby *standby = core->standby;
  bool batch_done = standby->unconfirmed || !standby->renewing;
  if (standby->renewing) standby->starting = false;
  standby->renewing = false;
  lease_confirmed(&standby->lease);
  if (lease_holds(&standby->lease, nav_clock_boot_ms())) {
    if (standby->said_out) nav_log(NAV_LOG_INFO, "the lease is ours still");
    standby->said_out = standby->unconfirmed = false;
    take_back(core);
    return batch_done;
  }
  standby->unconfirmed = batch_done;
  renew(core);
  return false;
}

void standby_failed(struct core *core) { core->standby->renewing = false; }

bool standby_renews(struct core *core) {
  struct standby *standby = core->standby;
  int64_t now_ms = nav_clock_boot_ms();
  if (!standby->unconfirmed && !standby->starting && !lease_is_due(&standby->lease, now_ms)) return false;
  if (!lease_holds(&standby->lease, now_ms) && standby->lease.valid_until_ms != 0 && !standby->said_out) {
    standby->said_out = true;
    nav_log(NAV_LOG_WARNING, "the lease has run out: nothing is sent until the database says whose it is");
  }
  int64_t tried_ms = nav_clock_monotonic_ms();
  if (tried_ms < core->retry_ms || tried_ms < standby->retry_ms) return standby->unconfirmed;
  standby->retry_ms = tried_ms + RETRY_MS;
  renew(core);
  return true;
}

bool standby_is_renewing(const struct core *core) { return core->standby->renewing; }

bool standby_reopen(struct core *core, struct lease_taken *taken) {
  struct standby *standby = core->standby;
  struct nav_error err;
  int64_t asked_ms = 0;
  if (!store_is_asking(core->store)) {
    struct lease_claim claim = claim_of(standby);
    claim.seen_epoch = core->sequence.epoch;
    claim.any_beat = true;
    standby->renewing = false;
    store_reopen(core->store, &claim);
    return false;
  }
  if (store_reopened(core->store, taken, &asked_ms, &err) != STORE_IDLE) return false;
  lease_sent(&standby->lease, asked_ms);
  if (!taken->ours) {
    standby_step_down(core);
    return false;
  }
  lease_confirmed(&standby->lease);
  standby->unconfirmed = false;
  take_back(core);
  return true;
}

void standby_step_down(struct core *core) {
  struct standby *standby = core->standby;
  struct lease_row row = {0};
  struct nav_error err;
  if (standby->stepped_down) return;
  standby->stepped_down = true;
  bool known = store_connect_again(core->store, &err) && store_look_at_lease(core->store, &row, &err);
  nav_log(NAV_LOG_WARNING, "%s steps down: the lease is %s's now (epoch %llu, ours was %llu)", standby->name,
          known && row.held ? row.node_name : "another node", (unsigned long long)row.epoch,
          (unsigned long long)core->sequence.epoch);
}

// So long without an answer another node may serve, which clients find only where this one lets go of them.
void standby_watch(struct core *core) {
  struct standby *standby = core->standby;
  int64_t silent_ms = nav_clock_boot_ms() - standby->lease.valid_until_ms;
  if (core->nav->others_count == 0 || standby->stepped_down || standby->lease.valid_until_ms == 0) return;
  if (silent_ms >= standby->lease.length_ms / LET_GO_PART && !standby->let_go) {
    standby->let_go = true;
    sessions_let_go(core->sessions);
    sessions_stand_by(core->sessions, "this node has lost touch with the database; go on to the hub's next");
  }
  // A connection that is lost is being made anew. One that only says nothing may do so for hours.
  if (core->database_lost || silent_ms < LEASES_SILENT_MAX * standby->lease.length_ms) return;
  standby->stepped_down = true;
  nav_log(NAV_LOG_WARNING,
          "%s steps down: its lease has run out, and its connection to the database is silent",
          standby->name);
}

bool standby_has_stepped_down(const struct core *core) {
  return core->standby != NULL && core->standby->stepped_down;
}

// ---- what may leave ----

static bool lease_is_ours(const struct core *core) {
  const struct standby *standby = core->standby;
  return standby->ours && !standby->stepped_down && lease_holds(&standby->lease, nav_clock_boot_ms());
}

bool standby_may_deliver(const struct core *core) { return !core->database_lost && lease_is_ours(core); }

bool standby_waits(const struct core *core) { return core->standby->waits; }

// A node without others goes on to tell publishers to wait while its database is away: nobody else can.
static bool may_talk(const struct core *core) {
  if (core->standby->waits || core->standby->let_go) return true;  // refusals are all that there is
  return core->nav->others_count == 0 ? !core->standby->stepped_down : lease_is_ours(core);
}

bool standby_may_send(void *context) { return may_talk(context); }

bool standby_may_answer(const struct core *core, struct nav_error *err) {
  const struct standby *standby = core->standby;
  if (standby->waits)
    return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_STANDBY, "",
                    "this node, %s, stands by: ask %s, which is active", standby->name,
                    standby->row.node_name);
  if (!standby->let_go && may_talk(core)) return true;
  return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "",
                  "the database does not say whether this node is still the active one; try again soon");
}

json_t *standby_json(const struct core *core) {
  const struct standby *standby = core->standby;
  char since[NAV_RFC3339_SIZE];
  int64_t since_ms = standby->waits ? standby->row.taken_ms : standby->since_ms;
  return json_pack("{s:s, s:s, s:s, s:s}", "name", standby->name, "state",
                   standby->waits ? "stands by" : "active", "active",
                   standby->waits ? standby->row.node_name : standby->name, "since",
                   nav_clock_rfc3339(since_ms, since));
}
