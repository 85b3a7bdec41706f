// See tree_load.h. Reading begins at the smaller of the last checkpoint and what was shown last, which are
// the same but after a crash between a commit and its note: the cost is the few leaves after it.
#include "hub/core/tree_load.h"

#include <stdio.h>
#include <string.h>

#include "hub/base/log.h"

struct loading {
  struct core *core;
  uint64_t stored_size;
  uint8_t root_at_stored[NAV_SHA256_SIZE];
  uint8_t root_at_seen[NAV_SHA256_SIZE];
};

static bool not_proven(uint64_t size, struct nav_error *err) {
  return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                  "the checkpoint at %llu does not prove its tree: run navctl audit verify",
                  (unsigned long long)size);
}

// The row's note is ours, and its frontier gives the root that it signs.
static bool is_proven(const struct core *core, const struct store_checkpoint *stored, struct nav_error *err) {
  struct checkpoint head;
  uint8_t root[NAV_SHA256_SIZE];
  char origin[CHECKPOINT_ORIGIN_SIZE];
  // Of this log or, where the ledger was put back since, of one before it.
  bool known = checkpoint_origin(stored->note, origin) && logs_know(&core->logs, core->nav->hub, origin);
  if (!checkpoint_open(stored->note, known ? origin : core->origin, core->checkpoint_key.public_key, &head,
                       err))
    return false;
  merkle_root(&stored->frontier, root);
  if (head.size == stored->size && stored->frontier.size == stored->size &&
      memcmp(root, head.root, sizeof root) == 0)
    return true;
  return not_proven(stored->size, err);
}

static void note_roots(struct loading *loading) {
  const struct merkle_frontier *frontier = &loading->core->sequence.frontier;
  if (frontier->size == loading->stored_size) merkle_root(frontier, loading->root_at_stored);
  if (frontier->size == loading->core->seen.size) merkle_root(frontier, loading->root_at_seen);
}

static void load_leaf(void *context, uint64_t seq, const uint8_t leaf[NAV_SHA256_SIZE], int64_t time_ms) {
  struct loading *loading = context;
  struct core *core = loading->core;
  if (seq == core->sequence.frontier.size + 1) {
    merkle_append(&core->sequence.frontier, leaf);
    note_roots(loading);
  }
  core->sequence.last_time_ms = time_ms;
}

static bool read_seen(struct core *core, struct nav_error *err) {
  return seen_load(&core->seen, core->nav->seen_folder, core->nav->hub, core->checkpoint_key.public_key, err);
}

// Or says on the record that it does not, and why: now (nav-core --restored), or when it was put back.
static bool extends_what_was_seen(struct core *core, const uint8_t root_at_seen[NAV_SHA256_SIZE],
                                  struct nav_error *err) {
  uint64_t size = core->sequence.frontier.size;
  if (seen_check(&core->seen, core->origin, size, root_at_seen, err))
    return core->restored_reason == NULL ||
           nav_fail(err, NAV_ERROR_LOCAL, 0, "--restored",
                    "the ledger has all that this hub has shown: nothing was put back, start without it");
  if (core->restored_reason == NULL && !logs_gave_up(&core->logs, core->seen.note)) return false;
  nav_log_failure(NAV_LOG_WARNING, "given up, on the record", err);
  return true;
}

// From the checkpoint that reading begins at to the end.
static bool read_leaves(struct core *core, const struct store_checkpoint *last, struct nav_error *err) {
  struct loading loading = {.core = core, .stored_size = last->size};
  uint8_t root[NAV_SHA256_SIZE];
  struct store_checkpoint first = *last;
  if (core->seen.size != 0 && core->seen.size < last->size &&
      (!store_read_checkpoint_at(core->store, core->seen.size, &first, err) ||
       (first.found && !is_proven(core, &first, err))))
    return false;
  core->sequence.frontier = first.frontier;
  note_roots(&loading);
  // One row before, for its time.
  uint64_t after = first.size > 0 ? first.size - 1 : 0;
  if (!store_read_leaves(core->store, after, load_leaf, &loading, err)) return false;
  merkle_root(&last->frontier, root);
  if (last->found && memcmp(root, loading.root_at_stored, sizeof root) != 0)
    return not_proven(last->size, err);
  return extends_what_was_seen(core, loading.root_at_seen, err);
}

// A ledger whose proofs cannot be made quick is still a ledger: said, and gone on.
static bool fill_subtrees(struct core *core, struct nav_error *err) {
  bool filled = false;
  if (!store_fill_subtrees(core->store, &core->sequence.frontier, &filled, err)) {
    if (err->class != NAV_ERROR_LOCAL) return false;
    nav_log_failure(NAV_LOG_ERROR, "records before now cannot be proven", err);
  }
  if (filled) nav_log(NAV_LOG_INFO, "nav.subtree was filled");
  return true;
}

// An earlier run was killed between the commit and the note: from now on it is shown, so first it is noted.
// While a database that was put back is put on the record, what was seen stays what is given up.
static bool note_stored(struct core *core, const struct store_checkpoint *last, struct nav_error *err) {
  char origin[CHECKPOINT_ORIGIN_SIZE];
  struct checkpoint checkpoint;
  if (!last->found || core->restored_reason != NULL || strcmp(core->seen.note, last->note) == 0 ||
      !checkpoint_origin(last->note, origin) || strcmp(origin, core->origin) != 0)
    return true;
  return checkpoint_open(last->note, core->origin, core->checkpoint_key.public_key, &checkpoint, err) &&
         seen_note(&core->seen, &checkpoint, last->note, err);
}

bool tree_load(struct core *core, struct nav_error *err) {
  struct store_checkpoint last;
  if (!read_seen(core, err) || !store_read_checkpoint(core->store, &last, err)) return false;
  if (last.found && !is_proven(core, &last, err)) return false;
  if (!read_leaves(core, &last, err)) return false;
  if (core->sequence.frontier.size != core->sequence.last_seq)
    return nav_fail(err, NAV_ERROR_LOCAL, 0, "ledger",
                    "%llu records are expected, %llu are there: run navctl audit verify",
                    (unsigned long long)core->sequence.last_seq,
                    (unsigned long long)core->sequence.frontier.size);
  if (!note_stored(core, &last, err)) return false;
  core->sequence.check = core->sequence.frontier;
  core->sequence.checkpoint_seq = last.size;
  core->checkpoint_size = last.size;
  (void)snprintf(core->checkpoint_note, sizeof core->checkpoint_note, "%s", last.note);
  return fill_subtrees(core, err);
}
