// Replays: a lane is sent again what it has acknowledged, under the rules in force now. One record each; what
// is replayed says so and never moves the cursor. Asked for by the recipient (its own place is older, or a
// ReplayRequest) or ordered by an operator. Called by: deliver (a session's start), start (frames), nacks,
// the loop (step), control_commands. Must never: give a lane what its verdicts did not release, or begin
// before its record is committed.
#ifndef NAV_CORE_REPLAY_H
#define NAV_CORE_REPLAY_H

#include <jansson.h>

#include "hub/core/core.h"

struct control_request;

enum {
  REPLAYS_ASKED_MAX = 16,       // that wait for a time to be found in the ledger
  REPLAY_TRIES_MAX = 10,        // at finding it; then the replay is given up
  REPLAY_AGAIN_MS = 10 * 1000,  // before a recipient may ask for another of the same lane
};

struct replays *replays_new(void);
void replays_free(struct replays *replays);  // takes NULL
// Whether a session may begin at the client's own place. Behind its cursor (an inbox restored from a backup)
// that is a replay, which is recorded: one each REPLAY_AGAIN_MS. False: *err.
NAV_MUST_USE bool replay_may_resume(const struct lane *lane, uint64_t place, struct nav_error *err);
// The lane is a new session's: where it goes on from. place: the client's own; NULL: it has none. Behind the
// cursor it is sent again what it lacks, by the record of the last replay where that has all of it, else by a
// new one. At the cursor, what a person ordered and was not sent whole is sent from its beginning.
void replay_begin_session(struct core *core, uint32_t lane, const uint64_t *place);
// What nobody ordered ends with the session: the recipient asks again, or comes with its place.
void replay_end_session(struct lane *lane);
// A client's ReplayRequest; it is told to wait where one is under way or was just now.
void replay_take(struct core *core, struct session *session, const Nav__V1__ReplayRequest *request);
// Whether the lane's recipient still lacks a part of one.
bool replay_is_under_way(const struct lane *lane);
// The lane's recipient has refused a position. Where that was sent before the replay began, it passes over
// what came of the replay, which is sent again.
void replay_refused(struct core *core, struct lane *lane, uint64_t position);
// Looks up one of the times that are asked for, when the reader is free.
void replay_step(struct core *core);
// {"command":"lane-replay","agency":…,"purpose":…,"reason":…,"after":seq | "since_ms":n}
// → {"ok":true,"seq":n,"after":n,"up_to":n}. The lane must be connected.
json_t *replay_command(struct control_request *request, struct nav_error *err);

#endif
