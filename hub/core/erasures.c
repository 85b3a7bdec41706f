// See erasures.h.
#include "hub/core/erasures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/holds.h"
#include "hub/core/reasons.h"

enum { DESTROYED_A_TURN = 4, NOTICES_A_SESSION = 100 };

struct pending {
  uint64_t seq;  // of the record
  struct bucket_place place;
};

// One event's key that is to be taken out of its bucket.
struct cut {
  struct bucket_place place;
  uint64_t seq;
};

// A lane and an erasing record with events that it had not had.
struct told {
  uint64_t seq;
  uint64_t undelivered;
  uint32_t lane;
  bool ordered;  // somebody ordered it: its time was not up
  bool said;     // to a session, since this program started: not at every connection
};

struct erasures {
  struct pending pending[ERASURES_PENDING_MAX];
  size_t pending_count;
  struct cut cuts[ERASURES_EVENTS_MAX];  // by bucket, then by seq
  size_t cuts_count, cuts_at;
  uint64_t cuts_seq;  // of the last of their records
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

bool erasures_have_room_for(const struct erasures *erasures, size_t events) {
  return erasures->cuts_count + events <= ERASURES_EVENTS_MAX;
}

bool erasures_pending(const struct erasures *erasures) {
  return erasures->pending_count > 0 || erasures->cuts_count > 0;
}

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

// What a lane will never get is no longer behind.
static void take_lanes(struct core *core, uint64_t seq, const Nav__V1__Erased *erased) {
  for (size_t i = 0; i < erased->n_lanes; i++) {
    const Nav__V1__ErasedLane *lane = erased->lanes[i];
    if (lane->lane == 0 || lane->lane >= NUMBERS_LANES_MAX) continue;
    due_take_many(core_lane(core, lane->lane),
                  &(struct due_mark){erased->first_seq, lane->undelivered, erased->last_seq, seq});
    add_told(core->erasures, &(struct told){seq, lane->undelivered, lane->lane, false, false});
  }
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
  take_lanes(core, *seq, &erased);
  buckets_erase(core->buckets, erased.retention_class, erased.bucket_day);
  deliver_forget(core);
  add_pending(core->erasures, *seq, &erasure->place);
  return true;
}

void erasures_again(struct core *core, const struct bucket_place *place) {
  if (core->erasures->keys_left > 0) core->erasures->keys_left--;
  add_pending(core->erasures, 0, place);
}

// ---- the record of single events ----

// Nothing opens them any more; each lane is told once how many it will never get.
static void forget_events(struct core *core, uint64_t seq, Nav__V1__ErasedEvent *const *events,
                          size_t count) {
  static uint64_t undelivered[NUMBERS_LANES_MAX];  // one thread
  memset(undelivered, 0, sizeof undelivered);
  for (size_t i = 0; i < count; i++) {
    buckets_erase_event(core->buckets, events[i]->event_seq);
    for (size_t k = 0; k < events[i]->n_undelivered; k++) {
      uint32_t lane = events[i]->undelivered[k];
      if (lane == 0 || lane >= NUMBERS_LANES_MAX) continue;
      due_take(core_lane(core, lane), holds_position(core->holds, events[i]->event_seq, lane));
      undelivered[lane]++;
    }
  }
  for (uint32_t lane = 1; lane < NUMBERS_LANES_MAX; lane++)
    if (undelivered[lane] > 0)
      add_told(core->erasures, &(struct told){seq, undelivered[lane], lane, true, false});
}

static int by_bucket(const void *a, const void *b) {
  const struct cut *x = a;
  const struct cut *y = b;
  if (x->place.retention_class != y->place.retention_class)
    return x->place.retention_class < y->place.retention_class ? -1 : 1;
  if (x->place.day != y->place.day) return x->place.day < y->place.day ? -1 : 1;
  return (x->seq > y->seq) - (x->seq < y->seq);
}

static void add_cuts(struct erasures *erasures, uint64_t record_seq, Nav__V1__ErasedEvent *const *events,
                     size_t count) {
  NAV_ASSERT(erasures->cuts_at == 0);
  for (size_t i = 0; i < count && erasures->cuts_count < ERASURES_EVENTS_MAX; i++) {
    if (events[i]->event_seq == 0) continue;  // a record that somebody changed
    erasures->cuts[erasures->cuts_count++] = (struct cut){
        .place = {events[i]->retention_class, events[i]->bucket_day}, .seq = events[i]->event_seq};
  }
  qsort(erasures->cuts, erasures->cuts_count, sizeof *erasures->cuts, by_bucket);
  erasures->cuts_seq = record_seq;
}

bool erasures_stage_events(struct core *core, const struct events_erasure *order, uint64_t *seq,
                           struct nav_error *err) {
  NAV_ASSERT(erasures_have_room_for(core->erasures, order->count));
  Nav__V1__EventsErased erased = NAV__V1__EVENTS_ERASED__INIT;
  erased.source = (char *)(uintptr_t)order->source;
  erased.events = order->events;
  erased.n_events = order->count;
  erased.basis = (char *)(uintptr_t)order->basis;
  erased.person = (char *)(uintptr_t)order->person;
  erased.agency = (char *)(uintptr_t)order->agency;
  erased.reason = (char *)(uintptr_t)order->reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_EVENTS_ERASED;
  record.events_erased = &erased;
  if (!reasons_stage(core, &record, seq, err)) return false;
  core->staging->urgent = true;
  forget_events(core, *seq, order->events, order->count);
  deliver_forget(core);
  add_cuts(core->erasures, *seq, order->events, order->count);
  return true;
}

// ---- after the commit ----

// The next bucket's share of what is to be taken out.
static void cut_next(struct core *core) {
  struct erasures *erasures = core->erasures;
  const struct bucket_place place = erasures->cuts[erasures->cuts_at].place;
  static uint64_t seqs[ERASURES_EVENTS_MAX];  // one thread
  size_t count = 0;
  struct nav_error err;
  while (erasures->cuts_at < erasures->cuts_count) {
    const struct cut *cut = &erasures->cuts[erasures->cuts_at];
    if (cut->place.retention_class != place.retention_class || cut->place.day != place.day) break;
    seqs[count++] = cut->seq;
    erasures->cuts_at++;
  }
  if (erasures->cuts_at == erasures->cuts_count) erasures->cuts_at = erasures->cuts_count = 0;
  if (buckets_cut(core->buckets, &place, seqs, count, &err)) return;
  erasures->keys_left++;
  nav_log_failure(NAV_LOG_ERROR, "keys of erased events are still there: they are taken at the next start",
                  &err);
}

static void destroy(struct core *core, const struct bucket_place *place) {
  struct nav_error err;
  if (buckets_destroy(core->buckets, place->retention_class, place->day, &err)) return;
  core->erasures->keys_left++;
  nav_log_failure(NAV_LOG_ERROR, "erased content is still there: run navctl retention run again", &err);
}

void erasures_step(struct core *core) {
  struct erasures *erasures = core->erasures;
  for (int i = 0;
       i < DESTROYED_A_TURN && erasures->cuts_count > 0 && erasures->cuts_seq <= core->committed_seq; i++)
    cut_next(core);
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
  take_lanes(core, seq, erased);
  buckets_erase(core->buckets, place.retention_class, place.day);
  core->erasures->notified_seq = seq;
  // The program may have ended between the record and the key.
  if (buckets_is_erased(core->buckets, place.retention_class, place.day)) destroy(core, &place);
}

void erasures_load_events(struct core *core, uint64_t seq, const Nav__V1__EventsErased *erased) {
  struct erasures *erasures = core->erasures;
  forget_events(core, seq, erased->events, erased->n_events);
  erasures->notified_seq = seq;
  add_cuts(erasures, seq, erased->events, erased->n_events);
  while (erasures->cuts_count > 0) cut_next(core);
}

// ---- notices ----

static void notify(struct core *core, struct session *session, struct told *told) {
  char text[128];
  Nav__V1__Notice notice = NAV__V1__NOTICE__INIT;
  notice.has_kind = notice.has_seq = true;
  notice.kind = NAV__V1__NOTICE_KIND__NOTICE_KIND_ERASED;
  notice.seq = told->seq;
  notice.purpose = core->numbers->lanes[told->lane].purpose;
  (void)snprintf(text, sizeof text, "%" PRIu64 " events that you had not fetched were erased: %s",
                 told->undelivered, told->ordered ? "it was ordered" : "their time was up");
  notice.text = text;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_NOTICE;
  frame.notice = &notice;
  session_send(core->sessions, session, &frame);
  told->said = true;
}

void erasures_committed(struct core *core) {
  struct erasures *erasures = core->erasures;
  bool buckets = erasures->pending_count > 0 && erasures->pending[0].seq <= core->committed_seq;
  bool events = erasures->cuts_count > 0 && erasures->cuts_seq <= core->committed_seq;
  if (!buckets && !events) return;
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
