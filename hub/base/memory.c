// See memory.h.
#include "hub/base/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
  KEPT_BYTES = 64 * 1024 * 1024,
  MAPPED_BYTES =
      32 * 1024 * 1024,       // larger pieces are mapped, and given back, each by itself: glibc's maximum
  GROWN_BYTES = 1024 * 1024,  // more than what is asked for, each time a heap grows
  HUGE_PAGE = 2 * 1024 * 1024,
  PIECE_BYTES = 16 * 1024 * 1024,  // below MAPPED_BYTES: what is mapped by itself warms no heap
  PIECES_MAX = NAV_MEMORY_WARM_MAX / PIECE_BYTES,
};

static size_t whole_pages(size_t bytes) { return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE; }

// Whole huge pages in it, where the system has them (transparent_hugepage: madvise or always).
static void touch(void *memory, size_t bytes) {
  uintptr_t from = whole_pages((uintptr_t)memory);
  uintptr_t to = ((uintptr_t)memory + bytes) / HUGE_PAGE * HUGE_PAGE;
  if (to > from) (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
  explicit_bzero(memory, bytes);  // which no compiler leaves out
}

void *nav_memory_map(size_t bytes) {
  size_t whole = whole_pages(bytes);
  uint8_t *mapped = mmap(NULL, whole + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
  size_t before = whole_pages((uintptr_t)mapped) - (uintptr_t)mapped;
  if (before > 0) (void)munmap(mapped, before);
  (void)munmap(mapped + before + whole, HUGE_PAGE - before);
  touch(mapped + before, whole);
  return mapped + before;
}

void nav_memory_unmap(void *memory, size_t bytes) {
  if (memory != NULL) (void)munmap(memory, whole_pages(bytes));
}

void nav_memory_warm(size_t bytes) {
  void *pieces[PIECES_MAX];
  size_t count = 0;
  for (; count < PIECES_MAX && count < bytes / PIECE_BYTES; count++) {
    pieces[count] = malloc(PIECE_BYTES);
    if (pieces[count] == NULL) break;
    touch(pieces[count], PIECE_BYTES);
  }
  while (count > 0) free(pieces[--count]);
}

// Where one is refused, memory is given back as by default.
void nav_memory_keep(void) {
  (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
  (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
  (void)mallopt(M_TOP_PAD, GROWN_BYTES);
}
