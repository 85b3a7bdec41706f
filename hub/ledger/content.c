// See content.h.
#include "hub/ledger/content.h"

#include <sodium.h>
#include <string.h>

enum {
  NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
  PLACE_SIZE = KEY_LOG_ID_SIZE + 8 + 4 + 4,
};

_Static_assert(CONTENT_OVERHEAD == NONCE_SIZE + TAG_SIZE + CONTENT_SALT_SIZE,
               "sealed bytes as content.h says");
_Static_assert(CONTENT_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "one event's key");

void content_event_key(uint8_t key[CONTENT_KEY_SIZE], const uint8_t bucket_key[CONTENT_KEY_SIZE],
                       uint64_t seq) {
  static const char use[] = {'e', 'v', 'e', 'n', 't'};
  uint8_t message[sizeof use + 8];
  memcpy(message, use, sizeof use);
  nav_put_u64(message + sizeof use, seq);
  (void)crypto_generichash(key, CONTENT_KEY_SIZE, message, sizeof message, bucket_key, CONTENT_KEY_SIZE);
}

static void place_bytes(uint8_t out[PLACE_SIZE], const struct content_place *place) {
  memcpy(out, place->log_id, KEY_LOG_ID_SIZE);
  nav_put_u64(out + KEY_LOG_ID_SIZE, place->seq);
  nav_put_u32(out + KEY_LOG_ID_SIZE + 8, place->retention_class);
  nav_put_u32(out + KEY_LOG_ID_SIZE + 12, place->bucket_day);
}

// A nonce from the system costs a call of its own; so they are fetched many at a time. A forked child must
// not seal, as none does.
static void take_nonce(uint8_t out[NONCE_SIZE]) {
  enum { NONCES = 64 };
  static _Thread_local uint8_t ready[NONCES][NONCE_SIZE];
  static _Thread_local unsigned left;
  if (left == 0) {
    randombytes_buf(ready, sizeof ready);
    left = NONCES;
  }
  memcpy(out, ready[--left], NONCE_SIZE);
}

bool content_seal(const struct content_place *place, const uint8_t key[CONTENT_KEY_SIZE], const uint8_t *salt,
                  const uint8_t *event, size_t length, struct nav_buffer *out) {
  if (length > SIZE_MAX - CONTENT_OVERHEAD) return false;
  uint8_t *room = nav_buffer_reserve(out, length + CONTENT_OVERHEAD);
  if (room == NULL) return false;
  uint8_t ad[PLACE_SIZE];
  place_bytes(ad, place);
  take_nonce(room);
  // The plaintext is laid where its ciphertext will stand; libsodium seals in place.
  uint8_t *body = room + NONCE_SIZE;
  memcpy(body, salt, CONTENT_SALT_SIZE);
  if (length > 0) memcpy(body + CONTENT_SALT_SIZE, event, length);
  unsigned long long sealed = 0;
  (void)crypto_aead_xchacha20poly1305_ietf_encrypt(body, &sealed, body, CONTENT_SALT_SIZE + length, ad,
                                                   sizeof ad, NULL, room, key);
  out->length += NONCE_SIZE + (size_t)sealed;
  return true;
}

bool content_open(const struct content_place *place, const uint8_t key[CONTENT_KEY_SIZE],
                  const uint8_t *sealed, size_t length, struct nav_buffer *plain, struct nav_error *err) {
  nav_buffer_clear(plain);
  if (length < CONTENT_OVERHEAD) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "",
                    "sealed content of seq %llu has %zu bytes, fewer than any can have",
                    (unsigned long long)place->seq, length);
  }
  uint8_t *room = nav_buffer_reserve(plain, length - NONCE_SIZE);
  if (room == NULL) {
    return nav_fail(err, NAV_ERROR_PEER, 0, "", "content of seq %llu is larger than its reader takes",
                    (unsigned long long)place->seq);
  }
  uint8_t ad[PLACE_SIZE];
  place_bytes(ad, place);
  unsigned long long opened = 0;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(room, &opened, NULL, sealed + NONCE_SIZE,
                                                 length - NONCE_SIZE, ad, sizeof ad, sealed, key) != 0) {
    return nav_fail(
        err, NAV_ERROR_PEER, 0, "",
        "content of seq %llu does not open: another key, or its bytes, log, place or bucket differ",
        (unsigned long long)place->seq);
  }
  plain->length = (size_t)opened;
  return true;
}

uint32_t content_class_days(uint32_t retention_class) {
  static const uint32_t days[] = {0, 7, 30, 90, 365, 730, 3650};
  return retention_class < sizeof days / sizeof days[0] ? days[retention_class] : 0;
}
