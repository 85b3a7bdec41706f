// Ids of the newest staged events, so that a duplicate is known before its first copy is committed and seen
// by a query. Called by: intake. Must never: be smaller than two batches.
#ifndef NAV_CORE_RECENT_H
#define NAV_CORE_RECENT_H

#include "hub/core/batch.h"

enum { RECENT_MAX = 32768 };
_Static_assert(RECENT_MAX >= 2 * BATCH_EVENTS_MAX, "a staged or committing event could be forgotten");

struct known_event {
  uint8_t event_id[16];
  uint32_t agency;
  uint32_t revision;
  uint8_t digest[32];
  uint64_t seq;
  uint32_t verdict;
};

struct recent;

struct recent *recent_new(void);
void recent_free(struct recent *recent);  // takes NULL
void recent_add(struct recent *recent, const struct known_event *event);
// Calls back for every revision held of the event. agency: 0, whichever agency's.
typedef void recent_found(void *context, const struct known_event *event);
void recent_find(const struct recent *recent, const uint8_t event_id[16], uint32_t agency,
                 recent_found *found, void *context);

#endif
