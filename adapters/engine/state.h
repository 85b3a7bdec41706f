// What the adapter has sent, by event id: the latest revision that the hub has, and the digest of its
// content. A file of fixed-size records, only appended to (state/sent), loaded into a hash table at start.
// After a crash a torn last record is cut; whatever was not yet synced is sent again, and the hub calls it a
// duplicate. Called by: post, dry. Must never: know an event's content, or count a record as kept before
// state_sync has returned.
#ifndef NAV_ADAPTERS_ENGINE_STATE_H
#define NAV_ADAPTERS_ENGINE_STATE_H

#include <stdint.h>

#include "adapters/engine/content.h"
#include "hub/base/error.h"
#include "hub/base/id.h"

enum {
  STATE_EVENTS_MAX = 4000000,  // 400 MB of memory at most, 48 bytes of file an event and revision
  STATE_RECORD_SIZE = 48,
  STATE_REJECTED_SIZE = 8,
};

struct state_entry {
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t digest[CONTENT_DIGEST_SIZE];    // of the revision the hub has
  uint8_t rejected[STATE_REJECTED_SIZE];  // of the content that it last rejected; zero: none
  uint32_t revision;                      // 0: it has none
  uint16_t in_flight;                     // the poster's slot + 1; 0: none
  uint16_t used;
};

struct state;

// folder NULL: in memory alone (--dry-run). Makes the folder, and locks it for this program. *dropped:
// records that were no records (a crash, a bad disk) and were left out. NULL: *err says why.
struct state *state_open(const char *folder, uint64_t *dropped, struct nav_error *err);
// Flushes nothing: what was not synced counts as never written.
void state_close(struct state *state);  // takes NULL
// NULL: never seen. Valid until the next state_enter.
struct state_entry *state_find(struct state *state, const uint8_t id[NAV_EVENT_ID_SIZE]);
// Finds or makes. NULL: the maximum is reached, or no memory; *err says so.
struct state_entry *state_enter(struct state *state, const uint8_t id[NAV_EVENT_ID_SIZE],
                                struct nav_error *err);
// The hub has this revision with this content. Written to the file with the next sync or when the buffer is
// full.
NAV_MUST_USE bool state_keep(struct state *state, struct state_entry *entry, uint32_t revision,
                             const uint8_t digest[CONTENT_DIGEST_SIZE], struct nav_error *err);
// The hub rejected this content, so that it is told of once. The event will still be sent when it comes
// again.
NAV_MUST_USE bool state_keep_rejected(struct state *state, struct state_entry *entry,
                                      const uint8_t digest[CONTENT_DIGEST_SIZE], struct nav_error *err);
NAV_MUST_USE bool state_sync(struct state *state, struct nav_error *err);
uint64_t state_count(const struct state *state);

#endif
