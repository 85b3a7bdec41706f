// A witness's cosignature of a checkpoint (c2sp.org/tlog-cosignature, cosignature/v1), one signature line of
// the note:
//   — <name> <base64(key id (4) ‖ time (8, big-endian, seconds since 1970) ‖ Ed25519 signature (64))>\n
// It signs "cosignature/v1\ntime <seconds>\n" and then the note's text, up to and with the newline before the
// blank line: whoever signs says that he has seen this tree and holds no other of its size. Key id: first 4
// bytes of SHA-256(name ‖ "\n" ‖ 0x04 ‖ public key). The name is "<agency>.<hub>", of the agency's id and
// the first part of the note's origin: "polisen.nav.example.se". Pure. Called by: adapters/sdk (make, check
// those of others), core/cosigners, ledger/verify. Must never: sign what its caller has not believed.
#ifndef NAV_LEDGER_COSIGNATURE_H
#define NAV_LEDGER_COSIGNATURE_H

#include "hub/ledger/checkpoint.h"
#include "hub/ledger/note.h"

enum {
  COSIGNATURE_NAME_SIZE = 200,  // an agency's id (64), a dot, a hub's name (128), with NUL
  COSIGNATURE_LINE_SIZE = 320,  // with its newline and NUL
  // A note carries at most 100 signatures; with the hub's own, and a few to spare, so many are of witnesses.
  COSIGNATURES_MAX = 96,
  COSIGNATURE_TEXT_MAX = 4096,  // bytes of a checkpoint's text; ours have some hundred
};

// "<agency>.<hub>". False: the origin is none, or they are longer than ids can be.
NAV_MUST_USE bool cosignature_name(char name[COSIGNATURE_NAME_SIZE], const char *agency, const char *origin);
// The agency in a witness's name of this origin; false: it is none.
NAV_MUST_USE bool cosignature_agency(char agency[COSIGNATURE_NAME_SIZE], const struct note_line *name,
                                     const char *origin);
// The line over text (at most COSIGNATURE_TEXT_MAX bytes, the last one a newline).
void cosignature_make(char line[COSIGNATURE_LINE_SIZE], const char *text, size_t length, const char *name,
                      const struct key_pair_sign *key, uint64_t time_s);
// Whether the line (without its newline) is the named witness's, under that key, over the text. False: *err
// says what is wrong; *time_s is then unchanged.
NAV_MUST_USE bool cosignature_check(const struct note_line *line, const char *text, size_t length,
                                    const char *name, const uint8_t public_key[KEY_ED25519_PUBLIC_SIZE],
                                    uint64_t *time_s, struct nav_error *err);

#endif
