// How a program that moves much data keeps the memory it has freed, and has some before it needs it. Called
// by: the main of nav-core, nav-gate and adapters, the benchmarks' load; of a library's parts nav_memory_map
// alone (core/bloom), since a library's program may be somebody else's. Must never: decide how much a program
// may use.
#ifndef NAV_BASE_MEMORY_H
#define NAV_BASE_MEMORY_H

#include <stddef.h>

// Freed memory stays with the program for its next use, 64 MiB of it at most at the end of each of malloc's
// heaps, where glibc would give back all above 128 kB: frames and batches of megabytes come and go several
// hundred times a second, and each return costs a page fault for every 4 kB when they come again (measured:
// tests/bench/README.md). https://man7.org/linux/man-pages/man3/mallopt.3.html
// Before the program's first thread.
void nav_memory_keep(void);

// After nav_memory_keep: has the system give the heap so many bytes now (NAV_MEMORY_WARM_MAX at most), in
// huge pages where there are some, instead of page by page when they are first written, in the midst of what
// somebody waits for. They count as used from the start.
enum { NAV_MEMORY_WARM_MAX = 48 * 1024 * 1024 };
void nav_memory_warm(size_t bytes);
// A large table that is read here and there, in the same way and beside the heap: zeros. NULL: no memory.
void *nav_memory_map(size_t bytes);
void nav_memory_unmap(void *memory, size_t bytes);  // takes NULL

#endif
