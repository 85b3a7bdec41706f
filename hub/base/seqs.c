// See seqs.h.
#include "hub/base/seqs.h"

#include <stdlib.h>

enum { SLOTS_FIRST = 1024 };

// An open table, at most half full.
struct seqs {
  uint64_t *slots;  // 0: free
  size_t size;      // a power of two
  size_t count;
};

struct seqs *seqs_new(void) {
  struct seqs *seqs = calloc(1, sizeof *seqs);
  if (seqs == NULL) return NULL;
  seqs->size = SLOTS_FIRST;
  seqs->slots = calloc(seqs->size, sizeof *seqs->slots);
  if (seqs->slots != NULL) return seqs;
  free(seqs);
  return NULL;
}

void seqs_free(struct seqs *seqs) {
  if (seqs == NULL) return;
  free(seqs->slots);
  free(seqs);
}

static size_t slot_of(const uint64_t *slots, size_t size, uint64_t seq) {
  size_t at = (size_t)(seq * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (size - 1);
  while (slots[at] != 0 && slots[at] != seq) at = (at + 1) & (size - 1);
  return at;
}

bool seqs_has(const struct seqs *seqs, uint64_t seq) {
  return seqs->count > 0 && seq != 0 && seqs->slots[slot_of(seqs->slots, seqs->size, seq)] == seq;
}

bool seqs_add(struct seqs *seqs, uint64_t seq) {
  NAV_ASSERT(seq != 0);
  if (2 * (seqs->count + 1) > seqs->size) {
    uint64_t *slots = calloc(2 * seqs->size, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t i = 0; i < seqs->size; i++)
      if (seqs->slots[i] != 0) slots[slot_of(slots, 2 * seqs->size, seqs->slots[i])] = seqs->slots[i];
    free(seqs->slots);
    seqs->slots = slots;
    seqs->size *= 2;
  }
  size_t at = slot_of(seqs->slots, seqs->size, seq);
  if (seqs->slots[at] == seq) return true;
  seqs->slots[at] = seq;
  seqs->count++;
  return true;
}

size_t seqs_count(const struct seqs *seqs) { return seqs->count; }
