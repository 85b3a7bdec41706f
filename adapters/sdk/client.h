// The public client library: one agency's session with the hub. It sends events, gets receipts, receives
// deliveries and acknowledges them. One thread owns a client; nothing in it is shared. Called by:
// adapters/engine, navctl publish, agencies' own programs. Must never: hold another agency's keys, or lose an
// event: what has no receipt is the caller's still.
#ifndef NAV_ADAPTERS_SDK_CLIENT_H
#define NAV_ADAPTERS_SDK_CLIENT_H

#include <stdint.h>

#include "hub/base/error.h"
#include "hub/ledger/cosignature.h"
#include "hub/wire/keys.h"
#include "nav/v1/event.pb-c.h"
#include "nav/v1/session.pb-c.h"

struct nav_client;

enum { NAV_CLIENT_NODES_MAX = 8 };

// One of the hub's nodes. All have the hub's session key; each gate may have a CURVE key of its own.
struct nav_client_node {
  const char *endpoint;      // tcp://127.0.0.1:7700
  const uint8_t *curve_key;  // 32 bytes
};

struct nav_client_settings {
  const char *agency;
  // Tried in turn, from the last one that served us; 1 to NAV_CLIENT_NODES_MAX.
  const struct nav_client_node *nodes;
  size_t nodes_count;
  const uint8_t *hub_session_key;  // 32 bytes, Ed25519
  const struct keys_agency *keys;
  const char *const *purposes;  // to have delivered; none: it only publishes
  size_t purposes_count;
  const char *program;  // name and version, for the hub's status
};

// What the caller is told. All callbacks run inside nav_client_step. A delivery is acknowledged by the
// library once `durable` has returned true after it (called at most every 50 ms and after each frame).
struct nav_client_events {
  void *context;
  // One event's receipt; token is what nav_client_publish was given.
  void (*receipt)(void *context, uint64_t token, const Nav__V1__EventReceipt *receipt);
  // One delivery. The event is decoded and valid until the call returns. False: it cannot be stored now; the
  // session ends and the hub sends it again; or, after nav_client_refuse, it cannot be taken.
  bool (*delivery)(void *context, const char *purpose, const uint8_t log_id[KEY_LOG_ID_SIZE],
                   const Nav__V1__Delivery *delivery, const Nav__V1__VerdictInfo *verdict,
                   const Nav__V1__Event *event);
  // Make what was delivered durable (fsync). False: not now.
  bool (*durable)(void *context);
  // The place the caller has stored for a purpose; false: none (a new inbox).
  bool (*resume)(void *context, const char *purpose, uint8_t log_id[KEY_LOG_ID_SIZE], uint64_t *position);
  void (*notice)(void *context, const Nav__V1__Notice *notice);  // may be NULL
  // The hub has set aside what was refused, or what could not be read: it comes no more, unless an operator
  // of the hub has it delivered again. May be NULL.
  void (*set_aside)(void *context, const char *purpose, uint64_t position);
  // The access rules that the hub decides by, for a caller that decides before it sends; NULL: it wants none.
  // Told where the hub's differ from those that rules_hash names, and whenever they change; the signature is
  // the hub's. Valid until the call returns.
  void (*rules)(void *context, const Nav__V1__RulesBundle *bundle);
  // A newer checkpoint of the ledger, with the proof from the one that `witnessed` gave; NULL: the caller is
  // no witness. False: *err says what is wrong, and the session ends for good.
  bool (*checkpoint)(void *context, const Nav__V1__Checkpoint *checkpoint, struct nav_error *err);
  // After `checkpoint` has returned true: the line that confirms it (ledger/cosignature.h), which the library
  // sends. False: the caller confirms nothing. May be NULL.
  bool (*cosign)(void *context, uint64_t *size, char line[COSIGNATURE_LINE_SIZE]);
  // The note of the last checkpoint that the caller has verified; "": none yet. Asked once at each session's
  // start. May be NULL where checkpoint is.
  const char *(*witnessed)(void *context);
  // The hash of the rules that the caller has; false: it has none yet. May be NULL where rules is.
  bool (*rules_hash)(void *context, uint8_t hash[NAV_SHA256_SIZE]);
};

// Copies what it needs of settings. NULL: *err says why.
struct nav_client *nav_client_new(const struct nav_client_settings *settings,
                                  const struct nav_client_events *events, struct nav_error *err);
void nav_client_free(struct nav_client *client);  // takes NULL

// Queues an encoded nav.v1.Event for publication; it is batched with others (256 events, 60 KiB a frame).
// False with RETRY: the queue is full (NAV_CLIENT_QUEUE_MAX); step and try again. False with PEER: the event
// cannot be sent at all. token is returned with its receipt. What was queued and has no receipt is sent again
// after a reconnect.
enum { NAV_CLIENT_QUEUE_MAX = 4096 };
NAV_MUST_USE bool nav_client_publish(struct nav_client *client, uint64_t token, const uint8_t *event,
                                     size_t length, struct nav_error *err);
// Sends what waits, reads what has come, connects and reconnects (each node once, then with growing pauses,
// 0.1 to 5 s, or to 0.5 s while a node says that it stands by: another will be active soon); waits up
// to wait_ms for something to happen. False: *err says what no reconnect will mend (refused key, refused
// agency).
NAV_MUST_USE bool nav_client_step(struct nav_client *client, int wait_ms, struct nav_error *err);

// Called in `delivery`, which then returns false: this one cannot be taken. The hub records it and sends it
// again, with growing pauses; after its limit of tries, or at once where it is final, it goes on past it.
// reason: at most 512 bytes are sent; it may not tell what the event says.
void nav_client_refuse(struct nav_client *client, bool final, const char *reason);
// Asks the hub to send again what it has delivered for the purpose: all after a position, or (since_ms, as
// milliseconds since 1970, above 0) all that has come since then. Such deliveries say `replay`. The hub
// begins one of a purpose every ten seconds; the library asks until it does. What is left of one when the
// session ends comes no more: ask again in the next. False: *err (RETRY: not connected).
NAV_MUST_USE bool nav_client_replay(struct nav_client *client, const char *purpose, uint64_t after_position,
                                    int64_t since_ms, struct nav_error *err);

// The hub is there and takes nothing now.
struct nav_client_wait {
  Nav__V1__Code code;
  const char *why;   // the code's name and what it means, for a person
  int64_t until_ms;  // when the library sends again (monotonic)
};
// True: the hub has told us to wait, and since then has given no receipt and no delivery. What it says of a
// replay does not count.
bool nav_client_waits(const struct nav_client *client, struct nav_client_wait *wait);

// Why the hub refused our last session, or ended it; it is tried again. NULL: it has not since there was one.
// A node that stands by is no such thing. Valid until the next step.
const struct nav_error *nav_client_turned_away(const struct nav_client *client);

bool nav_client_connected(const struct nav_client *client);
// Of the node that it is connected to, or tries now. Valid as long as the client.
const char *nav_client_endpoint(const struct nav_client *client);
// Events queued or sent that have no receipt yet.
size_t nav_client_unsettled(const struct nav_client *client);
// The time of the last delivery (monotonic ms; 0: none in this session), so that --once can tell when all has
// come.
int64_t nav_client_last_delivery_ms(const struct nav_client *client);
// A Ping was answered after everything that was to be delivered had been: what the hub has for us now is
// here.
bool nav_client_caught_up(const struct nav_client *client);

#endif
