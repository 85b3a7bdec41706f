// Runs a program without a shell, and keeps the end of what it says.
// Called by: sample_city_test.c. Must never: leave a child behind.
#ifndef NAV_TESTS_SAMPLE_CITY_SPAWN_H
#define NAV_TESTS_SAMPLE_CITY_SPAWN_H

#include <stddef.h>

// argv is NULL-terminated. Standard output is thrown away; `said` (size bytes, may be NULL) gets the last
// line of standard error. Returns the exit code; fails the test where the program cannot be run or dies of a
// signal.
int spawn_run(const char *const *argv, char *said, size_t size);

#endif
