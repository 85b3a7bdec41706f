// The last checkpoint that this hub has shown to anybody, kept outside the database: a small file in the
// state folder, state/seen, that holds its note. A database put back from an old backup, or a ledger
// rewritten, is then noticed at the next start, before anything is signed that contradicts what others hold.
// Called by: start (check), shown (note), whoever learns that a witness has seen more. Must never: be
// written before the checkpoint's commit, or go back to a smaller tree.
#ifndef NAV_CORE_SEEN_H
#define NAV_CORE_SEEN_H

#include "hub/ledger/checkpoint.h"

enum { SEEN_NOTE_MAX = 4096, SEEN_FOLDER_SIZE = 500 };

struct seen {
  char folder[SEEN_FOLDER_SIZE];
  char path[SEEN_FOLDER_SIZE + 8];
  uint64_t size;  // 0: nothing has been seen
  uint8_t root[NAV_SHA256_SIZE];
  char note[SEEN_NOTE_MAX];
};

// Reads what is in the folder; nothing: size 0. The signature is checked against the key, the origin only as
// far as `hub`, since a ledger put in its place has another log id. False: *err.
NAV_MUST_USE bool seen_load(struct seen *seen, const char *folder, const char *hub, const uint8_t *public_key,
                            struct nav_error *err);
// Writes the note with fsync, by rename; after the commit alone. False: *err, and the old file stands.
NAV_MUST_USE bool seen_note(struct seen *seen, const struct checkpoint *checkpoint, const char *note,
                            struct nav_error *err);
// A checkpoint of this hub that somebody (a witness) showed and that is larger than the file's: kept, so that
// the next start refuses a ledger that is behind it. A smaller one changes nothing. The caller has checked
// its signature and its origin. False: *err.
NAV_MUST_USE bool seen_note_larger(const struct seen *seen, const char *note, struct nav_error *err);

// Whether the ledger of that origin and length, whose first seen->size records have that root, extends what
// was seen. False: *err names both and the way out. root_at_seen is not looked at where size < seen->size.
NAV_MUST_USE bool seen_check(const struct seen *seen, const char *origin, uint64_t size,
                             const uint8_t root_at_seen[NAV_SHA256_SIZE], struct nav_error *err);

#endif
