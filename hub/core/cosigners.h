// The agencies' confirmations of what the hub shows them: which witness keys are in force, the checkpoint
// that all witnesses are shown now and the one before it, and the cosignature lines that have come for each.
// All witnesses are shown the same checkpoint; the next is shown once every cosigner has confirmed it, or
// after a time, so that what one agency sees of the others' lines says something. Called by: core/witness
// (show, take), start and reload (keys), the loop (rows of a batch). Must never: keep a line that does not
// hold under the key that the ledger names for its agency, or more than COSIGNATURES_MAX lines of each.
#ifndef NAV_CORE_COSIGNERS_H
#define NAV_CORE_COSIGNERS_H

#include "hub/conf/agencies.h"
#include "hub/conf/check.h"
#include "hub/core/batch.h"
#include "hub/ledger/cosignature.h"

enum {
  COSIGNERS_WAIT_MS_MIN = 10000,  // longer than a client's longest pause before it connects again
  COSIGNERS_NOTE_MAX = 4096,
};

// One agency's witness key, as the last KeyChanged record of it says.
struct cosigner {
  char agency[CONF_ID_LENGTH_MAX + 1];
  uint8_t key[KEY_ED25519_PUBLIC_SIZE];
  bool has_key;
  uint64_t seq;  // of the record
};

struct cosigned_line {
  char agency[CONF_ID_LENGTH_MAX + 1];
  char line[COSIGNATURE_LINE_SIZE];
  bool staged;  // for nav.cosignature
};

// A checkpoint as it was shown, with what has come for it.
struct cosigned {
  struct checkpoint checkpoint;  // size 0: none
  char note[COSIGNERS_NOTE_MAX];
  int64_t shown_ms;  // monotonic, since when
  struct cosigned_line lines[COSIGNATURES_MAX];
  size_t count;
};

struct cosigners {
  struct cosigner list[CONF_AGENCIES_MAX];
  size_t count;
  size_t keyed;  // of them that have a key
  struct cosigned shown, before;
};

struct cosigners *cosigners_new(void);             // NULL: no memory
void cosigners_free(struct cosigners *cosigners);  // takes NULL

// A KeyChanged record that was read, or has just been staged; those of other uses are passed over. False:
// more agencies than there can be.
NAV_MUST_USE bool cosigners_note_key(struct cosigners *cosigners, uint64_t seq,
                                     const Nav__V1__KeyChanged *record);
// Stages a KeyChanged record for every agency whose witness key is not the one that the ledger names.
void cosigners_define(struct cosigners *cosigners, const struct conf_agencies *agencies, struct batch *batch,
                      int64_t now_ms);

bool cosigners_has_key(struct cosigners *cosigners, const char *agency);

// Shows this checkpoint from now on; the one shown until now is the one before.
void cosigners_show(struct cosigners *cosigners, const struct checkpoint *checkpoint, const char *note,
                    int64_t now_ms);
// Whether a newer checkpoint may be shown: all cosigners have confirmed, or have had wait_ms to.
bool cosigners_may_go_on(const struct cosigners *cosigners, int64_t now_ms, int64_t wait_ms);
// A line of this agency for the checkpoint shown now or the one before. A second one of the same is passed
// over. False: *err says why it is refused.
NAV_MUST_USE bool cosigners_take(struct cosigners *cosigners, const char *origin, const char *agency,
                                 uint64_t size, const char *line, struct nav_error *err);
// The note of the checkpoint before with its lines; "" where there is none.
NAV_MUST_USE bool cosigners_before(const struct cosigners *cosigners, struct nav_buffer *note);
// Gives the batch the rows that are not stored yet: of those checkpoints that were made after the key stood
// in the ledger, so that whoever verifies knows the key before the line. Makes no row of anything else.
void cosigners_stage(struct cosigners *cosigners, struct batch *batch);

#endif
