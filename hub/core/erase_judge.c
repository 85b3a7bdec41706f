// What of an order to erase may be erased, and which lanes had it. See erase_private.h.
#include <stdlib.h>

#include "hub/core/erase_private.h"
#include "hub/core/holds.h"
#include "hub/core/recalls.h"

// NULL: nothing.
static const char *stands_against(const struct core *core, struct erase_event *event) {
  size_t closable = 0;
  size_t kept = 0;
  holds_count_event(core->holds, event->seq, &closable, &kept);
  event->holds = closable;
  if (event->type == NAV__V1__EVENT__BODY_CONSENT)
    return "consent: the register is made from its text; it ends with its class";
  if (kept > 0) return "hold: it must be answered first (navctl hold release, hold refuse)";
  return NULL;
}

// False: no room.
static bool add_lane(struct core *core, struct erase_event *event, uint32_t number, uint64_t position) {
  struct erase *run = core->erase;
  const struct lane *lane = core_lane(core, number);
  bool had = deliver_had_up_to(lane) >= position;
  // Who had not been sent it when it was taken back was told of that.
  if (!had && recalls_has(core->recalls, event->seq)) return true;
  if (run->lanes_count == ERASE_LANES_MAX) return false;
  run->lanes[run->lanes_count++] =
      (struct erase_lane){number, !had                        ? ERASE_LANE_MISSED
                                  : nacks_has(lane, position) ? ERASE_LANE_SET_ASIDE
                                                              : ERASE_LANE_HAD};
  event->lanes_count++;
  return true;
}

static int by_seq(const void *a, const void *b) {
  const struct erase_release *x = a;
  const struct erase_release *y = b;
  return (x->event_seq > y->event_seq) - (x->event_seq < y->event_seq);
}

static int find_event(const void *seq, const void *event) {
  uint64_t wanted = *(const uint64_t *)seq;
  uint64_t is = ((const struct erase_event *)event)->seq;
  return (wanted > is) - (wanted < is);
}

static void note_release(void *context, uint64_t event_seq, uint32_t lane, uint64_t position) {
  const struct core *core = context;
  struct erase *run = core->erase;
  if (lane == 0 || lane >= core->numbers->lanes_end || run->releases_count == ERASE_LANES_MAX ||
      bsearch(&event_seq, run->events, run->count, sizeof *run->events, find_event) == NULL)
    return;
  run->releases[run->releases_count++] = (struct erase_release){event_seq, position, lane};
}

// What somebody released of these events after assessment, by event: one walk for all of them.
static void find_releases(struct core *core) {
  struct erase *run = core->erase;
  run->releases_count = run->releases_at = 0;
  if (run->count == 0) return;
  holds_each_release(core->holds, run->events[0].seq, run->events[run->count - 1].seq, note_release, core);
  qsort(run->releases, run->releases_count, sizeof *run->releases, by_seq);
}

// The lanes that the verdict released to, and those that somebody released to. False: no room.
static bool find_lanes(struct core *core, struct erase_event *event) {
  struct erase *run = core->erase;
  const struct verdict *verdict = verdicts_get(core->verdicts, event->verdict);
  event->lanes = run->lanes + run->lanes_count;
  event->lanes_count = 0;
  if (run->releases_count == ERASE_LANES_MAX) return false;
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count; i++) {
    const Nav__V1__LaneVerdict *lane = verdict->lanes[i];
    if (lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE && lane->lane > 0 &&
        lane->lane < core->numbers->lanes_end && !add_lane(core, event, lane->lane, event->seq))
      return false;
  }
  for (; run->releases_at < run->releases_count; run->releases_at++) {
    const struct erase_release *release = &run->releases[run->releases_at];
    if (release->event_seq > event->seq) break;
    if (release->event_seq == event->seq && !add_lane(core, event, release->lane, release->position))
      return false;
  }
  return true;
}

void erase_judge(struct core *core) {
  struct erase *run = core->erase;
  size_t kept = 0;
  run->lanes_count = 0;
  find_releases(core);
  for (size_t i = 0; i < run->count; i++) {
    struct erase_event event = run->events[i];
    if (erase_is_gone(core, &event)) {  // meanwhile
      run->already++;
      continue;
    }
    const char *against = stands_against(core, &event);
    if (event.against == NULL) event.against = against;
    if (!find_lanes(core, &event)) {
      run->more = true;
      break;
    }
    run->events[kept++] = event;
  }
  run->count = kept;
}
