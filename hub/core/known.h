// Which event ids are stored or staged, so that only of those that may be the store is asked: a new event
// then costs no question, and waits for none. Until all of before the start are read (past.h) every id may be
// known. Called by: intake (asks, adds), past (adds). Must never: call a known id new.
#ifndef NAV_CORE_KNOWN_H
#define NAV_CORE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

struct known;

struct known *known_new(void);         // NULL: no memory
void known_free(struct known *known);  // takes NULL
// Before the event is committed.
void known_add(struct known *known, const uint8_t event_id[16]);
// All of before the start are added.
void known_complete(struct known *known);
bool known_may_have(const struct known *known, const uint8_t event_id[16]);

#endif
