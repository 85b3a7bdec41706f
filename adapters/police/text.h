// Text of the police's list as it is meant: no-break blanks made blanks, HTML's entities made characters,
// ends trimmed. Called by: record. Must never: take anything for markup but entities.
#ifndef NAV_ADAPTERS_POLICE_TEXT_H
#define NAV_ADAPTERS_POLICE_TEXT_H

#include <jansson.h>

#include "adapters/engine/adapter.h"

// A member's text, cleaned, in the run's arena; NULL: absent, empty or no text.
char *police_text(struct nav_mapping_run *run, const json_t *object, const char *key);

#endif
