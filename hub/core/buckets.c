// See buckets.h.
#include "hub/core/buckets.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { CLASSES = 6 };

static const uint32_t class_days[CLASSES + 1] = {0, 7, 30, 90, 365, 730, 3650};

struct bucket {
  uint32_t retention_class;
  uint32_t day;
  uint8_t key[CONTENT_KEY_SIZE];
};

struct buckets {
  char *folder;
  struct bucket *cached;  // the newest use last; the oldest is dropped
  size_t count;
};

struct buckets *buckets_new(const char *folder) {
  struct buckets *buckets = calloc(1, sizeof *buckets);
  if (buckets == NULL) return NULL;
  buckets->folder = strdup(folder);
  buckets->cached = sodium_allocarray(BUCKETS_CACHED_MAX, sizeof *buckets->cached);
  if (buckets->folder == NULL || buckets->cached == NULL) {
    buckets_free(buckets);
    return NULL;
  }
  return buckets;
}

void buckets_free(struct buckets *buckets) {
  if (buckets == NULL) return;
  sodium_free(buckets->cached);
  free(buckets->folder);
  free(buckets);
}

static const struct bucket *find(const struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  for (size_t i = buckets->count; i > 0; i--) {
    const struct bucket *bucket = &buckets->cached[i - 1];
    if (bucket->day == day && bucket->retention_class == retention_class) return bucket;
  }
  return NULL;
}

static struct bucket *add(struct buckets *buckets) {
  if (buckets->count == BUCKETS_CACHED_MAX) {
    memmove(buckets->cached, buckets->cached + 1, (BUCKETS_CACHED_MAX - 1) * sizeof *buckets->cached);
    buckets->count--;
  }
  return &buckets->cached[buckets->count++];
}

static bool load_or_create(const char *path, bool create, uint8_t *key, struct nav_error *err) {
  struct stat status;
  if (stat(path, &status) == 0) return keys_read(path, "bucket", true, key, CONTENT_KEY_SIZE, err);
  if (errno != ENOENT) return nav_fail_errno(err, path, "cannot look for the content key");
  if (!create) {
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "",
                    "the content was erased when its time was up");
  }
  randombytes_buf(key, CONTENT_KEY_SIZE);
  return keys_write(path, "bucket", true, key, CONTENT_KEY_SIZE, err);
}

const uint8_t *buckets_key(struct buckets *buckets, uint32_t retention_class, uint32_t day, bool create,
                           struct nav_error *err) {
  const struct bucket *known = find(buckets, retention_class, day);
  if (known != NULL) return known->key;
  char path[512];
  uint8_t key[CONTENT_KEY_SIZE];
  (void)snprintf(path, sizeof path, "%s/%u-%u.key", buckets->folder, retention_class, day);
  if (!load_or_create(path, create, key, err)) return NULL;
  struct bucket *bucket = add(buckets);
  bucket->retention_class = retention_class;
  bucket->day = day;
  memcpy(bucket->key, key, sizeof key);
  sodium_memzero(key, sizeof key);
  return bucket->key;
}

uint32_t bucket_class_days(uint32_t retention_class) {
  return retention_class > CLASSES ? 0 : class_days[retention_class];
}

// What names persons is kept shorter than what counts places; published incidents, surveys and what meetings
// agreed longest, so that a period can be set beside the same one a year before.
static uint32_t class_of_type(Nav__V1__Event__BodyCase body) {
  switch (body) {
    case NAV__V1__EVENT__BODY_CONCERN_REPORT:
    case NAV__V1__EVENT__BODY_VICTIM_SUPPORT:
    case NAV__V1__EVENT__BODY_POLICE_NOTICE:
    case NAV__V1__EVENT__BODY_WELFARE_FRAUD_NOTICE:
    case NAV__V1__EVENT__BODY_UNDUE_INFLUENCE:
      return 3;
    case NAV__V1__EVENT__BODY_SOCIAL_INTERVENTION:
    case NAV__V1__EVENT__BODY_ABSENCE:
    case NAV__V1__EVENT__BODY_FIELD_WORK_NOTE:
    case NAV__V1__EVENT__BODY_TENANCY_CONCERN:
    case NAV__V1__EVENT__BODY_CRIME_REPORT:
    case NAV__V1__EVENT__BODY_REQUEST:
      return 4;
    default:
      return 5;
  }
}

uint32_t bucket_class(const Nav__V1__Event *event) {
  uint32_t class = class_of_type(event->body_case);
  if (!event->has_retention_days || event->body_case == NAV__V1__EVENT__BODY_CONSENT) return class;
  // The longest class that is not longer than asked; a week is the shortest.
  while (class > 1 && class_days[class] > event->retention_days) class --;
  return class;
}
