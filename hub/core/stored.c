// See stored.h.
#include "hub/core/stored.h"

#include <sodium.h>

bool stored_open(struct core *core, struct stored_event *event, const uint8_t *sealed, size_t sealed_length,
                 struct nav_error *err) {
  static struct nav_buffer plain;  // one thread; reused
  if (plain.max == 0) nav_buffer_init(&plain, WIRE_EVENT_MAX + CONTENT_SALT_SIZE);
  struct content_place place = {logs_of(&core->logs, event->seq, core->sequence.log_id), event->seq,
                                event->retention_class, event->bucket_day};
  const uint8_t *bucket = buckets_key(core->buckets, place.retention_class, place.bucket_day, false, err);
  if (bucket == NULL) return false;
  uint8_t key[CONTENT_KEY_SIZE];
  content_event_key(key, bucket, place.seq);
  bool ok = content_open(&place, key, sealed, sealed_length, &plain, err);
  sodium_memzero(key, sizeof key);
  if (!ok) return false;
  if (plain.length < CONTENT_SALT_SIZE)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "database", "content is too short: run navctl audit verify");
  event->bytes = plain.data + CONTENT_SALT_SIZE;
  event->length = plain.length - CONTENT_SALT_SIZE;
  return true;
}
