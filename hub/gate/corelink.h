// The connection to nav-core: relay heads and frames, bounded both ways. While the core is away or slow
// nothing is taken. Called by: gate. Must never: wait, or keep frames for a core that is gone.
#ifndef NAV_GATE_CORELINK_H
#define NAV_GATE_CORELINK_H

#include <poll.h>
#include <zmq.h>

#include "hub/wire/relay_socket.h"

struct corelink;

// socket_path must outlive it. silent_ms: a core that says nothing for so long (frozen, or stuck) is gone:
// with it its sessions, whose clients then look for another node. 0: there is no other, so it is waited for.
struct corelink *corelink_open(const char *socket_path, int silent_ms, struct nav_error *err);
void corelink_close(struct corelink *link);  // takes NULL
// What to wait for: what the core sends, or that it takes something again; and what poll(2) said of it.
struct pollfd corelink_poll(const struct corelink *link);
void corelink_polled(struct corelink *link, short revents);
// Connects where it is time to. Gives how long the next wait may be until it has to be called again; -1: any.
int corelink_step(struct corelink *link, int64_t now_ms);
// True: the connection to the core was lost since the last call.
bool corelink_lost(struct corelink *link);
// The core has taken the connection and said so.
bool corelink_connected(const struct corelink *link);
// Takes the payload (NULL: none) only where it gives true. False: not now.
NAV_MUST_USE bool corelink_send(struct corelink *link, const struct relay_head *head, zmq_msg_t *payload);
// DONE: head and payload (to be closed) stand; LATER: nothing there, or the core is lost; MALFORMED: *err,
// and it is hung up on.
enum relay_result corelink_receive(struct corelink *link, struct relay_head *head, zmq_msg_t *payload,
                                   struct nav_error *err);
// Whether something stands to be received of which corelink_poll does not tell.
bool corelink_has_more(const struct corelink *link);

#endif
