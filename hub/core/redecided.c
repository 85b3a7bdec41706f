// See redecided.h. An open table, rebuilt when it is half full: what lanes have passed is left out then.
#include "hub/core/redecided.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/error.h"
#include "hub/core/numbers.h"

enum { SLOTS_FIRST = 1024 };

struct redecided {
  struct narrowed *slots;  // position 0: free
  size_t size;             // a power of two
  size_t used;             // slots taken, by what is passed too
  uint64_t passed[NUMBERS_LANES_MAX];
};

struct narrowed redecided_of(const Nav__V1__LaneVerdict *lane, uint64_t position) {
  return (struct narrowed){.position = position,
                           .lane = lane->lane,
                           .released = lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE,
                           .narrative_edited = lane->narrative_edited != 0,
                           .reveal = (uint16_t)lane->reveal,
                           .subjects = lane->subjects};
}

struct redecided *redecided_new(void) {
  struct redecided *redecided = calloc(1, sizeof *redecided);
  if (redecided == NULL) return NULL;
  redecided->size = SLOTS_FIRST;
  redecided->slots = calloc(redecided->size, sizeof *redecided->slots);
  if (redecided->slots != NULL) return redecided;
  free(redecided);
  return NULL;
}

void redecided_free(struct redecided *redecided) {
  if (redecided == NULL) return;
  free(redecided->slots);
  free(redecided);
}

static size_t slot_of(const struct narrowed *slots, size_t size, uint32_t lane, uint64_t position) {
  uint64_t hash = (position ^ (uint64_t)lane << 48) * UINT64_C(0x9E3779B97F4A7C15);
  size_t at = (size_t)(hash >> 20) & (size - 1);
  while (slots[at].position != 0 && (slots[at].position != position || slots[at].lane != lane))
    at = (at + 1) & (size - 1);
  return at;
}

static bool is_passed(const struct redecided *redecided, const struct narrowed *narrowed) {
  return narrowed->position <= redecided->passed[narrowed->lane];
}

static size_t count_kept(const struct redecided *redecided) {
  size_t kept = 0;
  for (size_t i = 0; i < redecided->size; i++)
    if (redecided->slots[i].position != 0 && !is_passed(redecided, &redecided->slots[i])) kept++;
  return kept;
}

static void rebuild(struct redecided *redecided) {
  size_t kept = count_kept(redecided);
  size_t size = SLOTS_FIRST;
  while (size < 4 * (kept + 1)) size *= 2;
  struct narrowed *slots = calloc(size, sizeof *slots);
  NAV_ASSERT(slots != NULL);  // to forget one would release what was withheld
  for (size_t i = 0; i < redecided->size; i++) {
    const struct narrowed *narrowed = &redecided->slots[i];
    if (narrowed->position == 0 || is_passed(redecided, narrowed)) continue;
    slots[slot_of(slots, size, narrowed->lane, narrowed->position)] = *narrowed;
  }
  free(redecided->slots);
  redecided->slots = slots;
  redecided->size = size;
  redecided->used = kept;
}

bool redecided_has_room(const struct redecided *redecided) {
  return redecided->used < REDECIDED_MAX || count_kept(redecided) < REDECIDED_MAX;
}

void redecided_note(struct redecided *redecided, const struct narrowed *narrowed) {
  NAV_ASSERT(narrowed->lane < NUMBERS_LANES_MAX);
  if (is_passed(redecided, narrowed)) return;
  if (2 * (redecided->used + 1) > redecided->size) rebuild(redecided);
  size_t at = slot_of(redecided->slots, redecided->size, narrowed->lane, narrowed->position);
  if (redecided->slots[at].position == 0) redecided->used++;
  redecided->slots[at] = *narrowed;
}

const struct narrowed *redecided_find(const struct redecided *redecided, uint32_t lane, uint64_t position) {
  if (redecided->used == 0) return NULL;
  const struct narrowed *found =
      &redecided->slots[slot_of(redecided->slots, redecided->size, lane, position)];
  return found->position == 0 ? NULL : found;
}

void redecided_pass(struct redecided *redecided, uint32_t lane, uint64_t position) {
  if (position > redecided->passed[lane]) redecided->passed[lane] = position;
}
