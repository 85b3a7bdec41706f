// Made ledgers: what was erased, whole buckets and single events. See made.h.
#include "hub/base/id.h"
#include "tests/unit/ledger/made_private.h"

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

void made_erase_events(struct made *made, const size_t *events, size_t count, const char *basis) {
  enum { MOST = 16 };
  Nav__V1__ErasedEvent list[MOST];
  Nav__V1__ErasedEvent *pointers[MOST];
  uint32_t missed[] = {1};
  NAV_ASSERT(count <= MOST);
  for (size_t i = 0; i < count; i++) {
    const struct verify_event_row *row = &made->events[events[i]];
    list[i] = (Nav__V1__ErasedEvent)NAV__V1__ERASED_EVENT__INIT;
    list[i].has_event_seq = list[i].has_event_id = list[i].has_revision = true;
    list[i].has_retention_class = list[i].has_bucket_day = true;
    list[i].event_seq = row->seq;
    list[i].event_id = (ProtobufCBinaryData){NAV_EVENT_ID_SIZE, (uint8_t *)(uintptr_t)row->event_id};
    list[i].revision = (uint32_t)row->revision;
    list[i].retention_class = (uint32_t)row->bucket_class;
    list[i].bucket_day = (uint32_t)row->bucket_day;
    list[i].undelivered = missed;
    list[i].n_undelivered = 1;
    pointers[i] = &list[i];
  }
  Nav__V1__EventsErased erased = NAV__V1__EVENTS_ERASED__INIT;
  erased.source = (char *)(uintptr_t)made_agencies[0];
  erased.events = pointers;
  erased.n_events = count;
  erased.basis = (char *)(uintptr_t)basis;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_EVENTS_ERASED;
  record.events_erased = &erased;
  (void)made_stage(made, &record);
  made_sign_end(made);
}
