// The gate's sessions: one for each (routing id, agency's key, connection), numbered, never reused. The
// routing id alone means nothing: another agency may take it as soon as its owner is gone. Called by: gate.
// Must never: hold more than its maximum, or find a session that has ended.
#ifndef NAV_GATE_SESSIONS_H
#define NAV_GATE_SESSIONS_H

#include <stdint.h>

#include "hub/gate/outbox.h"
#include "hub/gate/quota.h"

enum { SESSION_ROUTING_MAX = 255, SESSION_KEY_HEX_SIZE = 65 };

enum session_state { SESSION_FREE, SESSION_LIVE, SESSION_ENDED };  // ended: the core has not been told yet

struct session {
  enum session_state state;
  uint64_t number;
  uint8_t routing[SESSION_ROUTING_MAX];
  size_t routing_length;
  char agency[RELAY_AGENCY_SIZE];
  char key_hex[SESSION_KEY_HEX_SIZE];
  int fd;                      // of its connection; -1: not known
  struct quota_agency *quota;  // NULL once ended
  struct outbox outbox;
  uint32_t next;  // in its hash chain, 0: the last; else slot + 1
};

struct sessions;

struct sessions *sessions_new(uint32_t max);    // NULL: no memory
void sessions_free(struct sessions *sessions);  // takes NULL
// Counts it in quota. NULL: all are taken. The routing id must not have a live session.
struct session *sessions_begin(struct sessions *sessions, const uint8_t *routing, size_t length,
                               const char *agency, const char *key_hex, int fd, struct quota_agency *quota);
struct session *sessions_by_routing(struct sessions *sessions, const uint8_t *routing, size_t length);
struct session *sessions_by_number(struct sessions *sessions, uint64_t number);
// Drops what is queued. core_must_know: the slot stays taken, and is found by sessions_next_ended, until
// sessions_release.
void sessions_end(struct sessions *sessions, struct session *session, bool core_must_know);
struct session *sessions_next_ended(struct sessions *sessions);  // NULL: none
void sessions_release(struct sessions *sessions, struct session *session);
// Every slot in turn, for what concerns all; index from 0 to sessions_max - 1. NULL: not live.
struct session *sessions_at(struct sessions *sessions, uint32_t index);
uint32_t sessions_max(const struct sessions *sessions);
uint32_t sessions_live(const struct sessions *sessions);
// Bytes queued for all.
size_t sessions_queued(const struct sessions *sessions);

#endif
