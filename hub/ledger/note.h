// What every C2SP signed note is made of: lines, a text, and signature lines "— <name> <base64(key id ‖ …)>".
// Takes what the specification (c2sp.org/signed-note) writes and nothing looser: other people's verifiers
// must come to the same answer. Called by: ledger/checkpoint, ledger/cosignature, ledger/verify. Must never:
// say that a signature holds: it only reads.
#ifndef NAV_LEDGER_NOTE_H
#define NAV_LEDGER_NOTE_H

#include "hub/base/error.h"
#include "hub/wire/keys.h"

enum {
  NOTE_SIZE_MAX = 64 * 1024,
  NOTE_SIGNATURES_MAX = 100,
  NOTE_KEY_ID_SIZE = 4,
  NOTE_ED25519 = 0x01,      // a log's own signature
  NOTE_COSIGNATURE = 0x04,  // a witness's, cosignature/v1
  NOTE_BASE64_SIZE = 128,   // of a root, or of a signature with its key id and time, with NUL
};

// A part of the note, without its newline; not owned.
struct note_line {
  const char *text;
  size_t length;
};

// Takes a line that ends in a newline off *rest. False: there is none.
NAV_MUST_USE bool note_take_line(const char **rest, struct note_line *line);
bool note_line_is(const struct note_line *line, const char *text);
// Decimal without leading zeros.
NAV_MUST_USE bool note_number(const struct note_line *line, uint64_t *number);
// One signature line: its key's name and the base64 of key id and signature. False: not a signature line.
NAV_MUST_USE bool note_signature(const struct note_line *line, struct note_line *name,
                                 struct note_line *encoded);
// The mark that a signature line begins with.
extern const char note_mark[];

// The first 4 bytes of SHA-256(name ‖ "\n" ‖ algorithm ‖ public key).
void note_key_id(uint8_t id[NOTE_KEY_ID_SIZE], const char *name, uint8_t algorithm,
                 const uint8_t public_key[KEY_ED25519_PUBLIC_SIZE]);
const char *note_base64(char out[NOTE_BASE64_SIZE], const uint8_t *data, size_t length);
// Exactly `size` bytes from all of the line.
NAV_MUST_USE bool note_from_base64(uint8_t *out, size_t size, const struct note_line *line);

#endif
