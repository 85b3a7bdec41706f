// Stored content opened again: with the key of its one event, its leaf of the bucket's tree. Called by:
// deliver_lag, holds, registers. Must never: be given to anything that leaves without a decision.
#ifndef NAV_CORE_STORED_H
#define NAV_CORE_STORED_H

#include "hub/core/core.h"

struct stored_event {
  uint64_t seq;
  uint32_t retention_class;
  uint32_t bucket_day;   // of acceptance, days since 1970
  const uint8_t *bytes;  // the event as received
  size_t length;
};

// Opens the sealed bytes of an event; its bytes are valid until the next call. False: erased, or *err.
NAV_MUST_USE bool stored_open(struct core *core, struct stored_event *event, const uint8_t *sealed,
                              size_t sealed_length, struct nav_error *err);

#endif
