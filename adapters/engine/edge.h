// The agency's own decision before anything leaves: keeps the rules that the hub has signed (state/rules),
// asks hub/access/edge, and makes the bytes that travel. Called by: loop, poster. Must never: let an event
// out before there are rules, or store or log an event.
#ifndef NAV_ADAPTERS_ENGINE_EDGE_H
#define NAV_ADAPTERS_ENGINE_EDGE_H

#include "hub/access/edge.h"
#include "hub/base/buffer.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

struct edge;

// state: the adapter's state folder, which must be there. Kept rules are loaded: an adapter decides before it
// has reached the hub. agency and id_key must outlive it. NULL: *err.
struct edge *edge_open(const char *state, const char *agency, const uint8_t *id_key, struct nav_error *err);
void edge_close(struct edge *edge);  // takes NULL

bool edge_has_rules(const struct edge *edge);
// The client's callbacks (struct nav_client_events). Rules that cannot be read or stored leave the former
// ones in force, and are logged.
bool edge_rules_hash(const struct edge *edge, uint8_t hash[NAV_SHA256_SIZE]);
void edge_take_rules(struct edge *edge, const Nav__V1__RulesBundle *bundle);

struct edge_result {
  enum access_edge_way way;
  bool stripped;  // something was removed
};
// Packs into out (emptied first) what travels of the event under that revision; nothing where it stays home.
NAV_MUST_USE bool edge_decide(struct edge *edge, const Nav__V1__Event *event, uint32_t revision,
                              struct nav_buffer *out, struct edge_result *result, struct nav_error *err);
// Packs what edge_decide packed once more, under another revision: sealed content names its own.
NAV_MUST_USE bool edge_revise(struct edge *edge, const uint8_t *bytes, size_t length, uint32_t revision,
                              struct nav_buffer *out);

#endif
