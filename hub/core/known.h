// Which event ids are stored or staged, so that only of those that may be the store is asked: a new event
// then costs no question, and waits for none. Read from the store in the background after a start; until all
// are read every id may be known. Called by: intake (asks, adds), the loop (a step each turn). Must never:
// call a known id new.
#ifndef NAV_CORE_KNOWN_H
#define NAV_CORE_KNOWN_H

#include "hub/core/core.h"

struct known *known_new(void);         // NULL: no memory
void known_free(struct known *known);  // takes NULL
// Before the event is committed.
void known_add(struct known *known, const uint8_t event_id[16]);
bool known_may_have(const struct known *known, const uint8_t event_id[16]);
// Asks for the next ids where the reader has nothing else to do.
void known_step(struct core *core);

#endif
