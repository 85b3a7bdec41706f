// Where a purpose's inbox stands: read from and written to inbox/.place-<purpose>, and found from the file's
// own tail. Called by: inbox. Must never: go back.
#ifndef NAV_ADAPTERS_ENGINE_INBOX_PLACE_H
#define NAV_ADAPTERS_ENGINE_INBOX_PLACE_H

#include <stdint.h>
#include <sys/types.h>

#include "hub/base/error.h"
#include "hub/wire/keys.h"

enum { INBOX_TAIL_BYTES = 4 * 1024 * 1024 };  // of a file without a place that are looked through

struct inbox_place {
  bool has_log;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t position;  // of the last line
  uint64_t offset;    // the file's size then
};

// No file: a place of nothing. A file that is no place is a fault, since guessing would double or lose lines.
NAV_MUST_USE bool inbox_place_read(const char *folder, const char *purpose, struct inbox_place *place,
                                   struct nav_error *err);
NAV_MUST_USE bool inbox_place_write(const char *folder, const char *purpose, const struct inbox_place *place,
                                    struct nav_error *err);
// Moves the place on by the lines that the file has past it (size bytes of whole lines).
NAV_MUST_USE bool inbox_place_from_tail(int fd, const char *path, off_t size, struct inbox_place *place,
                                        struct nav_error *err);

#endif
