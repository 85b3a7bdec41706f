// One bucket's keys on disk: a key tree as text, in a file that nobody else may read. A change is written
// beside it whole, and only then is what stood there overwritten and the new one given its name, so that a
// crash leaves either one or the other, and never a way back:
//
//   NAME.new written, synced, its name synced │ NAME overwritten, synced │ NAME.new renamed to NAME, synced
//
// A NAME.new that is whole counts, and is finished at the next look; one that is torn was never in use.
// Called by: core/buckets. Must never: overwrite a file before what follows it is durable, or leave a torn
// one in its place.
#ifndef NAV_CORE_BUCKET_FILE_H
#define NAV_CORE_BUCKET_FILE_H

#include "hub/ledger/keytree.h"

// Reads it, having finished what a crash left. NULL: *err (PEER NOT_FOUND: there is none; LOCAL: the disk, or
// others may read it).
struct keytree *bucket_file_read(const char *folder, const char *name, struct nav_error *err);
// A new one; refuses to write over another.
NAV_MUST_USE bool bucket_file_create(const char *folder, const char *name, const struct keytree *tree,
                                     struct nav_error *err);
// In the place of one that bucket_file_read has given.
NAV_MUST_USE bool bucket_file_replace(const char *folder, const char *name, const struct keytree *tree,
                                      struct nav_error *err);
// Overwrites it and takes it away, with what a crash left beside it. True where there is none.
NAV_MUST_USE bool bucket_file_destroy(const char *folder, const char *name, struct nav_error *err);

#endif
