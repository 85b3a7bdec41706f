// All 72,311 real events through the whole adapter, to a hub that takes everything: how much of the processor
// that costs, and that the second time nothing is sent.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/police/map_in.h"
#include "tests/unit/engine/fake_client.h"
#include "tests/unit/engine/sample_adapter.h"

enum { EVENTS = 72311, CPU_S_MAX = 4 };

static const char REAL[] = "../shared/data/police/polisen-events.jsonl.gz";

static void copy_real(const char *outbox, const char *name) {
  static char bytes[8 * 1024 * 1024];
  char path[SCRATCH_PATH];
  FILE *from = fopen(REAL, "rb");
  FILE *to = fopen(scratch_path(path, outbox, name), "wb");
  assert_non_null(from);
  assert_non_null(to);
  size_t length = fread(bytes, 1, sizeof bytes, from);
  assert_int_equal(fwrite(bytes, 1, length, to), length);
  assert_int_equal(fclose(from), 0);
  assert_int_equal(fclose(to), 0);
}

static double run_once(const char *home) {
  clock_t begun = clock();
  assert_int_equal(sample_run(&police_mapping, home, "--once", NULL), 0);
  return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

static void real_events_flow_fast_and_once(void **state) {
  (void)state;
  char home[SCRATCH_PATH];
  char outbox[SCRATCH_PATH];
  if (access(REAL, R_OK) != 0) {
    (void)printf("skipped: no ../shared/data\n");
    return;
  }
  fake_hub_reset();
  fake_hub.takes_all = true;
  scratch_make(home);
  sample_make(home, NULL);
  assert_int_equal(mkdir(sample_path(outbox, home, "outbox"), 0700), 0);
  copy_real(outbox, "a.jsonl.gz");
  double seconds = run_once(home);
  (void)printf("%d events in %.2f s of CPU\n", EVENTS, seconds);
  assert_int_equal(fake_hub.taken, EVENTS);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
  assert_true(seconds < CPU_S_MAX);
#endif
  copy_real(outbox, "b.jsonl.gz");
  (void)printf("unchanged in %.2f s of CPU\n", run_once(home));
  assert_int_equal(fake_hub.taken, EVENTS);
  assert_true(scratch_exists(outbox, "done/b.jsonl.gz"));
  scratch_remove(home);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(real_events_flow_fast_and_once)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
