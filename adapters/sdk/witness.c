// See witness.h.
#include "adapters/sdk/witness.h"

#include <stdio.h>
#include <string.h>

static bool open_note(const char *note, const uint8_t *key, struct checkpoint *out,
                      char origin[CHECKPOINT_ORIGIN_SIZE], struct nav_error *err) {
  if (note == NULL || strlen(note) >= WITNESS_NOTE_MAX || !checkpoint_origin(note, origin))
    return nav_fail(err, NAV_ERROR_PEER, NAV__V1__CODE__CODE_MALFORMED, "checkpoint", "is no signed note");
  return checkpoint_open(note, origin, key, out, err);
}

static void believe(struct witness_memory *memory, const struct checkpoint *checkpoint, const char *note) {
  memory->checkpoint = *checkpoint;
  (void)snprintf(memory->note, sizeof memory->note, "%s", note);
}

bool witness_load(struct witness_memory *memory, const char *note, const uint8_t *key,
                  struct nav_error *err) {
  struct checkpoint checkpoint;
  char origin[CHECKPOINT_ORIGIN_SIZE];
  if (!open_note(note, key, &checkpoint, origin, err)) return false;
  believe(memory, &checkpoint, note);
  return true;
}

static bool is_proven(const struct checkpoint *old, const struct checkpoint *new,
                      const Nav__V1__Checkpoint *message) {
  struct merkle_proof proof = {0};
  if (message->old_size != old->size || message->n_hashes > MERKLE_PROOF_MAX) return false;
  for (size_t i = 0; i < message->n_hashes; i++) {
    if (message->hashes[i].len != NAV_SHA256_SIZE) return false;
    memcpy(proof.hashes[proof.count++], message->hashes[i].data, NAV_SHA256_SIZE);
  }
  return merkle_consistency_check(old->size, old->root, new->size, new->root, &proof);
}

static enum witness_verdict compare(const struct checkpoint *old, const struct checkpoint *new,
                                    const Nav__V1__Checkpoint *message) {
  if (new->size < old->size) return WITNESS_ROLLBACK;
  if (new->size == old->size)
    return memcmp(old->root, new->root, sizeof old->root) == 0 ? WITNESS_SAME : WITNESS_FORK;
  return is_proven(old, new, message) ? WITNESS_NEXT : WITNESS_BAD_PROOF;
}

enum witness_verdict witness_take(struct witness_memory *memory, const uint8_t *key,
                                  const Nav__V1__Checkpoint *message) {
  struct checkpoint new = {0};
  struct nav_error err;
  char origin[CHECKPOINT_ORIGIN_SIZE];
  char before[CHECKPOINT_ORIGIN_SIZE];
  bool is_empty = message->note == NULL || message->note[0] == '\0';
  if (is_empty && memory->checkpoint.size > 0) return WITNESS_ROLLBACK;  // the hub has none to show
  if (!open_note(message->note, key, &new, origin, &err)) return WITNESS_BAD_SIGNATURE;
  enum witness_verdict verdict = WITNESS_FIRST;
  if (memory->checkpoint.size > 0) {
    if (!checkpoint_origin(memory->note, before) || strcmp(before, origin) != 0) return WITNESS_OTHER_LOG;
    verdict = compare(&memory->checkpoint, &new, message);
  }
  if (verdict == WITNESS_FIRST || verdict == WITNESS_NEXT) believe(memory, &new, message->note);
  return verdict;
}

bool witness_is_alarm(enum witness_verdict verdict) { return verdict > WITNESS_NEXT; }

const char *witness_english(enum witness_verdict verdict) {
  static const char *const texts[] = {
      [WITNESS_FIRST] = "the first checkpoint",
      [WITNESS_SAME] = "the same checkpoint as before",
      [WITNESS_NEXT] = "a later checkpoint, proven",
      [WITNESS_BAD_SIGNATURE] = "the hub shows a checkpoint that its checkpoint key has not signed",
      [WITNESS_OTHER_LOG] = "the hub shows the checkpoint of another ledger than before",
      [WITNESS_FORK] = "the hub has signed two different ledgers of the same length",
      [WITNESS_ROLLBACK] = "the hub shows a shorter ledger than it has shown before: records are gone",
      [WITNESS_BAD_PROOF] = "the hub does not prove that its ledger begins with the one it has shown before",
      [WITNESS_OTHERS_FORK] = "another agency has confirmed another ledger of the same length as ours",
      [WITNESS_TOO_FEW] = "too few of the other agencies have confirmed the ledger shown here"};
  return texts[verdict];
}

const char *witness_swedish(enum witness_verdict verdict) {
  static const char *const texts[] = {
      [WITNESS_FIRST] = "den första kontrollpunkten",
      [WITNESS_SAME] = "samma kontrollpunkt som förut",
      [WITNESS_NEXT] = "en senare kontrollpunkt, bevisad",
      [WITNESS_BAD_SIGNATURE] = "navet visar en kontrollpunkt som dess nyckel inte har signerat",
      [WITNESS_OTHER_LOG] = "navet visar en kontrollpunkt ur en annan liggare än förut",
      [WITNESS_FORK] = "navet har signerat två olika liggare av samma längd",
      [WITNESS_ROLLBACK] = "navet visar en kortare liggare än det har visat förut: poster saknas",
      [WITNESS_BAD_PROOF] = "navet bevisar inte att dess liggare börjar med den som det har visat förut",
      [WITNESS_OTHERS_FORK] = "en annan myndighet har bekräftat en annan liggare av samma längd som vår",
      [WITNESS_TOO_FEW] = "för få av de andra myndigheterna har bekräftat den liggare som visas här"};
  return texts[verdict];
}
