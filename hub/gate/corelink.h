// The DEALER to nav-core: relay heads and frames, bounded both ways. While the core is away or slow nothing
// is taken. Called by: gate. Must never: wait, or keep frames for a core that is gone.
#ifndef NAV_GATE_CORELINK_H
#define NAV_GATE_CORELINK_H

#include <zmq.h>

#include "hub/base/error.h"
#include "hub/wire/news.h"
#include "hub/wire/relay.h"

enum { CORELINK_HWM = 64, CORELINK_MESSAGE_MAX = 65536 };

struct corelink;

// silent_ms: a core that does not even answer libzmq's heartbeat for about so long (frozen, not only busy) is
// gone: with it its sessions, whose clients then look for another node.
struct corelink *corelink_open(void *zmq_context, const char *socket_path, int silent_ms,
                               struct nav_error *err);
void corelink_close(struct corelink *link);  // takes NULL
// To be waited for: what the core sends, or that it takes something again; and for corelink_lost.
struct news *corelink_news(struct corelink *link);
struct news *corelink_monitor_news(struct corelink *link);
// True: the connection to the core was lost since the last call.
bool corelink_lost(struct corelink *link);
bool corelink_connected(const struct corelink *link);
// Takes the payload (NULL: none) only where it gives true. False: not now.
NAV_MUST_USE bool corelink_send(struct corelink *link, const struct relay_head *head, zmq_msg_t *payload);
// 1: head and payload (to be closed) stand; 0: nothing there; -1: what came was not a relay message (*err).
int corelink_receive(struct corelink *link, struct relay_head *head, zmq_msg_t *payload,
                     struct nav_error *err);

#endif
