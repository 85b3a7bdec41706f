// A whole input file in memory: from a path or from standard input, unpacked where it is gzip.
// Called by: dry, loop. Must never: read past INPUT_BYTES_MAX, packed or unpacked.
#ifndef NAV_ADAPTERS_ENGINE_INPUT_H
#define NAV_ADAPTERS_ENGINE_INPUT_H

#include <stdint.h>

#include "hub/base/error.h"

enum { INPUT_BYTES_MAX = 256 * 1024 * 1024 };

struct input {
  uint8_t *bytes;  // malloc'ed, with a NUL after the last that is not counted
  size_t length;
  bool cut;  // it is gzip that breaks off: bytes are what came before, and *err says where
};

// path "-": standard input. Fails with PEER for what the file's writer must mend (too large, broken gzip),
// with LOCAL where it cannot be opened or read.
NAV_MUST_USE bool input_read(struct input *input, const char *path, struct nav_error *err);
void input_free(struct input *input);
// gzip bytes (several members too) to plain ones; the same place in errors as above.
NAV_MUST_USE bool input_unpack(struct input *input, const uint8_t *bytes, size_t length, const char *place,
                               struct nav_error *err);

#endif
