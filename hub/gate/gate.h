// The gate's one loop: frames from clients to the core and back, under the limits.
// A gate that was taken over can deny service, and see who is connected, how much they send and when
// (traffic, not content). It can read no frame and make none: frames are sealed between the agency and
// nav-core (hub/wire/session.h), and the agency of a session is proven to the core by a signature, not by the
// gate's word. Called by: main. Must never: look into a sealed frame, wait for one party while others could
// go on, or grow with what is sent to it.
#ifndef NAV_GATE_GATE_H
#define NAV_GATE_GATE_H

#include "hub/conf/nav.h"
#include "hub/gate/connections.h"
#include "hub/gate/corelink.h"
#include "hub/gate/door.h"
#include "hub/gate/quota.h"
#include "hub/gate/sessions.h"
#include "hub/gate/zap.h"

enum {
  GATE_SESSIONS_AN_AGENCY_MAX = 32,
  GATE_CONNECTIONS_SPARE = 512,  // connections in handshake, beyond those that are let in
};

struct gate {
  const struct conf_nav *nav;
  void *door;
  struct news door_news;
  struct zap *zap;
  struct book *book;  // the same as zap's, for this thread
  struct quota *quota;
  struct sessions *sessions;
  struct connections *connections;
  struct corelink *core;
  bool had_core;               // connected, when last looked
  struct door_message parked;  // read, but not taken by the core yet
  bool has_parked;
  uint32_t unknown_keys;  // refused by ZAP and not reported yet
  int64_t tick_ms, hoard_ms;
  int64_t turn_ms;  // of the last turn, by the clock that goes on while the machine sleeps; 0: none yet
  int log_lines;    // left for this minute
  int64_t log_ms;
};

// So long without a sign of life before another node may have taken over: of the core, or of the gate itself.
// 0: there is no other.
static inline int gate_silent_ms(const struct conf_nav *nav) {
  return nav->others_count == 0 ? 0 : (int)nav->lease_ms * 2 / 3;
}

// Runs until SIGTERM or SIGINT come from signal_fd (SIGHUP reloads). Gives the exit code.
int gate_run(struct gate *gate, int signal_fd);

// In reload.c. Reads agencies.yaml again; the old stays in force on any fault. Sessions of keys that are gone
// end.
void gate_reload(struct gate *gate);
// In flow.c. From the public socket to the core, and back; each as much as one turn may.
void gate_from_clients(struct gate *gate);
void gate_from_core(struct gate *gate);
void gate_flush_outboxes(struct gate *gate);
// Ends a session: the core is told (or not, where it said so itself), what is queued is dropped.
void gate_end_session(struct gate *gate, struct session *session, bool core_must_know);
// Tells the core of sessions that ended, as far as it takes.
void gate_tell_ended(struct gate *gate);
// Sends RESET: the hub does not know the session, start anew.
void gate_send_reset(struct gate *gate, const uint8_t *routing, size_t length);
// A line of log for what hostile parties can make happen: at most a few a minute.
void gate_log_limited(struct gate *gate, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
