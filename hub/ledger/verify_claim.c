// What EventsErased records say of their events, in `audit verify`: compared at the end with the events' own
// records, which are read again, since nobody knows before which of them an order will name. See verify.h.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/verify_private.h"

enum { DIFFERENCES_SIZE = 160 };

// ---- whose word counts ----

void verify_spoil(struct verify *v, uint64_t first, uint64_t last) {
  if (v->muted) return;
  if (v->spoiled_count == VERIFY_SPOILED_MAX) {
    v->spoiled_more = true;
  } else {
    v->spoiled[v->spoiled_count++] = (struct verify_spoiled){first, last};
  }
}

bool verify_is_spoiled(const struct verify *v, uint64_t seq) {
  for (size_t i = 0; i < v->spoiled_count; i++)
    if (seq >= v->spoiled[i].first && seq <= v->spoiled[i].last) return true;
  return v->spoiled_more;
}

// ---- what is kept ----

// The list with room for one more. NULL: no memory.
static void *grown(void *list, size_t count, size_t *capacity, size_t size) {
  if (count < *capacity) return list;
  size_t more = *capacity == 0 ? 64 : *capacity * 2;
  void *items = realloc(list, more * size);
  if (items != NULL) *capacity = more;
  return items;
}

// The last one, or a new one. False: no memory.
static bool find_claimant(struct verify_claims *c, uint64_t seq, const char *source) {
  if (c->claimants_count > 0 && c->claimants[c->claimants_count - 1].seq == seq) return true;
  struct verify_claimant *list =
      grown(c->claimants, c->claimants_count, &c->claimants_capacity, sizeof *c->claimants);
  if (list == NULL) return false;
  c->claimants = list;
  struct verify_claimant *claimant = &list[c->claimants_count++];
  claimant->seq = seq;
  (void)snprintf(claimant->source, sizeof claimant->source, "%s", source != NULL ? source : "");
  return true;
}

void verify_claim(struct verify *v, uint64_t seq, const char *source, const Nav__V1__ErasedEvent *event) {
  struct verify_claims *c = &v->claims;
  if (v->muted || v->source->again == NULL) return;
  struct verify_claim *items = grown(c->items, c->count, &c->capacity, sizeof *c->items);
  if (items != NULL) c->items = items;
  if (items == NULL || !find_claimant(c, seq, source)) {
    verify_accuse(v, seq, "there is no memory to compare what it says of seq %" PRIu64, event->event_seq);
    return;
  }
  struct verify_claim *claim = &items[c->count++];
  *claim = (struct verify_claim){event->event_seq,  (uint32_t)(c->claimants_count - 1),
                                 event->revision,   event->retention_class,
                                 event->bucket_day, {0}};
  memcpy(claim->event_id, event->event_id.data, sizeof claim->event_id);
}

// ---- the comparison ----

static void differ(char text[DIFFERENCES_SIZE], const char *what, bool same) {
  size_t length = strlen(text);
  if (!same) (void)snprintf(text + length, DIFFERENCES_SIZE - length, " %s", what);
}

static void compare(struct verify *v, const struct verify_claim *claim, const Nav__V1__Accepted *a) {
  const struct verify_claimant *claimant = &v->claims.claimants[claim->claimant];
  const struct verify_range *range = v->settings->range;
  char text[DIFFERENCES_SIZE] = "";
  if (verify_is_spoiled(v, claimant->seq) || verify_is_spoiled(v, claim->event_seq)) return;
  if (a == NULL) {
    verify_accuse(v, claimant->seq, "erases seq %" PRIu64 ", which is no event", claim->event_seq);
    return;
  }
  differ(text, "agency", strcmp(claimant->source, a->agency != NULL ? a->agency : "") == 0);
  differ(text, "id",
         a->event_id.len == sizeof claim->event_id &&
             memcmp(claim->event_id, a->event_id.data, sizeof claim->event_id) == 0);
  differ(text, "revision", claim->revision == a->revision);
  differ(text, "class", claim->retention_class == a->retention_class);
  differ(text, "day", claim->day == a->bucket_day);
  if (text[0] == '\0') return;
  // What is before a range was not verified with it.
  bool beside = range != NULL && claim->event_seq < range->first;
  verify_accuse(v, claimant->seq, "says another%s of seq %" PRIu64 ", which it erases, than that record%s",
                text, claim->event_seq, beside ? VERIFY_IN_DOUBT : "");
}

static int by_event(const void *a, const void *b) {
  const struct verify_claim *x = a;
  const struct verify_claim *y = b;
  if (x->event_seq != y->event_seq) return x->event_seq < y->event_seq ? -1 : 1;
  return (x->claimant > y->claimant) - (x->claimant < y->claimant);
}

// The later of two that erased one event.
static void accuse_repeated(struct verify *v) {
  const struct verify_claims *c = &v->claims;
  uint64_t event_seq = 0;
  uint64_t by_seq = 0;
  for (size_t i = 0; i < c->count; i++) {
    uint64_t seq = c->claimants[c->items[i].claimant].seq;
    if (verify_is_spoiled(v, seq)) continue;
    if (c->items[i].event_seq == event_seq)
      verify_accuse(v, seq, "erases seq %" PRIu64 ", which seq %" PRIu64 " had erased already", event_seq,
                    by_seq);
    event_seq = c->items[i].event_seq;
    by_seq = seq;
  }
}

struct comparing {
  struct verify *v;
  size_t next;
};

// A row that is not what its leaf is of was accused itself.
static bool vouched(const struct verify_ledger_row *row) {
  uint8_t leaf[NAV_SHA256_SIZE];
  merkle_leaf(leaf, row->record, row->record_length);
  return row->leaf == NULL || (row->leaf_length == sizeof leaf && memcmp(leaf, row->leaf, sizeof leaf) == 0);
}

static void take(void *context, const struct verify_ledger_row *row) {
  struct comparing *comparing = context;
  struct verify *v = comparing->v;
  const struct verify_claims *c = &v->claims;
  struct nav_error ignored;
  while (comparing->next < c->count && c->items[comparing->next].event_seq < row->seq) comparing->next++;
  if (!vouched(row)) return;
  nav_arena_reset(v->arena);
  const Nav__V1__Record *record = record_decode(v->arena, row->record, row->record_length, &ignored);
  if (record == NULL) return;
  const Nav__V1__Accepted *accepted =
      record->record_case == NAV__V1__RECORD__RECORD_ACCEPTED ? record->accepted : NULL;
  for (size_t i = comparing->next; i < c->count && c->items[i].event_seq == row->seq; i++)
    compare(v, &c->items[i], accepted);
}

bool verify_claims_end(struct verify *v, struct nav_error *err) {
  struct verify_claims *c = &v->claims;
  struct comparing comparing = {.v = v};
  if (c->count == 0) return true;
  qsort(c->items, c->count, sizeof *c->items, by_event);
  accuse_repeated(v);
  uint64_t *seqs = calloc(c->count, sizeof *seqs);
  if (seqs == NULL) return nav_fail(err, NAV_ERROR_LOCAL, 0, "verify", "no memory");
  size_t count = 0;
  for (size_t i = 0; i < c->count; i++)
    if (count == 0 || seqs[count - 1] != c->items[i].event_seq) seqs[count++] = c->items[i].event_seq;
  bool ok = v->source->again(v->source->context, seqs, count, take, &comparing, err);
  free(seqs);
  return ok;
}

void verify_claims_free(struct verify *v) {
  free(v->claims.items);
  free(v->claims.claimants);
}
