// The lease, as arithmetic on clocks that never go back: when the holder may act and has to renew, and when
// whoever stands by may take it. No database, no file, no waiting, so that every case can be tested.
//
// The holder counts from the moment before it sent what renewed the lease; the watcher from the moment after
// it saw the last beat. The second is always later, and the holder gives up a tenth of the lease besides: two
// clocks may run a tenth apart before both can believe that the lease is theirs. Neither looks at a clock
// that can be set.
// Called by: standby, tests. Must never: trust a time that comes from another machine.
#ifndef NAV_CORE_LEASE_H
#define NAV_CORE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

enum { LEASE_NODE_SIZE = 16, LEASE_NAME_SIZE = 65, LEASE_MARGIN_PART = 10, LEASE_RENEW_PART = 3 };

// All times are milliseconds of nav_clock_boot_ms.
struct lease {
  int64_t length_ms;
  int64_t sent_ms;         // when the last thing that renews it was sent
  int64_t valid_until_ms;  // the holder acts before this time, and no longer
};

// Something that renews it (a commit, or a renewal) is about to be sent.
void lease_sent(struct lease *lease, int64_t now_ms);
// It was done: the lease holds from when it was sent.
void lease_confirmed(struct lease *lease);
bool lease_holds(const struct lease *lease, int64_t now_ms);
bool lease_is_due(const struct lease *lease, int64_t now_ms);  // a third is over since it was last renewed

// What stands in nav.lease (nav.look_at_lease).
struct lease_row {
  uint64_t epoch, beat;
  bool held;  // by `node`; false: given back, or never taken
  uint8_t node[LEASE_NODE_SIZE];
  char node_name[LEASE_NAME_SIZE];
  int64_t length_ms;             // the holder's, which counts also where ours is another
  bool session_lives;            // the holder's session with the database is there
  bool server_is_new;            // the server was started after that session: its end says nothing
  int64_t taken_ms, renewed_ms;  // by the database's clock, for people
};

enum lease_state {
  LEASE_HELD,
  LEASE_NEW,           // never taken
  LEASE_RELEASED,      // the holder stopped in order (or was of a version that had no standby)
  LEASE_OWN,           // this node's: its process before this one is dead, or this one would not run (node.h)
  LEASE_DISCONNECTED,  // the holder's session has ended under a server that was there before it
  LEASE_EXPIRED,       // seen without a beat for its whole length
};

// What a watcher has seen.
struct lease_watch {
  bool seen;
  uint64_t epoch, beat;
  int64_t since_ms;  // when that beat was first seen
  bool moved;        // a beat came while it watched: the holder lives
};

// The row as just read; now_ms: after it was read. LEASE_HELD: not to be taken.
enum lease_state lease_look(struct lease_watch *watch, const struct lease_row *row,
                            const uint8_t node[LEASE_NODE_SIZE], int64_t now_ms);

#endif
