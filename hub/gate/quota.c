// See quota.h.
#include "hub/gate/quota.h"

#include <stdlib.h>
#include <string.h>

enum { FRAME = 1000, ANSWER_EVERY_MS = 1000 };

static int by_agency(const void *a, const void *b) {
  return strcmp(((const struct quota_agency *)a)->agency, ((const struct quota_agency *)b)->agency);
}

static const struct quota_agency *find(const struct quota *quota, const char *agency) {
  struct quota_agency wanted;
  if (strlen(agency) >= sizeof wanted.agency) return NULL;
  memcpy(wanted.agency, agency, strlen(agency) + 1);
  return bsearch(&wanted, quota->agencies, quota->count, sizeof quota->agencies[0], by_agency);
}

struct quota *quota_new(const struct book *book, uint32_t frames_a_second, const struct quota *old) {
  struct quota *quota = calloc(1, sizeof *quota + book->count * sizeof quota->agencies[0]);
  if (quota == NULL) return NULL;
  quota->frames_a_second = frames_a_second;
  quota->count = book->count;
  for (size_t i = 0; i < book->count; i++) {
    struct quota_agency *agency = &quota->agencies[i];
    memcpy(agency->agency, book->entries[i].agency, sizeof agency->agency);
    agency->tokens = (uint64_t)frames_a_second * FRAME;
    agency->answered_ms = -ANSWER_EVERY_MS;
    const struct quota_agency *before = old != NULL ? find(old, agency->agency) : NULL;
    if (before != NULL) *agency = *before;
  }
  qsort(quota->agencies, quota->count, sizeof quota->agencies[0], by_agency);
  return quota;
}

void quota_free(struct quota *quota) { free(quota); }

struct quota_agency *quota_find(struct quota *quota, const char *agency) {
  const struct quota_agency *found = find(quota, agency);
  return found != NULL ? &quota->agencies[found - quota->agencies] : NULL;
}

bool quota_take(const struct quota *quota, struct quota_agency *agency, int64_t now_ms) {
  const uint64_t full = (uint64_t)quota->frames_a_second * FRAME;
  if (now_ms > agency->filled_ms) {
    // frames_a_second a second is as many thousandths a millisecond.
    uint64_t passed = (uint64_t)(now_ms - agency->filled_ms);
    uint64_t more = passed >= 1000 ? full : passed * quota->frames_a_second;
    agency->tokens = agency->tokens + more > full ? full : agency->tokens + more;
    agency->filled_ms = now_ms;
  }
  if (agency->tokens < FRAME) return false;
  agency->tokens -= FRAME;
  return true;
}

bool quota_may_answer(struct quota_agency *agency, int64_t now_ms) {
  if (now_ms - agency->answered_ms < ANSWER_EVERY_MS) return false;
  agency->answered_ms = now_ms;
  return true;
}

void quota_count_refused(struct quota_agency *agency, int code) {
  NAV_ASSERT(code > 0 && code < QUOTA_CODES);
  if (agency->refused[code] < UINT32_MAX) agency->refused[code]++;
}
