// The events that a record names beside others. See record.h.
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/record.h"

static int by_seq(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static size_t count_of(const Nav__V1__Record *record) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_READ:
      return record->read->n_event_seqs;
    case NAV__V1__RECORD__RECORD_BRIEFING_COMPILED:
      return record->briefing_compiled->n_event_seqs;
    case NAV__V1__RECORD__RECORD_RECALLED:
      return record->recalled->n_events;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      return record->events_erased->n_events;
    case NAV__V1__RECORD__RECORD_REQUEST_ANSWERED:
      return 1;
    default:
      return 0;
  }
}

static uint64_t seq_of(const Nav__V1__Record *record, size_t index) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_READ:
      return record->read->event_seqs[index];
    case NAV__V1__RECORD__RECORD_BRIEFING_COMPILED:
      return record->briefing_compiled->event_seqs[index];
    case NAV__V1__RECORD__RECORD_RECALLED:
      return record->recalled->events[index]->event_seq;
    case NAV__V1__RECORD__RECORD_EVENTS_ERASED:
      return record->events_erased->events[index]->event_seq;
    default:
      return record->request_answered->event_seq;
  }
}

bool record_mentions_of(const Nav__V1__Record *record, struct record_mentions *mentions) {
  size_t count = count_of(record);
  *mentions = (struct record_mentions){0};
  if (count == 0) return true;
  mentions->seqs = calloc(count, sizeof *mentions->seqs);
  if (mentions->seqs == NULL) return false;
  for (size_t i = 0; i < count; i++) mentions->seqs[i] = seq_of(record, i);
  qsort(mentions->seqs, count, sizeof *mentions->seqs, by_seq);
  for (size_t i = 0; i < count; i++) {
    uint64_t seq = mentions->seqs[i];
    bool again = mentions->count > 0 && mentions->seqs[mentions->count - 1] == seq;
    // None of ours: 0, and what bigint does not hold.
    if (!again && seq > 0 && seq <= INT64_MAX) mentions->seqs[mentions->count++] = seq;
  }
  return true;
}

void record_mentions_free(struct record_mentions *mentions) {
  free(mentions->seqs);
  *mentions = (struct record_mentions){0};
}
