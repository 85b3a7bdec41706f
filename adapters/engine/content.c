// See content.h.
#include "adapters/engine/content.h"

#include <sodium.h>

#include "hub/base/id.h"

bool content_pack(struct nav_buffer *buffer, const Nav__V1__Event *event, uint32_t revision) {
  Nav__V1__Event copy = *event;
  copy.has_revision = revision > 0;
  copy.revision = revision;
  nav_buffer_clear(buffer);
  size_t size = nav__v1__event__get_packed_size(&copy);
  uint8_t *room = nav_buffer_reserve(buffer, size);
  if (room == NULL) return false;
  buffer->length += nav__v1__event__pack(&copy, room);
  return true;
}

bool content_digest(uint8_t digest[CONTENT_DIGEST_SIZE], const uint8_t *key, struct nav_buffer *scratch,
                    const Nav__V1__Event *event) {
  if (!content_pack(scratch, event, 0)) return false;
  return crypto_generichash(digest, CONTENT_DIGEST_SIZE, scratch->data, scratch->length, key,
                            NAV_ID_KEY_SIZE) == 0;
}
