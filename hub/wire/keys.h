// Keys in files, signatures with their prefixes, and the digests they cover.
// A private key file is one line "<use> <hex>", mode 0600, refused where others may read it; a public one the
// same, 0644. Called by: every program with a key; wire/session. Must never: print or log a private key.
#ifndef NAV_WIRE_KEYS_H
#define NAV_WIRE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/base/error.h"
#include "hub/wire/sha256.h"
#include "nav/v1/session.pb-c.h"

enum {
  KEY_ED25519_PUBLIC_SIZE = 32,
  KEY_ED25519_SECRET_SIZE = 64,
  KEY_SIGNATURE_SIZE = 64,
  KEY_CURVE_SIZE = 32,
  KEY_SYMMETRIC_SIZE = 32,
  KEY_LOG_ID_SIZE = 16,
  KEY_SALT_SIZE = 32,
  KEYS_SIGNED_MAX = 8192,   // bytes that one signature covers, prefix included
  KEYS_EDGE_OVERHEAD = 40,  // nonce (24) and authenticator (16)
};

struct key_pair_sign {
  uint8_t public_key[KEY_ED25519_PUBLIC_SIZE];
  uint8_t secret_key[KEY_ED25519_SECRET_SIZE];
};

struct key_pair_curve {
  uint8_t public_key[KEY_CURVE_SIZE];
  uint8_t secret_key[KEY_CURVE_SIZE];
};

// An agency's keys, in its own folder: curve.key, signing.key, witness.key, id.key (and .pub of the first
// three). A folder from before witness keys has none: has_witness is false, and all of witness zero.
struct keys_agency {
  struct key_pair_curve curve;
  struct key_pair_sign signing;
  struct key_pair_sign witness;  // of cosignatures (ledger/cosignature.h)
  bool has_witness;
  uint8_t id_key[KEY_SYMMETRIC_SIZE];  // event ids, and salts derived from it
};

// Makes new keys; refuses to write over any that exist.
NAV_MUST_USE bool keys_agency_create(const char *folder, struct keys_agency *keys, struct nav_error *err);
NAV_MUST_USE bool keys_agency_load(const char *folder, struct keys_agency *keys, struct nav_error *err);
// Makes the witness key alone, beside the others. Refuses to write over one.
NAV_MUST_USE bool keys_agency_add_witness(const char *folder, struct keys_agency *keys,
                                          struct nav_error *err);

// Single files. use: "curve", "signing", "session", "checkpoint", "id", …; secret or public. A secret Ed25519
// key is libsodium's 64 bytes, a CURVE one 32. Writing refuses a name that exists.
NAV_MUST_USE bool keys_write(const char *path, const char *use, bool secret, const uint8_t *key, size_t size,
                             struct nav_error *err);
NAV_MUST_USE bool keys_read(const char *path, const char *use, bool secret, uint8_t *key, size_t size,
                            struct nav_error *err);

// Fills in public_key from a secret key that was read; false where its two halves do not belong together.
NAV_MUST_USE bool keys_sign_pair(struct key_pair_sign *pair, struct nav_error *err);

// Ed25519 over "trygghetsnavet/v1/<use>" ‖ 0 ‖ parts; at most KEYS_SIGNED_MAX bytes (a longer message is a
// mistake of ours when signing, and false when verifying).
void keys_sign(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair, const char *use,
               const struct nav_bytes *parts, size_t count);
NAV_MUST_USE bool keys_verify(const uint8_t *signature, const uint8_t *public_key, const char *use,
                              const struct nav_bytes *parts, size_t count);

// 32 bytes, the same for the same event bytes and agency: keyed BLAKE2b of the bytes.
void keys_event_salt(uint8_t salt[KEY_SALT_SIZE], const uint8_t id_key[KEY_SYMMETRIC_SIZE],
                     const uint8_t *event, size_t length);
// SHA-256(0x00 ‖ salt ‖ event).
void keys_event_digest(uint8_t digest[NAV_SHA256_SIZE], const uint8_t *salt, size_t salt_length,
                       const uint8_t *event, size_t length);

// The same of many, whose salts are KEY_SALT_SIZE bytes: count × 32 bytes.
struct keys_salted {
  const uint8_t *salt, *event;
  size_t length;  // of the event
};
void keys_event_digests(uint8_t *digests, const struct keys_salted *events, size_t count);

// The publication's signature (session.proto): digests are count × 32 bytes.
void keys_sign_publication(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                           const uint8_t *log_id, const char *agency, const uint8_t *digests, size_t count);
NAV_MUST_USE bool keys_verify_publication(const uint8_t *signature, const uint8_t *public_key,
                                          const uint8_t *log_id, const char *agency, const uint8_t *digests,
                                          size_t count);
void keys_sign_acknowledge(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                           const uint8_t *log_id, const char *agency, uint32_t lane, uint64_t position);
NAV_MUST_USE bool keys_verify_acknowledge(const uint8_t *signature, const uint8_t *public_key,
                                          const uint8_t *log_id, const char *agency, uint32_t lane,
                                          uint64_t position);
// Of the rules that the hub sends its clients (session.proto): over an encoded RulesBundle.
void keys_sign_rules(uint8_t signature[KEY_SIGNATURE_SIZE], const struct key_pair_sign *pair,
                     const uint8_t *log_id, const uint8_t *bundle, size_t length);
NAV_MUST_USE bool keys_verify_rules(const uint8_t *signature, const uint8_t *public_key,
                                    const uint8_t *log_id, const uint8_t *bundle, size_t length);

// edge.c. An encoded event sealed to its own agency alone (nav.v1.Sealed.content): nonce ‖ XChaCha20-Poly1305
// under a key that only who holds id_key can make, bound to agency, event id (16 bytes) and revision. The
// same event gives the same bytes. sealed has length + KEYS_EDGE_OVERHEAD bytes.
struct keys_edge {
  const uint8_t *id_key;
  const char *agency;
  const uint8_t *event_id;
  uint32_t revision;
};
void keys_edge_seal(uint8_t *sealed, const struct keys_edge *edge, const uint8_t *plain, size_t length);
// plain has length - KEYS_EDGE_OVERHEAD bytes. False: too short, or not sealed so.
NAV_MUST_USE bool keys_edge_open(uint8_t *plain, const struct keys_edge *edge, const uint8_t *sealed,
                                 size_t length);

#endif
