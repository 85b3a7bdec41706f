// A range within `audit verify`: what it is judged by is learned first, and its tree is completed by what is
// stored behind it. See verify_range.h.
#include "hub/ledger/verify_private.h"

static void take(struct verify *v, const struct verify_seed *seed) {
  struct nav_error ignored;
  nav_arena_reset(v->arena);
  const Nav__V1__Record *record = record_decode(v->arena, seed->record, seed->length, &ignored);
  if (record == NULL)
    v->lost = true;
  else
    verify_record(v, record, NULL);
}

void verify_range_begin(struct verify *v) {
  const struct verify_range *range = v->settings->range;
  v->muted = true;
  for (size_t i = 0; i < range->seeds_count; i++) take(v, &range->seeds[i]);
  v->muted = false;
  v->doubts_count = 0;
  v->doubts_more = 0;
  *v->report = (struct verify_report){0};
  v->last_seq = range->first - 1;
  v->tree.interval_first = range->first;
  v->tree.records = range->before;
  v->tree.broken = !range->placed;
}

void verify_range_complete(struct verify *v) {
  const struct verify_range *range = v->settings->range;
  for (size_t i = 0; i < range->behind_count && !v->tree.broken; i++) {
    merkle_append_subtree(&v->tree.records, range->behind[i].level, range->behind[i].hash);
    if (v->tree.differ) merkle_append_subtree(&v->tree.leaves, range->behind[i].level, range->behind[i].hash);
  }
}

void verify_range_erased_later(struct verify *v) {
  const struct verify_range *range = v->settings->range;
  v->muted = true;
  for (size_t i = 0; i < range->erased_later_count; i++) take(v, &range->erased_later[i]);
  v->muted = false;
}
