// What two tests, or two rules, have to do with each other, whatever the event: do they exclude each other,
// does one always hold where the other does? Called by: check, matrix, explain. Must never: say "always" or
// "never" where an event could be found that tells otherwise.
#ifndef NAV_ACCESS_RELATE_H
#define NAV_ACCESS_RELATE_H

#include "hub/access/rules.h"

enum { RELATE_UNKNOWN_ROLE = 1, RELATE_ALL_ROLES = 0xFF };  // bit n: nav.v1.Role n; bit 0: a role not stated

// Two tests that can never both be met, now or later.
bool relate_exclude(const struct predicate *a, const struct predicate *b, int64_t now_ms);
// A test of the rule that excludes another of its tests; *other: that one. NULL: none.
const struct predicate *relate_conflict(const struct rule *rule, int64_t now_ms,
                                        const struct predicate **other);
// In which roles persons can be kept by a permit; 0: none can.
uint16_t relate_roles(const struct rule *permit);
// Whether the wide rule is met wherever the narrow one is: it asks nothing that the narrow one does not ask.
bool relate_implied(const struct rule *wide, const struct rule *narrow);
// The same for what both bind: all that the narrow one binds, for as long as that is in force from today on.
bool relate_covers(const struct access_rules *rules, const struct rule *wide, const struct rule *narrow,
                   int64_t today);
bool relate_excepts(const struct rule *forbid, const struct rule *permit);
// Whether, on what both bind, the forbid (or limit) always meets the permit, from today on.
bool relate_closes(const struct rule *forbid, const struct rule *permit, int64_t today);
// Whether, on what both bind, some event could meet both.
bool relate_can_meet(const struct rule *forbid, const struct rule *permit, int64_t now_ms);
// All bits of the narrow one are in the wide one.
bool relate_bits_within(const uint8_t *wide, const uint8_t *narrow, size_t count);

#endif
