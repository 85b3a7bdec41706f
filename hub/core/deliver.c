// Step 6 of an event's life: each lane gets its redacted copies in ledger order, from memory at the head,
// from the store when it lags; acknowledgements move its cursor. Called by: the loop and its handlers. Must
// never: send what the stored verdict, or the rules in force now, do not release.
#include "hub/core/deliver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/erasures.h"
#include "hub/core/holds.h"
#include "hub/core/redecided.h"
#include "hub/core/replay.h"
#include "hub/core/rules_send.h"
#include "hub/core/witness.h"

struct lane *core_lane(struct core *core, uint32_t number) {
  NAV_ASSERT(number > 0 && number < NUMBERS_LANES_MAX);
  if (core->lanes[number] == NULL) {
    core->lanes[number] = calloc(1, sizeof(struct lane));
    NAV_ASSERT(core->lanes[number] != NULL);
  }
  return core->lanes[number];
}

static void drop_lag(struct core *core, struct lane *lane) {
  while (lane->lag_count > 0) {
    struct head_entry *entry = lane->lag[lane->lag_first];
    core->lag_bytes -= entry->length;
    head_entry_free(entry);
    lane->lag_first = (lane->lag_first + 1) % LAG_ROWS_MAX;
    lane->lag_count--;
  }
}

void deliver_forget(struct core *core) {
  head_forget(&core->head);
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    struct lane *lane = core->lanes[i];
    if (lane == NULL) continue;
    for (size_t k = 0; k < lane->lag_count; k++)
      head_entry_wipe(lane->lag[(lane->lag_first + k) % LAG_ROWS_MAX]);
    drop_lag(core, lane);
  }
}

static void unbind(struct core *core, struct lane *lane) {
  drop_lag(core, lane);
  if (lane->session != NULL) due_end(lane);
  if (lane->session != NULL) replay_end_session(lane);
  lane->session = NULL;
  lane->sent_first = lane->sent_next = 0;
  lane->acknowledge_waits = false;
}

void deliver_unbind(struct core *core, struct session *session) {
  for (size_t i = 0; i < session->lanes_count; i++) {
    struct lane *lane = core->lanes[session->lanes[i]];
    if (lane->session == session) unbind(core, lane);
  }
  session->lanes_count = 0;
}

void deliver_free(struct core *core) {
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    struct lane *lane = core->lanes[i];
    if (lane == NULL) continue;
    drop_lag(core, lane);
    nacks_free(lane);
    due_free(lane);
    free(lane->sent);
    free(lane);
  }
}

void deliver_narrow(struct core *core, const struct narrowed *narrowed) {
  redecided_note(core->redecided, narrowed);
  if (!narrowed->released) due_take(core_lane(core, narrowed->lane), narrowed->position);
}

// ---- a session's start ----

// The client's own place in this ledger; NULL: it has none.
static const uint64_t *place_of(const struct core *core, const Nav__V1__Resume *resume) {
  bool known = resume->has_position && resume->log_id.len == KEY_LOG_ID_SIZE &&
               memcmp(resume->log_id.data, core->sequence.log_id, KEY_LOG_ID_SIZE) == 0;
  return known ? &resume->position : NULL;
}

// 0: *err.
static uint32_t may_bind(struct core *core, const struct session *session, const Nav__V1__Resume *resume,
                         struct nav_error *err) {
  const uint64_t *place = place_of(core, resume);
  uint32_t number =
      resume->purpose == NULL ? 0 : numbers_lane(core->numbers, session->agency->id, resume->purpose);
  if (number == 0 || core->numbers->lanes[number].rules_lane == NUMBERS_NONE)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_UNKNOWN_LANE, "start.lanes",
                    "the agency takes no part in a purpose that it asked for; see agencies.yaml");
  if (place != NULL && *place > core->committed_seq)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_POSITION, "start.lanes.position",
                    "the client has %.80s up to position %" PRIu64 ", and this ledger ends at %" PRIu64
                    ": it has lost records, or the client's place is not of it; see the hub's operator",
                    resume->purpose, *place, core->committed_seq);
  return place == NULL || replay_may_resume(core_lane(core, number), *place, err) ? number : 0;
}

// All of them or none, so that what is refused takes no lane from whom it is.
static bool may_bind_all(struct core *core, const struct session *session, const Nav__V1__Start *start,
                         uint32_t numbers[SESSION_LANES_MAX], struct nav_error *err) {
  if (start->n_lanes > SESSION_LANES_MAX)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_TOO_MANY, "start.lanes",
                    "a session has at most %d lanes", SESSION_LANES_MAX);
  for (size_t i = 0; i < start->n_lanes; i++) {
    numbers[i] = may_bind(core, session, start->lanes[i], err);
    if (numbers[i] == 0) return false;
    for (size_t k = 0; k < i; k++)
      if (numbers[k] == numbers[i])
        return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "start.lanes",
                        "%.80s is asked for twice", start->lanes[i]->purpose);
  }
  return true;
}

static bool bind(struct core *core, struct session *session, uint32_t number, const Nav__V1__Resume *resume,
                 struct nav_error *err) {
  struct lane *lane = core_lane(core, number);
  if (lane->sent == NULL) lane->sent = calloc(LANE_SENT_MAX, sizeof *lane->sent);
  // A lane belongs to the newest session.
  unbind(core, lane);
  if (lane->sent == NULL || !due_begin(lane))
    return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "start.lanes", "out of memory");
  lane->session = session;
  session->lanes[session->lanes_count++] = number;
  replay_begin_session(core, number, place_of(core, resume));
  return true;
}

static void send_session(struct core *core, struct session *session) {
  Nav__V1__Lane lanes[SESSION_LANES_MAX];
  Nav__V1__Lane *pointers[SESSION_LANES_MAX];
  for (size_t i = 0; i < session->lanes_count; i++) {
    lanes[i] = (Nav__V1__Lane)NAV__V1__LANE__INIT;
    lanes[i].has_number = lanes[i].has_position = true;
    lanes[i].number = session->lanes[i];
    lanes[i].purpose = core->numbers->lanes[session->lanes[i]].purpose;
    lanes[i].position = core->lanes[session->lanes[i]]->cursor;
    pointers[i] = &lanes[i];
  }
  char rules_version[2 * NAV_SHA256_SIZE + 1];
  (void)sodium_bin2hex(rules_version, sizeof rules_version, access_rules_hash(core->rules), NAV_SHA256_SIZE);
  Nav__V1__Session message = NAV__V1__SESSION__INIT;
  message.agency = session->agency->id;
  message.has_log_id = true;
  message.log_id = (ProtobufCBinaryData){KEY_LOG_ID_SIZE, core->sequence.log_id};
  message.lanes = pointers;
  message.n_lanes = session->lanes_count;
  message.has_frame_bytes_max = message.has_events_max = message.has_publications_max = true;
  message.frame_bytes_max = WIRE_FRAME_MAX;
  message.events_max = WIRE_EVENTS_MAX;
  message.publications_max = SESSION_PUBLICATIONS_MAX;
  message.has_frames_a_second = true;
  message.frames_a_second = core->nav->frames_a_second_max;
  message.rules_version = rules_version;
  message.checkpoint = core->checkpoint_note;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_SESSION;
  frame.session = &message;
  session_send(core->sessions, session, &frame);
}

void deliver_start(struct core *core, struct session *session, const Nav__V1__Start *start) {
  if (session->started) {
    session_refuse(core->sessions, session, NAV__V1__CODE__CODE_BAD_VALUE,
                   "this session has started already");
    return;
  }
  session->agency_number = numbers_agency(core->numbers, session->agency->id);
  session->started = true;
  session->credit_bytes = start->credit_bytes < SESSION_CREDIT_MAX ? start->credit_bytes : SESSION_CREDIT_MAX;
  if (start->client != NULL) (void)snprintf(session->program, sizeof session->program, "%s", start->client);
  uint32_t numbers[SESSION_LANES_MAX] = {0};
  struct nav_error err;
  bool ok = may_bind_all(core, session, start, numbers, &err);
  for (size_t i = 0; ok && i < start->n_lanes; i++)
    ok = bind(core, session, numbers[i], start->lanes[i], &err);
  if (!ok) {
    if (err.code == NAV__V1__CODE__CODE_BAD_POSITION)
      intake_reject(core, session->agency->id, &err, NULL, NULL);
    session_refuse(core->sessions, session, err.code, err.text);
    session_end(core->sessions, session);
    return;
  }
  nav_log(NAV_LOG_INFO, "%s has connected (%s), %zu lanes", session->agency->id, session->program,
          session->lanes_count);
  send_session(core, session);
  holds_notify_session(core, session);
  erasures_notify_session(core, session);
  rules_send_start(core, session, start);
  witness_start(core, session, start);
}

void deliver_credit(struct session *session, const Nav__V1__Credit *credit) {
  uint64_t room = SESSION_CREDIT_MAX - session->credit_bytes;
  session->credit_bytes += credit->bytes < room ? credit->bytes : room;
}

void deliver_ping(struct core *core, struct session *session, const Nav__V1__Ping *ping) {
  session->ping_waits = true;
  session->ping_number = ping->number;
  session->ping_seq = core->committed_seq;
}

// ---- acknowledgements ----

bool deliver_owns(const struct core *core, const struct session *session, uint32_t number) {
  return number > 0 && number < core->numbers->lanes_end && core->lanes[number] != NULL &&
         core->lanes[number]->session == session;
}

// Where the first unacknowledged position that is not below this one stands; a lane's ascend.
static uint64_t sent_at(const struct lane *lane, uint64_t position) {
  uint64_t low = lane->sent_first;
  uint64_t high = lane->sent_next;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    if (lane->sent[middle % LANE_SENT_MAX] < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Whether it waits to be acknowledged in this session.
static bool was_sent(const struct lane *lane, uint64_t position) {
  uint64_t at = sent_at(lane, position);
  return at < lane->sent_next && lane->sent[at % LANE_SENT_MAX] == position;
}

bool deliver_was_sent(const struct lane *lane, uint64_t position) {
  if (position <= lane->replay_until) return position > lane->replay_after && position <= lane->scan;
  return was_sent(lane, position);
}

// It is acknowledged as delivered.
uint64_t deliver_had_up_to(const struct lane *lane) {
  uint64_t had = lane->cursor;
  if (lane->session != NULL && lane->sent_next > lane->sent_first)
    had = lane->sent[(lane->sent_next - 1) % LANE_SENT_MAX];
  return had > lane->cursor ? had : lane->cursor;
}

void deliver_rewind(struct core *core, struct lane *lane, uint64_t position) {
  drop_lag(core, lane);
  if (position < lane->scan) lane->scan = position;
  // During a replay what was sent before it waits on.
  if (position < lane->replay_until) return;
  uint64_t next = sent_at(lane, position + 1);
  if (next < lane->sent_next) due_rewind(lane, next);
  lane->sent_next = next;
}

void deliver_acknowledge(struct core *core, struct session *session,
                         const Nav__V1__Acknowledge *acknowledge) {
  if (!deliver_owns(core, session, acknowledge->lane))
    return;  // of a lane that a newer session has taken over
  struct lane *lane = core->lanes[acknowledge->lane];
  uint64_t position = acknowledge->position;
  bool is_replay = position <= lane->replay_until;
  bool is_old =
      position <= lane->cursor || (lane->acknowledge_waits && position <= lane->acknowledge_position);
  if (is_replay || is_old) return;
  struct nav_error err;
  if (!was_sent(lane, position)) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_POSITION, "acknowledge.position",
                   "lane %u was never sent position %" PRIu64, acknowledge->lane, position);
  } else if (acknowledge->signature.len != KEY_SIGNATURE_SIZE ||
             !keys_verify_acknowledge(acknowledge->signature.data, session->agency->signing_key,
                                      core->sequence.log_id, session->agency->id, acknowledge->lane,
                                      position)) {
    (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_SIGNATURE, "acknowledge.signature",
                   "the signature is not %s's over this lane and position", session->agency->id);
  } else {
    lane->acknowledge_waits = true;
    lane->acknowledge_position = position;
    lane->acknowledge_rank = lane->due.ranks[sent_at(lane, position) % LANE_SENT_MAX];
    memcpy(lane->acknowledge_signature, acknowledge->signature.data, KEY_SIGNATURE_SIZE);
    return;
  }
  intake_reject(core, session->agency->id, &err, NULL, NULL);
  session_refuse(core->sessions, session, err.code, err.text);
}

bool deliver_acknowledgements_wait(const struct core *core) {
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    if (core->lanes[i] != NULL && core->lanes[i]->acknowledge_waits) return true;
  }
  return false;
}

static void stage_acknowledgement(struct core *core, uint32_t number, struct lane *lane) {
  uint64_t count = 0;
  while (lane->sent_first < lane->sent_next) {
    uint64_t position = lane->sent[lane->sent_first % LANE_SENT_MAX];
    if (position > lane->acknowledge_position) break;
    // A session that began before the last acknowledgement was committed was sent some again.
    if (position > lane->counted) count++;
    lane->sent_first++;
  }
  if (lane->acknowledge_position > lane->counted) lane->counted = lane->acknowledge_position;
  Nav__V1__Acknowledged acknowledged = NAV__V1__ACKNOWLEDGED__INIT;
  acknowledged.has_lane = acknowledged.has_position = acknowledged.has_delivered = true;
  acknowledged.lane = number;
  acknowledged.position = lane->acknowledge_position;
  acknowledged.delivered = lane->delivered + count;
  acknowledged.has_signature = acknowledged.has_public_key = true;
  acknowledged.signature = (ProtobufCBinaryData){KEY_SIGNATURE_SIZE, lane->acknowledge_signature};
  acknowledged.public_key = (ProtobufCBinaryData){KEY_ED25519_PUBLIC_SIZE,
                                                  (uint8_t *)(uintptr_t)lane->session->agency->signing_key};
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_ACKNOWLEDGED;
  record.acknowledged = &acknowledged;
  (void)batch_stage(core->staging, &record, core->now_ms);
  batch_note_acknowledged(core->staging, number, acknowledged.position, lane->acknowledge_rank);
  lane->delivered = acknowledged.delivered;
  lane->acknowledge_waits = false;
}

void deliver_stage_acknowledgements(struct core *core) {
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    struct lane *lane = core->lanes[i];
    if (lane != NULL && lane->acknowledge_waits) stage_acknowledgement(core, i, lane);
  }
}

// What was sent again before its acknowledgement was committed, in a session that began meanwhile or after a
// replay, waits for no other.
static void forget_sent(struct lane *lane) {
  while (lane->sent_first < lane->sent_next && lane->sent[lane->sent_first % LANE_SENT_MAX] <= lane->cursor)
    lane->sent_first++;
}

void deliver_committed(struct core *core, const struct batch *batch) {
  for (size_t i = 0; i < batch->acknowledged_count; i++) {
    struct lane *lane = core->lanes[batch->acknowledged[i].lane];
    lane->cursor = batch->acknowledged[i].position;
    forget_sent(lane);
    due_pass(lane, lane->cursor, batch->acknowledged[i].rank);
    redecided_pass(core->redecided, batch->acknowledged[i].lane, lane->cursor);
  }
}

// ---- sending ----

// Sends one lane's next frame. False: it has nothing that can be sent now.
static bool pump(struct core *core, uint32_t number, struct lane *lane) {
  struct deliver_frame *frame = deliver_frame_begin(core, number, lane);
  uint64_t head_number = 0;
  bool at_head = lane->lag_count == 0 && lane->scan >= core->head.floor_seq;
  if (at_head) head_number = head_find(&core->head, lane->scan);
  for (;;) {
    struct head_entry *entry = NULL;
    if (lane->lag_count > 0) {
      entry = lane->lag[lane->lag_first];
    } else if (at_head && head_number < core->head.next) {
      entry = head_get_mutable(&core->head, head_number);
    } else {
      break;
    }
    if (lane->sent_next - lane->sent_first == LANE_SENT_MAX) break;
    if (!deliver_frame_add(frame, entry, at_head)) break;  // full
    lane->scan = entry->seq;
    if (at_head) {
      head_number++;
      continue;
    }
    core->lag_bytes -= entry->length;
    deliver_frame_keep(frame, entry);
    lane->lag_first = (lane->lag_first + 1) % LAG_ROWS_MAX;
    lane->lag_count--;
    if (lane->lag_count == 0) {
      lane->scan = lane->lag_until;
      break;
    }
  }
  return deliver_frame_send(frame);
}

static bool may_send(const struct core *core, const struct lane *lane) {
  return lane != NULL && lane->session != NULL && !lane->session->ended && lane->session->credit_bytes > 0 &&
         lane->wait_seq <= core->committed_seq && !nacks_pause(lane);
}

static void answer_ping(struct core *core, struct session *session) {
  for (size_t i = 0; i < session->lanes_count; i++) {
    const struct lane *lane = core->lanes[session->lanes[i]];
    if (lane->session != session) continue;
    if (lane->replay_asked) return;
    bool at_end = lane->lag_count == 0 && lane->scan >= core->head.floor_seq &&
                  head_find(&core->head, lane->scan) == core->head.next;
    if (!at_end && lane->scan < session->ping_seq) return;
  }
  session->ping_waits = false;
  Nav__V1__Pong pong = NAV__V1__PONG__INIT;
  pong.has_number = true;
  pong.number = session->ping_number;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_PONG;
  frame.pong = &pong;
  session_send(core->sessions, session, &frame);
}

// A frame a lane. False: nothing was sent.
static bool send_round(struct core *core) {
  bool sent = false;
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    struct lane *lane = core->lanes[i];
    if (!may_send(core, lane)) continue;
    if (!sessions_have_room(core->sessions)) break;
    if (pump(core, i, lane)) sent = true;
  }
  return sent;
}

bool deliver_step(struct core *core) {
  enum { ROUNDS_MAX = 16 };  // then the loop looks at what has come
  bool sent = true;
  bool more = rules_send_step(core);
  witness_step(core);
  for (int round = 0; sent && round < ROUNDS_MAX; round++) sent = send_round(core);
  deliver_ask_for_lagging(core);
  for (size_t i = 0; i < sessions_count(core->sessions); i++) {
    struct session *session = sessions_at(core->sessions, i);
    if (session != NULL && session->ping_waits) answer_ping(core, session);
  }
  return sent || more;
}
