// How a program that moves much data keeps the memory it has freed. Called by: the main of nav-core, nav-gate
// and adapters, the benchmarks' load. Must never: be called by a library, whose program may be somebody
// else's.
#ifndef NAV_BASE_MEMORY_H
#define NAV_BASE_MEMORY_H

// Freed memory stays with the program for its next use, 64 MiB of it at most at the end of each of malloc's
// heaps, where glibc would give back all above 128 kB: frames and batches of megabytes come and go several
// hundred times a second, and each return costs a page fault for every 4 kB when they come again (measured:
// tests/bench/README.md). https://man7.org/linux/man-pages/man3/mallopt.3.html
// Before the program's first thread.
void nav_memory_keep(void);

#endif
