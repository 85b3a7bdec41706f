// What the hub sends again: deliveries that we could not take (Nack, Resent), and replays of what we have
// had. See private.h.
#include <string.h>

#include "adapters/sdk/private.h"
#include "hub/base/clock.h"
#include "hub/base/text.h"

// ---- what cannot be taken ----

// What we cannot take: the hub sends it again later, or sets it aside. Until it says which, what else is on
// its way is passed over, since it comes again.
void again_refuse(struct nav_client *client, struct client_lane *lane, uint64_t position, int64_t now_ms) {
  Nav__V1__Nack nack = NAV__V1__NACK__INIT;
  nack.has_lane = nack.has_position = nack.has_final = true;
  nack.lane = lane->number;
  nack.position = position;
  nack.final = client->refused_for_good;
  nack.reason = client->refusal;
  lane->refusing = true;
  client->caught_up = client->ping_covers = false;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_NACK;
  frame.nack = &nack;
  if (!session_may_send(client)) {
    session_drop(client, now_ms, 0);  // a new session is sent it again
  } else {
    (void)session_send(client, &frame, now_ms);
  }
}

void nav_client_refuse(struct nav_client *client, bool final, const char *reason) {
  client->refused = true;
  client->refused_for_good = final;
  // A frame that is not UTF-8 is refused whole: the Nack would count for nothing.
  nav_text_copy(client->refusal, sizeof client->refusal, reason);
}

// The answer to our Nack.
void again_resent(struct nav_client *client, const Nav__V1__Resent *resent) {
  struct client_lane *lane = incoming_lane(client, resent->lane);
  if (lane == NULL) return;
  lane->refusing = false;
  if (resent->set_aside && client->events.set_aside != NULL)
    client->events.set_aside(client->events.context, lane->purpose, resent->position);
}

// ---- replays ----

static bool send_replay(struct nav_client *client, struct client_lane *lane, int64_t now_ms) {
  Nav__V1__ReplayRequest request = NAV__V1__REPLAY_REQUEST__INIT;
  request.has_lane = true;
  request.lane = lane->number;
  request.has_since_time_ms = lane->replay_since_ms > 0;
  request.since_time_ms = lane->replay_since_ms;
  request.has_after_position = lane->replay_since_ms <= 0;
  request.after_position = lane->replay_after;
  Nav__V1__ClientFrame frame = NAV__V1__CLIENT_FRAME__INIT;
  frame.frame_case = NAV__V1__CLIENT_FRAME__FRAME_REPLAY_REQUEST;
  frame.replay_request = &request;
  lane->replay_due_ms = 0;
  client->caught_up = client->ping_covers = false;
  return session_send(client, &frame, now_ms);
}

void again_step(struct nav_client *client, int64_t now_ms) {
  for (size_t i = 0; i < client->lanes_count && client->state == CLIENT_LIVE; i++) {
    struct client_lane *lane = &client->lanes[i];
    bool due = lane->replay_due_ms != 0 && lane->replay_due_ms <= now_ms;
    if (due && session_may_send(client)) (void)send_replay(client, lane, now_ms);
  }
}

bool again_wait(struct nav_client *client, const Nav__V1__Wait *wait, int64_t now_ms) {
  struct client_lane *lane = wait->has_lane ? incoming_lane(client, wait->lane) : NULL;
  if (lane != NULL) lane->replay_due_ms = now_ms + (int64_t)wait->wait_ms;
  return wait->has_lane;
}

bool nav_client_replay(struct nav_client *client, const char *purpose, uint64_t after_position,
                       int64_t since_ms, struct nav_error *err) {
  struct client_lane *lane = NULL;
  for (size_t i = 0; i < client->lanes_count; i++)
    if (strcmp(client->lanes[i].purpose, purpose) == 0) lane = &client->lanes[i];
  if (client->state != CLIENT_LIVE || lane == NULL || !session_may_send(client))
    return nav_fail(err, NAV_ERROR_RETRY, 0, nav_client_endpoint(client), "there is no session for %.80s now",
                    purpose);
  lane->replay_after = after_position;
  lane->replay_since_ms = since_ms;
  return send_replay(client, lane, nav_clock_monotonic_ms()) ||
         nav_fail(err, NAV_ERROR_RETRY, 0, nav_client_endpoint(client), "the session ended");
}
