// What a housing case is to become: its category, looked up in adapter.yaml, and its words where the category
// does not tell. Called by: map_in.c. Must never: guess where the table says nothing.
#ifndef NAV_ADAPTERS_HOUSING_TARGET_H
#define NAV_ADAPTERS_HOUSING_TARGET_H

#include "adapters/record/record.h"

enum target_message {
  TARGET_DAMAGE,
  TARGET_DISTURBANCE,
  TARGET_GUARD_ROUND,
  TARGET_TENANCY_CONCERN,
  TARGET_NOT_SHARED
};

struct target {
  enum target_message message;
  int kind;  // of the message's own enum; 0: it has none
};

// From "category.<code>" in adapter.yaml: damage.graffiti, disturbance.party, guard_round,
// tenancy_concern.criminal_use, not_shared; or by_words: then the first word of "words" (klotter =
// damage.graffiti; …) that the text has, else "otherwise". False after a skip that says what to write in
// adapter.yaml.
bool target_find(struct record *record, const char *category, const char *text, struct target *target);

#endif
