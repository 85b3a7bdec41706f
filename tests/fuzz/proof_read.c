// Any text as a proof's file: what proves anything must prove the seeds' record at its place, under what the
// key signed.
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub/ledger/proof.h"

static const char origin[] = "nav.example.se/a5a5";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct key_pair_sign key;
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  struct ledger_proof proof;
  struct checkpoint checkpoint;
  struct nav_error err = {0};
  struct nav_arena *arena = nav_arena_new(4 << 20);
  char *text = malloc(size + 1);
  if (text != NULL && arena != NULL) {
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
    if (proof_read(text, arena, &proof, &err) &&
        proof_check(&proof, NULL, 0, origin, key.public_key, &checkpoint, &err)) {
      // The seeds' tree: leaves of one byte each, 0 to 6, as tests/unit/ledger/proof_test.c makes it.
      NAV_ASSERT(checkpoint.size == 7 && proof.index < 7);
      NAV_ASSERT(proof.record_length == 1 && proof.record[0] == proof.index);
    } else {
      NAV_ASSERT(err.class != NAV_ERROR_NONE && err.text[0] != '\0');
    }
  }
  free(text);
  nav_arena_free(arena);
  return 0;
}
