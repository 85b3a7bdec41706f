// What waits, from the ledger, at start: events whose verdict holds something for a lane, Requests and sealed
// events, minus what records say was decided, lapsed or closed; at the level that they were escalated to. See
// holds.h.
#include <stdlib.h>
#include <string.h>

#include "hub/core/holds.h"
#include "hub/core/holds_ended.h"
#include "hub/core/stored.h"
#include "hub/wire/event.h"

enum { ARENA_BYTES_MAX = 4 * 1024 * 1024 };

struct loading {
  struct core *core;
  struct nav_arena *arena;
  size_t past_the_maximum;
};

static void restore(struct loading *loading, struct hold *hold, int64_t accepted_ms) {
  struct core *core = loading->core;
  if (holds_ended_has(core->holds_ended, hold->event_seq, hold->lane)) return;
  if (holds_count(core->holds) == HOLDS_MAX) {  // an agency past its share is past it, and loses nothing
    loading->past_the_maximum++;
    return;
  }
  hold->opened_ms = accepted_ms;
  hold->deadline_ms = accepted_ms + hold->answer_ms;
  holds_ended_level(core->holds_ended, hold);
  holds_restore(core->holds, hold);
}

static struct hold hold_of_row(const struct store_event *row) {
  struct hold hold = {.event_seq = row->seq,
                      .agency = row->agency,
                      .source = row->agency,
                      .type = row->type,
                      .revision = row->revision};
  memcpy(hold.event_id, row->event_id, sizeof hold.event_id);
  return hold;
}

static bool load_held(void *context, const struct store_event *row, struct nav_error *err) {
  struct loading *loading = context;
  const struct verdict *verdict = verdicts_get(loading->core->verdicts, row->verdict);
  (void)err;
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count; i++) {
    struct hold hold = hold_of_row(row);
    if (hold_of_verdict(&hold, verdict->lanes[i], loading->core->nav))
      restore(loading, &hold, row->accepted_ms);
  }
  return true;
}

static Nav__V1__Event *open_row(struct loading *loading, const struct store_event *row) {
  struct nav_error ignored;  // what does not open any more waits for nobody
  struct stored_event event = {
      .seq = row->seq, .retention_class = row->retention_class, .bucket_day = row->bucket_day};
  if (row->sealed == NULL || !stored_open(loading->core, &event, row->sealed, row->sealed_length, &ignored))
    return NULL;
  nav_arena_reset(loading->arena);
  return wire_decode_lenient(&nav__v1__event__descriptor, loading->arena, event.bytes, event.length,
                             &ignored);
}

static bool load_with_content(void *context, const struct store_event *row, struct nav_error *err) {
  struct loading *loading = context;
  const Nav__V1__Event *event = open_row(loading, row);
  struct hold list[HOLDS_OF_CONTENT_MAX];
  (void)err;
  if (event == NULL) return true;
  struct hold hold = hold_of_row(row);
  size_t count = holds_of_content(loading->core, &hold, row->verdict, event, list);
  for (size_t i = 0; i < count; i++) restore(loading, &list[i], row->accepted_ms);
  return true;
}

static bool load_all(struct loading *loading, struct nav_error *err) {
  struct core *core = loading->core;
  uint32_t *holding = calloc(VERDICTS_MAX, sizeof *holding);
  if (holding == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  size_t count = 0;
  for (uint32_t i = 1; i < verdicts_end(core->verdicts); i++) {
    const struct verdict *verdict = verdicts_get(core->verdicts, i);
    struct hold ignored = {0};
    bool holds = false;
    for (size_t k = 0; k < verdict->lanes_count && !holds; k++)
      holds = hold_of_verdict(&ignored, verdict->lanes[k], core->nav);
    if (holds) holding[count++] = i;
  }
  bool ok =
      store_read_events_of_verdicts(core->store, holding, count, load_held, loading, err) &&
      store_read_events_of_type(core->store, NAV__V1__EVENT__BODY_REQUEST, load_with_content, loading, err) &&
      store_read_events_of_type(core->store, NAV__V1__EVENT__BODY_SEALED, load_with_content, loading, err);
  free(holding);
  return ok;
}

bool holds_load(struct core *core, struct nav_error *err) {
  struct loading loading = {.core = core, .arena = nav_arena_new(ARENA_BYTES_MAX)};
  if (loading.arena == NULL) return nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
  bool ok = load_all(&loading, err);
  nav_arena_free(loading.arena);
  holds_ended_free(core->holds_ended);
  core->holds_ended = NULL;
  if (ok && loading.past_the_maximum > 0)
    return nav_fail(
        err, NAV_ERROR_LOCAL, 0, "holds",
        "%zu holds more than the hub can queue (%d): assess or refuse some under the former version",
        loading.past_the_maximum, HOLDS_MAX);
  return ok;
}
