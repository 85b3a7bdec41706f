// An event's content without what the engine gives it: what decides whether a record has changed.
// Called by: dry, post. Must never: depend on the revision.
#ifndef NAV_ADAPTERS_ENGINE_CONTENT_H
#define NAV_ADAPTERS_ENGINE_CONTENT_H

#include "hub/base/buffer.h"
#include "nav/v1/event.pb-c.h"

enum { CONTENT_DIGEST_SIZE = 16, CONTENT_EVENT_MAX = 1024 * 1024 };

// Packs the event with that revision into buffer (emptied first). False: past the buffer's maximum.
NAV_MUST_USE bool content_pack(struct nav_buffer *buffer, const Nav__V1__Event *event, uint32_t revision);
// Keyed BLAKE2b over the packed event without a revision; key: the agency's id key.
NAV_MUST_USE bool content_digest(uint8_t digest[CONTENT_DIGEST_SIZE], const uint8_t *key,
                                 struct nav_buffer *scratch, const Nav__V1__Event *event);

#endif
