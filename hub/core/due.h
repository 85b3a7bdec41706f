// How much each lane has before it, which navctl status shows as `behind`: what verdicts, releases, recalls
// and redeliveries give it, without what it has passed. A connected lane is counted as its session looks at
// every position, so that what was passed over (taken back, erased, set aside, no longer released) is not
// waited for. Of one that is not connected that is known only of what records say for good; what rules in
// force would withhold now is found when it is sent, so it may have less before it than is said, never more:
// once all events are counted (past.h), before which nothing is said.
// Called by: start (cursors), past (events), intake, holds, recalls, erasures, nacks, redeliver (what is
// given and taken), deliver (what is taken back, looked at and acknowledged), status. Must never: decide what
// is sent.
#ifndef NAV_CORE_DUE_H
#define NAV_CORE_DUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lane;

enum { DUE_MARKS_MAX = 65536 };  // of one lane; past it more is said to be before it than is

struct due_mark {
  uint64_t position, count;
  uint64_t last, seq;  // of many: the last of them, and of the record that says so
};

struct due_marks {
  struct due_mark *list;  // in order of position
  size_t count, capacity;
};

// Part of a lane. `given` counts positions that give it something, and a rank is that count up to one of
// them: the difference between two ranks is how many lie between.
struct lane_due {
  uint64_t started_at;         // the cursor that the start found: no event up to it is counted
  uint64_t given;              // since then; staged
  uint64_t passed, passed_at;  // rank, and up to where: nothing before waits for the lane
  uint64_t looked, looked_at;  // the same of what its session has looked at
  uint64_t *ranks;             // of what stands in lane->sent, in the same places
  struct due_marks gone;       // after passed_at, of which it will get nothing
  struct due_marks singles;  // at a start alone: the positions that are no events', until the cursor is known
};

void due_free(struct lane *lane);

// ---- what is given ----

// So many positions more: releases, recalls, redeliveries.
void due_give(struct lane *lane, uint64_t count);
// An event, staged now or found in the past: of those that lie before the cursor of the start it has none.
void due_give_event(struct lane *lane, uint64_t position);
// It will never get this one. Again: nothing.
void due_take(struct lane *lane, uint64_t position);
// … nor so many between the first and the last that it had not been sent, says the record of this number.
void due_take_many(struct lane *lane, const struct due_mark *many);

// ---- at a start: the singles, then the cursor, then events, newest first and not all at once ----

// A position that is no event's was given: a release, a recall, a redelivery.
void due_load_single(struct lane *lane, uint64_t position);
// Of the acknowledgement of this number.
void due_load_cursor(struct lane *lane, uint64_t cursor, uint64_t seq);

// ---- a session ----

bool due_begin(struct lane *lane);  // false: no memory
void due_end(struct lane *lane);    // before lane->sent is emptied
// The rank of a position that gives the lane something and is looked at next.
uint64_t due_rank(const struct lane *lane, uint64_t position);
// The session has looked at a position that gives the lane something, and sent it or not.
void due_look(struct lane *lane, uint64_t position);
// What stands at this place of lane->sent and after it will be looked at again.
void due_rewind(struct lane *lane, uint64_t place);
// The acknowledgement of a position with this rank is committed.
void due_pass(struct lane *lane, uint64_t position, uint64_t rank);

uint64_t due_behind(const struct lane *lane);

#endif
