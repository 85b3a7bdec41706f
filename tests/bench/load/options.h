// A load program's command line.
// Called by: load.c. Must never: take a value past what load.h names as the most.
#ifndef NAV_TESTS_BENCH_LOAD_OPTIONS_H
#define NAV_TESTS_BENCH_LOAD_OPTIONS_H

#include "tests/bench/load/load.h"

// False: it has said on standard error what is wrong, and which options there are. Texts live in argv.
bool options_read(int argc, char **argv, struct load_options *options);

#endif
