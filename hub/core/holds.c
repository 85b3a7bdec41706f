// See holds.h.
#include "hub/core/holds.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"

enum {
  CHAINS = 65536,
  NONE = -1,
  ESCALATIONS_A_SWEEP = 256,
  NAMES_MAX = 16384,    // rules and bases of sealed events, ever since the start
  AGAIN_MS = 86400000,  // the on-call desk is reminded once a day at the most
};

struct slot {
  struct hold hold;  // event_seq 0: free
  int32_t next_by_seq, next_by_id, next_free;
};

struct released {
  uint64_t event_seq;
  uint64_t position;
  uint32_t lane;
};

struct holds {
  struct slot *slots;
  size_t slots_used;  // ever; slots behind it are untouched
  size_t count;
  size_t of_source[NUMBERS_AGENCIES_MAX];
  int32_t free_first;
  int32_t by_seq[CHAINS], by_id[CHAINS];
  struct released *released;  // in the order of positions, which is that of release
  size_t released_count, released_capacity;
  size_t sweep_at;
  size_t notices;  // that wait
  char **names;
  size_t names_count;
};

struct holds *holds_new(void) {
  struct holds *holds = calloc(1, sizeof *holds);
  if (holds == NULL) return NULL;
  holds->slots = calloc(HOLDS_MAX, sizeof *holds->slots);  // pages are taken when they are first used
  holds->free_first = NONE;
  for (size_t i = 0; i < CHAINS; i++) holds->by_seq[i] = holds->by_id[i] = NONE;
  holds->names = calloc(NAMES_MAX, sizeof *holds->names);
  if (holds->slots != NULL && holds->names != NULL) return holds;
  holds_free(holds);
  return NULL;
}

void holds_free(struct holds *holds) {
  if (holds == NULL) return;
  for (size_t i = 0; i < holds->names_count; i++) free(holds->names[i]);
  free(holds->names);
  free(holds->slots);
  free(holds->released);
  free(holds);
}

const char *holds_keep_name(struct holds *holds, const char *name) {
  for (size_t i = 0; i < holds->names_count; i++)
    if (strcmp(holds->names[i], name) == 0) return holds->names[i];
  if (holds->names_count == NAMES_MAX) return NULL;
  char *copy = strdup(name);
  if (copy != NULL) holds->names[holds->names_count++] = copy;
  return copy;
}

bool holds_have_room(const struct holds *holds, uint32_t source, size_t more) {
  return holds->count + more <= HOLDS_MAX && holds->of_source[source] + more <= HOLDS_OF_SOURCE_MAX;
}

size_t holds_count(const struct holds *holds) { return holds->count; }
size_t holds_slots(const struct holds *holds) { return holds->slots_used; }

struct hold *holds_at(const struct holds *holds, size_t index) {
  struct hold *hold = &holds->slots[index].hold;
  return hold->event_seq == 0 ? NULL : hold;
}

// ---- the table ----

static size_t chain_of_seq(uint64_t seq) { return (size_t)(seq * UINT64_C(0x9E3779B97F4A7C15) >> 48); }
static size_t chain_of_id(const uint8_t id[16]) { return nav_get_u16(id + 14); }

struct hold *holds_find(const struct holds *holds, uint64_t event_seq, uint32_t lane) {
  for (int32_t i = holds->by_seq[chain_of_seq(event_seq)]; i != NONE; i = holds->slots[i].next_by_seq) {
    struct hold *hold = &holds->slots[i].hold;
    if (hold->event_seq == event_seq && hold->lane == lane) return hold;
  }
  return NULL;
}

static void put(struct holds *holds, const struct hold *hold) {
  if (holds_find(holds, hold->event_seq, hold->lane) != NULL) return;
  NAV_ASSERT(holds->count < HOLDS_MAX);  // whoever opens has asked for room
  int32_t index = holds->free_first;
  if (index != NONE) {
    holds->free_first = holds->slots[index].next_free;
  } else {
    index = (int32_t)holds->slots_used++;
  }
  struct slot *slot = &holds->slots[index];
  slot->hold = *hold;
  int32_t *by_seq = &holds->by_seq[chain_of_seq(hold->event_seq)];
  int32_t *by_id = &holds->by_id[chain_of_id(hold->event_id)];
  slot->next_by_seq = *by_seq;
  slot->next_by_id = *by_id;
  *by_seq = *by_id = index;
  holds->count++;
  holds->of_source[hold->source]++;
}

bool holds_notices_wait(const struct holds *holds) { return holds->notices > 0; }

void holds_notice_done(struct holds *holds, struct hold *hold) {
  if (hold->notice_waits) holds->notices--;
  hold->notice_waits = false;
}

static void want_notice(struct holds *holds, struct hold *hold) {
  if (!hold->notice_waits) holds->notices++;
  hold->notice_waits = true;
}

static void take_out(struct holds *holds, struct hold *hold) {
  holds_notice_done(holds, hold);
  int32_t index = NONE;
  int32_t *at = &holds->by_seq[chain_of_seq(hold->event_seq)];
  while (&holds->slots[*at].hold != hold) at = &holds->slots[*at].next_by_seq;
  index = *at;
  *at = holds->slots[index].next_by_seq;
  at = &holds->by_id[chain_of_id(hold->event_id)];
  while (*at != index) at = &holds->slots[*at].next_by_id;
  *at = holds->slots[index].next_by_id;
  holds->of_source[hold->source]--;
  holds->slots[index] = (struct slot){.next_free = holds->free_first};
  holds->free_first = index;
  holds->count--;
}

void holds_restore(struct holds *holds, const struct hold *hold) { put(holds, hold); }

// ---- releases ----

void holds_note_released(struct holds *holds, uint64_t event_seq, uint32_t lane, uint64_t position) {
  if (holds->released_count == holds->released_capacity) {
    size_t capacity = holds->released_capacity == 0 ? 256 : 2 * holds->released_capacity;
    struct released *list = realloc(holds->released, capacity * sizeof *list);
    NAV_ASSERT(list != NULL);  // a recall must find whom it was released to
    holds->released = list;
    holds->released_capacity = capacity;
  }
  holds->released[holds->released_count++] = (struct released){event_seq, position, lane};
}

bool holds_was_released(const struct holds *holds, uint64_t event_seq, uint32_t lane, uint64_t *position) {
  for (size_t i = holds->released_count; i > 0; i--) {
    const struct released *released = &holds->released[i - 1];
    if (released->position < event_seq) return false;  // nothing is released before it is accepted
    if (released->event_seq != event_seq || released->lane != lane) continue;
    *position = released->position;
    return true;
  }
  return false;
}

uint64_t holds_position(const struct holds *holds, uint64_t event_seq, uint32_t lane) {
  uint64_t position = event_seq;
  (void)holds_was_released(holds, event_seq, lane, &position);
  return position;
}

void holds_released(struct holds *holds, struct hold *hold, uint64_t position) {
  holds_note_released(holds, hold->event_seq, hold->lane, position);
  take_out(holds, hold);
}

void holds_refused(struct holds *holds, struct hold *hold) { take_out(holds, hold); }

// ---- opening ----

bool hold_of_verdict(struct hold *hold, const Nav__V1__LaneVerdict *verdict, const struct conf_nav *nav) {
  bool whole = verdict->outcome == NAV__V1__OUTCOME__OUTCOME_HOLD;
  if (!whole && verdict->hold_rule == NULL) return false;
  hold->lane = verdict->lane;
  hold->rule = whole ? verdict->rule : verdict->hold_rule;
  hold->basis = whole ? verdict->basis : verdict->hold_basis;
  hold->reveal = (uint16_t)(whole ? verdict->reveal : verdict->hold_reveal);
  hold->subjects = whole ? verdict->subjects : verdict->hold_subjects;
  hold->limit = verdict->limit_rule;
  hold->urgent = verdict->urgent != 0;
  hold->must_answer = verdict->must_answer != 0;
  hold->answer_ms = (int64_t)verdict->answer_s * 1000;
  if (hold->answer_ms == 0) hold->answer_ms = hold->urgent ? nav->hold_urgent_ms : nav->hold_answer_ms;
  return true;
}

static void open_one(struct core *core, struct hold *hold) {
  hold->opened_ms = core->now_ms;
  hold->deadline_ms = core->now_ms + hold->answer_ms;
  put(core->holds, hold);
  struct hold *open = holds_find(core->holds, hold->event_seq, hold->lane);
  want_notice(core->holds, open);
}

static void close_revisions(struct core *core, const struct batch_event *event, uint64_t by_seq) {
  struct holds *holds = core->holds;
  int32_t i = holds->by_id[chain_of_id(event->event_id)];
  while (i != NONE) {
    const struct hold *hold = &holds->slots[i].hold;
    i = holds->slots[i].next_by_id;
    bool same = hold->source == event->agency && hold->revision < event->revision &&
                memcmp(hold->event_id, event->event_id, 16) == 0;
    if (!same) continue;
    holds_close_event(core, hold->event_seq, NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_REVISED, by_seq);
    i = holds->by_id[chain_of_id(event->event_id)];  // the chain has changed
  }
}

void holds_open_event(struct core *core, uint64_t seq, const struct batch_event *event,
                      const Nav__V1__Event *content) {
  const struct verdict *verdict = verdicts_get(core->verdicts, event->verdict);
  struct hold hold = {.event_seq = seq,
                      .agency = event->agency,
                      .source = event->agency,
                      .type = event->type,
                      .revision = event->revision};
  memcpy(hold.event_id, event->event_id, sizeof hold.event_id);
  if (event->revision > 1) close_revisions(core, event, seq);
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count; i++) {
    struct hold one = hold;
    if (hold_of_verdict(&one, verdict->lanes[i], core->nav)) open_one(core, &one);
  }
  struct hold list[HOLDS_OF_CONTENT_MAX];
  size_t count = holds_of_content(core, &hold, event->verdict, content, list);
  for (size_t i = 0; i < count; i++) open_one(core, &list[i]);
}

// ---- closing ----

static void stage_closed(struct core *core, const struct hold *hold, Nav__V1__HoldClosedReason reason,
                         uint64_t by_seq) {
  Nav__V1__HoldClosed closed = NAV__V1__HOLD_CLOSED__INIT;
  closed.has_event_seq = closed.has_lane = closed.has_reason = closed.has_by_seq = true;
  closed.event_seq = hold->event_seq;
  closed.lane = hold->lane;
  closed.reason = reason;
  closed.by_seq = by_seq;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_CLOSED;
  record.hold_closed = &closed;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

void holds_close_event(struct core *core, uint64_t event_seq, Nav__V1__HoldClosedReason reason,
                       uint64_t by_seq) {
  struct holds *holds = core->holds;
  int32_t i = holds->by_seq[chain_of_seq(event_seq)];
  while (i != NONE) {
    struct hold *hold = &holds->slots[i].hold;
    i = holds->slots[i].next_by_seq;
    if (hold->event_seq != event_seq) continue;
    stage_closed(core, hold, reason, by_seq);
    take_out(holds, hold);
  }
}

bool holds_has_event(const struct holds *holds, uint64_t event_seq) {
  for (int32_t i = holds->by_seq[chain_of_seq(event_seq)]; i != NONE; i = holds->slots[i].next_by_seq)
    if (holds->slots[i].hold.event_seq == event_seq) return true;
  return false;
}

// Of a request and of what is sealed only the content told who waits: at the next start it could not be told
// again, so that it ends with it, on the record.
static bool outlives_content(const struct hold *hold) {
  return hold->must_answer && hold->kind == HOLD_EVENT;
}

size_t holds_close_erased(struct core *core, uint64_t event_seq, uint64_t by_seq, size_t *kept) {
  struct holds *holds = core->holds;
  size_t closed = 0;
  int32_t i = holds->by_seq[chain_of_seq(event_seq)];
  while (i != NONE) {
    struct hold *hold = &holds->slots[i].hold;
    i = holds->slots[i].next_by_seq;
    if (hold->event_seq != event_seq) continue;
    if (outlives_content(hold)) {
      (*kept)++;
      continue;
    }
    stage_closed(core, hold, NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_ERASED, by_seq);
    take_out(holds, hold);
    closed++;
  }
  return closed;
}

void holds_count_event(const struct holds *holds, uint64_t event_seq, size_t *closable, size_t *kept) {
  for (int32_t i = holds->by_seq[chain_of_seq(event_seq)]; i != NONE; i = holds->slots[i].next_by_seq) {
    const struct hold *hold = &holds->slots[i].hold;
    if (hold->event_seq != event_seq) continue;
    *(outlives_content(hold) ? kept : closable) += 1;
  }
}

void holds_each_release(const struct holds *holds, uint64_t first_seq, uint64_t last_seq,
                        holds_release_row *row, void *context) {
  for (size_t i = holds->released_count; i > 0; i--) {
    const struct released *released = &holds->released[i - 1];
    if (released->position < first_seq) return;  // nothing is released before it is accepted
    if (released->event_seq >= first_seq && released->event_seq <= last_seq)
      row(context, released->event_seq, released->lane, released->position);
  }
}

// ---- deadlines ----

static const char *deputies(const struct conf_agency *agency, char out[256]) {
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 1; i < agency->assessors_count && used < 255; i++) {
    int wrote = snprintf(out + used, 256 - used, "%s%s", used == 0 ? "" : ", ", agency->assessors[i]);
    used += wrote > 0 ? (size_t)wrote : 0;
  }
  return out;
}

const char *hold_assessor(const struct core *core, const struct hold *hold, char out[256]) {
  const struct conf_agency *agency = conf_agency_find(core->agencies, core->numbers->agencies[hold->agency]);
  if (agency == NULL) return "nobody: the agency is no longer in agencies.yaml";
  if (hold->level == 0 && agency->assessors_count > 0) return agency->assessors[0];
  if (hold->level == 1 && agency->assessors_count > 1) return deputies(agency, out);
  if (agency->on_call != NULL) return agency->on_call;
  if (agency->assessors_count > 0) return agency->assessors[0];
  return "nobody: name assessors or on_call in agencies.yaml";
}

static void stage_escalated(struct core *core, const struct hold *hold) {
  char to[256];
  Nav__V1__HoldEscalated escalated = NAV__V1__HOLD_ESCALATED__INIT;
  escalated.has_event_seq = escalated.has_lane = escalated.has_level = escalated.has_deadline_ms = true;
  escalated.event_seq = hold->event_seq;
  escalated.lane = hold->lane;
  escalated.agency = core->numbers->agencies[hold->agency];
  escalated.level = hold->level;
  escalated.to = (char *)(uintptr_t)hold_assessor(core, hold, to);
  escalated.deadline_ms = hold->deadline_ms;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_ESCALATED;
  record.hold_escalated = &escalated;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

static void stage_lapsed(struct core *core, const struct hold *hold) {
  Nav__V1__HoldLapsed lapsed = NAV__V1__HOLD_LAPSED__INIT;
  lapsed.has_event_seq = lapsed.has_lane = true;
  lapsed.event_seq = hold->event_seq;
  lapsed.lane = hold->lane;
  lapsed.agency = core->numbers->agencies[hold->agency];
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_HOLD_LAPSED;
  record.hold_lapsed = &lapsed;
  (void)batch_stage(core->staging, &record, core->now_ms);
}

// A deadline has passed. Only what is on the agency's own initiative, and not urgent, may lapse.
static void pass_deadline(struct core *core, struct hold *hold) {
  bool may_lapse = !hold->must_answer && !hold->urgent;
  if (may_lapse && hold->level >= 1) {
    stage_lapsed(core, hold);
    take_out(core->holds, hold);
    return;
  }
  hold->level++;
  int64_t again = hold->level > HOLD_LEVEL_ON_CALL && hold->answer_ms < AGAIN_MS ? AGAIN_MS : hold->answer_ms;
  hold->deadline_ms = core->now_ms + again;
  want_notice(core->holds, hold);
  stage_escalated(core, hold);
}

void holds_sweep(struct core *core) {
  struct holds *holds = core->holds;
  size_t passed = 0;
  for (size_t n = 0; n < holds->slots_used && passed < ESCALATIONS_A_SWEEP; n++) {
    if (holds->sweep_at >= holds->slots_used) holds->sweep_at = 0;
    struct hold *hold = holds_at(holds, holds->sweep_at++);
    if (hold == NULL || hold->deciding || hold->deadline_ms > core->now_ms) continue;
    if (core->database_lost || !batch_has_room(core->staging)) return;
    pass_deadline(core, hold);
    passed++;
  }
  if (passed > 0) nav_log(NAV_LOG_INFO, "%zu holds have passed their deadline", passed);
}
