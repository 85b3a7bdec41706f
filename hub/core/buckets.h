// The keys that content is sealed under: random, one a retention class and day of acceptance, in files
// outside the database. Destroying a file is what retention does. A key is on disk (fsync) before anything is
// sealed with it. Called by: intake (seal), deliver (open), control_port (hand out event keys). Must never:
// give a bucket key to another program.
#ifndef NAV_CORE_BUCKETS_H
#define NAV_CORE_BUCKETS_H

#include "hub/ledger/content.h"
#include "nav/v1/event.pb-c.h"

enum { BUCKETS_CACHED_MAX = 1024 };

struct buckets;

struct buckets *buckets_new(const char *folder);
void buckets_free(struct buckets *buckets);  // takes NULL; wipes the keys
// create: where there is none yet (for sealing). NULL: *err (LOCAL: the folder; PEER NOT_FOUND: erased).
NAV_MUST_USE const uint8_t *buckets_key(struct buckets *buckets, uint32_t retention_class, uint32_t day,
                                        bool create, struct nav_error *err);

// How long content is kept, in days: classes 1 to 5 are 7, 30, 90, 365 and 730 days; 6, of reasons that
// people write in records, ten years (hub/ledger/reason.h). The type decides; the sender may shorten, but for
// a Consent: its text is what the register is made from at a start. Consents and withdrawals all have the
// longest class, so that none outlives the one that withdraws it, and a consent ends with it at the latest.
uint32_t bucket_class(const Nav__V1__Event *event);
uint32_t bucket_class_days(uint32_t retention_class);

#endif
