// AES-256-GCM (NIST SP 800-38D) by OpenSSL, for streams whose messages are numbered: the nonce is the number,
// so a key must seal no number twice, and what opens under its number is in order and whole. Measured:
// sealing and opening take less than half of what libsodium's secretstream took, and every platform's own
// library has it. Called by: session.c. Must never: give out plain text that is not authentic; without the
// cipher the program ends.
#ifndef NAV_WIRE_AEAD_H
#define NAV_WIRE_AEAD_H

#include "hub/base/buffer.h"

enum { NAV_AEAD_KEY_SIZE = 32, NAV_AEAD_NONCE_SIZE = 12, NAV_AEAD_TAG_SIZE = 16 };

// out takes length + NAV_AEAD_TAG_SIZE bytes: the cipher text, then the tag. kind is authenticated with it.
void nav_aead_seal(const uint8_t key[NAV_AEAD_KEY_SIZE], uint64_t number, uint8_t kind, const uint8_t *plain,
                   size_t length, uint8_t *out);
// sealed: as above, at least the tag long; out takes length - NAV_AEAD_TAG_SIZE bytes. False: it is not what
// was sealed under this key, number and kind; out is then zeroed.
NAV_MUST_USE bool nav_aead_open(const uint8_t key[NAV_AEAD_KEY_SIZE], uint64_t number, uint8_t kind,
                                const uint8_t *sealed, size_t length, uint8_t *out);
// This thread's context keeps what it made of the last key until it is given another, or this.
void nav_aead_forget(void);

#endif
