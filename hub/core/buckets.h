// The keys that content is sealed under: random, one a retention class and day of acceptance, in files
// outside the database. Destroying a file is what retention does. A key is on disk (fsync) before anything is
// sealed with it. Called by: intake (seal), deliver (open), control_port (hand out event keys), erasures and
// retention (destroy). Must never: give a bucket key to another program, or make one anew for a day that was
// erased.
#ifndef NAV_CORE_BUCKETS_H
#define NAV_CORE_BUCKETS_H

#include "hub/ledger/content.h"
#include "nav/v1/event.pb-c.h"

enum {
  BUCKETS_CACHED_MAX = 1024,
  BUCKETS_DAYS_MAX = 65536,  // days since 1970 that can be erased: to the year 2149
};

struct buckets;

struct buckets *buckets_new(const char *folder);
void buckets_free(struct buckets *buckets);  // takes NULL; wipes the keys
// create: where there is none yet (for sealing). NULL: *err (LOCAL: the folder; PEER NOT_FOUND: erased).
NAV_MUST_USE const uint8_t *buckets_key(struct buckets *buckets, uint32_t retention_class, uint32_t day,
                                        bool create, struct nav_error *err);

// ---- retention ----

struct bucket_place {
  uint32_t retention_class;
  uint32_t day;  // days since 1970
};

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
