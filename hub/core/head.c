// See head.h.
#include "hub/core/head.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/error.h"

struct head_entry *head_entry_new(uint64_t seq, uint32_t verdict, uint32_t accepted_day, const uint8_t *event,
                                  size_t length) {
  struct head_entry *entry = calloc(1, sizeof *entry + length);
  if (entry == NULL) return NULL;
  entry->seq = seq;
  entry->event_seq = seq;
  entry->verdict = verdict;
  entry->accepted_day = accepted_day;
  entry->length = length;
  if (length > 0) memcpy(entry->event, event, length);
  return entry;
}

struct head_entry *head_entry_gone(uint64_t seq, uint32_t lane) {
  struct head_entry *entry = head_entry_new(seq, 0, 0, NULL, 0);
  if (entry == NULL) return NULL;
  entry->cause = HEAD_GONE;
  entry->only_lane = lane;
  return entry;
}

static bool is_released(struct head_entry *entry, const Nav__V1__LaneVerdict *lane, uint64_t event_seq,
                        bool assessed) {
  if (lane == NULL || lane->lane == 0) return false;
  entry->cause = HEAD_RELEASED;
  entry->event_seq = event_seq;
  entry->only_lane = lane->lane;
  entry->assessed = assessed;
  entry->released = lane;
  return true;
}

static bool is_recalled(struct head_entry *entry, const Nav__V1__Recalled *recalled, uint32_t only_lane) {
  entry->cause = HEAD_RECALLED;
  entry->event_seq = recalled->recall_seq;
  entry->only_lane = only_lane;
  entry->recalled = recalled;
  return true;
}

// False: a record of this kind sends nobody anything.
static bool take_cause(struct head_entry *entry, const Nav__V1__Record *record) {
  const Nav__V1__Redelivered *again = record->redelivered;
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      return is_released(entry, record->hold_released->lane, record->hold_released->event_seq, true);
    case NAV__V1__RECORD__RECORD_RECALLED:
      return is_recalled(entry, record->recalled, 0);
    case NAV__V1__RECORD__RECORD_REDELIVERED:
      return again->recalled != NULL
                 ? again->lane != 0 && is_recalled(entry, again->recalled, again->lane)
                 : is_released(entry, again->released, again->event_seq, again->assessed != 0);
    default:
      return false;
  }
}

struct head_entry *head_entry_of_record(uint64_t seq, const uint8_t *record, size_t record_length,
                                        uint32_t accepted_day, const uint8_t *event, size_t length) {
  struct head_entry *entry = head_entry_new(seq, 0, accepted_day, event, length);
  if (entry == NULL) return NULL;
  entry->record = nav__v1__record__unpack(NULL, record_length, record);
  if (entry->record != NULL && take_cause(entry, entry->record)) return entry;
  head_entry_free(entry);
  return NULL;
}

void head_entry_free(struct head_entry *entry) {
  if (entry == NULL) return;
  if (entry->record != NULL) nav__v1__record__free_unpacked(entry->record, NULL);
  for (uint32_t i = 0; i < entry->copies_count; i++) free(entry->copies[i].bytes);
  free(entry);
}

const struct head_copy *head_entry_find(const struct head_entry *entry, const struct head_copy *wanted) {
  for (uint32_t i = 0; i < entry->copies_count; i++) {
    const struct head_copy *copy = &entry->copies[i];
    if (copy->rules == wanted->rules && copy->reveal == wanted->reveal &&
        copy->subjects == wanted->subjects && copy->narrative_edited == wanted->narrative_edited)
      return copy;
  }
  return NULL;
}

static size_t entry_size(const struct head_entry *entry) {
  size_t size = sizeof *entry + entry->length;
  for (uint32_t i = 0; i < entry->copies_count; i++) size += entry->copies[i].size;
  return size;
}

bool head_init(struct head *head, uint64_t floor_seq) {
  *head = (struct head){.floor_seq = floor_seq};
  head->ring = calloc(HEAD_ENTRIES_MAX, sizeof *head->ring);
  return head->ring != NULL;
}

static void drop_oldest(struct head *head) {
  struct head_entry **slot = &head->ring[head->first % HEAD_ENTRIES_MAX];
  head->floor_seq = (*slot)->seq;
  head->bytes -= entry_size(*slot);
  head_entry_free(*slot);
  *slot = NULL;
  head->first++;
}

void head_entry_wipe(struct head_entry *entry) {
  explicit_bzero(entry->event, entry->length);
  for (uint32_t i = 0; i < entry->copies_count; i++)
    explicit_bzero(entry->copies[i].bytes, entry->copies[i].size);
}

void head_forget(struct head *head) {
  while (head->first < head->next) {
    head_entry_wipe(head->ring[head->first % HEAD_ENTRIES_MAX]);
    drop_oldest(head);
  }
}

void head_free(struct head *head) {
  if (head->ring == NULL) return;
  while (head->first < head->next) drop_oldest(head);
  free(head->ring);
  head->ring = NULL;
}

void head_push(struct head *head, struct head_entry *entry) {
  size_t size = entry_size(entry);
  while (head->first < head->next &&
         (head->next - head->first >= HEAD_ENTRIES_MAX || head->bytes + size > HEAD_BYTES_MAX)) {
    drop_oldest(head);
  }
  head->ring[head->next % HEAD_ENTRIES_MAX] = entry;
  head->next++;
  head->bytes += size;
}

void head_grew(struct head *head, size_t bytes) { head->bytes += bytes; }

struct head_entry *head_get_mutable(struct head *head, uint64_t number) {
  NAV_ASSERT(number >= head->first && number < head->next);
  return head->ring[number % HEAD_ENTRIES_MAX];
}

const struct head_entry *head_get(const struct head *head, uint64_t number) {
  NAV_ASSERT(number >= head->first && number < head->next);
  return head->ring[number % HEAD_ENTRIES_MAX];
}

uint64_t head_find(const struct head *head, uint64_t seq) {
  NAV_ASSERT(seq >= head->floor_seq);
  uint64_t low = head->first;
  uint64_t high = head->next;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (head->ring[middle % HEAD_ENTRIES_MAX]->seq > seq) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
