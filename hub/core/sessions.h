// The clients' sealed sessions, which all come through nav-gate.
// Called by: the loop, intake, deliver. Must never: believe the gate about anything but its own numbers and
// the agency that a Hello's signature then proves.
#ifndef NAV_CORE_SESSIONS_H
#define NAV_CORE_SESSIONS_H

#include "hub/conf/agencies.h"
#include "hub/core/gate_port.h"
#include "hub/wire/session.h"

enum {
  SESSIONS_MAX = 4096,
  SESSION_LANES_MAX = CONF_PURPOSES_MAX,
  SESSION_PUBLICATIONS_MAX = 8,           // under way without a receipt
  SESSION_CREDIT_MAX = 64 * 1024 * 1024,  // bytes a client may ask for ahead
};

struct session {
  uint64_t id;      // our own, never used again: an answer reaches the session that asked, or nobody
  uint64_t number;  // of the gate
  const struct conf_agency *agency;
  uint32_t agency_number;
  struct wire_stream stream;
  bool started;  // Start came and was answered
  bool ended;    // swept by sessions_sweep
  char program[64];
  uint64_t credit_bytes;
  uint32_t publications;              // under way
  uint32_t lanes[SESSION_LANES_MAX];  // lane numbers bound to it
  size_t lanes_count;
  bool wants_rules;        // it decides before it sends
  uint8_t rules_hash[32];  // of those that it has, or is being sent
  bool rules_sending;      // from part rules_next on
  uint32_t rules_next;
  bool is_witness;        // it is sent every checkpoint, with its proof
  bool witness_waits;     // until a proof from what it has is made, even where the size is the same
  uint64_t witness_size;  // of the note it has; 0: none
  uint8_t witness_root[32];
  bool cosigns_badly;  // a cosignature of it was refused, on the record; further ones are passed over
  bool ping_waits;
  uint64_t ping_number;
  uint64_t ping_seq;  // answered when its lanes have been sent what was committed up to here
};

struct sessions;

struct sessions_handlers {
  void *context;
  // A decoded frame of a session; plain is what it was decoded from. arena holds it until the call returns,
  // unless taken.
  void (*frame)(void *context, struct session *session, Nav__V1__ClientFrame *frame, const uint8_t *plain,
                size_t length);
  // Sealed rightly but not a frame, or a Hello that did not hold (session is NULL then).
  void (*malformed)(void *context, struct session *session, const char *agency, const struct nav_error *err);
  void (*ended)(void *context, struct session *session);
  // Refused at the gate: count frames with code (of agency, "" where unknown).
  void (*refused_at_gate)(void *context, const char *agency, int code, uint32_t count);
  // Asked before each message that leaves, and before any is read. False: it waits; sessions_let_go does not.
  bool (*may_send)(void *context);
};

// Listens on the gate's socket. All that it is given must outlive it. NULL: *err.
struct sessions *sessions_open(const char *gate_socket, const struct conf_agencies *agencies,
                               const struct key_pair_sign *key, const struct sessions_handlers *handlers,
                               struct nav_error *err);
void sessions_close(struct sessions *sessions);  // takes NULL
void sessions_set_agencies(struct sessions *sessions, const struct conf_agencies *agencies);
// What to wait for, GATE_PORT_FILES of them, and what to do after each wait. reads: frames are wanted.
void sessions_poll_fill(struct sessions *sessions, struct pollfd *files, bool reads);
void sessions_step(struct sessions *sessions, const struct pollfd *files);
// While the program does nothing for clients and cannot wait as it does: its gate is told that it lives.
void sessions_say_alive(struct sessions *sessions);
// Refuses everybody with CODE_STANDBY and that text, which must outlive it, and tells no handler; NULL: no
// longer. There is no session then.
void sessions_stand_by(struct sessions *sessions, const char *text);

// Takes what has come, `most` frames at the most. Returns how many.
int sessions_receive(struct sessions *sessions, int most);
// Frames that are sent below wait for the end of the turn, or for some others; here they leave. What the gate
// does not take now waits on.
void sessions_flush(struct sessions *sessions);
// Takes the arena of the frame being handled, so that it lives on; give it back with sessions_give_arena.
struct nav_arena *sessions_take_arena(struct sessions *sessions);
void sessions_give_arena(struct sessions *sessions, struct nav_arena *arena);

// Encodes, seals and sends. A session whose frames cannot be sent is ended.
void session_send(struct sessions *sessions, struct session *session, const Nav__V1__HubFrame *frame);
// Tells why something was refused; a Code and text of ours.
void session_refuse(struct sessions *sessions, struct session *session, int code, const char *text);
void session_send_encoded(struct sessions *sessions, struct session *session, const uint8_t *plain,
                          size_t length);
// Whether deliveries may be sent now: false where nothing may be said, or what waits was not taken when last
// tried.
bool sessions_have_room(const struct sessions *sessions);
// Ends it: a RESET to the client, then the `ended` handler.
void session_end(struct sessions *sessions, struct session *session);
// Ends all of them with a RESET even where nothing else may be sent: what waits for the gate is dropped.
void sessions_let_go(struct sessions *sessions);
// Frees sessions that have ended.
void sessions_sweep(struct sessions *sessions);

struct session *sessions_find(struct sessions *sessions, uint64_t id);  // NULL: it has ended
// Every live session, by index below sessions_count; NULL in between.
size_t sessions_count(const struct sessions *sessions);
struct session *sessions_at(struct sessions *sessions, size_t index);
bool sessions_gate_lives(const struct sessions *sessions);

#endif
