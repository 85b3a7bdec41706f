// The few operations on files that programs with state share, each safe against a crash in its middle.
// Called by: adapters' engine, hub/core (seen, buckets), keys. Must never: leave half of a replaced file.
#ifndef NAV_BASE_DISK_H
#define NAV_BASE_DISK_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "hub/base/error.h"

// out has PATH_MAX bytes.
NAV_MUST_USE bool nav_disk_join(char *out, const char *folder, const char *name, struct nav_error *err);
// Makes it and what is above it, mode 0700 where new.
NAV_MUST_USE bool nav_disk_make_folder(const char *path, struct nav_error *err);
// errno is set where false.
bool nav_disk_sync_folder(const char *path);
bool nav_disk_write_at(int fd, const uint8_t *bytes, size_t length, off_t at);
// Puts bytes in folder/name in one step: written beside, synced, renamed, folder synced.
NAV_MUST_USE bool nav_disk_replace(const char *folder, const char *name, const uint8_t *bytes, size_t length,
                                   struct nav_error *err);
// Moves a file into another folder, under its own name or, where that is taken, with the time in milliseconds
// after it; both folders are synced. taken (PATH_MAX, may be NULL) is the name it got.
NAV_MUST_USE bool nav_disk_move(const char *from_folder, const char *name, const char *to_folder, char *taken,
                                struct nav_error *err);
// Cuts off what follows the last line break (what a crash left half written). *end: the size that is left.
// errno is set where false.
bool nav_disk_cut_torn_line(int fd, off_t *end);

#endif
