// Processor time and memory of the processes under measurement, read from /proc.
// Called by: load.c. Must never: fail; a process that is gone has used nothing more.
#ifndef NAV_TESTS_BENCH_LOAD_USAGE_H
#define NAV_TESTS_BENCH_LOAD_USAGE_H

#include <stdbool.h>

// Seconds of user and system time until now; with `children` also of the process's children, living and
// reaped.
double usage_cpu_s(int pid, bool children);
// Seconds that the whole machine has been busy since it started, or was kept from us by its host.
double usage_machine_s(void);
// The most memory it has had resident, in MB (10^6 bytes), since usage_forget_peak or its start.
double usage_peak_mb(int pid);
void usage_forget_peak(int pid);

#endif
