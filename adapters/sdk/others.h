// What the other agencies have confirmed: the cosignatures under a checkpoint, checked with the public
// witness keys that this agency has got from the others itself, never from the hub. So an agency that is
// shown another ledger than the others finds out. Pure. Called by: adapters/engine's alarm, agencies' own
// programs. Must never: count a line whose key is not in its own list, or one agency twice.
#ifndef NAV_ADAPTERS_SDK_OTHERS_H
#define NAV_ADAPTERS_SDK_OTHERS_H

#include "adapters/sdk/witness.h"
#include "hub/ledger/cosignature.h"

enum {
  OTHERS_MAX = COSIGNATURES_MAX,  // agencies in the list: more lines than these no note carries
  OTHERS_AGENCY_SIZE = 65,
  OTHERS_BELIEVED_MAX = 16,  // the last checkpoints believed in this run, to compare with
};

struct other {
  char agency[OTHERS_AGENCY_SIZE];
  uint8_t key[KEY_ED25519_PUBLIC_SIZE];
};

struct others {
  unsigned quorum;  // how many of the list must have confirmed; 0: nothing is demanded
  struct other list[OTHERS_MAX];
  size_t count;
};

// What was believed, newest last in a ring; and what this session was shown.
struct others_memory {
  struct witness_memory believed[OTHERS_BELIEVED_MAX];
  size_t next;
  uint64_t session_size;  // of the last checkpoint believed in this session; 0: none yet
};

void others_session_begins(struct others_memory *memory);
void others_believe(struct others_memory *memory, const struct witness_memory *believed);

// How many of the list have confirmed the cosigned note, which is of that origin.
size_t others_confirmed(const struct others *others, const char *cosigned_note, const char *origin);
// A cosigned note of a size that was believed here with another root, which one of the list, or the hub
// itself, has signed: WITNESS_OTHERS_FORK or WITNESS_FORK, and *ours is what was believed. Else WITNESS_SAME.
NAV_MUST_USE enum witness_verdict others_contradict(const struct others *others,
                                                    const struct others_memory *memory,
                                                    const char *cosigned_note, const uint8_t *hub_key,
                                                    const struct witness_memory **ours);
// A later checkpoint has come: whether the one that this session was shown before it is confirmed by as many
// as `quorum`. cosigned_note: what the hub shows of it; NULL: nothing.
NAV_MUST_USE bool others_are_enough(const struct others *others, const struct others_memory *memory,
                                    const char *cosigned_note);

#endif
