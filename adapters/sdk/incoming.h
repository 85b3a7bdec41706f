// Deliveries: decoded, handed to the caller, acknowledged once durable; credit and pings.
// Called by: client. Must never: acknowledge what the caller has not made durable.
#ifndef NAV_ADAPTERS_SDK_INCOMING_H
#define NAV_ADAPTERS_SDK_INCOMING_H

#include "adapters/sdk/link.h"

struct incoming;

struct incoming *incoming_new(void);
void incoming_free(struct incoming *incoming);  // takes NULL
void incoming_restart(struct incoming *incoming);
// Sends Start with the places that the caller has stored. False: the link is lost.
NAV_MUST_USE bool incoming_start(struct incoming *incoming, struct link *link,
                                 const struct nav_client_settings *settings,
                                 const struct nav_client_events *events);
void incoming_lanes(struct incoming *incoming, const Nav__V1__Session *session);
// False: the session must end (the caller cannot store, or the frame makes no sense).
NAV_MUST_USE bool incoming_deliveries(struct incoming *incoming, const Nav__V1__Deliveries *deliveries,
                                      size_t frame_bytes, struct nav_arena *arena,
                                      const struct nav_client_events *events);
void incoming_pong(struct incoming *incoming, uint64_t number);
// Acknowledgements, credit and pings that are due. False: the link is lost.
NAV_MUST_USE bool incoming_speak(struct incoming *incoming, struct link *link,
                                 const struct nav_client_settings *settings,
                                 const struct nav_client_events *events,
                                 const uint8_t log_id[KEY_LOG_ID_SIZE], int64_t now_ms);
// How long until something is due.
int64_t incoming_wait_ms(const struct incoming *incoming, int64_t now_ms);
int64_t incoming_last_ms(const struct incoming *incoming);
bool incoming_caught_up(const struct incoming *incoming);

#endif
