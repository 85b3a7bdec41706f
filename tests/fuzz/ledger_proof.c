// Any text as a tlog-proof: what parses is written again as it was, and nothing that is not the seeds' own
// record ever proves.
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/proof.h"

static const char origin[] = "nav.example.se/a5a5";

// The seeds (tests/fuzz/seeds/ledger_proof) prove the leaf of 0x10; nobody signed a tree that holds this one.
static const char never_logged[] = "never logged";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct key_pair_sign key;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  uint8_t leaf[NAV_SHA256_SIZE];
  struct proof proof;
  struct checkpoint checkpoint;
  struct nav_error err = {0};
  char *text = malloc(size + 1);
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  merkle_leaf(leaf, never_logged, strlen(never_logged));
  if (proof_parse(text, &proof, &err)) {
    struct nav_buffer again;
    nav_buffer_init(&again, PROOF_FILE_MAX + 1);
    NAV_ASSERT(proof_write(&proof, &again));
    NAV_ASSERT(again.length == strlen(text) && memcmp(again.data, text, again.length) == 0);
    nav_buffer_free(&again);
    NAV_ASSERT(!proof_check(&proof, leaf, origin, key.public_key, &checkpoint, &err));
  }
  NAV_ASSERT(err.class != NAV_ERROR_NONE && err.text[0] != '\0');
  free(text);
  return 0;
}
