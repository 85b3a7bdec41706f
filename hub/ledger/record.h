// Ledger records: nav.v1.Record ↔ stored bytes, and the columns that are derived from them.
// Called by: core/stage (encode), ledger/verify, desk (decode). Must never: encode a stored record again.
#ifndef NAV_LEDGER_RECORD_H
#define NAV_LEDGER_RECORD_H

#include "hub/base/arena.h"
#include "hub/base/buffer.h"
#include "hub/base/error.h"
#include "nav/v1/ledger.pb-c.h"

enum { RECORD_SIZE_MAX = 1 << 20, RECORD_READER_MAX = 200 };

// What stands beside the record's bytes in the table `ledger`, all derived from them.
struct record_columns {
  uint64_t seq;
  int64_t time_ms;
  uint16_t kind;   // field number of the oneof
  uint32_t lane;   // of records about one lane; 0: none
  uint64_t about;  // the record that this one is about: an event's, a request's, a recall's; 0: none
  // The person who read, of Read, BriefingCompiled and AuditRead: in the record. NULL: none, or longer than
  // RECORD_READER_MAX, which no person's id is and no index takes.
  const char *reader;
};

NAV_MUST_USE bool record_encode(const Nav__V1__Record *record, struct nav_buffer *out);
NAV_MUST_USE Nav__V1__Record *record_decode(struct nav_arena *arena, const uint8_t *bytes, size_t length,
                                            struct nav_error *err);
// The same of what the ledger's own table holds: what is wrong with it is of class LOCAL and without a code,
// since nobody who asks can mend it.
NAV_MUST_USE Nav__V1__Record *record_stored(struct nav_arena *arena, const uint8_t *bytes, size_t length,
                                            struct nav_error *err);
// An Accepted record as nav-core writes it, several times as fast; its bytes stay where they are and must
// outlive it. NULL: it is another record, is written otherwise, or memory is out; record_decode tells.
const Nav__V1__Record *record_decode_accepted(struct nav_arena *arena, const uint8_t *bytes, size_t length);
void record_columns_of(const Nav__V1__Record *record, struct record_columns *columns);

// The events that a record names beside others, ascending, each once: of Read, BriefingCompiled, Recalled,
// EventsErased and RequestAnswered (the answer); of other kinds none. They stand in the table `mention`.
struct record_mentions {
  uint64_t *seqs;  // NULL: none
  size_t count;
};
// Where in the stored bytes of an Accepted record its commitment's 32 bytes stand. 0: nowhere.
size_t record_commitment_at(const uint8_t *record, size_t length);

NAV_MUST_USE bool record_mentions_of(const Nav__V1__Record *record,
                                     struct record_mentions *mentions);  // false: no memory
void record_mentions_free(struct record_mentions *mentions);

// "accepted" from 21; "unknown" where there is no such kind.
const char *record_kind_name(uint16_t kind);

#endif
