// See known.h.
#include "hub/core/known.h"

#include <stdlib.h>

#include "hub/core/bloom.h"

struct known {
  struct bloom *bloom;
  bool whole;
};

struct known *known_new(void) {
  struct known *known = calloc(1, sizeof *known);
  if (known == NULL) return NULL;
  known->bloom = bloom_new();
  if (known->bloom != NULL) return known;
  free(known);
  return NULL;
}

void known_free(struct known *known) {
  if (known == NULL) return;
  bloom_free(known->bloom);
  free(known);
}

void known_add(struct known *known, const uint8_t event_id[16]) { bloom_add(known->bloom, event_id); }

void known_complete(struct known *known) { known->whole = true; }

bool known_may_have(const struct known *known, const uint8_t event_id[16]) {
  return !known->whole || bloom_may_have(known->bloom, event_id);
}
