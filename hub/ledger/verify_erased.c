// Content that is gone, in `audit verify`: accepted exactly where an Erased record covers its class and day,
// or an EventsErased record names the event. See verify.h.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/ledger/content.h"
#include "hub/ledger/verify_private.h"

// Without memory content that is missing is not judged; whoever reads the report learns it.
static bool ready(struct verify *v) {
  struct verify_erasing *e = &v->erasing;
  if (e->index != NULL) return true;
  e->missing = calloc(VERIFY_MISSING_MAX, sizeof *e->missing);
  if (e->missing != NULL) e->index = calloc((size_t)VERIFY_CLASSES * VERIFY_DAYS, sizeof *e->index);
  if (e->index != NULL) return true;
  free(e->missing);
  e->missing = NULL;
  return false;
}

static bool is_place(uint32_t retention_class, uint32_t day) {
  return retention_class < VERIFY_CLASSES && day < VERIFY_DAYS;
}

static struct verify_bucket *find(struct verify *v, uint32_t retention_class, uint32_t day) {
  const struct verify_erasing *e = &v->erasing;
  if (e->index == NULL || !is_place(retention_class, day)) return NULL;
  uint32_t at = e->index[retention_class * VERIFY_DAYS + day];
  return at == 0 ? NULL : &e->buckets[at - 1];
}

// NULL: no memory.
static struct verify_bucket *find_or_make(struct verify *v, uint32_t retention_class, uint32_t day) {
  struct verify_erasing *e = &v->erasing;
  if (!ready(v)) return NULL;
  struct verify_bucket *known = find(v, retention_class, day);
  if (known != NULL) return known;
  if (e->buckets_count == e->buckets_capacity) {
    size_t capacity = e->buckets_capacity == 0 ? 256 : 2 * e->buckets_capacity;
    struct verify_bucket *buckets = realloc(e->buckets, capacity * sizeof *buckets);
    if (buckets != NULL) {
      e->buckets = buckets;
      e->buckets_capacity = capacity;
    }
  }
  if (e->buckets == NULL || e->buckets_count == e->buckets_capacity) return NULL;
  struct verify_bucket *made = &e->buckets[e->buckets_count++];
  *made = (struct verify_bucket){.retention_class = retention_class, .day = day};
  e->index[retention_class * VERIFY_DAYS + day] = (uint32_t)e->buckets_count;
  return made;
}

static void no_memory(struct verify *v, uint64_t seq) {
  verify_accuse(v, seq,
                "its sealed content is missing; there is no memory to look for the record that erased it");
}

void verify_content_missing(struct verify *v, uint64_t seq, uint32_t retention_class, uint32_t day) {
  struct verify_erasing *e = &v->erasing;
  if (!is_place(retention_class, day)) {
    verify_accuse(v, seq, "its sealed content is missing, and its class and day can never be erased");
    return;
  }
  struct verify_bucket *bucket = find_or_make(v, retention_class, day);
  if (bucket == NULL) {
    no_memory(v, seq);
    return;
  }
  bucket->missing++;
  bucket->last_missing = seq;
  if (e->missing_count == VERIFY_MISSING_MAX) return;
  bucket->listed++;
  e->missing[e->missing_count++] = (struct verify_missing){seq, (uint32_t)(bucket - e->buckets)};
}

// By a record whose word counts. It may still be one that was rewritten, until a checkpoint has vouched for
// it.
static bool is_erased(const struct verify *v, const struct verify_bucket *bucket) {
  return bucket != NULL && bucket->erased_seq != 0 && !verify_is_spoiled(v, bucket->erased_seq);
}

void verify_content_sealed(struct verify *v, uint64_t seq, uint32_t retention_class, uint32_t day) {
  const struct verify_bucket *bucket = find(v, retention_class, day);
  if (!is_erased(v, bucket)) return;
  verify_doubt(v, seq, bucket->erased_seq,
               "is sealed under class %" PRIu32 " of day %" PRIu32 ", which seq %" PRIu64 " had erased",
               retention_class, day, bucket->erased_seq);
}

// What the record covers is no longer missing.
static void cover(struct verify_erasing *e, struct verify_bucket *bucket) {
  uint32_t number = (uint32_t)(bucket - e->buckets);
  size_t kept = 0;
  if (bucket->listed > 0) {
    for (size_t i = 0; i < e->missing_count; i++)
      if (e->missing[i].bucket != number) e->missing[kept++] = e->missing[i];
    e->missing_count = kept;
  }
  bucket->missing = bucket->listed = 0;
}

void verify_erased(struct verify *v, const Nav__V1__Record *record) {
  const Nav__V1__Erased *erased = record->erased;
  uint32_t days = content_class_days(erased->retention_class);
  int64_t today = nav_day_stockholm(record->time_ms);
  if (days == 0 || !is_place(erased->retention_class, erased->bucket_day)) {
    verify_accuse(v, record->seq, "erases class %" PRIu32 " of day %" PRIu32 ", which there cannot be",
                  erased->retention_class, erased->bucket_day);
    return;
  }
  if (today <= (int64_t)erased->bucket_day + (int64_t)days)
    verify_accuse(v, record->seq,
                  "erases class %" PRIu32 " of day %" PRIu32 " before its %" PRIu32 " days are over",
                  erased->retention_class, erased->bucket_day, days);
  struct verify_bucket *bucket = find_or_make(v, erased->retention_class, erased->bucket_day);
  if (bucket == NULL) return;  // what it covers will be said to lack memory as well
  if (is_erased(v, bucket))
    verify_doubt(v, record->seq, bucket->erased_seq, "erases what seq %" PRIu64 " had erased already",
                 bucket->erased_seq);
  else
    bucket->erased_seq = record->seq;
  cover(&v->erasing, bucket);
}

// ---- single events ----

static int find_seq(const void *seq, const void *missing) {
  uint64_t wanted = *(const uint64_t *)seq;
  uint64_t is = ((const struct verify_missing *)missing)->seq;
  return (wanted > is) - (wanted < is);
}

// Exactly this event's content is no longer missing, if it was.
static void cover_event(struct verify_erasing *e, uint64_t seq) {
  struct verify_missing *at = e->missing_count == 0
                                  ? NULL
                                  : bsearch(&seq, e->missing, e->missing_count, sizeof *e->missing, find_seq);
  if (at == NULL) return;
  struct verify_bucket *bucket = &e->buckets[at->bucket];
  bucket->missing--;
  bucket->listed--;
  size_t behind = e->missing_count - (size_t)(at - e->missing) - 1;
  memmove(at, at + 1, behind * sizeof *at);
  e->missing_count--;
}

// Whether the record may name the event; accused where not.
static bool check_event(struct verify *v, uint64_t seq, const Nav__V1__ErasedEvent *event, uint64_t before) {
  if (event->event_seq >= seq || event->event_seq <= before) {
    verify_accuse(v, seq, "erases seq %" PRIu64 ", which does not stand before it, or not in order",
                  event->event_seq);
    return false;
  }
  if (!is_place(event->retention_class, event->bucket_day) ||
      content_class_days(event->retention_class) == 0 || event->event_id.len != NAV_EVENT_ID_SIZE) {
    verify_accuse(v, seq, "erases seq %" PRIu64 " of an id, class or day that there cannot be",
                  event->event_seq);
    return false;
  }
  const struct verify_bucket *bucket = find(v, event->retention_class, event->bucket_day);
  if (is_erased(v, bucket)) {
    verify_doubt(v, seq, bucket->erased_seq,
                 "erases seq %" PRIu64 ", which seq %" PRIu64 " had erased already", event->event_seq,
                 bucket->erased_seq);
    return false;
  }
  return true;
}

void verify_events_erased(struct verify *v, uint64_t seq, const Nav__V1__EventsErased *erased) {
  struct verify_erasing *e = &v->erasing;
  uint64_t before = 0;
  if (erased->n_events == 0 || erased->basis == NULL || erased->basis[0] == '\0')
    verify_accuse(v, seq, "erases no events, or states no legal basis for it");
  for (size_t i = 0; i < erased->n_events; i++) {
    const Nav__V1__ErasedEvent *event = erased->events[i];
    if (!check_event(v, seq, event, before)) continue;
    before = event->event_seq;
    cover_event(e, event->event_seq);
    verify_claim(v, seq, erased->source, event);
  }
}

// ---- the end ----

// Where an Erased record may be lost, nobody is accused of what it may have covered.
static bool is_excused(const struct verify *v, const struct verify_bucket *bucket) {
  int64_t end = (int64_t)bucket->day + (int64_t)content_class_days(bucket->retention_class);
  return v->erasing.record_lost && nav_day_stockholm(v->erasing.end_time_ms) > end;
}

void verify_missing_end(struct verify *v) {
  const struct verify_erasing *e = &v->erasing;
  for (size_t i = 0; i < e->missing_count; i++) {
    const struct verify_bucket *bucket = &e->buckets[e->missing[i].bucket];
    if (is_excused(v, bucket)) continue;
    verify_accuse(v, e->missing[i].seq,
                  "its sealed content is missing, and no record has erased class %" PRIu32 " of day %" PRIu32,
                  bucket->retention_class, bucket->day);
  }
  for (size_t i = 0; i < e->buckets_count; i++) {
    const struct verify_bucket *bucket = &e->buckets[i];
    if (bucket->missing == bucket->listed || is_excused(v, bucket)) continue;
    verify_accuse(v, bucket->last_missing,
                  "its sealed content and that of %" PRIu64
                  " events before it are missing, and no record has erased class %" PRIu32 " of day %" PRIu32,
                  bucket->missing - bucket->listed - 1, bucket->retention_class, bucket->day);
  }
}

void verify_erasing_free(struct verify *v) {
  free(v->erasing.index);
  free(v->erasing.buckets);
  free(v->erasing.missing);
}
