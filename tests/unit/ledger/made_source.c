// See made_source.h.
#include "tests/unit/ledger/made_source.h"

#include <string.h>

static int ledger_next(void *context, struct verify_ledger_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->ledger == r->made->ledger_count) return 0;
  *row = r->made->ledger[r->ledger++];
  return 1;
}

static int content_next(void *context, struct verify_content_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->content == r->made->contents_count) return 0;
  *row = r->made->contents[r->content++];
  return 1;
}

static int checkpoint_next(void *context, struct verify_checkpoint_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->checkpoint == r->made->checkpoints_count) return 0;
  *row = r->made->checkpoints[r->checkpoint++];
  return 1;
}

static int person_next(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->person == r->made->persons_count) return 0;
  *row = r->made->persons[r->person++];
  return 1;
}

static int mention_next(void *context, struct verify_index_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->mention == r->made->mentions_count) return 0;
  *row = r->made->mentions[r->mention++];
  return 1;
}

static int subtree_next(void *context, struct verify_subtree_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->subtree == r->made->subtrees_count) return 0;
  *row = r->made->subtrees[r->subtree++];
  return 1;
}

static int cosignature_next(void *context, struct verify_cosignature_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->cosignature == r->made->cosignatures_count) return 0;
  *row = r->made->cosignatures[r->cosignature++];
  return 1;
}

static int rules_text_next(void *context, struct verify_rules_row *row, struct nav_error *err) {
  struct made_reading *r = context;
  (void)err;
  if (r->rules_text == r->made->rules_texts_count) return 0;
  *row = r->made->rules_texts[r->rules_text++];
  return 1;
}

static int rules_kept(void *context, const uint8_t sha256[NAV_SHA256_SIZE], uint64_t seq,
                      struct nav_error *err) {
  const struct made_reading *r = context;
  (void)err;
  for (size_t i = 0; i < r->made->rules_texts_count; i++) {
    const struct verify_rules_row *row = &r->made->rules_texts[i];
    if (row->seq <= seq && memcmp(row->sha256, sha256, NAV_SHA256_SIZE) == 0) return VERIFY_RULES_KEPT;
  }
  return VERIFY_RULES_MISSING;
}

static bool again(void *context, const uint64_t *seqs, size_t count, verify_take_again *take,
                  void *take_context, struct nav_error *err) {
  const struct made *made = ((const struct made_reading *)context)->whole;
  size_t next = 0;
  (void)err;
  for (size_t i = 0; made != NULL && i < made->ledger_count && next < count; i++) {
    while (next < count && seqs[next] < made->ledger[i].seq) next++;
    if (next < count && seqs[next] == made->ledger[i].seq) take(take_context, &made->ledger[i]);
  }
  return true;
}

struct verify_source made_source(struct made_reading *reading) {
  if (reading->whole == NULL) reading->whole = reading->made;
  return (struct verify_source){reading,         ledger_next,  content_next, checkpoint_next,
                                person_next,     mention_next, subtree_next, cosignature_next,
                                rules_text_next, rules_kept,   again};
}
