// The ledger's writer: one connection, one transaction at a time, never waited for. A commit is nav.advance
// (the lease and the numbers), the partitions, the rows, the checkpoint, cosignatures that have come: as one
// simple query with binary COPYs, which a thread of its own sees through (store_thread.c), or, where it is
// small, as prepared statements in one pipeline (store_prepared.c), whose one answer the loop takes. A
// connection lost on the way leaves the outcome unknown: store_reopen takes the lease under a new epoch, if
// it is still this core's; that ends the old transaction and shuts it out, and only then tells where the
// ledger stands. Called by: the loop, start, standby. Must never: guess an outcome, or run without fsync.
#ifndef NAV_CORE_STORE_H
#define NAV_CORE_STORE_H

#include "hub/core/batch.h"
#include "hub/core/lease.h"

struct store;

enum store_state {
  STORE_IDLE,       // ready for a batch
  STORE_BUSY,       // committing
  STORE_COMMITTED,  // the batch is durable (told once, then idle)
  STORE_FAILED,     // it is not, for sure; commit it again later (told once, then idle)
  STORE_LOST,       // nobody knows: store_reopen
  STORE_FENCED,     // it is not, and never will be: the lease is another core's
};

// Blocking, for ten seconds at the most. Refuses a server without fsync or with synchronous_commit off.
struct store *store_open(const char *conninfo, struct nav_error *err);
void store_close(struct store *store);  // takes NULL

// What is done again and again while calls that are blocking wait for the database, ten times a second at
// least and much more often while rows come; NULL: nothing. Must not be changed while a commit, or a question
// of another kind, is under way.
void store_meanwhile(struct store *store, void (*meanwhile)(void *context), void *context);

// Blocking. After a lost connection, where the lease is not ours. False: not yet.
NAV_MUST_USE bool store_connect_again(struct store *store, struct nav_error *err);

// Blocking. How the lease stands (an empty ledger gets one, with a new log id).
NAV_MUST_USE bool store_look_at_lease(struct store *store, struct lease_row *row, struct nav_error *err);

// The same without waiting, connecting anew first or not; the outcome comes by store_looked. BUSY: not yet.
// LOST: *err. IDLE: *row.
void store_look(struct store *store, bool anew);
NAV_MUST_USE enum store_state store_looked(struct store *store, struct lease_row *row, struct nav_error *err);

struct lease_claim {
  uint64_t seen_epoch, seen_beat;  // the lease is taken only where it still stands so
  bool any_beat;                   // … or the epoch alone: our own, by which we committed
  uint8_t node[LEASE_NODE_SIZE];
  char node_name[LEASE_NAME_SIZE];
  int64_t length_ms;
};

struct lease_taken {
  bool ours;  // false: somebody else was quicker
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t epoch, last_seq;  // the new epoch; where the ledger ends
};

// Blocking. Takes the lease under a new epoch: ends the session of whoever held it, so that what that had
// under way is either done or never will be. False: *err; nothing is known of it.
NAV_MUST_USE bool store_take_lease(struct store *store, const struct lease_claim *claim,
                                   struct lease_taken *taken, struct nav_error *err);
// After STORE_LOST: starts to connect and take the lease again, of the epoch that was ours.
void store_reopen(struct store *store, const struct lease_claim *claim);
// This, or store_look, is under way: store_fd tells of it.
bool store_is_asking(const struct store *store);
// BUSY: not yet. LOST: *err; try again. IDLE: *taken tells, and *asked_ms when the lease was asked for
// (nav_clock_boot_ms).
NAV_MUST_USE enum store_state store_reopened(struct store *store, struct lease_taken *taken,
                                             int64_t *asked_ms, struct nav_error *err);
// Starts to renew it; the outcome is told as a commit's.
void store_renew(struct store *store, uint64_t epoch, int64_t length_ms);
// Blocking, at an orderly stop: whoever stands by need not wait. Tried once.
void store_release_lease(struct store *store, uint64_t epoch);

// Starts to commit; the batch must be finished and stay unchanged until the outcome is told.
void store_commit(struct store *store, const struct batch *batch, uint64_t epoch);
// Goes on with what the socket allows. *err is filled with FAILED and LOST.
enum store_state store_step(struct store *store, struct nav_error *err);
int store_fd(const struct store *store);  // -1: no connection
short store_poll_events(const struct store *store);

// Blocking reads at start. Each calls back for every row, in order of seq; false from the callback stops with
// its *err.
typedef bool store_record_row(void *context, uint64_t seq, const uint8_t *record, size_t length,
                              struct nav_error *err);
NAV_MUST_USE bool store_read_definitions(struct store *store, store_record_row *row, void *context,
                                         struct nav_error *err);
// Every Redecided record.
NAV_MUST_USE bool store_read_redecided(struct store *store, store_record_row *row, void *context,
                                       struct nav_error *err);
// The newest acknowledgement of each lane numbered below lanes_end.
NAV_MUST_USE bool store_read_cursors(struct store *store, uint32_t lanes_end, store_record_row *row,
                                     void *context, struct nav_error *err);
// Every leaf after after_seq.
typedef void store_leaf_row(void *context, uint64_t seq, const uint8_t leaf[NAV_SHA256_SIZE],
                            int64_t time_ms);
NAV_MUST_USE bool store_read_leaves(struct store *store, uint64_t after_seq, store_leaf_row *row,
                                    void *context, struct nav_error *err);
// The last checkpoint: its size, note and frontier; found is false in a new ledger.
struct store_checkpoint {
  bool found;
  uint64_t size;
  char note[4096];
  struct merkle_frontier frontier;
};
NAV_MUST_USE bool store_read_checkpoint(struct store *store, struct store_checkpoint *out,
                                        struct nav_error *err);
// That of the size, or the nearest before it.
NAV_MUST_USE bool store_read_checkpoint_at(struct store *store, uint64_t size, struct store_checkpoint *out,
                                           struct nav_error *err);
// At start: adds the rows of nav.subtree that are missing, of a ledger from before that table; all or none.
// Reads every leaf once, in pages. tree: the whole ledger's. Fails where the leaves do not give its root.
NAV_MUST_USE bool store_fill_subtrees(struct store *store, const struct merkle_frontier *tree, bool *filled,
                                      struct nav_error *err);
// Events, in order of seq: those of these verdicts (numbers), without content; or those of one type, with it.
struct store_event {
  uint64_t seq;
  uint8_t event_id[16];
  uint32_t agency, revision, type, verdict;
  int64_t accepted_ms;
  uint32_t retention_class, bucket_day;
  const uint8_t *sealed;  // NULL: not asked for, or erased
  size_t sealed_length;
};
typedef bool store_event_row(void *context, const struct store_event *event, struct nav_error *err);
NAV_MUST_USE bool store_read_events_of_verdicts(struct store *store, const uint32_t *verdicts, size_t count,
                                                store_event_row *row, void *context, struct nav_error *err);
NAV_MUST_USE bool store_read_events_of_type(struct store *store, uint32_t type, store_event_row *row,
                                            void *context, struct nav_error *err);
// One page, as a question that is otherwise asked of the reader (reader.h): with a number, its rows in
// binary.
struct pg_result;
typedef void store_page(void *context, const struct pg_result *result);
NAV_MUST_USE bool store_read_page(struct store *store, const char *sql, uint64_t number, store_page *page,
                                  void *context, struct nav_error *err);

// The frontier as stored: size (8), then the hashes.
NAV_MUST_USE bool store_frontier_encode(const struct merkle_frontier *frontier, struct nav_buffer *out);
NAV_MUST_USE bool store_frontier_decode(const uint8_t *bytes, size_t length,
                                        struct merkle_frontier *frontier);

#endif
