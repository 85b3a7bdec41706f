// The few operations on files that state, outbox and inbox share, each safe against a crash in its middle.
// Called by: state_file, outbox, inbox, memory, edge_rules. Must never: leave half of a replaced file.
#ifndef NAV_ADAPTERS_ENGINE_DISK_H
#define NAV_ADAPTERS_ENGINE_DISK_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "hub/base/error.h"

// out has PATH_MAX bytes.
NAV_MUST_USE bool disk_join(char *out, const char *folder, const char *name, struct nav_error *err);
// Makes it and what is above it, mode 0700 where new.
NAV_MUST_USE bool disk_make_folder(const char *path, struct nav_error *err);
// errno is set where false.
bool disk_sync_folder(const char *path);
bool disk_write_at(int fd, const uint8_t *bytes, size_t length, off_t at);
// Puts bytes in folder/name in one step: written beside, synced, renamed, folder synced.
NAV_MUST_USE bool disk_replace(const char *folder, const char *name, const uint8_t *bytes, size_t length,
                               struct nav_error *err);
// Moves a file into another folder, under its own name or, where that is taken, with the time in milliseconds
// after it; both folders are synced. taken (PATH_MAX, may be NULL) is the name it got.
NAV_MUST_USE bool disk_move(const char *from_folder, const char *name, const char *to_folder, char *taken,
                            struct nav_error *err);
// Cuts off what follows the last line break (what a crash left half written). *end: the size that is left.
// errno is set where false.
bool disk_cut_torn_line(int fd, off_t *end);

#endif
