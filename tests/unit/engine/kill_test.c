// kill -9 at any moment loses nothing and doubles nothing: the program is killed again and again at random
// times while it sends files and stores deliveries, then left to finish; then the hub has every revision
// once, and the inbox every line once.
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/engine/line.h"
#include "tests/unit/engine/fake_client.h"
#include "tests/unit/engine/sample_adapter.h"

enum { FILES = 12, EVENTS = 150, DELIVERIES = 4000, KILLS = 40, KILL_AFTER_MS_MAX = 120 };

static char home[SCRATCH_PATH];
static char hub_path[SCRATCH_PATH];
static uint64_t seed;  // printed, so that a failure can be run again

static uint64_t next_random(void) {  // xorshift64
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

// File n holds all events; every third has other content in each file, so that it gets a revision a file.
static void write_file(int n) {
  static char text[EVENTS * 32];
  char name[32];
  char outbox[SCRATCH_PATH];
  size_t length = 0;
  for (int i = 0; i < EVENTS; i++) {
    length +=
        (size_t)snprintf(text + length, sizeof text - length, "%d;innehåll %d\n", i, i % 3 == 0 ? n : 0);
  }
  (void)snprintf(name, sizeof name, "%03d.csv", n);
  scratch_write(sample_path(outbox, home, "outbox"), name, text);
}

static void run_child(void) {
  int null = open("/dev/null", O_WRONLY);
  (void)dup2(null, 1);
  (void)dup2(null, 2);
  fake_hub.path = hub_path;
  fake_hub.receipts_a_step = 7;
  fake_hub.deliveries = DELIVERIES;
  fake_hub.deliveries_a_step = 23;
  _exit(sample_run(&sample_mapping, home, "--once", NULL));
}

// Starts the program; kills it after a random time, or waits for it where kill_it is false. Returns whether
// it ended well.
static bool run_and_kill(bool kill_it) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) run_child();
  if (kill_it) {
    const struct timespec pause = {.tv_nsec = (long)(next_random() % (KILL_AFTER_MS_MAX * 1000)) * 1000};
    (void)nanosleep(&pause, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
  }
  int status = 0;
  assert_true(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Revisions of each event: 1, 2, 3 … without a gap or a repeat, and with the content of the files in their
// order.
static void check_hub(void) {
  static int revisions[EVENTS];
  fake_hub_reset();
  fake_hub_load(hub_path);
  for (size_t i = 0; i < fake_hub_count(); i++) {
    const struct fake_event *kept = fake_hub_at(i);
    int found = 0;
    for (size_t j = 0; j < i; j++) found += memcmp(fake_hub_at(j)->id, kept->id, 16) == 0;
    assert_int_equal(kept->revision, found + 1);
    Nav__V1__Event *event = nav__v1__event__unpack(NULL, kept->length, kept->bytes);
    int content = -1;
    assert_int_equal(sscanf(event->public_incident->summary, "innehåll %d", &content), 1);
    assert_true(content == found || content == 0);
    nav__v1__event__free_unpacked(event, NULL);
    revisions[0]++;
  }
  assert_int_equal(revisions[0], EVENTS / 3 * FILES + EVENTS - EVENTS / 3);
}

static void check_inbox(void) {
  char folder[SCRATCH_PATH];
  char *text = scratch_read(sample_path(folder, home, "inbox"), "sig.ndjson", NULL);
  assert_non_null(text);
  uint64_t expected = 0;
  for (char *line = text; *line != '\0';) {
    char *end = strchr(line, '\n');
    assert_non_null(end);
    uint64_t position = 0;
    assert_true(line_position(line, (size_t)(end - line), &position));
    assert_int_equal(position, ++expected);
    line = end + 1;
  }
  assert_int_equal(expected, DELIVERIES);
  free(text);
}

static void killed_at_random_times_it_loses_and_doubles_nothing(void **state) {
  (void)state;
  char path[SCRATCH_PATH];
  seed = (uint64_t)time(NULL) | 1;
  (void)printf("seed %" PRIu64 "\n", seed);
  scratch_make(home);
  sample_make(home, "[sig]");
  scratch_path(hub_path, home, "hub");
  assert_int_equal(mkdir(sample_path(path, home, "outbox"), 0700), 0);
  for (int i = 0; i < FILES; i++) write_file(i);
  sleep(1);  // so that the files are still
  for (int i = 0; i < KILLS; i++) (void)run_and_kill(true);
  assert_true(run_and_kill(false));
  check_hub();
  check_inbox();
  for (int i = 0; i < FILES; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "outbox/done/%03d.csv", i);
    assert_int_equal(access(sample_path(path, home, name), F_OK), 0);
  }
  scratch_remove(home);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(killed_at_random_times_it_loses_and_doubles_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
