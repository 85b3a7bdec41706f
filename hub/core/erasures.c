// See erasures.h.
#include "hub/core/erasures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "hub/base/log.h"
#include "hub/core/reasons.h"

enum { DESTROYED_A_TURN = 4, NOTICES_A_SESSION = 100 };

struct pending {
  uint64_t seq;  // of the record
  struct bucket_place place;
};

// A lane and an Erased record with events that it had not had.
struct told {
  uint64_t seq;
  uint64_t undelivered;
  uint32_t lane;
  bool said;  // to a session, since this program started: not at every connection
};

struct erasures {
  struct pending pending[ERASURES_PENDING_MAX];
  size_t pending_count;
  size_t keys_left;
  struct told *told;  // in order of seq
  size_t told_count, told_capacity;
  uint64_t notified_seq;  // sessions that were there have been told up to here
};

struct erasures *erasures_new(void) {
  return calloc(1, sizeof(struct erasures));
}

void erasures_free(struct erasures *erasures) {
  if (erasures == NULL) return;
  free(erasures->told);
  free(erasures);
}

bool erasures_have_room(const struct erasures *erasures) {
  return erasures->pending_count < ERASURES_PENDING_MAX;
}

bool erasures_pending(const struct erasures *erasures) { return erasures->pending_count > 0; }
size_t erasures_keys_left(const struct erasures *erasures) { return erasures->keys_left; }

static void add_pending(struct erasures *erasures, uint64_t seq, const struct bucket_place *place) {
  NAV_ASSERT(erasures_have_room(erasures));
  erasures->pending[erasures->pending_count++] = (struct pending){seq, *place};
}

// A notice is a hint: past the maximum the oldest are forgotten.
static void add_told(struct erasures *erasures, const struct told *told) {
  if (erasures->told_count == ERASURES_TOLD_MAX) {
    erasures->told_count /= 2;
    for (size_t i = 0; i < erasures->told_count; i++)
      erasures->told[i] = erasures->told[i + erasures->told_count];
  }
  if (erasures->told_count == erasures->told_capacity) {
    size_t capacity = erasures->told_capacity == 0 ? 64 : 2 * erasures->told_capacity;
    struct told *list = realloc(erasures->told, capacity * sizeof *list);
    if (list == NULL) return;
    erasures->told = list;
    erasures->told_capacity = capacity;
  }
  erasures->told[erasures->told_count++] = *told;
}

// What a lane will never get is no longer behind. At start it wraps until the events are counted.
static void take_lane(struct core *core, uint64_t seq, uint32_t lane, uint64_t undelivered) {
  if (lane == 0 || lane >= NUMBERS_LANES_MAX) return;
  core_lane(core, lane)->released -= undelivered;
  add_told(core->erasures, &(struct told){seq, undelivered, lane, false});
}

// ---- the record ----

bool erasures_stage(struct core *core, const struct erasure *erasure, uint64_t *seq, struct nav_error *err) {
  static Nav__V1__ErasedLane lanes[NUMBERS_LANES_MAX];  // one thread
  static Nav__V1__ErasedLane *pointers[NUMBERS_LANES_MAX];
  size_t count = 0;
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    if (erasure->undelivered[i] == 0) continue;
    lanes[count] = (Nav__V1__ErasedLane)NAV__V1__ERASED_LANE__INIT;
    lanes[count].has_lane = lanes[count].has_undelivered = true;
    lanes[count].lane = i;
    lanes[count].undelivered = erasure->undelivered[i];
    pointers[count] = &lanes[count];
    count++;
  }
  Nav__V1__Erased erased = NAV__V1__ERASED__INIT;
  erased.has_retention_class = erased.has_bucket_day = erased.has_events = true;
  erased.has_first_seq = erased.has_last_seq = true;
  erased.retention_class = erasure->place.retention_class;
  erased.bucket_day = erasure->place.day;
  erased.events = erasure->events;
  erased.first_seq = erasure->first_seq;
  erased.last_seq = erasure->last_seq;
  erased.lanes = pointers;
  erased.n_lanes = count;
  erased.person = (char *)(uintptr_t)erasure->person;
  erased.agency = (char *)(uintptr_t)erasure->agency;
  erased.reason = (char *)(uintptr_t)erasure->reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_ERASED;
  record.erased = &erased;
  if (!reasons_stage(core, &record, seq, err)) return false;
  core->staging->urgent = true;
  for (size_t i = 0; i < count; i++) take_lane(core, *seq, lanes[i].lane, lanes[i].undelivered);
  buckets_erase(core->buckets, erased.retention_class, erased.bucket_day);
  deliver_forget(core);
  add_pending(core->erasures, *seq, &erasure->place);
  return true;
}

void erasures_again(struct core *core, const struct bucket_place *place) {
  if (core->erasures->keys_left > 0) core->erasures->keys_left--;
  add_pending(core->erasures, 0, place);
}

// ---- after the commit ----

static void destroy(struct core *core, const struct bucket_place *place) {
  struct nav_error err;
  if (buckets_destroy(core->buckets, place->retention_class, place->day, &err)) return;
  core->erasures->keys_left++;
  nav_log_failure(NAV_LOG_ERROR, "erased content is still there: run navctl retention run again", &err);
}

void erasures_step(struct core *core) {
  struct erasures *erasures = core->erasures;
  size_t destroyed = 0;
  while (destroyed < DESTROYED_A_TURN && destroyed < erasures->pending_count &&
         erasures->pending[destroyed].seq <= core->committed_seq)
    destroy(core, &erasures->pending[destroyed++].place);
  if (destroyed == 0) return;
  erasures->pending_count -= destroyed;
  for (size_t i = 0; i < erasures->pending_count; i++)
    erasures->pending[i] = erasures->pending[i + destroyed];
}

void erasures_load(struct core *core, uint64_t seq, const Nav__V1__Erased *erased) {
  const struct bucket_place place = {erased->retention_class, erased->bucket_day};
  for (size_t i = 0; i < erased->n_lanes; i++)
    take_lane(core, seq, erased->lanes[i]->lane, erased->lanes[i]->undelivered);
  buckets_erase(core->buckets, place.retention_class, place.day);
  core->erasures->notified_seq = seq;
  // The program may have ended between the record and the key.
  if (buckets_is_erased(core->buckets, place.retention_class, place.day)) destroy(core, &place);
}

// ---- notices ----

static void notify(struct core *core, struct session *session, struct told *told) {
  char text[128];
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = notice.has_seq = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_ERASED;
  notice.seq = told->seq;
  notice.purpose = core->numbers->lanes[told->lane].purpose;
  (void)snprintf(text, sizeof text,
                 "%" PRIu64 " events that you had not fetched were erased: their time was up",
                 told->undelivered);
  notice.text = text;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_NOTICE;
  frame.notice = &notice;
  session_send(core->sessions, session, &frame);
  told->said = true;
}

void erasures_committed(struct core *core) {
  struct erasures *erasures = core->erasures;
  size_t count = erasures->pending_count;
  if (count == 0 || erasures->pending[0].seq > core->committed_seq) return;
  deliver_forget(core);
  for (size_t i = erasures->told_count; i > 0; i--) {
    struct told *told = &erasures->told[i - 1];
    if (told->seq <= erasures->notified_seq) break;
    const struct lane *lane = core->lanes[told->lane];
    if (told->seq <= core->committed_seq && lane->session != NULL) notify(core, lane->session, told);
  }
  erasures->notified_seq = core->committed_seq;
}

void erasures_notify_session(struct core *core, struct session *session) {
  const struct erasures *erasures = core->erasures;
  size_t count = 0;
  for (size_t i = 0; i < erasures->told_count && count < NOTICES_A_SESSION; i++) {
    struct told *told = &erasures->told[i];
    const struct lane *lane = core->lanes[told->lane];
    if (told->said || lane == NULL || lane->session != session || told->seq > core->committed_seq ||
        told->seq <= lane->cursor)
      continue;
    notify(core, session, told);
    count++;
  }
}
