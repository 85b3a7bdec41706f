// A hub and its client library in one, for tests of the engine: it implements adapters/sdk/client.h against a
// file, so that it remembers across a kill -9 of the process that it lives in, as a hub does. Called by:
// tests of poster and loop. Must never: accept what a hub would refuse.
#ifndef NAV_TESTS_ENGINE_FAKE_CLIENT_H
#define NAV_TESTS_ENGINE_FAKE_CLIENT_H

#include "adapters/sdk/client.h"

struct fake_hub {
  const char *path;        // the accepted events; NULL: in memory alone
  size_t receipts_a_step;  // 0: all that wait
  size_t away_steps;       // steps before it connects; counted down
  bool fails_for_good;     // nav_client_step fails
  int reject_code;         // every event whose summary holds reject_word gets this code
  const char *reject_word;
  const char *poison_word;   // a step whose events hold it is quarantined whole
  size_t busy_times;         // receipts that say BUSY before anything is taken; counted down
  uint64_t deliveries;       // positions 1 to this, each an event, for every purpose
  size_t deliveries_a_step;  // 0: 100
  uint8_t log_byte;          // the log id is sixteen of these
  bool repeats;              // deliver everything from position 1 whatever the client has stored
  size_t conflicts;          // receipts that named a later revision
  bool takes_all;            // accepts everything without looking or keeping, for tests of speed
  size_t taken;              // so
  size_t rules_after;        // steps from the connection until the rules are sent; counted down
  size_t published_early;    // events that came before there were rules
  size_t drops_after;        // connected steps until the session ends, once; the next is with another node
  size_t replays;            // asked for
  int64_t replay_since_ms;   // so, the last one
  uint64_t replay_after;
  int64_t waits_ms;  // takes nothing and says "wait" for so long, and for some steps more
};

extern struct fake_hub fake_hub;

struct fake_event {
  uint8_t id[16];
  uint32_t revision;
  size_t length;
  uint8_t *bytes;
};

// Forgets all; a file is read again by the next nav_client_new.
void fake_hub_reset(void);
size_t fake_hub_count(void);
const struct fake_event *fake_hub_at(size_t index);
// Reads the file, for a test that asks about another process's hub.
void fake_hub_load(const char *path);

#endif
