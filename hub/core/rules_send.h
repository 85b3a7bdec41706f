// The rules in force, sent to the clients that decide with them before they send (the edge): built once for
// all, in parts, as fast as the gate takes them. Called by: deliver (a session's start, each step), whoever
// reloads, start. Must never: tell a person's name, or read a file: it sends the very bytes that decide.
#ifndef NAV_CORE_RULES_SEND_H
#define NAV_CORE_RULES_SEND_H

#include "hub/core/core.h"

enum {
  RULES_SEND_PART = 48 * 1024,
  RULES_SEND_MAX = 3 * 1024 * 1024,  // nav-gate drops a client that leaves 4 MiB waiting
};

// A session has started: notes whether it wants rules, and which it has.
void rules_send_start(struct core *core, struct session *session, const Nav__V1__Start *start);
// Other rules are in force: every session that wants them is told so, and sent them.
void rules_send_changed(struct core *core);
// True: there is more to send at once.
bool rules_send_step(struct core *core);
void rules_send_free(struct core *core);

#endif
