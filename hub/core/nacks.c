// See nacks.h.
#include "hub/core/nacks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/base/text.h"
#include "hub/core/control_commands.h"
#include "hub/core/deliver.h"
#include "hub/core/reasons.h"
#include "hub/core/replay.h"

void nacks_free(struct lane *lane) { free(lane->nacks.aside); }

// ---- what is set aside ----

// Where the position stands, or would.
static size_t place_of(const struct lane_nacks *nacks, uint64_t position) {
  size_t low = 0;
  size_t high = nacks->aside_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (nacks->aside[middle].position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

const struct nack_aside *nacks_find(const struct lane *lane, uint64_t position) {
  const struct lane_nacks *nacks = &lane->nacks;
  size_t at = place_of(nacks, position);
  return at < nacks->aside_count && nacks->aside[at].position == position ? &nacks->aside[at] : NULL;
}

bool nacks_are_full(const struct lane *lane) { return lane->nacks.aside_count == NACKS_ASIDE_MAX; }

bool nacks_has(const struct lane *lane, uint64_t position) {
  return lane->nacks.aside_count > 0 && nacks_find(lane, position) != NULL;
}

static void put_aside(struct lane *lane, const struct nack_aside *aside) {
  struct lane_nacks *nacks = &lane->nacks;
  if (nacks->aside == NULL) nacks->aside = calloc(NACKS_ASIDE_MAX, sizeof *nacks->aside);
  NAV_ASSERT(nacks->aside != NULL && nacks->aside_count < NACKS_ASIDE_MAX);
  size_t at = place_of(nacks, aside->position);
  memmove(&nacks->aside[at + 1], &nacks->aside[at], (nacks->aside_count - at) * sizeof *nacks->aside);
  nacks->aside[at] = *aside;
  nacks->aside_count++;
  due_take(lane, aside->position);
}

void nacks_take_back(struct lane *lane, uint64_t position) {
  struct lane_nacks *nacks = &lane->nacks;
  size_t at = place_of(nacks, position);
  if (at == nacks->aside_count || nacks->aside[at].position != position) return;
  nacks->aside_count--;
  memmove(&nacks->aside[at], &nacks->aside[at + 1], (nacks->aside_count - at) * sizeof *nacks->aside);
}

void nacks_load(struct core *core, const Nav__V1__Record *record) {
  const Nav__V1__Nacked *nacked =
      record->record_case == NAV__V1__RECORD__RECORD_NACKED ? record->nacked : NULL;
  uint32_t number = nacked != NULL ? nacked->lane : record->redelivered->lane;
  if (number == 0 || number >= core->numbers->lanes_end) return;
  struct lane *lane = core_lane(core, number);
  if (nacked == NULL) {
    nacks_take_back(lane, record->redelivered->position);
    bool gives = record->redelivered->released != NULL || record->redelivered->recalled != NULL;
    if (gives) due_load_single(lane, record->seq);
  } else if (nacked->set_aside && lane->nacks.aside_count < NACKS_ASIDE_MAX &&
             !nacks_has(lane, nacked->position)) {
    const struct nack_aside aside = {nacked->position, record->seq, record->time_ms};
    put_aside(lane, &aside);
  }
}

// ---- a Nack ----

static void send_resent(struct core *core, struct session *session, uint32_t number, const struct lane *lane,
                        bool set_aside) {
  Nav__V1__Resent resent = NAV__V1__RESENT__INIT;
  resent.has_lane = resent.has_position = resent.has_set_aside = resent.has_tries = true;
  resent.lane = number;
  resent.position = lane->nacks.position;
  resent.set_aside = set_aside;
  resent.tries = lane->nacks.tries;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_RESENT;
  frame.resent = &resent;
  session_send(core->sessions, session, &frame);
}

// The reason is what a program says about content that it could not read: sealed as people's are. False: it
// could not be; nothing is staged.
static bool stage(struct core *core, const struct lane *lane, uint32_t number, const char *words,
                  bool set_aside, uint64_t *seq) {
  char reason[NACKS_REASON_MAX + 1];
  struct nav_error err;
  nav_text_copy(reason, sizeof reason, words);
  Nav__V1__Nacked nacked = NAV__V1__NACKED__INIT;
  nacked.has_lane = nacked.has_position = nacked.has_tries = nacked.has_set_aside = true;
  nacked.lane = number;
  nacked.position = lane->nacks.position;
  nacked.tries = lane->nacks.tries;
  nacked.set_aside = set_aside;
  nacked.reason = reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_NACKED;
  record.nacked = &nacked;
  if (reasons_stage(core, &record, seq, &err)) return true;
  nav_log_failure(NAV_LOG_ERROR, "a refused delivery is not on the record, and is sent again", &err);
  return false;
}

static void count_try(struct lane_nacks *nacks, uint64_t position) {
  if (nacks->position != position) nacks->tries = 0;
  nacks->position = position;
  if (nacks->tries < UINT32_MAX) nacks->tries++;
}

// Once for each position that the lane stands still at.
static void tell_full(const struct session *session, uint32_t number, const struct lane *lane) {
  if (lane->nacks.tries != 1) return;
  nav_log(NAV_LOG_ERROR,
          "%s has refused so much of lane %" PRIu32
          " that %d deliveries are set aside: it stands still at "
          "position %" PRIu64 " until some are redelivered; see navctl lane list",
          session->agency->id, number, NACKS_ASIDE_MAX, lane->nacks.position);
}

static int64_t pause_ms(const struct lane_nacks *nacks, bool full) {
  if (full) return NACKS_FULL_MS;
  return (int64_t)NACKS_PAUSE_MS << (nacks->tries < NACKS_TRIES_MAX ? nacks->tries - 1 : 0);
}

// The same position refused again and again where nothing more can be set aside is recorded no more.
static void refuse(struct core *core, struct session *session, uint32_t number, const Nav__V1__Nack *nack) {
  struct lane *lane = core->lanes[number];
  count_try(&lane->nacks, nack->position);
  bool full = nacks_are_full(lane);
  if (full) tell_full(session, number, lane);
  bool set_aside = !full && (nack->final || lane->nacks.tries >= NACKS_TRIES_MAX);
  uint64_t seq = 0;
  bool recorded = !set_aside && lane->nacks.tries > NACKS_TRIES_MAX;
  if (!recorded && !stage(core, lane, number, nack->reason, set_aside, &seq)) set_aside = false;
  if (seq > 0) {
    lane->wait_seq = seq;
    core->staging->urgent = true;
  }
  if (set_aside) {
    const struct nack_aside aside = {nack->position, seq, core->now_ms};
    put_aside(lane, &aside);
    nav_log(NAV_LOG_WARNING,
            "%s has refused position %" PRIu64 " of lane %" PRIu32 " %" PRIu32
            " times: set aside; see navctl lane list",
            session->agency->id, nack->position, number, lane->nacks.tries);
  }
  deliver_rewind(core, lane, nack->position - 1);
  replay_refused(core, lane, nack->position);
  if (!set_aside) lane->nacks.pause_until_ms = nav_clock_monotonic_ms() + pause_ms(&lane->nacks, full);
  send_resent(core, session, number, lane, set_aside);
  if (set_aside) lane->nacks.position = 0;
}

bool nacks_pause(const struct lane *lane) {
  return lane->nacks.tries > 0 && nav_clock_monotonic_ms() < lane->nacks.pause_until_ms;
}

void nacks_take(struct core *core, struct session *session, const Nav__V1__Nack *nack) {
  if (!deliver_owns(core, session, nack->lane)) return;  // of a lane that a newer session has taken over
  if (!batch_has_room(core->staging)) {
    session_end(core->sessions, session);  // the client begins anew, and is sent it again
    return;
  }
  const struct lane *lane = core->lanes[nack->lane];
  // While it pauses the lane is sent nothing that could be refused: one Nack a pause is all that there can
  // be.
  if (!nacks_pause(lane) && deliver_was_sent(lane, nack->position)) {
    refuse(core, session, nack->lane, nack);
    return;
  }
  struct nav_error err;
  (void)nav_fail(&err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_POSITION, "nack.position",
                 "lane %" PRIu32 " was not sent position %" PRIu64
                 ", or it is acknowledged or refused already",
                 nack->lane, nack->position);
  intake_reject(core, session->agency->id, &err, NULL, NULL);
  session_refuse(core->sessions, session, err.code, err.text);
}

// ---- navctl ----

json_t *nacks_command_list(struct control_request *request, struct nav_error *err) {
  const struct core *core = request->core;
  json_t *rows = json_array();
  (void)err;
  for (uint32_t i = 1; i < core->numbers->lanes_end; i++) {
    const struct lane *lane = core->lanes[i];
    const struct number_lane *names = &core->numbers->lanes[i];
    for (size_t k = 0; lane != NULL && k < lane->nacks.aside_count; k++) {
      const struct nack_aside *aside = &lane->nacks.aside[k];
      if (aside->record_seq > core->committed_seq) continue;
      (void)json_array_append_new(
          rows, json_pack("{s:s, s:s, s:I, s:I, s:I}", "agency", names->agency, "purpose", names->purpose,
                          "position", (json_int_t)aside->position, "seq", (json_int_t)aside->record_seq,
                          "since_ms", (json_int_t)aside->time_ms));
    }
  }
  return json_pack("{s:b, s:o}", "ok", 1, "lanes", rows);
}
