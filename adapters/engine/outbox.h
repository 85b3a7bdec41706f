// The watched folder: which files are ready, and where they go when they are done or cannot be read.
// Called by: loop. Must never: take a file that somebody still writes, or delete one.
#ifndef NAV_ADAPTERS_ENGINE_OUTBOX_H
#define NAV_ADAPTERS_ENGINE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "hub/base/error.h"

enum {
  OUTBOX_FILES_MAX = 100000,  // names looked at in one scan
  OUTBOX_STILL_MS =
      1000,  // a file is ready when it has not changed for so long and nobody has it open for writing
  OUTBOX_NAMED_MAX = 64,  // names told of as left alone
};

struct outbox;

struct outbox_scan {
  char **ready;  // names, in order; valid until the next scan
  size_t ready_count;
  size_t growing;  // files of ours that are not ready yet
};

// Makes outbox/, outbox/done and outbox/failed. suffixes: as in struct nav_mapping. NULL: *err says why.
struct outbox *outbox_open(const char *folder, const char *const *suffixes, struct nav_error *err);
void outbox_close(struct outbox *outbox);  // takes NULL
NAV_MUST_USE bool outbox_scan(struct outbox *outbox, struct outbox_scan *scan, struct nav_error *err);
// The file's path; out has PATH_MAX bytes. *status: what it is like now, for outbox_done.
NAV_MUST_USE bool outbox_path(const struct outbox *outbox, const char *name, char *out, struct stat *status,
                              struct nav_error *err);
// Moves it to done/. *changed: it is no longer what *status says and was left where it is, to be read again.
NAV_MUST_USE bool outbox_done(struct outbox *outbox, const char *name, const struct stat *status,
                              bool *changed, struct nav_error *err);
// Moves it to failed/, with <name>.why.txt beside it.
NAV_MUST_USE bool outbox_failed(struct outbox *outbox, const char *name, const struct nav_error *why,
                                struct nav_error *err);
// Leaves a file that cannot be opened alone until it changes; it is told of once.
void outbox_leave(struct outbox *outbox, const char *name, const struct stat *status);

#endif
