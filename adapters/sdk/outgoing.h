// Events on their way to the hub: queued, sent in publications, settled by receipts. What has no receipt when
// a session ends is sent again in the next. Called by: client. Must never: forget an event, or settle one
// twice.
#ifndef NAV_ADAPTERS_SDK_OUTGOING_H
#define NAV_ADAPTERS_SDK_OUTGOING_H

#include "adapters/sdk/link.h"

struct outgoing;

struct outgoing *outgoing_new(void);
void outgoing_free(struct outgoing *outgoing);  // takes NULL
NAV_MUST_USE bool outgoing_add(struct outgoing *outgoing, uint64_t token, const uint8_t *event, size_t length,
                               struct nav_error *err);
size_t outgoing_unsettled(const struct outgoing *outgoing);
// The session is gone: everything unsettled waits to be sent again.
void outgoing_restart(struct outgoing *outgoing);
// Sends publications, at most `under_way_max` without a receipt. False: the link is lost.
NAV_MUST_USE bool outgoing_send(struct outgoing *outgoing, struct link *link,
                                const struct nav_client_settings *settings,
                                const uint8_t log_id[KEY_LOG_ID_SIZE], uint32_t under_way_max,
                                int64_t now_ms);
// Settles, and tells of each event.
void outgoing_receipt(struct outgoing *outgoing, const Nav__V1__Receipt *receipt,
                      const struct nav_client_events *events);
// The hub did not take a publication now.
void outgoing_wait(struct outgoing *outgoing, const Nav__V1__Wait *wait, int64_t now_ms);
// Whether something could be sent before more receipts come.
bool outgoing_has_work(const struct outgoing *outgoing, uint32_t under_way_max, int64_t now_ms);

#endif
