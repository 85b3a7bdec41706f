// See holds_ended.h.
#include "hub/core/holds_ended.h"

#include <stdlib.h>

struct noted {
  uint64_t event_seq;
  uint64_t seq;  // of the record
  int64_t deadline_ms;
  uint32_t lane;
  uint32_t level;  // 0: it ended
};

struct holds_ended {
  struct noted *items;
  size_t count, capacity;
  bool sorted;
};

struct holds_ended *holds_ended_new(void) {
  return calloc(1, sizeof(struct holds_ended));
}

void holds_ended_free(struct holds_ended *ended) {
  if (ended == NULL) return;
  free(ended->items);
  free(ended);
}

static void note(struct holds_ended *ended, const struct noted *noted) {
  if (ended->count == ended->capacity) {
    size_t capacity = ended->capacity == 0 ? 1024 : 2 * ended->capacity;
    struct noted *items = realloc(ended->items, capacity * sizeof *items);
    NAV_ASSERT(items != NULL);  // a hold must not come to life again
    ended->items = items;
    ended->capacity = capacity;
  }
  ended->items[ended->count++] = *noted;
}

void holds_ended_take(struct core *core, uint64_t seq, const Nav__V1__Record *record) {
  struct noted noted = {.seq = seq};
  switch (record->record_case) {
    case NAV__V1__RECORD__RECORD_HOLD_RELEASED:
      noted.event_seq = record->hold_released->event_seq;
      noted.lane = record->hold_released->lane == NULL ? 0 : record->hold_released->lane->lane;
      holds_note_released(core->holds, noted.event_seq, noted.lane, seq);
      if (noted.lane > 0 && noted.lane < core->numbers->lanes_end)
        due_load_single(core_lane(core, noted.lane), seq);
      break;
    case NAV__V1__RECORD__RECORD_HOLD_REFUSED:
      noted.event_seq = record->hold_refused->event_seq;
      noted.lane = record->hold_refused->lane;
      break;
    case NAV__V1__RECORD__RECORD_HOLD_LAPSED:
      noted.event_seq = record->hold_lapsed->event_seq;
      noted.lane = record->hold_lapsed->lane;
      break;
    case NAV__V1__RECORD__RECORD_HOLD_CLOSED:
      noted.event_seq = record->hold_closed->event_seq;
      noted.lane = record->hold_closed->lane;
      break;
    case NAV__V1__RECORD__RECORD_HOLD_ESCALATED:
      noted.event_seq = record->hold_escalated->event_seq;
      noted.lane = record->hold_escalated->lane;
      noted.level = record->hold_escalated->level;
      noted.deadline_ms = record->hold_escalated->deadline_ms;
      break;
    default:
      return;
  }
  note(core->holds_ended, &noted);
}

// By event and lane; of each the end first, then the newest escalation.
static int compare(const void *a, const void *b) {
  const struct noted *x = a;
  const struct noted *y = b;
  if (x->event_seq != y->event_seq) return x->event_seq < y->event_seq ? -1 : 1;
  if (x->lane != y->lane) return x->lane < y->lane ? -1 : 1;
  if ((x->level == 0) != (y->level == 0)) return x->level == 0 ? -1 : 1;
  return x->seq > y->seq ? -1 : x->seq < y->seq ? 1 : 0;
}

// The first of this event and lane; NULL: nothing is noted.
static const struct noted *find(struct holds_ended *ended, uint64_t event_seq, uint32_t lane) {
  if (!ended->sorted && ended->count > 0) qsort(ended->items, ended->count, sizeof *ended->items, compare);
  ended->sorted = true;
  size_t low = 0;
  size_t high = ended->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct noted *at = &ended->items[middle];
    bool before = at->event_seq < event_seq || (at->event_seq == event_seq && at->lane < lane);
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const struct noted *found = low < ended->count ? &ended->items[low] : NULL;
  return found != NULL && found->event_seq == event_seq && found->lane == lane ? found : NULL;
}

bool holds_ended_has(struct holds_ended *ended, uint64_t event_seq, uint32_t lane) {
  const struct noted *noted = find(ended, event_seq, lane);
  return noted != NULL && noted->level == 0;
}

void holds_ended_level(struct holds_ended *ended, struct hold *hold) {
  const struct noted *noted = find(ended, hold->event_seq, hold->lane);
  if (noted == NULL || noted->level == 0) return;
  hold->level = noted->level;
  hold->deadline_ms = noted->deadline_ms;
}
