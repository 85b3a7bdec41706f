// The keys that content is sealed under: a random tree of keys (ledger/keytree.h) a retention class and day
// of acceptance, in files outside the database; an event's key is its leaf. Destroying a file is what
// retention does; taking one leaf out of it is how a single event is erased. A key is on disk (fsync) before
// anything is sealed with it. Called by: intake and reasons (seal), deliver (open), control_port (hand out
// event keys), erasures, retention and erase (destroy, take out). Must never: give a tree to another program,
// or make one anew for a day that was erased.
#ifndef NAV_CORE_BUCKETS_H
#define NAV_CORE_BUCKETS_H

#include "hub/ledger/keytree.h"
#include "nav/v1/event.pb-c.h"

enum {
  BUCKETS_CACHED_MAX = 1024,
  BUCKETS_NODES_MAX = 4 * KEYTREE_NODES_MAX,  // of all trees in memory
  BUCKETS_DAYS_MAX = 65536,                   // days since 1970 that can be erased: to the year 2149
  BUCKETS_EVENTS_MAX = 4 * 1024 * 1024,       // erased singly, ever: 64 MiB of numbers at the most
};

struct buckets;

struct bucket_place {
  uint32_t retention_class;
  uint32_t day;  // days since 1970
};

struct buckets *buckets_new(const char *folder);
void buckets_free(struct buckets *buckets);  // takes NULL; wipes the keys
// The key of one event, or of one record's reason. seal: the tree is made where there is none yet, and a
// number that was erased under an earlier log gets a leaf of its own. False: *err (LOCAL: the folder; PEER
// NOT_FOUND: erased; RETRY: no room, no memory).
NAV_MUST_USE bool buckets_key(struct buckets *buckets, const struct bucket_place *place, uint64_t seq,
                              bool seal, uint8_t key[CONTENT_KEY_SIZE], struct nav_error *err);

// ---- single events ----

// The record that erases it is staged: nothing opens it any more.
void buckets_erase_event(struct buckets *buckets, uint64_t seq);
bool buckets_event_is_erased(const struct buckets *buckets, uint64_t seq);
bool buckets_events_have_room(const struct buckets *buckets, size_t more);
// Whether these could all be taken out of their bucket. False: *err (TOO_MANY, with the way out). Changes
// nothing.
NAV_MUST_USE bool buckets_can_cut(struct buckets *buckets, const struct bucket_place *place,
                                  const uint64_t *seqs, size_t count, struct nav_error *err);
// Once the record is committed: takes them out of the tree, on disk and in memory. True where they are out,
// or the bucket is no more. Only for what buckets_erase_event was told.
NAV_MUST_USE bool buckets_cut(struct buckets *buckets, const struct bucket_place *place, const uint64_t *seqs,
                              size_t count, struct nav_error *err);

// ---- retention ----

// Whether the time of the class has passed since that day, today being a Swedish date in days since 1970: the
// bucket's day, and as many whole days after it as the class has.
bool bucket_is_due(uint32_t retention_class, uint32_t day, int64_t today);
// From now on nothing is sealed under a bucket that is due on that day.
void buckets_set_today(struct buckets *buckets, int64_t today);
// The due ones that have a key file, at most max, in order of class and day. False: *err (the folder).
NAV_MUST_USE bool buckets_due(const struct buckets *buckets, int64_t today, struct bucket_place *out,
                              size_t max, size_t *count, struct nav_error *err);
// Its Erased record is staged: nothing is opened or sealed under it any more, and a key in memory is wiped.
void buckets_erase(struct buckets *buckets, uint32_t retention_class, uint32_t day);
bool buckets_is_erased(const struct buckets *buckets, uint32_t retention_class, uint32_t day);
// Once the record is committed: overwrites the key file (fsync), takes it away (fsync of the folder). True
// where there is none any more. Only for what buckets_erase was told.
NAV_MUST_USE bool buckets_destroy(struct buckets *buckets, uint32_t retention_class, uint32_t day,
                                  struct nav_error *err);

// How long content is kept, in days: classes 1 to 5 are 7, 30, 90, 365 and 730 days; 6, of reasons that
// people write in records, ten years (hub/ledger/reason.h). The type decides; the sender may shorten, but for
// a Consent: its text is what the register is made from at a start. Consents and withdrawals all have the
// longest class, so that none outlives the one that withdraws it, and a consent ends with it at the latest.
uint32_t bucket_class(const Nav__V1__Event *event);
uint32_t bucket_class_days(uint32_t retention_class);

#endif
