// Reasons that people write, in records: sealed like content, so that whoever reads the database does not
// read them, and so that retention can erase them. XChaCha20-Poly1305 under a key of one record, derived from
// its leaf of the bucket's tree by a label of its own: it opens no event. Sealed bytes: nonce (24, random) ‖
// ciphertext. Associated data: "trygghetsnavet/v1/reason" ‖ seq ‖ class ‖ day, big-endian. Called by:
// core/reasons (seal, hand out keys), desk/reasons (open). Must never: store a reason in clear.
#ifndef NAV_LEDGER_REASON_H
#define NAV_LEDGER_REASON_H

#include "hub/base/arena.h"
#include "hub/ledger/content.h"
#include "nav/v1/ledger.pb-c.h"

enum { REASON_CLASS = 6, REASON_OVERHEAD = 24 + 16, REASON_TEXT_MAX = 4096 };

// Where a record keeps what a person wrote.
struct reason_fields {
  char **text;
  Nav__V1__SealedText **sealed;
};

// Whether records of that kind (record_columns.kind) have a reason.
bool reason_kind(uint16_t kind);
// False: records of that kind have none.
bool reason_fields_of(Nav__V1__Record *record, struct reason_fields *fields);

// BLAKE2b keyed with the record's leaf (keytree.h) over "reason" ‖ seq.
void reason_key(uint8_t key[CONTENT_KEY_SIZE], const uint8_t leaf[CONTENT_KEY_SIZE], uint64_t seq);
// sealed has room for length + REASON_OVERHEAD bytes.
void reason_seal(uint8_t *sealed, const uint8_t key[CONTENT_KEY_SIZE], uint64_t seq, uint32_t bucket_day,
                 const char *text, size_t length);
// The text, in the arena; NULL: *err (another key, or changed bytes).
NAV_MUST_USE char *reason_open(const Nav__V1__SealedText *sealed, const uint8_t key[CONTENT_KEY_SIZE],
                               uint64_t seq, struct nav_arena *arena, struct nav_error *err);

#endif
