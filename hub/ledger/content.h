// Sealed content: XChaCha20-Poly1305 of SealedContent (salt, event bytes) under a key of one event, a leaf of
// its bucket's tree (keytree.h). Sealed bytes: nonce (24, random) ‖ ciphertext. Associated data: log id ‖ seq
// ‖ bucket (class, day), big-endian. Called by: core (seal, open, hand out keys), desk (open with the keys it
// was given). Must never: keep a plaintext.
#ifndef NAV_LEDGER_CONTENT_H
#define NAV_LEDGER_CONTENT_H

#include "hub/base/buffer.h"
#include "hub/base/error.h"
#include "hub/wire/keys.h"

enum { CONTENT_KEY_SIZE = 32, CONTENT_SALT_SIZE = 32, CONTENT_OVERHEAD = 24 + 16 + 32 };

struct content_place {
  const uint8_t *log_id;  // 16 bytes
  uint64_t seq;
  uint32_t retention_class;
  uint32_t bucket_day;
};

// Appends the sealed bytes (plaintext: salt ‖ event).
NAV_MUST_USE bool content_seal(const struct content_place *place, const uint8_t key[CONTENT_KEY_SIZE],
                               const uint8_t *salt, const uint8_t *event, size_t length,
                               struct nav_buffer *out);
// plain is cleared and gets salt ‖ event.
NAV_MUST_USE bool content_open(const struct content_place *place, const uint8_t key[CONTENT_KEY_SIZE],
                               const uint8_t *sealed, size_t length, struct nav_buffer *plain,
                               struct nav_error *err);

// How long content of a class is kept, in days: classes 1 to 5 are 7, 30, 90, 365 and 730; 6, of reasons that
// people write in records (reason.h), ten years. 0: no such class.
uint32_t content_class_days(uint32_t retention_class);

#endif
