// The agency's witness on disk: state/witness holds the note of the last checkpoint believed, state/ALARM
// what was wrong and both notes. While ALARM is there the adapter does not start. Called by: loop. Must
// never: take the alarm away, or put a note in the place of one that it contradicts.
#ifndef NAV_ADAPTERS_ENGINE_ALARM_H
#define NAV_ADAPTERS_ENGINE_ALARM_H

#include "adapters/sdk/witness.h"

struct alarm {
  const char *state;   // the folder; not owned
  const uint8_t *key;  // the hub's checkpoint key; not owned
  struct witness_memory memory;
  bool raised;
};

// Reads what is there. False: *err; alarm->raised where an alarm stands.
NAV_MUST_USE bool alarm_open(struct alarm *alarm, const char *state, const uint8_t *key,
                             struct nav_error *err);
// Stores what is believed, by fsync and rename, or raises the alarm. False: *err, and nothing more is to be
// sent or taken.
NAV_MUST_USE bool alarm_checkpoint(struct alarm *alarm, const Nav__V1__Checkpoint *checkpoint,
                                   struct nav_error *err);

#endif
