// The agency's witness on disk: state/witness holds the note of the last checkpoint believed, state/ALARM
// what was wrong and both notes. What is believed is confirmed to the others by a cosignature, and theirs are
// looked at: alarm where they contradict what was believed here, or are too few. While ALARM is there the
// adapter does not start. Called by: loop. Must never: take the alarm away, put a note in the place of one
// that it contradicts, or confirm a checkpoint that is not on disk.
#ifndef NAV_ADAPTERS_ENGINE_ALARM_H
#define NAV_ADAPTERS_ENGINE_ALARM_H

#include "adapters/sdk/others.h"

struct alarm {
  const char *state;            // the folder; not owned
  const uint8_t *key;           // the hub's checkpoint key; not owned
  const struct others *others;  // not owned
  struct witness_memory memory;
  struct others_memory shown;
  bool raised;
};

// Reads what is there. False: *err; alarm->raised where an alarm stands.
NAV_MUST_USE bool alarm_open(struct alarm *alarm, const char *state, const uint8_t *key,
                             const struct others *others, struct nav_error *err);
// A session begins: the others' confirmations are demanded of what is shown in it from here on. Returns the
// note held; "": none.
const char *alarm_session_begins(struct alarm *alarm);
// Stores what is believed, by fsync and rename, or raises the alarm. False: *err, and nothing more is to be
// sent or taken.
NAV_MUST_USE bool alarm_checkpoint(struct alarm *alarm, const Nav__V1__Checkpoint *checkpoint,
                                   struct nav_error *err);

// The line that confirms what is held, by this agency's witness key. False: nothing is held.
NAV_MUST_USE bool alarm_cosign(const struct alarm *alarm, const char *agency, const struct key_pair_sign *key,
                               uint64_t time_s, uint64_t *size, char line[COSIGNATURE_LINE_SIZE]);

#endif
