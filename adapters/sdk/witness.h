// What a witness of the hub's ledger makes of each checkpoint: pure, so that every case is tested. A
// checkpoint is believed when the hub's checkpoint key has signed it and its proof (RFC 9162 §2.1.4.2) shows
// that its ledger begins with the one of the last checkpoint believed. Called by: adapters/engine's witness,
// agencies' own programs. Must never: forget what it has believed for something that contradicts it.
#ifndef NAV_ADAPTERS_SDK_WITNESS_H
#define NAV_ADAPTERS_SDK_WITNESS_H

#include "hub/ledger/checkpoint.h"
#include "hub/wire/merkle.h"
#include "nav/v1/session.pb-c.h"

enum { WITNESS_NOTE_MAX = 4096 };

enum witness_verdict {
  WITNESS_FIRST,  // the first one: nothing to compare with
  WITNESS_SAME,
  WITNESS_NEXT,
  // From here on: alarms.
  WITNESS_BAD_SIGNATURE,  // not a note that the key has signed
  WITNESS_OTHER_LOG,      // of another ledger than before
  WITNESS_FORK,           // as long as the one before, with another root
  WITNESS_ROLLBACK,       // shorter
  WITNESS_BAD_PROOF,      // longer, and not shown to begin with the one before
  WITNESS_OTHERS_FORK,    // another agency has confirmed another root of a size that was believed here
  WITNESS_TOO_FEW,        // fewer of the others than agreed have confirmed what was shown here
};

struct witness_memory {
  struct checkpoint checkpoint;  // size 0: none believed yet
  char note[WITNESS_NOTE_MAX];
};

// A note that was stored. False: the key has not signed it; *err.
NAV_MUST_USE bool witness_load(struct witness_memory *memory, const char *note, const uint8_t *key,
                               struct nav_error *err);
// Below the alarms *memory is the new checkpoint; else it is unchanged.
NAV_MUST_USE enum witness_verdict witness_take(struct witness_memory *memory, const uint8_t *key,
                                               const Nav__V1__Checkpoint *message);
bool witness_is_alarm(enum witness_verdict verdict);
// One sentence, for who reads it; never NULL.
const char *witness_english(enum witness_verdict verdict);
const char *witness_swedish(enum witness_verdict verdict);

#endif
