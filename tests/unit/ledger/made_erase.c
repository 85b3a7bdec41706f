// Made ledgers: what was erased, whole buckets and single events. See made.h.
#include "hub/base/id.h"
#include "tests/unit/ledger/made_private.h"

enum { MADE_ERASED_MAX = 16 };

void made_erase(struct made *made, uint32_t retention_class, uint32_t day, int64_t at_ms) {
  Nav__V1__Erased erased = NAV__V1__ERASED__INIT;
  erased.has_retention_class = erased.has_bucket_day = erased.has_events = true;
  erased.retention_class = retention_class;
  erased.bucket_day = day;
  erased.events = made->events_count;
  if (at_ms > made->time_ms) made->time_ms = at_ms;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_ERASED;
  record.erased = &erased;
  (void)made_stage(made, &record);
  made_sign_end(made);
}

// The record of those events that are of the one agency; no agency: as if of the first.
static void stage_events(struct made *made, int32_t agency, const size_t *events, size_t count,
                         const char *basis) {
  Nav__V1__ErasedEvent list[MADE_ERASED_MAX];
  Nav__V1__ErasedEvent *pointers[MADE_ERASED_MAX];
  uint32_t missed[] = {1};
  size_t used = 0;
  NAV_ASSERT(count <= MADE_ERASED_MAX);
  for (size_t i = 0; i < count; i++) {
    struct verify_event *row = made_event(made, events[i]);
    if (row->agency != agency) continue;
    list[used] = (Nav__V1__ErasedEvent)NAV__V1__ERASED_EVENT__INIT;
    list[used].has_event_seq = list[used].has_event_id = list[used].has_revision = true;
    list[used].has_retention_class = list[used].has_bucket_day = true;
    list[used].event_seq = made->events[events[i]];
    list[used].event_id = (ProtobufCBinaryData){NAV_EVENT_ID_SIZE, row->event_id};
    list[used].revision = (uint32_t)row->revision;
    list[used].retention_class = (uint32_t)row->bucket_class;
    list[used].bucket_day = (uint32_t)row->bucket_day;
    list[used].undelivered = missed;
    list[used].n_undelivered = 1;
    pointers[used] = &list[used];
    used++;
  }
  if (used == 0 && count > 0) return;
  Nav__V1__EventsErased erased = NAV__V1__EVENTS_ERASED__INIT;
  erased.source = (char *)(uintptr_t)made_agencies[agency - 1];
  erased.events = pointers;
  erased.n_events = used;
  erased.basis = (char *)(uintptr_t)basis;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_EVENTS_ERASED;
  record.events_erased = &erased;
  (void)made_stage(made, &record);
}

void made_erase_events(struct made *made, const size_t *events, size_t count, const char *basis) {
  for (int32_t agency = 1; agency <= (count == 0 ? 1 : MADE_AGENCIES); agency++)
    stage_events(made, agency, events, count, basis);
  made_sign_end(made);
}
