// What an event's key costs from its bucket's tree: numbers in order, as they are sealed, with gaps, as where
// other records stand between, and in no order, as they are opened; beside one keyed hash, which is the least
// that any derivation takes. And what taking one out of a file costs. Prints microseconds of processor time,
// the best of many rounds. Called by: people (build/bin/keytree_bench). Must never: fail a build; a loaded
// machine is slow.
#include <sodium.h>
#include <stdio.h>
#include <time.h>

#include "hub/ledger/keytree.h"

enum { KEYS = 20000, ROUNDS = 20, CUTS = 200 };

static double now_us(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static uint64_t in_order(uint64_t i) { return 1000000 + i; }
static uint64_t with_gaps(uint64_t i) { return 1000000 + 5 * i; }
static uint64_t in_no_order(uint64_t i) { return 1000000 + i * 7919 % 1000000; }

static double keys(struct keytree *tree, uint64_t (*seq)(uint64_t)) {
  double best = 1e18;
  uint8_t key[CONTENT_KEY_SIZE];
  for (int round = 0; round < ROUNDS; round++) {
    double begun = now_us();
    for (uint64_t i = 0; i < KEYS; i++)
      if (!keytree_key(tree, seq(i), key)) return -1;
    double took = (now_us() - begun) / KEYS;
    if (took < best) best = took;
  }
  return best;
}

static double one_hash(void) {
  double best = 1e18;
  uint8_t key[CONTENT_KEY_SIZE] = {1};
  uint8_t message[24] = {0};
  for (int round = 0; round < ROUNDS; round++) {
    double begun = now_us();
    for (int i = 0; i < KEYS; i++)
      (void)crypto_generichash(key, sizeof key, message, sizeof message, key, sizeof key);
    double took = (now_us() - begun) / KEYS;
    if (took < best) best = took;
  }
  return best;
}

// A tree from which CUTS have been taken out of a million; NULL: no memory. *took: one of them.
static struct keytree *cut_many(const struct keytree *root, double *took) {
  struct keytree *tree = keytree_copy(root, (size_t)CUTS * KEYTREE_CUT_NODES);
  double begun = now_us();
  for (uint64_t i = 0; tree != NULL && i < CUTS; i++)
    if (!keytree_cut(tree, 1000000 + i * 4999)) return NULL;
  *took = (now_us() - begun) / CUTS;
  return tree;
}

int main(void) {
  if (sodium_init() < 0) return 1;
  double took = 0;
  struct keytree *root = keytree_new();
  struct keytree *tree = root == NULL ? NULL : cut_many(root, &took);
  if (tree == NULL) return 1;
  (void)printf("one keyed hash            %8.3f us\n", one_hash());
  (void)printf("keys in order             %8.3f us\n", keys(root, in_order));
  (void)printf("keys with gaps of five    %8.3f us\n", keys(root, with_gaps));
  (void)printf("keys in no order          %8.3f us\n", keys(root, in_no_order));
  (void)printf("one taken out             %8.3f us, %zu nodes after %d of a million\n", took,
               keytree_count(tree), CUTS);
  size_t length = 0;
  double begun = now_us();
  char *text = keytree_text(tree, &length);
  struct nav_error err;
  struct keytree *read = text == NULL ? NULL : keytree_parse(text, length, &err);
  if (read == NULL) return 1;
  (void)printf("its text made and read    %8.0f us, %zu bytes\n", now_us() - begun, length);
  sodium_free(text);
  keytree_free(read);
  keytree_free(tree);
  keytree_free(root);
  return 0;
}
