// See replay.h.
#include "hub/core/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/clock.h"
#include "hub/base/log.h"
#include "hub/core/control_commands.h"
#include "hub/core/deliver.h"
#include "hub/core/reasons.h"
#include "hub/core/redeliver.h"
#include "hub/wire/control.h"
#include "hub/wire/event.h"

// What is asked for, with who asked: a person (connection) or the recipient (session).
struct replay {
  bool used, asked;
  unsigned tries;
  uint32_t lane;
  int64_t since_ms;
  uint64_t session, connection;
  char *person, *agency, *reason;
};

struct replays {
  struct replay list[REPLAYS_ASKED_MAX];
};

struct replays *replays_new(void) {
  return calloc(1, sizeof(struct replays));
}

static void clear(struct replay *replay) {
  free(replay->person);
  free(replay->agency);
  free(replay->reason);
  *replay = (struct replay){0};
}

void replays_free(struct replays *replays) {
  for (size_t i = 0; replays != NULL && i < REPLAYS_ASKED_MAX; i++) clear(&replays->list[i]);
  free(replays);
}

// ---- beginning ----

bool replay_is_under_way(const struct lane *lane) { return lane->scan < lane->replay_until; }

static bool was_just_now(const struct lane *lane) {
  return lane->replay_ms != 0 && nav_clock_monotonic_ms() - lane->replay_ms < REPLAY_AGAIN_MS;
}

// False: *err (there is nothing after the position that the lane has had, or one is under way).
static bool may_begin(const struct lane *lane, uint64_t after, struct nav_error *err) {
  if (lane->session == NULL)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_NOT_FOUND, "lane",
                    "the recipient is not connected: a replay is sent to a connected one");
  if (replay_is_under_way(lane))
    return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "lane",
                    "a replay of this lane is under way, up to position %" PRIu64, lane->replay_until);
  if (after >= lane->cursor)
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_POSITION, "after",
                    "nothing to replay: the lane has had everything up to position %" PRIu64
                    ", and what is after that is on its way",
                    lane->cursor);
  return true;
}

// Stages the record; the lane goes on from there once it is committed.
static bool begin(struct core *core, const struct replay *by, uint64_t after, uint64_t *seq,
                  struct nav_error *err) {
  struct lane *lane = core->lanes[by->lane];
  Nav__V1__Replayed replayed = NAV__V1__REPLAYED__INIT;
  replayed.has_lane = replayed.has_after_position = replayed.has_up_to_position = true;
  replayed.lane = by->lane;
  replayed.after_position = after;
  replayed.up_to_position = lane->cursor;
  replayed.person = by->person;
  replayed.agency = by->agency;
  replayed.reason = by->reason;
  Nav__V1__Record record = NAV__V1__RECORD__INIT;
  record.record_case = NAV__V1__RECORD__RECORD_REPLAYED;
  record.replayed = &replayed;
  if (!reasons_stage(core, &record, seq, err)) return false;
  core->staging->urgent = true;
  lane->wait_seq = *seq;
  lane->replay_until = lane->replay_recorded = lane->cursor;
  lane->replay_after = after;
  lane->replay_beside = deliver_had_up_to(lane);
  lane->replay_ms = nav_clock_monotonic_ms();
  lane->replay_ordered = by->person != NULL;
  deliver_rewind(core, lane, after);
  const struct number_lane *names = &core->numbers->lanes[by->lane];
  nav_log(NAV_LOG_INFO, "%s is sent %s again, after position %" PRIu64 " up to %" PRIu64, names->agency,
          names->purpose, after, lane->replay_until);
  return true;
}

// ---- a session's start ----

// All that it lacks is on the record already as sent again: it was cut off, and goes on.
static bool is_recorded(const struct lane *lane, uint64_t place) {
  return place >= lane->replay_after && lane->cursor <= lane->replay_recorded;
}

bool replay_may_resume(const struct lane *lane, uint64_t place, struct nav_error *err) {
  if (place >= lane->cursor || is_recorded(lane, place) || !was_just_now(lane)) return true;
  return nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "start.lanes.position",
                  "what was acknowledged is sent again once in %d seconds: wait, then start anew",
                  REPLAY_AGAIN_MS / 1000);
}

void replay_begin_session(struct core *core, uint32_t number, const uint64_t *place) {
  struct lane *lane = core->lanes[number];
  const struct replay by = {.lane = number};  // no reason, so that nothing is sealed and nothing can fail
  bool behind = place != NULL && *place < lane->cursor;
  bool ordered = replay_is_under_way(lane);  // else it ended with its session (replay_end_session)
  struct nav_error err;
  uint64_t seq = 0;
  lane->replay_beside = 0;
  if (behind && is_recorded(lane, *place)) {
    lane->scan = *place;
    lane->replay_until = lane->replay_recorded;
  } else if (behind) {
    uint64_t after = ordered && lane->replay_after < *place ? lane->replay_after : *place;
    lane->scan = lane->cursor;
    lane->replay_until = 0;
    NAV_ASSERT(begin(core, &by, after, &seq, &err));
  } else if (ordered) {
    lane->scan = lane->replay_after;
  } else {
    lane->scan = lane->cursor;
    lane->replay_until = 0;
  }
}

void replay_end_session(struct lane *lane) {
  if (!lane->replay_ordered) lane->replay_until = 0;
}

// Once is enough: what is refused after the Resent was sent after the replay.
void replay_refused(struct core *core, struct lane *lane, uint64_t position) {
  if (position <= lane->replay_until || position > lane->replay_beside) return;
  lane->replay_beside = 0;
  deliver_rewind(core, lane, lane->replay_after);
}

// ---- a position or a time ----

static struct replay *take_place(struct core *core, struct nav_error *err) {
  for (size_t i = 0; i < REPLAYS_ASKED_MAX; i++) {
    struct replay *replay = &core->replays->list[i];
    if (replay->used) continue;
    replay->used = true;
    return replay;
  }
  (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "", "%d replays are being prepared",
                 REPLAYS_ASKED_MAX);
  return NULL;
}

static void answer_command(struct core *core, uint64_t connection, uint64_t seq, uint64_t after,
                           uint64_t up_to) {
  core_answer_durable(core, connection,
                      json_pack("{s:b, s:I, s:I, s:I}", "ok", 1, "seq", (json_int_t)seq, "after",
                                (json_int_t)after, "up_to", (json_int_t)up_to));
}

// A recipient that asked for what it has not had yet is told nothing: that comes by itself.
static void refuse(struct core *core, const struct replay *replay, const struct nav_error *err) {
  if (replay->connection == 0) {
    nav_log_failure(NAV_LOG_INFO, "no replay", err);
  } else {
    core_answer(core, replay->connection, control_error(err));
  }
}

static void end_asking(struct core *core, struct replay *replay) {
  core->lanes[replay->lane]->replay_asked = false;
  clear(replay);
}

// The recipient that asked has gone: nobody waits for it.
static bool is_of_nobody(const struct core *core, const struct replay *replay) {
  const struct session *session = core->lanes[replay->lane]->session;
  return replay->session != 0 && (session == NULL || session->id != replay->session);
}

// The last position before the time has been found.
static void found(struct core *core, struct replay *replay, uint64_t after) {
  const struct lane *lane = core->lanes[replay->lane];
  struct nav_error err;
  uint64_t seq = 0;
  if (is_of_nobody(core, replay)) {
    // Nothing to begin.
  } else if (may_begin(lane, after, &err) && begin(core, replay, after, &seq, &err)) {
    if (replay->connection != 0) answer_command(core, replay->connection, seq, after, lane->replay_until);
  } else {
    refuse(core, replay, &err);
  }
  end_asking(core, replay);
}

static struct replay *asked(struct core *core) {
  for (size_t i = 0; i < REPLAYS_ASKED_MAX; i++)
    if (core->replays->list[i].asked) return &core->replays->list[i];
  return NULL;
}

static void position_came(void *context, const PGresult *result) {
  struct core *core = context;
  struct replay *replay = asked(core);
  if (replay == NULL) return;
  replay->asked = false;
  if (result == NULL && replay->tries >= REPLAY_TRIES_MAX) {
    struct nav_error err;
    (void)nav_fail(&err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "since",
                   "the time was not found in the ledger in %d tries; nav-core's log says why",
                   REPLAY_TRIES_MAX);
    refuse(core, replay, &err);
    end_asking(core, replay);
    return;
  }
  if (result == NULL || PQntuples(result) != 1 || core->database_lost || !batch_has_room(core->staging))
    return;  // once more, later
  found(core, replay, nav_get_u64((const uint8_t *)PQgetvalue(result, 0, 0)));
}

void replay_step(struct core *core) {
  if (core->database_lost || !reader_is_idle(core->reader) || asked(core) != NULL) return;
  for (size_t i = 0; i < REPLAYS_ASKED_MAX; i++) {
    struct replay *replay = &core->replays->list[i];
    if (replay->used && is_of_nobody(core, replay)) end_asking(core, replay);
    if (!replay->used) continue;
    uint8_t since[8];
    nav_put_u64(since, (uint64_t)replay->since_ms);
    const Oid types[] = {20};
    const char *values[] = {(const char *)since};
    const int lengths[] = {8};
    replay->asked = true;
    replay->tries++;
    reader_ask(core->reader, "SELECT nav.last_before(to_timestamp($1 / 1000.0))", 1, types, values, lengths,
               position_came, core);
    return;
  }
}

// ---- the recipient asks ----

static void send_wait(struct core *core, struct session *session, uint32_t lane) {
  Nav__V1__Wait wait = NAV__V1__WAIT__INIT;
  wait.has_wait_ms = wait.has_code = wait.has_lane = true;
  wait.wait_ms = REPLAY_AGAIN_MS;
  wait.lane = lane;
  wait.code = NAV__V1__CODE__CODE_BUSY;
  Nav__V1__HubFrame frame = NAV__V1__HUB_FRAME__INIT;
  frame.frame_case = NAV__V1__HUB_FRAME__FRAME_WAIT;
  frame.wait = &wait;
  session_send(core->sessions, session, &frame);
}

static bool must_wait(const struct core *core, const struct lane *lane) {
  return lane->replay_asked || was_just_now(lane) || replay_is_under_way(lane) ||
         !batch_has_room(core->staging);
}

static bool is_sound(const Nav__V1__ReplayRequest *request, struct nav_error *err) {
  if (!request->has_since_time_ms || wire_time_is_sound(request->since_time_ms)) return true;
  return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "replay_request.since_time_ms",
                  "must be a time of the years 1900 to 2200, in milliseconds since 1970");
}

void replay_take(struct core *core, struct session *session, const Nav__V1__ReplayRequest *request) {
  if (!deliver_owns(core, session, request->lane)) return;  // of a lane that a newer session has taken over
  struct lane *lane = core->lanes[request->lane];
  struct replay by = {.lane = request->lane, .session = session->id};
  struct nav_error err = {0};
  uint64_t seq = 0;
  if (!is_sound(request, &err)) {
    intake_reject(core, session->agency->id, &err, NULL, NULL);
    session_refuse(core->sessions, session, err.code, err.text);
    return;
  }
  if (must_wait(core, lane)) {
    send_wait(core, session, request->lane);
    return;
  }
  lane->replay_ms = nav_clock_monotonic_ms();  // also of one that comes to nothing: each is looked into
  if (request->has_since_time_ms) {
    struct replay *place = take_place(core, &err);
    if (place == NULL) {
      send_wait(core, session, request->lane);
      return;
    }
    *place = by;
    place->used = true;
    place->since_ms = request->since_time_ms;
    lane->replay_asked = true;
  } else if (!may_begin(lane, request->after_position, &err) ||
             !begin(core, &by, request->after_position, &seq, &err)) {
    refuse(core, &by, &err);
  }
}

// ---- an operator orders ----

static bool keep_names(struct replay *replay, const struct control_request *request, const char *reason) {
  replay->person = strdup(request->person->id);
  replay->agency = strdup(request->person->agency);
  replay->reason = strdup(reason);
  return replay->person != NULL && replay->agency != NULL && replay->reason != NULL;
}

static json_t *order(struct control_request *request, struct replay *replay, struct nav_error *err) {
  struct core *core = request->core;
  const struct lane *lane = core->lanes[replay->lane];
  uint64_t after = (uint64_t)json_integer_value(json_object_get(request->json, "after"));
  uint64_t seq = 0;
  if (may_begin(lane, after, err) && begin(core, replay, after, &seq, err))
    answer_command(core, request->connection, seq, after, lane->replay_until);
  clear(replay);
  return NULL;
}

json_t *replay_command(struct control_request *request, struct nav_error *err) {
  const json_t *since = json_object_get(request->json, "since_ms");
  const char *reason = NULL;
  uint32_t number = lane_of_request(request, &reason, err);
  if (number == 0) return NULL;
  if (since != NULL && !wire_time_is_sound(json_integer_value(since))) {
    (void)nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_BAD_VALUE, "since",
                   "must be a time of the years 1900 to 2200");
    return NULL;
  }
  if (request->core->lanes[number]->replay_asked) {
    (void)nav_fail(err, NAV_ERROR_RETRY, NAV__V1__CODE__CODE_BUSY, "lane",
                   "another replay of this lane is being prepared: try again soon");
    return NULL;
  }
  struct replay *replay = take_place(request->core, err);
  if (replay == NULL) return NULL;
  replay->lane = number;
  replay->connection = request->connection;
  replay->since_ms = json_integer_value(since);
  if (!keep_names(replay, request, reason)) {
    clear(replay);
    (void)nav_fail(err, NAV_ERROR_RETRY, 0, "", "out of memory");
    return NULL;
  }
  if (!json_is_integer(since)) return order(request, replay, err);
  request->core->lanes[number]->replay_asked = true;
  return NULL;
}
