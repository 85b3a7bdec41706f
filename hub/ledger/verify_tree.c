// Leaves and checkpoints of `audit verify`. Two trees grow side by side: one of the rows' own bytes, one of
// the leaf column. Whichever gives the root that a checkpoint signed is right, and tells which rows of the
// other were changed. See verify.h.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/ledger/checkpoint.h"
#include "hub/ledger/verify_private.h"

bool verify_tree_row(struct verify *v, const struct verify_ready *ready) {
  struct verify_tree *tree = &v->tree;
  const struct verify_ledger_row *row = &ready->row;
  const uint8_t *leaf = ready->hash;
  bool sized = row->leaf_length == NAV_SHA256_SIZE;
  bool agrees = row->leaf == NULL || (sized && memcmp(leaf, row->leaf, NAV_SHA256_SIZE) == 0);
  if (!agrees && !tree->differ) {
    tree->leaves = tree->records;
    tree->differ = true;
  }
  tree->told_records.count = tree->told_leaves.count = 0;
  if (!tree->broken) {
    merkle_append_known(&tree->records, leaf, ready->known, verify_told, &tree->told_records);
    if (tree->differ)
      merkle_append_telling(&tree->leaves, row->leaf != NULL && sized ? row->leaf : leaf, verify_told,
                            &tree->told_leaves);
  }
  if (agrees) return true;
  if (tree->suspects_count == VERIFY_SUSPECTS_MAX) {
    verify_accuse(v, row->seq, "its bytes do not give its leaf hash: one of them was changed");
  } else {
    tree->suspects[tree->suspects_count++] = (struct verify_suspect){.seq = row->seq};
  }
  return false;
}

void verify_tree_detail(struct verify *v, const char *detail) {
  struct verify_tree *tree = &v->tree;
  if (tree->suspects_count == 0) return;
  struct verify_suspect *last = &tree->suspects[tree->suspects_count - 1];
  (void)snprintf(last->detail, sizeof last->detail, "; %s", detail);
}

void verify_tree_break(struct verify *v) { v->tree.broken = true; }

static void accuse_suspects(struct verify *v, const char *what) {
  struct verify_tree *tree = &v->tree;
  for (size_t i = 0; i < tree->suspects_count; i++) {
    verify_accuse(v, tree->suspects[i].seq, "%s%s", what, tree->suspects[i].detail);
  }
  tree->suspects_count = 0;
}

static void accuse_interval(struct verify *v, uint64_t size) {
  uint64_t first = v->tree.interval_first;
  uint64_t known = v->tree.interval_fault;
  if (v->settings->range != NULL) {
    verify_accuse(
        v, known != 0 ? known : first,
        "the range does not stand in the tree that the checkpoint at %" PRIu64
        " signed: one or more of its records were changed together with their leaf hashes, or what is "
        "stored of the rest was; a verification of the whole tells which",
        size);
  } else if (known != 0) {
    verify_accuse(v, known,
                  "with this fault the records %" PRIu64 " to %" PRIu64
                  " do not give the root that the checkpoint at %" PRIu64
                  " signed, so of those none can be vouched for",
                  first, size, size);
  } else if (v->settings->records_only) {
    verify_accuse(v, first,
                  "one or more of the records %" PRIu64 " to %" PRIu64
                  " were changed: the checkpoint at %" PRIu64 " signed another root",
                  first, size, size);
  } else if (first == size) {
    verify_accuse(v, first,
                  "its bytes and its leaf hash were both changed: the checkpoint at %" PRIu64
                  " signed another root",
                  size);
  } else {
    verify_accuse(v, first,
                  "one or more of the records %" PRIu64 " to %" PRIu64
                  " were changed together with their leaf hashes: the "
                  "checkpoint at %" PRIu64 " signed another root",
                  first, size, size);
  }
}

static bool open_as(struct verify *v, const char *note, const uint8_t log_id[KEY_LOG_ID_SIZE],
                    struct checkpoint *opened, struct nav_error *err) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  char hex[2 * KEY_LOG_ID_SIZE + 1];
  (void)snprintf(origin, sizeof origin, "%s/%s", v->settings->hub, nav_hex(hex, log_id, KEY_LOG_ID_SIZE));
  return checkpoint_open(note, origin, v->settings->checkpoint_key, opened, err);
}

void verify_tree_log_id(struct verify *v, const struct verify_checkpoint_row *row) {
  uint8_t log_id[KEY_LOG_ID_SIZE];
  struct checkpoint opened;
  struct nav_error err = {0};
  size_t hub = strlen(v->settings->hub);
  char hex[2 * KEY_LOG_ID_SIZE + 1];
  if (strnlen(row->note, hub + sizeof hex) < hub + sizeof hex) return;
  (void)snprintf(hex, sizeof hex, "%s", row->note + hub + 1);
  if (!nav_unhex(log_id, sizeof log_id, hex)) return;
  if (open_as(v, row->note, log_id, &opened, &err)) memcpy(v->log_id, log_id, sizeof log_id);
}

// The root that counts: the note's, where the hub signed it. False: the row is not to be trusted, which is
// then said.
static bool open_note(struct verify *v, const struct verify_checkpoint_row *row,
                      uint8_t root[NAV_SHA256_SIZE]) {
  struct checkpoint opened;
  struct nav_error err = {0};
  struct nav_error ignored = {0};
  char text[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
  // A Started record of the interval may have been changed, and not the checkpoint.
  if (!open_as(v, row->note, v->log_id, &opened, &err) &&
      !open_as(v, row->note, v->tree.interval_log_id, &opened, &ignored)) {
    verify_accuse_checkpoint(v, row->size, "the checkpoint at %" PRIu64 " is not the hub's: %s", row->size,
                             nav_error_string(&err, text, sizeof text));
    return false;
  }
  if (opened.size != row->size) {
    verify_accuse_checkpoint(v, row->size,
                             "the checkpoint at %" PRIu64 " carries a note signed for size %" PRIu64,
                             row->size, opened.size);
    return false;
  }
  if (row->root != NULL && memcmp(opened.root, row->root, sizeof opened.root) != 0) {
    verify_accuse_checkpoint(
        v, row->size, "the checkpoint at %" PRIu64 ": its column root is not the root that its note signs",
        row->size);
  }
  memcpy(root, opened.root, sizeof opened.root);
  return true;
}

// size (8, big-endian) ‖ the subtrees' roots, as core/store writes it.
static bool open_frontier(const struct verify_checkpoint_row *row, const uint8_t root[NAV_SHA256_SIZE],
                          struct merkle_frontier *frontier) {
  uint8_t given[NAV_SHA256_SIZE];
  size_t hashes = (size_t)__builtin_popcountll(row->size);
  *frontier = (struct merkle_frontier){.size = row->size};
  if (row->frontier_length != 8 + hashes * NAV_SHA256_SIZE || nav_get_u64(row->frontier) != row->size)
    return false;
  memcpy(frontier->hashes, row->frontier + 8, hashes * NAV_SHA256_SIZE);
  merkle_root(frontier, given);
  return memcmp(given, root, sizeof given) == 0;
}

static bool gives(const struct merkle_frontier *frontier, uint64_t size,
                  const uint8_t root[NAV_SHA256_SIZE]) {
  uint8_t given[NAV_SHA256_SIZE];
  merkle_root(frontier, given);
  return frontier->size == size && memcmp(given, root, sizeof given) == 0;
}

static void begin_interval(struct verify *v, uint64_t size, const struct merkle_frontier *frontier) {
  struct verify_tree *tree = &v->tree;
  if (frontier != &tree->records) tree->records = *frontier;
  tree->differ = false;
  tree->broken = false;
  tree->odd_count = 0;
  tree->interval_first = size + 1;
  tree->interval_rows = 0;
  memcpy(tree->interval_log_id, v->log_id, sizeof v->log_id);
  tree->interval_fault = 0;
}

static void compare(struct verify *v, uint64_t size, const uint8_t root[NAV_SHA256_SIZE],
                    const struct merkle_frontier *frontier) {
  struct verify_tree *tree = &v->tree;
  if (!tree->broken && gives(&tree->records, size, root)) {
    verify_doubts_end(v, true);
    tree->proven = size;
    accuse_suspects(
        v, "its column leaf was changed: the record itself gives the root that the next checkpoint signed");
    verify_subtrees_signed(v, true);
    begin_interval(v, size, &tree->records);
    return;
  }
  if (!tree->broken && tree->differ && gives(&tree->leaves, size, root)) {
    verify_doubts_end(v, true);
    tree->proven = size;
    accuse_suspects(
        v, "its bytes were changed: they do not give its leaf hash, which the next checkpoint signed");
    verify_subtrees_signed(v, false);
    begin_interval(v, size, &tree->leaves);
    return;
  }
  accuse_suspects(v, "its bytes do not give its leaf hash: one of them was changed");
  tree->odd_count = 0;  // what they were compared with is not what was signed
  verify_doubts_end(v, false);
  if (!tree->broken) accuse_interval(v, size);
  v->report->unproved += tree->interval_rows;
  tree->interval_rows = 0;
  verify_spoil(v, tree->interval_first, size);
  v->erasing.record_lost = true;  // one of them may have been an Erased record
  verify_forget(v, size);
  if (frontier != NULL) {
    begin_interval(v, size, frontier);
  } else {
    tree->broken = true;
  }
}

bool verify_tree_checkpoint(struct verify *v, const struct verify_checkpoint_row *row) {
  uint8_t root[NAV_SHA256_SIZE];
  struct merkle_frontier frontier;
  // A forged checkpoint accuses itself alone; the records wait for the next.
  if (!open_note(v, row, root)) return false;
  bool whole = row->frontier != NULL && open_frontier(row, root, &frontier);
  if (!whole && row->frontier != NULL) {
    verify_accuse_checkpoint(v, row->size,
                             "the checkpoint at %" PRIu64 ": its frontier does not give its root", row->size);
  }
  compare(v, row->size, root, whole ? &frontier : NULL);
  return true;
}

void verify_tree_end(struct verify *v) {
  v->report->unproved += v->tree.interval_rows;
  v->tree.interval_rows = 0;
  verify_doubts_end(v, true);
  accuse_suspects(
      v,
      "its bytes do not give its leaf hash: one of them was changed, and no checkpoint after it tells which");
}
