// See buckets.h.
#include "hub/core/buckets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/base/disk.h"

enum { CLASSES = 6, PATH_SIZE = 512, KEY_FILE_MAX = 4096 };

struct bucket {
  uint32_t retention_class;
  uint32_t day;
  uint8_t key[CONTENT_KEY_SIZE];
};

struct buckets {
  char *folder;
  struct bucket *cached;  // the newest use last; the oldest is dropped
  size_t count;
  int64_t today;  // 0: not told
  uint8_t erased[CLASSES + 1][BUCKETS_DAYS_MAX / 8];
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

static void path_of(const struct buckets *buckets, uint32_t retention_class, uint32_t day,
                    char out[PATH_SIZE]) {
  (void)snprintf(out, PATH_SIZE, "%s/%u-%u.key", buckets->folder, retention_class, day);
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
  bool past = create && buckets->today > 0 && bucket_is_due(retention_class, day, buckets->today);
  if (past || buckets_is_erased(buckets, retention_class, day)) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "",
                   "the content was erased when its time was up");
    return NULL;
  }
  if (known != NULL) return known->key;
  char path[PATH_SIZE];
  uint8_t key[CONTENT_KEY_SIZE];
  path_of(buckets, retention_class, day, path);
  if (!load_or_create(path, create, key, err)) return NULL;
  struct bucket *bucket = add(buckets);
  bucket->retention_class = retention_class;
  bucket->day = day;
  memcpy(bucket->key, key, sizeof key);
  sodium_memzero(key, sizeof key);
  return bucket->key;
}

// ---- retention ----

bool bucket_is_due(uint32_t retention_class, uint32_t day, int64_t today) {
  if (retention_class == 0 || retention_class > CLASSES) return false;
  return today > (int64_t)day + (int64_t)content_class_days(retention_class);
}

void buckets_set_today(struct buckets *buckets, int64_t today) { buckets->today = today; }

static int by_place(const void *a, const void *b) {
  const struct bucket_place *x = a;
  const struct bucket_place *y = b;
  if (x->retention_class != y->retention_class) return x->retention_class < y->retention_class ? -1 : 1;
  return (x->day > y->day) - (x->day < y->day);
}

// "3-20417.key", and nothing else.
static bool parse_name(const char *name, struct bucket_place *place) {
  char same[64];
  char *end = NULL;
  place->retention_class = (uint32_t)strtoul(name, &end, 10);
  if (*end != '-') return false;
  place->day = (uint32_t)strtoul(end + 1, NULL, 10);
  (void)snprintf(same, sizeof same, "%u-%u.key", place->retention_class, place->day);
  return strcmp(same, name) == 0;
}

bool buckets_due(const struct buckets *buckets, int64_t today, struct bucket_place *out, size_t max,
                 size_t *count, struct nav_error *err) {
  *count = 0;
  DIR *folder = opendir(buckets->folder);
  if (folder == NULL) return nav_fail_errno(err, buckets->folder, "cannot be read");
  const struct dirent *entry = NULL;
  while (*count < max && (entry = readdir(folder)) != NULL) {
    struct bucket_place place;
    if (parse_name(entry->d_name, &place) && place.day < BUCKETS_DAYS_MAX &&
        bucket_is_due(place.retention_class, place.day, today))
      out[(*count)++] = place;
  }
  (void)closedir(folder);
  qsort(out, *count, sizeof *out, by_place);
  return true;
}

bool buckets_is_erased(const struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  return retention_class <= CLASSES && day < BUCKETS_DAYS_MAX &&
         (buckets->erased[retention_class][day / 8] >> (day % 8) & 1) != 0;
}

void buckets_erase(struct buckets *buckets, uint32_t retention_class, uint32_t day) {
  if (retention_class > CLASSES || day >= BUCKETS_DAYS_MAX) return;
  uint8_t *bits = &buckets->erased[retention_class][day / 8];
  *bits = (uint8_t)(*bits | 1u << day % 8);
  for (size_t i = 0; i < buckets->count; i++) {
    struct bucket *bucket = &buckets->cached[i];
    if (bucket->day != day || bucket->retention_class != retention_class) continue;
    memmove(bucket, bucket + 1, (buckets->count - i - 1) * sizeof *bucket);
    sodium_memzero(&buckets->cached[--buckets->count], sizeof *bucket);
    return;
  }
}

// What stood in the file is written over before its name goes, as far as the disk lets anybody.
static bool overwrite(int fd) {
  uint8_t noise[KEY_FILE_MAX];
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  size_t length = (size_t)status.st_size < sizeof noise ? (size_t)status.st_size : sizeof noise;
  randombytes_buf(noise, length);
  return pwrite(fd, noise, length, 0) == (ssize_t)length && fsync(fd) == 0;
}

bool buckets_destroy(struct buckets *buckets, uint32_t retention_class, uint32_t day, struct nav_error *err) {
  char path[PATH_SIZE];
  NAV_ASSERT(buckets_is_erased(buckets, retention_class, day));
  path_of(buckets, retention_class, day, path);
  int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return true;
  if (fd < 0) return nav_fail_errno(err, path, "the content key cannot be destroyed");
  bool ok = overwrite(fd);
  (void)close(fd);
  ok = ok && unlink(path) == 0 && nav_disk_sync_folder(buckets->folder);
  return ok ? true : nav_fail_errno(err, path, "the content key cannot be destroyed");
}

uint32_t bucket_class_days(uint32_t retention_class) { return content_class_days(retention_class); }

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
  while (class > 1 && content_class_days(class) > event->retention_days) class --;
  return class;
}
