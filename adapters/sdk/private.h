// The client's parts, shared by the files of this folder.
// Called by: adapters/sdk alone. Must never: be included by others.
#ifndef NAV_ADAPTERS_SDK_PRIVATE_H
#define NAV_ADAPTERS_SDK_PRIVATE_H

#include "adapters/sdk/client.h"
#include "adapters/sdk/link.h"
#include "adapters/sdk/queue.h"
#include "hub/wire/session.h"

enum {
  LANES_MAX = 64,                  // purposes of one client
  CREDIT_BYTES = 1024 * 1024,      // how much the hub may send ahead
  CREDIT_BACK_BYTES = 512 * 1024,  // when so much is durable and not granted again, at once
  ACKNOWLEDGE_MS = 50,
  ACKNOWLEDGE_EVENTS = 1000,
  PAUSE_MS_MIN = 100,
  PAUSE_MS_MAX = 5000,
  // A publication that is not full waits a little for more events: the hub limits frames a second, and
  // commits in groups anyhow. One session's publications take half of what the hub says that an agency may
  // send: the rest is for what it acknowledges and for the agency's other programs.
  FRAMES_A_SECOND = 1000,  // where the hub does not say
  SLOWER_MAX = 64,         // times as far apart, after so many refusals for too many frames
  SLOWER_MS = 600000,      // without another refusal, until it is halved
  GATHER_QUEUED_MS = 5,  // while GATHER_QUEUED events have no receipt: they wait for longer than that anyhow
  GATHER_QUEUED = 256,
  BUSY_MS = 200,                 // where a receipt says "not now"
  PAUSE_REFUSED_MS = 1000,       // where the hub said "not now"
  PAUSE_STANDBY_MS_MAX = 500,    // while a node stands by
  GREETING_MS_MAX = 10000,       // for Welcome and Session
  GREETING_NODES_MS_MAX = 2000,  // … where there is another node to go to
  PING_IDLE_MS = 5000,
  PING_IDLE_NODES_MS = 2000,
  PING_AFTER_DELIVERY_MS = 20,
  PING_APART_MS = 100,
  SILENCE_MS_MAX = 10000,  // after a Ping
  SILENCE_NODES_MS_MAX = 3000,
  FRAME_BYTES_LEAST = 1024,  // of a hub's limit that can be meant
  FRAMES_A_STEP = 256,
  FRAME_ARENA_MAX = 8 * 1024 * 1024,
  TEXT_MAX = 256,
  REFUSAL_MAX = 512,
  RULES_BYTES_MAX = 8 * 1024 * 1024,
  RULES_PARTS_MAX = 1024,
};

enum client_state {
  CLIENT_AWAY,      // no socket; another try at retry_ms
  CLIENT_GREETING,  // HELLO sent
  CLIENT_STARTING,  // OPEN{Start} sent
  CLIENT_LIVE,      // Session came
};

struct client_lane {
  uint32_t number;
  const char *purpose;  // of the client's settings
  bool has_place;
  uint64_t passed;        // the last position that the caller has or was given
  uint64_t received;      // the last position of this session that a receipt is due for
  uint64_t acknowledged;  // what the hub has a receipt for
  bool refusing;          // after a Nack: what comes is passed over until the hub's Resent
  // A replay that was asked for and must wait; 0: none.
  int64_t replay_due_ms;
  uint64_t replay_after;
  int64_t replay_since_ms;
};

struct client_node {
  char endpoint[TEXT_MAX];
  uint8_t curve_key[KEY_CURVE_SIZE];
};

struct nav_client {
  // Settings, copied.
  char agency[TEXT_MAX], program[TEXT_MAX];
  struct client_node nodes[NAV_CLIENT_NODES_MAX];
  size_t nodes_count;
  uint8_t hub_session_key[KEY_ED25519_PUBLIC_SIZE];
  struct keys_agency keys;
  char *purposes[LANES_MAX];
  size_t purposes_count;
  struct nav_client_events events;

  size_t node;         // that we are connected to, or try next
  size_t nodes_tried;  // since the last pause, without a session
  size_t nodes_wrong;  // of them, those that somebody must mend
  struct link *link;
  struct queue *queue;
  struct nav_arena *frame_arena, *event_arena;
  struct nav_buffer plain, encoded, sealed;

  // One session.
  enum client_state state;
  struct wire_hello hello;
  struct wire_stream stream;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  struct client_lane lanes[LANES_MAX];
  size_t lanes_count;
  size_t publications_max, events_max, frame_max;
  int64_t gather_ms;
  // What gather_ms is multiplied by: doubled when the agency's sessions together sent too many frames.
  int64_t slower, slowed_ms;
  uint64_t publication_number;
  int64_t begun_ms, heard_ms, sent_ms;
  int64_t publish_after_ms;      // Wait
  struct nav_error turned_away;  // why the hub refused our session; class NONE: it has not since it had one
  bool waits;                    // … and nothing has come since then
  Nav__V1__Code wait_code;
  int64_t published_ms;
  int64_t retry_ms, pause_ms;
  // Deliveries that wait to become durable.
  uint64_t undurable_events, undurable_bytes;
  int64_t durable_tried_ms;
  bool durable_failed;
  int64_t delivery_ms;
  // Pings: at most one under way.
  uint64_t ping_number;
  bool ping_under_way, ping_covers;  // covers: nothing was delivered since it was sent
  bool caught_up;
  int64_t ping_ms;
  // Rules on their way, part by part; what has come is without worth until the last part's signature.
  struct nav_buffer rules;
  uint8_t rules_hash[NAV_SHA256_SIZE];
  uint32_t rules_next, rules_count;
  // What nav_client_refuse said of the delivery that the caller has in hand.
  char refusal[REFUSAL_MAX + 1];
  bool refused, refused_for_good;
  bool standby_seen;  // of the nodes tried since the last pause, one stands by
  // What no reconnect mends.
  bool failed;
  struct nav_error failure;
};

// session.c: one session's life.
void session_try(struct nav_client *client, int64_t now_ms);
// Drops the socket; another try after a pause. What has no receipt waits to be sent again.
void session_drop(struct nav_client *client, int64_t now_ms, int64_t pause_ms_min);
// For good: nav_client_step then says why.
void session_fail(struct nav_client *client, const struct nav_error *err);
// A refusal in clear or sealed: for good, or until a pause is over.
void session_refused(struct nav_client *client, const struct nav_error *err, int64_t now_ms);
// A frame of the handshake; later ones go to incoming_frame.
void session_frame(struct nav_client *client, const uint8_t *frame, size_t length, int64_t now_ms);
void session_watch(struct nav_client *client, int64_t now_ms);  // silence, Pings
// Encodes, seals and sends. False: the session has ended.
bool session_send(struct nav_client *client, const Nav__V1__ClientFrame *frame, int64_t now_ms);
bool session_may_send(struct nav_client *client);
// When something is due again.
int64_t session_due_ms(const struct nav_client *client, int64_t now_ms);

// incoming.c: what the hub sends within the session.
void incoming_frame(struct nav_client *client, int64_t now_ms);
// Makes deliveries durable, acknowledges them, gives credit back; at most as often as it should.
void incoming_settle(struct nav_client *client, int64_t now_ms);

struct client_lane *incoming_lane(struct nav_client *client, uint32_t number);  // NULL: not ours

// again.c: Nacks and replays. A Nack says what nav_client_refuse was told.
void again_refuse(struct nav_client *client, struct client_lane *lane, uint64_t position, int64_t now_ms);
void again_resent(struct nav_client *client, const Nav__V1__Resent *resent);
// Whether it was of a replay, which is then asked for again.
bool again_wait(struct nav_client *client, const Nav__V1__Wait *wait, int64_t now_ms);
void again_step(struct nav_client *client, int64_t now_ms);

// rules.c: a part of the rules. False: the hub contradicts itself, or is not who signed them.
bool rules_take(struct nav_client *client, const Nav__V1__RulesPart *part);

// outgoing.c: publications.
void outgoing_publish(struct nav_client *client, int64_t now_ms);
// When what waits may be sent, the socket and the hub's limit of publications allowing; now or before: now.
int64_t outgoing_due_ms(const struct nav_client *client);
void outgoing_receipt(struct nav_client *client, const Nav__V1__Receipt *receipt, int64_t now_ms);
void outgoing_wait(struct nav_client *client, const Nav__V1__Wait *wait, int64_t now_ms);

#endif
