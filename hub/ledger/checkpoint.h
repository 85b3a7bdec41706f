// Signed tree heads: C2SP tlog-checkpoint in a C2SP signed note (Ed25519).
//   <origin>\n<size>\n<base64 root>\n\n— <key name> <base64(key id ‖ signature)>\n
// Key id: first 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key). Specifications:
// c2sp.org/tlog-checkpoint, c2sp.org/signed-note. Called by: core/store (sign), ledger/verify, core/seen,
// core/witness, adapters' witnesses, navctl audit prove. Must never: sign a tree it did not compute.
#ifndef NAV_LEDGER_CHECKPOINT_H
#define NAV_LEDGER_CHECKPOINT_H

#include "hub/base/buffer.h"
#include "hub/base/error.h"
#include "hub/wire/keys.h"

// An origin with its NUL.
enum { CHECKPOINT_ORIGIN_SIZE = 320 };

struct checkpoint {
  uint64_t size;
  uint8_t root[NAV_SHA256_SIZE];
};

// origin: "<hub>/<log id hex>"; the key's name is the same.
NAV_MUST_USE bool checkpoint_sign(const struct checkpoint *checkpoint, const char *origin,
                                  const struct key_pair_sign *key, struct nav_buffer *note);
// The log that a note says it is of, unproven: its first line. False: there is none, or none that fits.
NAV_MUST_USE bool checkpoint_origin(const char *note, char origin[CHECKPOINT_ORIGIN_SIZE]);
// What a note says, with nobody's signature checked: for whoever then checks one himself (a cosignature).
struct checkpoint_text {
  struct checkpoint checkpoint;
  size_t length;           // of the text that signatures cover, its last newline included
  const char *signatures;  // into the note: the lines after the blank one
};
NAV_MUST_USE bool checkpoint_text(const char *note, const char *origin, struct checkpoint_text *text,
                                  struct nav_error *err);
// As checkpoint_text, and the key's signature must be there and hold.
NAV_MUST_USE bool checkpoint_open(const char *note, const char *origin, const uint8_t *public_key,
                                  struct checkpoint *checkpoint, struct nav_error *err);

#endif
