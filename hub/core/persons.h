// Whom events are about, as tokens: BLAKE2b-128 of the personal number as twelve characters (YYYYMMDDNNNN),
// under a key that is derived from nav-core's pseudonym key by a label of its own. So the same number gives
// the same token for ever, however it was written; without the key a token says nothing. A coordination
// number and the personal number that its holder gets later are two numbers. What is Sealed has no persons
// here until its agency opens it. Called by: intake_stage (Accepted.persons, nav.person), control_port (audit
// person). Must never: keep or log a number.
#ifndef NAV_CORE_PERSONS_H
#define NAV_CORE_PERSONS_H

#include "hub/access/access.h"
#include "hub/base/error.h"

enum { PERSON_TOKEN_SIZE = 16, PERSON_KEY_SIZE = 32 };

typedef uint8_t person_tokens[ACCESS_SUBJECTS_MAX][PERSON_TOKEN_SIZE];

// Both keys have PERSON_KEY_SIZE bytes.
void persons_key(uint8_t key[PERSON_KEY_SIZE], const uint8_t *pseudonym_key);
// number: any way that nav_personal_number_parse takes, letters small or large; ten digits mean who is under
// 100 at today_ms, unless '+' stands between. False: it is no personal number; *token is not touched.
bool persons_token(const uint8_t *key, const char *number, int64_t today_ms,
                   uint8_t token[PERSON_TOKEN_SIZE]);
// Those of the event's subjects that have a number: ascending, each once. Returns how many.
size_t persons_of_event(const uint8_t *key, const Nav__V1__Event *event, person_tokens tokens);

#endif
