// Any text as a signed checkpoint: what opens must be signed, so that nothing but what the key signed ever
// opens. The seeds are signed with this key; of their mutations only those that add what others may add
// (signatures of other keys) may still open.
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/checkpoint.h"

static const char origin[] = "nav.example.se/a5a5";

// What the seeds hold (tests/fuzz/seeds/checkpoint_open).
static const struct checkpoint signed_one = {.size = 1234567, .root = {0xde, 0xad}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct key_pair_sign key;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  struct checkpoint opened;
  struct nav_error err = {0};
  char *text = malloc(size + 1);
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  if (checkpoint_open(text, origin, key.public_key, &opened, &err)) {
    NAV_ASSERT(opened.size == signed_one.size &&
               memcmp(opened.root, signed_one.root, sizeof opened.root) == 0);
  } else {
    NAV_ASSERT(err.class != NAV_ERROR_NONE && err.text[0] != '\0');
  }
  free(text);
  return 0;
}
