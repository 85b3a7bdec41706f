// Any text as a bucket's key file. Its last line is made to fit, as that of a file changed on purpose, so
// that what stands before it is looked at: what parses says the same as text again, and a number taken out is
// out.
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/base/id.h"
#include "hub/ledger/keytree.h"

enum { END_SIZE = 69 };

static void use(struct keytree *tree, const char *text, size_t length) {
  size_t again = 0;
  uint8_t key[CONTENT_KEY_SIZE];
  char *same = keytree_text(tree, &again);
  NAV_ASSERT(same != NULL && again == length && memcmp(same, text, length) == 0);
  sodium_free(same);
  uint64_t seq = 0;
  if (length >= 30) memcpy(&seq, text + 22, sizeof seq);
  bool covered = keytree_covers(tree, seq);
  NAV_ASSERT(keytree_key(tree, seq, key) == covered);
  struct keytree *less = keytree_copy(tree, KEYTREE_CUT_NODES);
  NAV_ASSERT(less != NULL);
  if (keytree_cut(less, seq)) NAV_ASSERT(!keytree_covers(less, seq) && !keytree_key(less, seq, key));
  NAV_ASSERT(keytree_covers(less, seq ^ 1) == keytree_covers(tree, seq ^ 1));
  keytree_free(less);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t hash[32];
  char hex[65];
  struct nav_error err = {0};
  if (sodium_init() < 0) return 0;
  char *text = malloc(size + END_SIZE + 1);
  if (text == NULL) return 0;
  if (size > 0) memcpy(text, data, size);
  (void)crypto_generichash(hash, sizeof hash, data, size, NULL, 0);
  (void)snprintf(text + size, END_SIZE + 1, "end %s\n", nav_hex(hex, hash, sizeof hash));
  struct keytree *tree = keytree_parse(text, size + END_SIZE, &err);
  NAV_ASSERT(tree != NULL || (err.class == NAV_ERROR_LOCAL && err.text[0] != '\0'));
  if (tree != NULL) use(tree, text, size + END_SIZE);
  keytree_free(tree);
  free(text);
  return 0;
}
