// See keys.h: events sealed to their own agency. The nonce is made of what is sealed, so that sending again
// gives the same bytes; the two keys are derived from the agency's id key, each for its use.
#include <sodium.h>
#include <string.h>

#include "hub/base/buffer.h"
#include "hub/base/id.h"
#include "hub/wire/keys.h"

enum {
  NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
  AGENCY_MAX = 64,
  BOUND_MAX = AGENCY_MAX + 1 + NAV_EVENT_ID_SIZE + 4,
};
_Static_assert(KEYS_EDGE_OVERHEAD == NONCE_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "a nonce stands before, an authenticator after");

static void derive(uint8_t key[KEY_SYMMETRIC_SIZE], const uint8_t *id_key, const char *use) {
  (void)crypto_generichash(key, KEY_SYMMETRIC_SIZE, (const uint8_t *)use, strlen(use), id_key,
                           KEY_SYMMETRIC_SIZE);
}

// agency ‖ 0 ‖ event id ‖ revision.
static size_t bind(uint8_t out[BOUND_MAX], const struct keys_edge *edge) {
  size_t length = strlen(edge->agency) + 1;
  NAV_ASSERT(length <= AGENCY_MAX + 1);
  memcpy(out, edge->agency, length);
  memcpy(out + length, edge->event_id, NAV_EVENT_ID_SIZE);
  nav_put_u32(out + length + NAV_EVENT_ID_SIZE, edge->revision);
  return length + NAV_EVENT_ID_SIZE + 4;
}

static void make_nonce(uint8_t nonce[NONCE_SIZE], const struct keys_edge *edge, const uint8_t *bound,
                       size_t bound_length, const uint8_t *plain, size_t length) {
  uint8_t key[KEY_SYMMETRIC_SIZE];
  crypto_generichash_state state;
  derive(key, edge->id_key, "edge-nonce");
  (void)crypto_generichash_init(&state, key, sizeof key, NONCE_SIZE);
  (void)crypto_generichash_update(&state, bound, bound_length);
  (void)crypto_generichash_update(&state, plain, length);
  (void)crypto_generichash_final(&state, nonce, NONCE_SIZE);
  sodium_memzero(key, sizeof key);
  sodium_memzero(&state, sizeof state);
}

void keys_edge_seal(uint8_t *sealed, const struct keys_edge *edge, const uint8_t *plain, size_t length) {
  uint8_t key[KEY_SYMMETRIC_SIZE];
  uint8_t bound[BOUND_MAX];
  size_t bound_length = bind(bound, edge);
  make_nonce(sealed, edge, bound, bound_length, plain, length);
  derive(key, edge->id_key, "edge-seal");
  (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, NULL, plain, length, bound,
                                                   bound_length, NULL, sealed, key);
  sodium_memzero(key, sizeof key);
}

bool keys_edge_open(uint8_t *plain, const struct keys_edge *edge, const uint8_t *sealed, size_t length) {
  uint8_t key[KEY_SYMMETRIC_SIZE];
  uint8_t bound[BOUND_MAX];
  if (length < KEYS_EDGE_OVERHEAD) return false;
  size_t bound_length = bind(bound, edge);
  derive(key, edge->id_key, "edge-seal");
  bool ok =
      crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + NONCE_SIZE, length - NONCE_SIZE,
                                                 bound, bound_length, sealed, key) == 0;
  sodium_memzero(key, sizeof key);
  return ok;
}
