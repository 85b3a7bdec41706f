// One socket to the hub and the sealed stream on it: connects, shakes hands, seals and opens. One socket a
// session; a new session is a new link. Called by: client. Must never: reconnect by itself, or hide a loss.
#ifndef NAV_ADAPTERS_SDK_LINK_H
#define NAV_ADAPTERS_SDK_LINK_H

#include "adapters/sdk/client.h"
#include "hub/wire/session.h"

struct link;

enum link_state {
  LINK_CONNECTING,
  LINK_OPEN,     // the stream is ready both ways; the client has yet to send its Start
  LINK_LOST,     // a new link may do better
  LINK_REFUSED,  // none will: the key or the agency was refused
};

struct link *link_new(void *zmq_context, const struct nav_client_settings *settings, struct nav_error *err);
void link_free(struct link *link);  // takes NULL
enum link_state link_state(const struct link *link);
// Why it was lost or refused.
const struct nav_error *link_error(const struct link *link);
// Waits up to wait_ms for something to happen; goes on with connecting.
void link_wait(struct link *link, int wait_ms);
// The next frame's plain bytes, valid until the next call. NULL: none now (or the state has changed).
const struct nav_buffer *link_receive(struct link *link);
// Whether a frame can be sent now.
bool link_can_send(struct link *link);
// Seals and sends; false: the link is lost.
NAV_MUST_USE bool link_send(struct link *link, const Nav__V1__ClientFrame *frame);

#endif
