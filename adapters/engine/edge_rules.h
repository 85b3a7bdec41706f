// The rules that the hub has sent, on disk: state/rules/<hash>/ holds the files as they are,
// state/rules/in-force names the folder. Written beside, synced and renamed, so that a crash leaves the
// former rules or the new. Called by: edge. Must never: take a file name that leads out of its folder.
#ifndef NAV_ADAPTERS_ENGINE_EDGE_RULES_H
#define NAV_ADAPTERS_ENGINE_EDGE_RULES_H

#include "hub/access/access.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

struct edge_rules {
  struct conf_agencies *agencies;
  struct access_rules *rules;  // NULL: none
  uint8_t hash[NAV_SHA256_SIZE];
};

// Loads those in force; none is no fault. False: there are some that cannot be read; faults have been
// printed.
NAV_MUST_USE bool edge_rules_load(const char *state, struct edge_rules *out, struct nav_error *err);
// Stores the bundle, loads it and puts it in force. False: *out is as it was.
NAV_MUST_USE bool edge_rules_replace(const char *state, const Nav__V1__RulesBundle *bundle,
                                     struct edge_rules *out, struct nav_error *err);
void edge_rules_free(struct edge_rules *rules);

#endif
