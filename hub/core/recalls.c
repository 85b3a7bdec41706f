// See recalls.h.
#include "hub/core/recalls.h"

#include <stdlib.h>
#include <string.h>

#include "hub/base/seqs.h"
#include "hub/core/control_commands.h"
#include "hub/core/holds.h"
#include "hub/core/reasons.h"

enum { REVISIONS_MAX = 1024, LANES_NAMED_MAX = 4096 };

// Events that were taken back, and the records that say so: a recall holds for ever.
struct recalls {
  struct seqs *seqs;
};

struct recalls *recalls_new(void) {
  struct recalls *recalls = calloc(1, sizeof *recalls);
  if (recalls == NULL) return NULL;
  recalls->seqs = seqs_new();
  if (recalls->seqs != NULL) return recalls;
  free(recalls);
  return NULL;
}

void recalls_free(struct recalls *recalls) {
  if (recalls == NULL) return;
  seqs_free(recalls->seqs);
  free(recalls);
}

// A record that somebody changed may name none.
static void note(struct recalls *recalls, uint64_t seq) {
  NAV_ASSERT(seq == 0 || seqs_add(recalls->seqs, seq));  // to forget a recall would be worse than to stop
}

bool recalls_has(const struct recalls *recalls, uint64_t event_seq) {
  return seqs_has(recalls->seqs, event_seq);
}

// Each lane named is told once, and will not be sent the event any more. Whether it had been (`undelivered`)
// says nothing of what waits for it: what was sent and not acknowledged is not sent again. At a start its
// position is told to each lane, whose cursor is not known yet.
static void count_deliveries(struct core *core, uint64_t seq, const Nav__V1__Recalled *recalled,
                             bool at_start) {
  static uint8_t told[NUMBERS_LANES_MAX];  // one thread
  memset(told, 0, sizeof told);
  for (size_t i = 0; i < recalled->n_events; i++) {
    const Nav__V1__RecalledEvent *event = recalled->events[i];
    for (size_t k = 0; k < event->n_lanes; k++) {
      uint32_t lane = event->lanes[k];
      if (lane == 0 || lane >= NUMBERS_LANES_MAX) continue;
      told[lane] = 1;
      due_take(core_lane(core, lane), holds_position(core->holds, event->event_seq, lane));
    }
  }
  for (uint32_t i = 1; i < NUMBERS_LANES_MAX; i++) {
    if (told[i] != 0 && at_start) due_load_single(core_lane(core, i), seq);
    if (told[i] != 0 && !at_start) due_give(core_lane(core, i), 1);
  }
}

// The record's own number, told apart from those of events.
static uint64_t as_record(uint64_t seq) { return seq | UINT64_C(1) << 63; }

static void take(struct core *core, uint64_t seq, const Nav__V1__Recalled *recalled, bool at_start) {
  note(core->recalls, as_record(seq));
  for (size_t i = 0; i < recalled->n_events; i++) note(core->recalls, recalled->events[i]->event_seq);
  count_deliveries(core, seq, recalled, at_start);
}

void recalls_load(struct core *core, uint64_t seq, const Nav__V1__Recalled *recalled) {
  take(core, seq, recalled, true);
}

// ---- a Recall is accepted ----

struct counting {
  uint32_t agency;
  size_t revisions;
};

static void count_one(void *context, const struct known_event *event) {
  struct counting *counting = context;
  if (event->agency == counting->agency) counting->revisions++;
}

bool recall_check(const struct core *core, const Nav__V1__Recall *recall, uint32_t agency,
                  const struct intake_known *known, struct nav_error *err) {
  for (size_t i = 0; i < recall->n_event_ids; i++) {
    struct counting counting = {.agency = agency};
    intake_each_known(core, known, recall->event_ids[i].data, count_one, &counting);
    if (counting.revisions > 0) continue;
    char place[48];
    (void)snprintf(place, sizeof place, "recall.event_ids.%zu", i);
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, place,
                    "no event of this agency has that id: nothing was recalled");
  }
  return true;
}

struct staging {
  struct core *core;
  uint32_t agency;
  Nav__V1__RecalledEvent events[REVISIONS_MAX];
  Nav__V1__RecalledEvent *pointers[REVISIONS_MAX];
  uint32_t
      lanes[2 * LANES_NAMED_MAX];  // of all events, one run after another, each with its undelivered ones
  size_t lanes_used;
  size_t count;
  bool full;
};

// Whether the lane has been sent, or has acknowledged, what stands at this position. During a replay it looks
// at what it has had long since.
static bool has_passed(const struct lane *lane, uint64_t position) {
  return position <= deliver_had_up_to(lane) || (lane->session != NULL && position <= lane->scan);
}

static void name_lane(struct staging *staging, Nav__V1__RecalledEvent *out, uint32_t number,
                      uint64_t position, uint32_t *undelivered) {
  for (size_t i = 0; i < out->n_lanes; i++)
    if (out->lanes[i] == number) return;
  bool passed = has_passed(core_lane(staging->core, number), position);
  // Erased before it was sent: the lane was told of that, and has nothing to take back.
  if (!passed && buckets_event_is_erased(staging->core->buckets, out->event_seq)) return;
  out->lanes[out->n_lanes++] = number;
  if (!passed) undelivered[out->n_undelivered++] = number;
}

// The lanes that the verdict released to, and those that somebody released to after assessment.
static void name_lanes(struct staging *staging, Nav__V1__RecalledEvent *out, uint32_t verdict_number) {
  struct core *core = staging->core;
  const struct verdict *verdict = verdicts_get(core->verdicts, verdict_number);
  uint32_t undelivered[NUMBERS_LANES_MAX / 8];
  enum { LANES_MAX = sizeof undelivered / sizeof undelivered[0] };
  out->lanes = staging->lanes + staging->lanes_used;
  for (size_t i = 0; verdict != NULL && i < verdict->lanes_count && out->n_lanes < LANES_MAX; i++)
    if (verdict->lanes[i]->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE)
      name_lane(staging, out, verdict->lanes[i]->lane, out->event_seq, undelivered);
  uint64_t position = 0;
  for (uint32_t lane = 1; lane < core->numbers->lanes_end && out->n_lanes < LANES_MAX; lane++)
    if (holds_was_released(core->holds, out->event_seq, lane, &position))
      name_lane(staging, out, lane, position, undelivered);
  out->undelivered = out->lanes + out->n_lanes;
  memcpy(out->undelivered, undelivered, out->n_undelivered * sizeof *undelivered);
  staging->lanes_used += out->n_lanes + out->n_undelivered;
}

static void stage_revision(void *context, const struct known_event *known) {
  struct staging *staging = context;
  if (known->agency != staging->agency) return;
  size_t room = sizeof staging->lanes / sizeof staging->lanes[0] - staging->lanes_used;
  if (staging->count == REVISIONS_MAX || room < 2 * NUMBERS_LANES_MAX / 8) {
    staging->full = true;
    return;
  }
  Nav__V1__RecalledEvent *out = &staging->events[staging->count];
  *out = (Nav__V1__RecalledEvent)NAV__V1__RECALLED_EVENT__INIT;
  out->has_event_seq = out->has_event_id = out->has_revision = true;
  out->event_seq = known->seq;
  out->event_id = (ProtobufCBinaryData){16, (uint8_t *)(uintptr_t)known->event_id};
  out->revision = known->revision;
  name_lanes(staging, out, known->verdict);
  staging->pointers[staging->count++] = out;
}

// One record; a Recall of more than fits one takes several.
static void stage_record(struct staging *staging, uint64_t recall_seq, const Nav__V1__Event *event) {
  struct core *core = staging->core;
  Nav__V1__Recalled recalled = NAV__V1__RECALLED__INIT;
  recalled.has_recall_seq = recalled.has_reason = recalled.has_recall_id = true;
  recalled.has_revision = recalled.has_event_time_ms = true;
  recalled.recall_seq = recall_seq;
  recalled.agency = core->numbers->agencies[staging->agency];
  recalled.reason = (uint32_t)event->recall->reason;
  recalled.events = staging->pointers;
  recalled.n_events = staging->count;
  recalled.recall_id = event->id;
  recalled.revision = event->revision;
  recalled.event_time_ms = event->time_ms;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RECALLED;
  record.recalled = &recalled;
  uint64_t seq = batch_stage(core->staging, &record, core->now_ms);
  const struct nav_buffer *bytes = batch_last_record(core->staging);
  struct head_entry *entry = head_entry_of_record(seq, bytes->data, bytes->length, 0, NULL, 0);
  NAV_ASSERT(entry != NULL);
  batch_stage_entry(core->staging, entry);
  take(core, seq, &recalled, false);
  for (size_t i = 0; i < staging->count; i++)
    holds_close_event(core, staging->events[i].event_seq,
                      NAV__V1__HOLD_CLOSED_REASON__HOLD_CLOSED_REASON_RECALLED, seq);
  staging->count = 0;
  staging->lanes_used = 0;
}

void recall_stage(struct core *core, uint64_t recall_seq, const Nav__V1__Event *event, uint32_t agency,
                  const struct intake_known *known) {
  static struct staging staging;  // one thread; too large for the stack
  staging = (struct staging){.core = core, .agency = agency};
  for (size_t i = 0; i < event->recall->n_event_ids; i++) {
    const uint8_t *id = event->recall->event_ids[i].data;
    staging.full = false;
    intake_each_known(core, known, id, stage_revision, &staging);
    if (staging.full) {
      stage_record(&staging, recall_seq, event);
      intake_each_known(core, known, id, stage_revision, &staging);
    }
    registers_forget(core->registers, agency, id);
  }
  stage_record(&staging, recall_seq, event);
  core->staging->urgent = true;
}

// ---- confirmations ----

json_t *recall_command_confirm(struct control_request *request, struct nav_error *err) {
  enum { NOTE_MAX = 1000 };
  struct core *core = request->core;
  json_int_t number = json_integer_value(json_object_get(request->json, "recall"));
  const char *note = json_string_value(json_object_get(request->json, "note"));
  if (number < 1 || !recalls_has(core->recalls, as_record((uint64_t)number))) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "recall",
                   "no such recall; see navctl recall list");
    return NULL;
  }
  if (note != NULL && strlen(note) > NOTE_MAX) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_LARGE, "note", "at most %d bytes", NOTE_MAX);
    return NULL;
  }
  Nav__V1__RecallConfirmed confirmed = NAV__V1__RECALL_CONFIRMED__INIT;
  confirmed.has_recalled_seq = true;
  confirmed.recalled_seq = (uint64_t)number;
  confirmed.person = request->person->id;
  confirmed.agency = request->person->agency;
  confirmed.note = (char *)(uintptr_t)note;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_RECALL_CONFIRMED;
  record.recall_confirmed = &confirmed;
  char text[64];
  uint64_t seq = 0;
  if (!reasons_stage(core, &record, &seq, err)) return NULL;
  (void)snprintf(text, sizeof text, "{\"ok\":true,\"seq\":%llu}", (unsigned long long)seq);
  batch_answer_control(core->staging, request->connection, text);
  return NULL;
}

// ---- what a lane is told ----

static bool concerns(const Nav__V1__RecalledEvent *event, uint32_t lane) {
  for (size_t i = 0; i < event->n_lanes; i++)
    if (event->lanes[i] == lane) return true;
  return false;
}

bool recall_tells(const Nav__V1__Recalled *recalled, uint32_t lane) {
  for (size_t i = 0; i < recalled->n_events; i++)
    if (concerns(recalled->events[i], lane)) return true;
  return false;
}

Nav__V1__Event *recall_event(const Nav__V1__Recalled *recalled, uint32_t lane, struct nav_arena *arena) {
  Nav__V1__Event *event = nav_arena_zalloc(arena, 1, sizeof *event);
  Nav__V1__Recall *recall = nav_arena_zalloc(arena, 1, sizeof *recall);
  ProtobufCBinaryData *ids = nav_arena_zalloc(arena, recalled->n_events + 1, sizeof *ids);
  if (event == NULL || recall == NULL || ids == NULL) return NULL;
  nav__v1__event__init(event);
  nav__v1__recall__init(recall);
  for (size_t i = 0; i < recalled->n_events; i++) {
    const Nav__V1__RecalledEvent *one = recalled->events[i];
    if (one->event_id.len != 16 || !concerns(one, lane)) continue;
    bool again =
        recall->n_event_ids > 0 && memcmp(ids[recall->n_event_ids - 1].data, one->event_id.data, 16) == 0;
    if (!again) ids[recall->n_event_ids++] = one->event_id;
  }
  if (recall->n_event_ids == 0) return NULL;
  recall->event_ids = ids;
  recall->has_reason = true;
  recall->reason = (Nav__V1__RecallReason)recalled->reason;
  event->has_id = event->has_revision = event->has_time_ms = true;
  event->id = recalled->recall_id;
  event->revision = recalled->revision;
  event->time_ms = recalled->event_time_ms;
  event->source = recalled->agency;
  event->body_case = NAV__V1__EVENT__BODY_RECALL;
  event->recall = recall;
  return event;
}
