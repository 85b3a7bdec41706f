// See record.h.
#include "hub/ledger/record.h"

#include <string.h>

#include "hub/wire/message.h"

enum { KIND_FIRST = 10 };  // below stand seq, time and epoch

bool record_encode(const Nav__V1__Record *record, struct nav_buffer *out) {
  size_t before = out->length;
  if (!wire_encode(record, out)) return false;
  if (out->length - before <= RECORD_SIZE_MAX) return true;
  out->length = before;
  return false;
}

Nav__V1__Record *record_decode(struct nav_arena *arena, const uint8_t *bytes, size_t length,
                               struct nav_error *err) {
  if (length > RECORD_SIZE_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "",
                   "the record has %zu bytes, at most %d", length, (int)RECORD_SIZE_MAX);
    return NULL;
  }
  Nav__V1__Record *record = wire_decode(&nav__v1__record__descriptor, arena, bytes, length, err);
  if (record == NULL) return NULL;
  const char *missing = !record->has_seq                                          ? "seq"
                        : !record->has_time_ms                                    ? "time_ms"
                        : !record->has_epoch                                      ? "epoch"
                        : record->record_case == NAV__V1__RECORD__RECORD__NOT_SET ? "record"
                                                                                  : NULL;
  if (missing == NULL) return record;
  (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MISSING_FIELD, missing, "is missing in the record");
  return NULL;
}

Nav__V1__Record *record_stored(struct nav_arena *arena, const uint8_t *bytes, size_t length,
                               struct nav_error *err) {
  Nav__V1__Record *record = record_decode(arena, bytes, length, err);
  if (record == NULL) {
    err->class = NAV_ERROR_LOCAL;
    err->code = 0;
  }
  return record;
}

static uint32_t lane_of(const Nav__V1__Record *record) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_LANE_DEFINED:
      return record->lane_defined->number;
    case NAV__V1__RECORD__RECORD_REDECIDED:
      return record->redecided->lane != NULL ? record->redecided->lane->lane : 0;
    case NAV__V1__RECORD__RECORD_ACKNOWLEDGED:
      return record->acknowledged->lane;
    case NAV__V1__RECORD__RECORD_REPLAYED:
      return record->replayed->lane;
    case NAV__V1__RECORD__RECORD_NACKED:
      return record->nacked->lane;
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      return record->redelivered->lane;
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      return record->hold_released->lane != NULL ? record->hold_released->lane->lane : 0;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      return record->hold_refused->lane;
    case NAV__V1__RECORD__RECORD_HOLD_ESCALATED:
      return record->hold_escalated->lane;
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
      return record->hold_lapsed->lane;
    case NAV__V1__RECORD__RECORD_HOLD_CLOSED:
      return record->hold_closed->lane;
    default:
      return 0;
  }
}

static uint64_t about_of(const Nav__V1__Record *record) {
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_REDECIDED:
      return record->redecided->event_seq;
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      return record->redelivered->event_seq;
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      return record->hold_released->event_seq;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      return record->hold_refused->event_seq;
    case NAV__V1__RECORD__RECORD_HOLD_ESCALATED:
      return record->hold_escalated->event_seq;
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
      return record->hold_lapsed->event_seq;
    case NAV__V1__RECORD__RECORD_HOLD_CLOSED:
      return record->hold_closed->event_seq;
    case NAV__V1__RECORD__RECORD_RECALLED:
      return record->recalled->recall_seq;
    case NAV__V1__RECORD__RECORD_RECALL_CONFIRMED:
      return record->recall_confirmed->recalled_seq;
    case NAV__V1__RECORD__RECORD_CONSENT_CHANGED:
      return record->consent_changed->event_seq;
    case NAV__V1__RECORD__RECORD_REQUEST_ANSWERED:
      return record->request_answered->request_seq;
    default:
      return 0;
  }
}

static const char *reader_of(const Nav__V1__Record *record) {
  const char *reader = NULL;
  if (record->record_case == NAV__V1__RECORD__RECORD_READ) reader = record->read->person;
  if (record->record_case == NAV__V1__RECORD__RECORD_BRIEFING_COMPILED)
    reader = record->briefing_compiled->person;
  if (record->record_case == NAV__V1__RECORD__RECORD_AUDIT_READ) reader = record->audit_read->person;
  size_t length = reader == NULL ? 0 : strlen(reader);
  return length > 0 && length <= RECORD_READER_MAX ? reader : NULL;
}

void record_columns_of(const Nav__V1__Record *record, struct record_columns *columns) {
  *columns = (struct record_columns){
      .seq = record->seq,
      .time_ms = record->time_ms,
      .kind = (uint16_t)record->record_case,
      .lane = lane_of(record),
      .about = about_of(record),
      .reader = reader_of(record),
  };
}

const char *record_kind_name(uint16_t kind) {
  const ProtobufCFieldDescriptor *field =
      kind < KIND_FIRST ? NULL : protobuf_c_message_descriptor_get_field(&nav__v1__record__descriptor, kind);
  return field != NULL ? field->name : "unknown";
}
