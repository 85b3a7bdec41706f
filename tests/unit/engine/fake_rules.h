// Small rules as a hub sends them: two agencies, one purpose, and the rules of a test.
// Called by: fake_client, edge_test. Must never: be the shipped rules, which change for other reasons.
#ifndef NAV_TESTS_ENGINE_FAKE_RULES_H
#define NAV_TESTS_ENGINE_FAKE_RULES_H

#include "hub/base/arena.h"
#include "nav/v1/session.pb-c.h"

// All of polisen's PublicIncident goes to skolan.
extern const char fake_rules_all[];

// rules: the text of access/test.yaml; byte: of the hash. In the arena.
Nav__V1__RulesBundle *fake_rules_bundle(const char *rules, uint8_t byte, struct nav_arena *arena);

#endif
