// See memory.h.
#include "hub/base/memory.h"

#include <malloc.h>

enum {
  KEPT_BYTES = 64 * 1024 * 1024,
  MAPPED_BYTES =
      32 * 1024 * 1024,       // larger pieces are mapped, and given back, each by itself: glibc's maximum
  GROWN_BYTES = 1024 * 1024,  // more than what is asked for, each time a heap grows
};

// Where one is refused, memory is given back as by default.
void nav_memory_keep(void) {
  (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
  (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
  (void)mallopt(M_TOP_PAD, GROWN_BYTES);
}
