// See due.h.
#include "hub/core/due.h"

#include <stdlib.h>
#include <string.h>

#include "hub/core/core.h"

// ---- marks ----

// The first that does not stand before the position.
static size_t place_of(const struct due_marks *marks, uint64_t position) {
  size_t low = 0;
  size_t high = marks->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (marks->list[middle].position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool has_room(struct due_marks *marks, size_t most) {
  if (marks->count < marks->capacity) return true;
  if (marks->count >= most) return false;
  size_t capacity = marks->capacity == 0 ? 16 : 2 * marks->capacity;
  struct due_mark *list = realloc(marks->list, capacity * sizeof *list);
  if (list == NULL) return false;
  marks->list = list;
  marks->capacity = capacity;
  return true;
}

// They nearly always come in order. False: no room.
static bool put(struct due_marks *marks, size_t most, const struct due_mark *mark) {
  if (!has_room(marks, most)) return false;
  size_t at = place_of(marks, mark->position);
  memmove(&marks->list[at + 1], &marks->list[at], (marks->count - at) * sizeof *marks->list);
  marks->list[at] = *mark;
  marks->count++;
  return true;
}

// Drops those up to the position, and says how much they counted.
static uint64_t drop(struct due_marks *marks, uint64_t position) {
  size_t dropped = place_of(marks, position + 1);
  uint64_t sum = 0;
  if (dropped == 0) return 0;
  for (size_t i = 0; i < dropped; i++) sum += marks->list[i].count;
  marks->count -= dropped;
  memmove(marks->list, &marks->list[dropped], marks->count * sizeof *marks->list);
  return sum;
}

static bool has_single(const struct due_marks *marks, uint64_t position) {
  for (size_t i = place_of(marks, position); i < marks->count && marks->list[i].position == position; i++)
    if (marks->list[i].count == 1) return true;
  return false;
}

void due_free(struct lane *lane) {
  free(lane->due.ranks);
  free(lane->due.gone.list);
  free(lane->due.singles.list);
}

// ---- what is given ----

void due_give(struct lane *lane, uint64_t count) { lane->due.given += count; }

void due_give_event(struct lane *lane, uint64_t position) {
  if (position > lane->due.started_at) due_give(lane, 1);
}

void due_take(struct lane *lane, uint64_t position) {
  if (position <= lane->due.passed_at || has_single(&lane->due.gone, position)) return;
  (void)put(&lane->due.gone, DUE_MARKS_MAX, &(struct due_mark){position, 1, position, 0});
}

void due_take_many(struct lane *lane, const struct due_mark *many) {
  struct due_mark mark = *many;
  uint64_t had = deliver_had_up_to(lane);
  if (had < lane->due.passed_at) had = lane->due.passed_at;
  if (mark.last <= had) return;
  if (mark.position <= had) mark.position = had + 1;
  (void)put(&lane->due.gone, DUE_MARKS_MAX, &mark);
}

// ---- at a start ----

// Of many that a record after the acknowledgement took, none had been passed; of those that one before it
// took, how many were passed since is not known, and they are said to be before the lane.
static void keep_many(struct due_marks *gone, uint64_t cursor, uint64_t seq) {
  size_t kept = 0;
  for (size_t i = 0; i < gone->count; i++) {
    struct due_mark mark = gone->list[i];
    if (mark.position <= cursor && mark.last > cursor && mark.seq > seq) mark.position = cursor + 1;
    if (mark.position > cursor) gone->list[kept++] = mark;
  }
  gone->count = kept;
}

void due_load_single(struct lane *lane, uint64_t position) {
  due_give(lane, 1);
  // Without it the start would wait for what was acknowledged.
  NAV_ASSERT(put(&lane->due.singles, SIZE_MAX, &(struct due_mark){position, 1, position, 0}));
}

void due_load_cursor(struct lane *lane, uint64_t cursor, uint64_t seq) {
  struct lane_due *due = &lane->due;
  due->passed += drop(&due->singles, cursor);
  free(due->singles.list);
  due->singles = (struct due_marks){0};
  keep_many(&due->gone, cursor, seq);
  due->passed_at = due->started_at = cursor;
}

// ---- a session ----

bool due_begin(struct lane *lane) {
  struct lane_due *due = &lane->due;
  if (due->ranks == NULL) due->ranks = calloc(LANE_SENT_MAX, sizeof *due->ranks);
  due->looked = due->passed;
  due->looked_at = due->passed_at;
  return due->ranks != NULL;
}

static void pass(struct lane_due *due, uint64_t position, uint64_t rank) {
  if (position <= due->passed_at) return;
  due->passed_at = position;
  due->passed = rank;
  (void)drop(&due->gone, position);
}

void due_end(struct lane *lane) {
  struct lane_due *due = &lane->due;
  if (lane->sent_next == lane->sent_first) {
    pass(due, due->looked_at, due->looked);
    return;
  }
  size_t first = lane->sent_first % LANE_SENT_MAX;
  pass(due, lane->sent[first] - 1, due->ranks[first] - 1);
}

uint64_t due_rank(const struct lane *lane, uint64_t position) {
  return lane->due.looked + (position > lane->due.looked_at ? 1 : 0);
}

void due_look(struct lane *lane, uint64_t position) {
  if (position <= lane->due.looked_at) return;  // again: in a replay, or after a refusal
  lane->due.looked++;
  lane->due.looked_at = position;
}

void due_rewind(struct lane *lane, uint64_t place) {
  lane->due.looked = lane->due.ranks[place % LANE_SENT_MAX] - 1;
  lane->due.looked_at = lane->sent[place % LANE_SENT_MAX] - 1;
}

void due_pass(struct lane *lane, uint64_t position, uint64_t rank) { pass(&lane->due, position, rank); }

uint64_t due_behind(const struct lane *lane) {
  const struct lane_due *due = &lane->due;
  uint64_t done = due->passed;
  uint64_t waits = 0;
  if (lane->session != NULL) {
    done = due->looked;
    waits = lane->sent_next - lane->sent_first;
  } else {
    for (size_t i = 0; i < due->gone.count; i++) done += due->gone.list[i].count;
  }
  return waits + (due->given > done ? due->given - done : 0);
}
