// One frame of deliveries: what a lane may see of each event, redacted once for all lanes that may see the
// same, and a table of the verdicts that the deliveries name by index. Called by: deliver. Must never: put in
// a field that the verdict, stored or decided now, does not reveal.
#include <stdlib.h>
#include <string.h>

#include "hub/base/log.h"
#include "hub/core/deliver.h"
#include "hub/core/deliver_copy.h"
#include "hub/core/question.h"
#include "hub/core/recalls.h"
#include "hub/core/redecided.h"

enum {
  FRAME_EVENTS_MAX = 512,
  FRAME_VERDICTS_MAX = 64,
  FRAME_BYTES = 56 * 1024,  // of WIRE_FRAME_MAX, with room for lengths
  DELIVERY_OVERHEAD = 24,
  OWN_BYTES_MAX = 16,  // of a delivery, a lane's own
  PATH_OVERHEAD = 2,
  ARENA_BYTES_MAX = 4 * 1024 * 1024,
};

struct deliver_frame {
  struct core *core;
  uint32_t number;
  struct lane *lane;
  Nav__V1__Deliveries message;   // without its deliveries
  struct nav_buffer deliveries;  // these, encoded
  size_t deliveries_count;
  Nav__V1__VerdictInfo verdicts[FRAME_VERDICTS_MAX], *verdict_list[FRAME_VERDICTS_MAX];
  size_t bytes;
  struct head_entry *kept[LAG_ROWS_MAX];
  size_t kept_count;
  struct head_copy temporary[FRAME_EVENTS_MAX];
  size_t temporary_count;
  struct nav_arena *arena;  // of what is decoded and redacted
  struct nav_buffer head;   // the message, encoded
  struct nav_buffer encoded;
};

struct deliver_frame *deliver_frame_begin(struct core *core, uint32_t number, struct lane *lane) {
  static struct deliver_frame frame;  // one thread, one at a time; its arenas and buffer are kept
  if (frame.arena == NULL) {
    frame.arena = nav_arena_new(ARENA_BYTES_MAX);
    NAV_ASSERT(frame.arena != NULL);
    nav_buffer_init(&frame.head, WIRE_FRAME_MAX);
    nav_buffer_init(&frame.deliveries, WIRE_FRAME_MAX);
    nav_buffer_init(&frame.encoded, WIRE_FRAME_MAX);
  }
  frame.core = core;
  frame.number = number;
  frame.lane = lane;
  frame.message = (Nav__V1__Deliveries)NAV__V1__DELIVERIES__INIT;
  frame.bytes = 0;
  frame.kept_count = 0;
  frame.temporary_count = 0;
  nav_buffer_clear(&frame.deliveries);
  frame.deliveries_count = 0;
  return &frame;
}

void deliver_frame_keep(struct deliver_frame *frame, struct head_entry *entry) {
  NAV_ASSERT(frame->kept_count < LAG_ROWS_MAX);
  frame->kept[frame->kept_count++] = entry;
}

// Recorded once: what is noted counts from then on, whatever the rules become.
static void stage_redecided(struct core *core, const struct head_entry *entry, Nav__V1__LaneVerdict *lane) {
  Nav__V1__Redecided redecided = NAV__V1__REDECIDED__INIT;
  redecided.has_event_seq = redecided.has_position = true;
  redecided.event_seq = entry->event_seq;
  redecided.position = entry->seq;
  redecided.lane = lane;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REDECIDED;
  record.redecided = &redecided;
  (void)batch_stage(core->staging, &record, core->now_ms);
  const struct narrowed narrowed = redecided_of(lane, entry->seq);
  deliver_narrow(core, &narrowed);
}

// Stored ∧ decided now. False: it is no longer released. What somebody released after assessment may still go
// where the rules hold it now.
static bool decide_again(struct deliver_frame *frame, const struct head_entry *entry,
                         const Nav__V1__Event *event, struct head_copy *wanted) {
  struct core *core = frame->core;
  const struct head_copy before = *wanted;
  bool assessed = entry->assessed;
  struct access_decision now = {.outcome = NAV__V1__OUTCOME__OUTCOME_WITHHOLD,
                                .rule = ACCESS_NO_RULE,
                                .hold_rule = ACCESS_NO_RULE,
                                .limit = ACCESS_NO_RULE};
  int rules_lane = core->numbers->lanes[frame->number].rules_lane;
  if (rules_lane != NUMBERS_NONE) {
    struct core_question question;
    core_question(&question, core, event);
    now = access_decide_lane(core->rules, &question.question, (size_t)rules_lane);
  }
  bool released = now.outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE ||
                  (assessed && now.outcome == NAV__V1__OUTCOME__OUTCOME_HOLD);
  if (assessed) {
    now.reveal |= now.hold_reveal;
    now.subjects |= now.hold_subjects;
  }
  wanted->reveal &= now.reveal;
  wanted->subjects &= now.subjects;
  wanted->narrative_edited = wanted->narrative_edited && now.narrative_edited;
  bool same = released && wanted->reveal == before.reveal && wanted->subjects == before.subjects &&
              wanted->narrative_edited == before.narrative_edited;
  if (!same) {
    Nav__V1__LaneVerdict described;
    verdict_describe(&described, frame->number, &now, core->rules);
    if (released) {
      described.outcome = NAV__V1__OUTCOME__OUTCOME_RELEASE;
      described.reveal = wanted->reveal;
      described.subjects = wanted->subjects;
      described.narrative_edited = wanted->narrative_edited;
    }
    stage_redecided(core, entry, &described);
  }
  return released;
}

static const struct head_copy *keep_copy(struct deliver_frame *frame, struct head_entry *entry, bool shared,
                                         const struct head_copy *copy) {
  if (shared && entry->copies_count < HEAD_COPIES_MAX) {
    entry->copies[entry->copies_count] = *copy;
    head_grew(&frame->core->head, copy->size);
    return &entry->copies[entry->copies_count++];
  }
  NAV_ASSERT(frame->temporary_count < FRAME_EVENTS_MAX);
  frame->temporary[frame->temporary_count] = *copy;
  return &frame->temporary[frame->temporary_count++];
}

// What the lane may see of the entry; NULL: nothing.
static const struct head_copy *copy_for(struct deliver_frame *frame, struct head_entry *entry, bool shared,
                                        const Nav__V1__LaneVerdict *stored, const struct narrowed *narrowed,
                                        bool again) {
  struct core *core = frame->core;
  struct head_copy wanted = copy_wanted(core, stored);
  if (narrowed != NULL) {
    wanted.reveal &= narrowed->reveal;
    wanted.subjects &= narrowed->subjects;
    wanted.narrative_edited = wanted.narrative_edited && narrowed->narrative_edited;
  }
  if (!again) {
    const struct head_copy *ready = head_entry_find(entry, &wanted);
    if (ready != NULL) return ready;
  }
  struct nav_error err;
  nav_arena_reset(frame->arena);
  Nav__V1__Event *event =
      wire_decode_lenient(&nav__v1__event__descriptor, frame->arena, entry->event, entry->length, &err);
  if (event == NULL) {
    nav_log_failure(NAV_LOG_ERROR, "a stored event is withheld", &err);
    return NULL;
  }
  if (again) {
    if (!decide_again(frame, entry, event, &wanted)) return NULL;
    const struct head_copy *ready = head_entry_find(entry, &wanted);
    if (ready != NULL) return ready;
  }
  if (!copy_make(core, frame->number, entry, event, frame->arena, &wanted)) return NULL;
  return keep_copy(frame, entry, shared && copy_is_for_all(core, event, &wanted), &wanted);
}

static bool same_obligations(const Nav__V1__VerdictInfo *info, const Nav__V1__LaneVerdict *lane) {
  if (info->n_obligations != lane->n_obligations) return false;
  for (size_t i = 0; i < lane->n_obligations; i++) {
    if (strcmp(info->obligations[i], lane->obligations[i]) != 0) return false;
  }
  return true;
}

// The verdict's place in the frame's table. -1: the table is full.
static int verdict_index(struct deliver_frame *frame, const Nav__V1__LaneVerdict *lane) {
  Nav__V1__Deliveries *message = &frame->message;
  for (size_t i = 0; i < message->n_verdicts; i++) {
    const Nav__V1__VerdictInfo *info = &frame->verdicts[i];
    if (strcmp(info->rule, lane->rule) == 0 && same_obligations(info, lane)) return (int)i;
  }
  if (message->n_verdicts == FRAME_VERDICTS_MAX) return -1;
  size_t index = message->n_verdicts++;
  Nav__V1__VerdictInfo *info = &frame->verdicts[index];
  *info = (Nav__V1__VerdictInfo)NAV__V1__VERDICT_INFO__INIT;
  info->rule = lane->rule;
  info->basis = lane->basis;
  info->obligations = lane->obligations;
  info->n_obligations = lane->n_obligations;
  frame->verdict_list[index] = info;
  frame->bytes += 64 + strlen(lane->rule) + (lane->basis == NULL ? 0 : strlen(lane->basis));
  for (size_t i = 0; i < lane->n_obligations; i++)
    frame->bytes += PATH_OVERHEAD + strlen(lane->obligations[i]);
  return (int)index;
}

// What was sent before a replay began is sent again after it; it waits once to be acknowledged, and no more
// where it is.
static uint64_t last_sent(const struct lane *lane) {
  return lane->sent_next > lane->sent_first ? lane->sent[(lane->sent_next - 1) % LANE_SENT_MAX]
                                            : lane->cursor;
}

// What is this lane's of the delivery stands after what it shares with others. False: the frame is full.
static bool add(struct deliver_frame *frame, const struct head_entry *entry, const struct head_copy *copy,
                int verdict) {
  enum { DELIVERIES_FIELD = 4 };  // of nav.v1.Deliveries
  Nav__V1__Delivery own = NAV__V1__DELIVERY__INIT;
  uint8_t bytes[OWN_BYTES_MAX];
  bool replay = entry->seq <= frame->lane->replay_until;
  own.has_verdict = true;
  own.verdict = (uint32_t)verdict;
  own.has_replay = own.replay = replay;
  NAV_ASSERT(nav__v1__delivery__get_packed_size(&own) <= sizeof bytes);
  const struct nav_bytes shared = {copy->bytes, copy->size};
  const struct nav_bytes last = {bytes, nav__v1__delivery__pack(&own, bytes)};
  if (!wire_encode_field(DELIVERIES_FIELD, shared, last, &frame->deliveries)) return false;
  if (!replay && entry->seq > last_sent(frame->lane)) {
    frame->lane->due.ranks[frame->lane->sent_next % LANE_SENT_MAX] = due_rank(frame->lane, entry->seq);
    frame->lane->sent[frame->lane->sent_next++ % LANE_SENT_MAX] = entry->seq;
  }
  frame->deliveries_count++;
  frame->bytes += copy->size + DELIVERY_OVERHEAD;
  return true;
}

// The rule's `retain` ends this lane's access, though the content may live on.
static bool is_past(const struct core *core, const struct head_entry *entry,
                    const Nav__V1__LaneVerdict *lane) {
  enum { DAY_MS = 86400000 };
  return lane->retain_days > 0 &&
         core->now_ms / DAY_MS > (int64_t)entry->accepted_day + (int64_t)lane->retain_days;
}

// What was stored of an entry for this lane. lane NULL: nothing, or it is no event's.
struct stored_verdict {
  const Nav__V1__LaneVerdict *lane;
  const uint8_t *rules_hash;  // NULL: a person released it
};

static struct stored_verdict stored_of(const struct deliver_frame *frame, const struct head_entry *entry) {
  struct stored_verdict stored = {0};
  if (entry->cause == HEAD_RELEASED) {
    stored.lane = entry->released;
  } else if (entry->cause == HEAD_EVENT) {
    const struct verdict *verdict = verdicts_get(frame->core->verdicts, entry->verdict);
    if (verdict != NULL)
      stored = (struct stored_verdict){verdict_lane(verdict, frame->number), verdict->rules_hash};
  }
  return stored;
}

static bool releases(const Nav__V1__LaneVerdict *lane) {
  return lane != NULL && lane->outcome == NAV__V1__OUTCOME__OUTCOME_RELEASE;
}

// What of the cause is this lane's; NULL: nothing. *again: what counts is what was stored and what is decided
// now, since the rules have changed, or the verdict was never to be relied on for long, or it is a replay.
static const Nav__V1__LaneVerdict *verdict_of(const struct deliver_frame *frame,
                                              const struct head_entry *entry,
                                              const struct stored_verdict *stored, bool *again) {
  const struct core *core = frame->core;
  const Nav__V1__LaneVerdict *lane = stored->lane;
  if (!releases(lane) || lane->rule == NULL) return NULL;
  *again = stored->rules_hash == NULL || lane->is_volatile || entry->seq <= frame->lane->replay_until ||
           memcmp(stored->rules_hash, access_rules_hash(core->rules), NAV_SHA256_SIZE) != 0;
  return recalls_has(core->recalls, entry->event_seq) || is_past(core, entry, lane) ? NULL : lane;
}

// A Recall is told whatever the rules say; each lane learns of its own events alone.
static const struct head_copy *copy_of_recall(struct deliver_frame *frame, const struct head_entry *entry) {
  struct head_copy copy = {0};
  const struct access_paths nothing = {NULL, 0};
  nav_arena_reset(frame->arena);
  const Nav__V1__Event *event = recall_event(entry->recalled, frame->number, frame->arena);
  if (event == NULL || !copy_encode(entry, event, &nothing, &copy)) return NULL;
  return keep_copy(frame, NULL, false, &copy);
}

static bool add_entry(struct deliver_frame *frame, struct head_entry *entry,
                      const struct stored_verdict *stored, bool shared) {
  struct core *core = frame->core;
  static Nav__V1__LaneVerdict recall = NAV__V1__LANE_VERDICT__INIT;  // lives as long as the frame's table
  recall.rule = (char *)(uintptr_t)RECALL_RULE;
  recall.basis = (char *)(uintptr_t)RECALL_BASIS;
  bool again = false;
  bool others = entry->only_lane != 0 && entry->only_lane != frame->number;
  if (others || entry->cause == HEAD_GONE || nacks_has(frame->lane, entry->seq)) return true;
  bool recalled = entry->cause == HEAD_RECALLED;
  const Nav__V1__LaneVerdict *lane = recalled ? &recall : verdict_of(frame, entry, stored, &again);
  if (lane == NULL) return true;
  if (frame->deliveries_count == FRAME_EVENTS_MAX || frame->temporary_count == FRAME_EVENTS_MAX) return false;
  // A recorded replay alone may give more than was found at a delivery before.
  const struct narrowed *narrowed = entry->seq <= frame->lane->replay_until
                                        ? NULL
                                        : redecided_find(core->redecided, frame->number, entry->seq);
  if (narrowed != NULL && !narrowed->released) return true;
  if (again && (!batch_has_room(core->staging) || !redecided_has_room(core->redecided))) return false;
  if (frame->deliveries_count > 0 && frame->bytes + entry->length + COPY_WITHHELD_BYTES_MAX > FRAME_BYTES)
    return false;
  const struct head_copy *copy =
      recalled ? copy_of_recall(frame, entry) : copy_for(frame, entry, shared, lane, narrowed, again);
  if (copy == NULL) return true;
  int index = verdict_index(frame, lane);
  return index >= 0 && add(frame, entry, copy, index);
}

// The message without its deliveries, then these.
static void encode(struct deliver_frame *frame) {
  frame->message.has_lane = frame->message.has_log_id = true;
  frame->message.lane = frame->number;
  frame->message.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, frame->core->sequence.log_id};
  frame->message.verdicts = frame->verdict_list;
  struct nav_buffer *head = &frame->head;
  nav_buffer_clear(head);
  nav_buffer_clear(&frame->encoded);
  NAV_ASSERT(wire_encode(&frame->message, head));
  const struct nav_bytes first = {head->data, head->length};
  const struct nav_bytes second = {frame->deliveries.data, frame->deliveries.length};
  NAV_ASSERT(wire_encode_field(NAV__V1__HUB_FRAME__FRAME_DELIVERIES, first, second, &frame->encoded));
}

// Whether what stands there was to give the lane something, as due.h counts it.
static bool gives(const struct deliver_frame *frame, const struct head_entry *entry,
                  const struct stored_verdict *stored) {
  if (entry->only_lane != 0) return entry->only_lane == frame->number;
  if (entry->cause == HEAD_RECALLED) return recall_tells(entry->recalled, frame->number);
  return releases(stored->lane);
}

bool deliver_frame_add(struct deliver_frame *frame, struct head_entry *entry, bool shared) {
  const struct stored_verdict stored = stored_of(frame, entry);
  if (!add_entry(frame, entry, &stored, shared)) return false;
  if (gives(frame, entry, &stored)) due_look(frame->lane, entry->seq);
  return true;
}

bool deliver_frame_send(struct deliver_frame *frame) {
  struct session *session = frame->lane->session;
  bool any = frame->deliveries_count > 0;
  if (any) {
    encode(frame);
    size_t cost = frame->encoded.length;
    session->credit_bytes -= cost < session->credit_bytes ? cost : session->credit_bytes;
    session_send_encoded(frame->core->sessions, session, frame->encoded.data, frame->encoded.length);
  }
  for (size_t i = 0; i < frame->kept_count; i++) head_entry_free(frame->kept[i]);
  for (size_t i = 0; i < frame->temporary_count; i++) free(frame->temporary[i].bytes);
  return any;
}
