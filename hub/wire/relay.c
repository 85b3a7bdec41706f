// See relay.h.
#include "hub/wire/relay.h"

#include <assert.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/wire/message.h"

enum { AT_VERSION = 0, AT_SESSION = 1, AT_KIND = 9, AT_LENGTH = 10, AT_AGENCY = 14 };
static_assert(AT_AGENCY + RELAY_AGENCY_SIZE == RELAY_HEAD_SIZE, "the head's size is settled");

void relay_encode(uint8_t out[RELAY_HEAD_SIZE], const struct relay_head *head) {
  memset(out, 0, RELAY_HEAD_SIZE);
  out[AT_VERSION] = RELAY_VERSION;
  nav_put_u64(out + AT_SESSION, head->session);
  out[AT_KIND] = head->kind;
  nav_put_u32(out + AT_LENGTH, head->length);
  memcpy(out + AT_AGENCY, head->agency, strnlen(head->agency, RELAY_AGENCY_SIZE - 1));
}

// An agency's id, or nothing, padded with zeros to the end.
static bool agency_is_sound(const uint8_t *text) {
  size_t length = strnlen((const char *)text, RELAY_AGENCY_SIZE);
  if (length == RELAY_AGENCY_SIZE) return false;
  for (size_t i = 0; i < length; i++) {
    bool letter = text[i] >= 'a' && text[i] <= 'z';
    bool digit = text[i] >= '0' && text[i] <= '9';
    if (!letter && !digit && text[i] != '-') return false;
  }
  for (size_t i = length; i < RELAY_AGENCY_SIZE; i++) {
    if (text[i] != 0) return false;
  }
  return true;
}

bool relay_decode(struct relay_head *head, const uint8_t *data, size_t length, struct nav_error *err) {
  if (length > AT_VERSION && data[AT_VERSION] != RELAY_VERSION) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "relay.version",
                    "nav-gate and nav-core are not of one version (%u was said, this program says %d); "
                    "install one version and start both anew",
                    data[AT_VERSION], RELAY_VERSION);
  }
  if (length < RELAY_HEAD_SIZE) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "relay", "the head has %zu bytes, not %d", length,
                    RELAY_HEAD_SIZE);
  }
  uint8_t kind = data[AT_KIND];
  if (kind < RELAY_FRAME || kind > RELAY_CORE) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "relay.kind", "there is no kind %u", kind);
  }
  if (!agency_is_sound(data + AT_AGENCY)) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "relay.agency", "is not an agency's id ([a-z0-9-], below %d)",
                    RELAY_AGENCY_SIZE);
  }
  uint32_t frame = nav_get_u32(data + AT_LENGTH);
  if (frame > WIRE_FRAME_MAX || frame > length - RELAY_HEAD_SIZE) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "relay.length",
                    "a frame of %u bytes, where %zu follow (at most %d)", frame, length - RELAY_HEAD_SIZE,
                    WIRE_FRAME_MAX);
  }
  head->session = nav_get_u64(data + AT_SESSION);
  head->kind = kind;
  head->length = frame;
  memcpy(head->agency, data + AT_AGENCY, RELAY_AGENCY_SIZE);
  return true;
}
