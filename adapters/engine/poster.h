// Sends events: gives revisions, publishes through the client, takes receipts, and keeps the state. What has
// no receipt is in a slot; slots and their bytes are bounded, so a mapping that emits waits here while the
// hub is away. Called by: loop. Must never: call an event sent before its receipt is in the state.
#ifndef NAV_ADAPTERS_ENGINE_POSTER_H
#define NAV_ADAPTERS_ENGINE_POSTER_H

#include "adapters/engine/edge.h"
#include "adapters/engine/state.h"
#include "adapters/engine/summary.h"
#include "adapters/sdk/client.h"

enum {
  POSTER_BYTES_MAX = 32 * 1024 * 1024,  // of events without a receipt
  POSTER_REVISIONS_TRIED_MAX = 8,       // numbers tried for one event before it counts as rejected
  POSTER_BUSY_PAUSE_MS = 1000,
};

struct poster_settings {
  struct state *state;
  struct edge *edge;  // decides what travels of an event; NULL: all of it (tests of the poster alone)
  const uint8_t *id_key;
  const char *outbox;  // for rejected.ndjson
  struct summary *summary;
  // Steps the client and calls poster_resend; waits up to wait_ms. False: give up, *err says why.
  bool (*tick)(void *context, int wait_ms, struct nav_error *err);
  void *context;
};

struct poster;

struct poster *poster_new(const struct poster_settings *settings, struct nav_error *err);  // NULL: *err
void poster_free(struct poster *poster);                                                   // takes NULL
// The client comes later than the poster, whose poster_receipt it calls.
void poster_set_client(struct poster *poster, struct nav_client *client);
// The file that events now come from, for what is told of rejected ones.
void poster_set_file(struct poster *poster, const char *file);
// Sends what the edge lets travel of the event, unless the hub has it with this content. Waits while an
// earlier revision of it has no receipt, and while there is no room. False: nothing more can be sent, *err
// says why.
NAV_MUST_USE bool poster_send(struct poster *poster, const char *source_id, const Nav__V1__Event *event,
                              struct nav_error *err);
// Waits until everything has its receipt, then makes state and rejected.ndjson durable.
NAV_MUST_USE bool poster_settle(struct poster *poster, struct nav_error *err);
// The client's callback (struct nav_client_events).
void poster_receipt(struct poster *poster, uint64_t token, const Nav__V1__EventReceipt *receipt);
// Publishes again what the hub wanted under another revision or later. Called after each step of the client.
NAV_MUST_USE bool poster_resend(struct poster *poster, struct nav_error *err);
size_t poster_unsettled(const struct poster *poster);

#endif
