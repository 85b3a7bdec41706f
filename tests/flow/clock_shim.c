// Loaded before nav-core (LD_PRELOAD) by a test: its wall clock stands NAV_TEST_CLOCK_S seconds from the
// machine's, so that a real hub makes a ledger of old days. Called by: tests/flow/retention_test.py. Must
// never: be part of an installation.
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out) {
  long failed = syscall(SYS_clock_gettime, clock, out);
  const char *seconds = getenv("NAV_TEST_CLOCK_S");
  if (failed == 0 && clock == CLOCK_REALTIME && seconds != NULL) out->tv_sec += strtol(seconds, NULL, 10);
  return (int)failed;
}
