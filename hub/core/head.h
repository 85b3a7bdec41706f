// The newest committed events, in memory, for lanes that keep up; older ones are read from the store. Bounded
// by bytes. An entry keeps the copies it was redacted to, so that each distinct redaction is made and encoded
// once. Called by: batch (new entries), deliver. Must never: be the truth; it can be thrown away at any time.
#ifndef NAV_CORE_HEAD_H
#define NAV_CORE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nav/v1/ledger.pb-c.h"

enum { HEAD_BYTES_MAX = 48 * 1024 * 1024, HEAD_ENTRIES_MAX = 131072, HEAD_COPIES_MAX = 6 };

// One redaction of one event: what every lane's Delivery of it has in common, encoded. What is left of a
// place depends on the areas of the rules in force as well.
struct head_copy {
  uint32_t rules;  // core's rules_loaded when it was made
  uint16_t reveal;
  bool narrative_edited;
  uint64_t subjects;
  uint8_t *bytes;  // a nav.v1.Delivery without verdict and replay
  size_t size;
};

// Why lanes are sent something: an event was accepted; one lane was let have one (a hold was released, or
// what it could not take is delivered again); events were recalled.
enum head_cause {
  HEAD_EVENT,
  HEAD_RELEASED,
  HEAD_RECALLED,
  HEAD_GONE  // read from the store, of one lane: its content is erased, or does not open
};

struct head_entry {
  uint64_t seq;        // of the causing record: the lane's position
  uint64_t event_seq;  // of what is delivered; of HEAD_EVENT the same
  enum head_cause cause;
  uint32_t verdict;                      // of HEAD_EVENT
  uint32_t accepted_day;                 // days since 1970; not of HEAD_RECALLED
  Nav__V1__Record *record;               // of HEAD_RELEASED and HEAD_RECALLED; owned
  uint32_t only_lane;                    // 0: of every lane
  bool assessed;                         // of HEAD_RELEASED: a person let it out
  const Nav__V1__LaneVerdict *released;  // of HEAD_RELEASED, in record
  const Nav__V1__Recalled *recalled;     // of HEAD_RECALLED, in record
  uint32_t copies_count;
  struct head_copy copies[HEAD_COPIES_MAX];
  size_t length;
  uint8_t event[];  // the encoded event as received
};

// NULL: no memory.
struct head_entry *head_entry_new(uint64_t seq, uint32_t verdict, uint32_t accepted_day, const uint8_t *event,
                                  size_t length);
struct head_entry *head_entry_gone(uint64_t seq, uint32_t lane);
// Of a HoldReleased or Redelivered (with the event), or a Recalled (without): record is its stored bytes.
// NULL: no memory, or the bytes are no such record.
struct head_entry *head_entry_of_record(uint64_t seq, const uint8_t *record, size_t record_length,
                                        uint32_t accepted_day, const uint8_t *event, size_t length);
void head_entry_free(struct head_entry *entry);  // takes NULL
// That which says the same as wanted; NULL: none is ready.
const struct head_copy *head_entry_find(const struct head_entry *entry, const struct head_copy *wanted);

struct head {
  struct head_entry **ring;  // HEAD_ENTRIES_MAX slots
  uint64_t first;            // number of the oldest entry held; entry n is in slot n % HEAD_ENTRIES_MAX
  uint64_t next;             // number of the next one
  uint64_t floor_seq;        // every event with a higher seq is here
  size_t bytes;
};

bool head_init(struct head *head, uint64_t floor_seq);
void head_free(struct head *head);
// Takes over the entry; the oldest make room.
void head_push(struct head *head, struct head_entry *entry);
// Wipes and drops every entry: lanes read on from the store.
void head_forget(struct head *head);
// Wipes the event and its copies, for one whose content was erased; it is still to be freed.
void head_entry_wipe(struct head_entry *entry);
// Counts what a copy added to an entry of the ring takes.
void head_grew(struct head *head, size_t bytes);
const struct head_entry *head_get(const struct head *head, uint64_t number);
struct head_entry *head_get_mutable(struct head *head, uint64_t number);
// The first entry with a higher seq (head->next where there is none). seq must not be below floor_seq.
uint64_t head_find(const struct head *head, uint64_t seq);

#endif
