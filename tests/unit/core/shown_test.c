// A checkpoint is shown once it is noted outside the database, and not before: while the note hangs, or
// cannot be written, the one before is shown; whoever waits does so for five seconds at the most.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>

#include "hub/base/log.h"
#include "hub/core/shown.h"

static const char hub[] = "nav.example.se";
static const char origin[] = "nav.example.se/a5a5";
static struct key_pair_sign key;
static char folder[64];
static char path[128];

static void load(struct seen *seen) {
  struct nav_error err = {0};
  if (!seen_load(seen, folder, hub, key.public_key, &err)) fail_msg("%s: %s", err.place, err.text);
}

static int make(void **state) {
  uint8_t seed[crypto_sign_SEEDBYTES] = {1};
  struct nav_error err = {0};
  struct core *core = calloc(1, sizeof *core);
  (void)crypto_sign_seed_keypair(key.public_key, key.secret_key, seed);
  (void)snprintf(folder, sizeof folder, "/tmp/navshown-XXXXXX");
  if (core == NULL || mkdtemp(folder) == NULL) return -1;
  (void)snprintf(path, sizeof path, "%s/seen", folder);
  load(&core->seen);
  *state = core;
  return shown_open(core, &err) ? 0 : -1;
}

static int unmake(void **state) {
  struct core *core = *state;
  shown_close(core);
  free(core);
  (void)unlink(path);
  return rmdir(folder);
}

static void give(struct core *core, uint64_t size) {
  static struct batch batch;
  batch.checkpoint = (struct checkpoint){.size = size, .root = {(uint8_t)size}};
  nav_buffer_init(&batch.note, SEEN_NOTE_MAX);
  assert_true(checkpoint_sign(&batch.checkpoint, origin, &key, &batch.note));
  shown_give(core, &batch);
  nav_buffer_free(&batch.note);
}

static uint64_t noted(void) {
  static struct seen seen;
  load(&seen);
  return seen.size;
}

static bool tells(const struct core *core, int wait_ms) {
  struct pollfd fd = {shown_fd(core), POLLIN, 0};
  return poll(&fd, 1, wait_ms) == 1;
}

static void what_is_noted_is_shown(void **state) {
  struct core *core = *state;
  give(core, 10);
  assert_true(tells(core, 60000));
  assert_int_equal(core->checkpoint_size, 0);  // nobody has taken it yet
  assert_int_equal(noted(), 10);
  shown_step(core);
  assert_int_equal(core->checkpoint_size, 10);
  assert_non_null(strstr(core->checkpoint_note, "\n10\n"));
  assert_false(tells(core, 0));
  shown_step(core);
  assert_int_equal(core->checkpoint_size, 10);
}

static void of_many_the_last_is_shown(void **state) {
  struct core *core = *state;
  for (uint64_t size = 1; size <= 200; size++) give(core, size);
  assert_true(shown_finish(core));
  assert_int_equal(core->checkpoint_size, 200);
  assert_int_equal(noted(), 200);
  assert_false(tells(core, 0));
}

static void what_cannot_be_noted_is_not_shown(void **state) {
  struct core *core = *state;
  give(core, 10);
  assert_true(shown_finish(core));
  (void)unlink(path);
  assert_int_equal(mkdir(path, 0700), 0);
  give(core, 20);
  assert_true(shown_finish(core));
  assert_int_equal(core->checkpoint_size, 10);
  assert_int_equal(rmdir(path), 0);
  give(core, 30);
  assert_true(shown_finish(core));
  assert_int_equal(core->checkpoint_size, 30);
}

// A pipe without a writer, which is as long in coming as a file of a machine that does not answer.
static void what_hangs_holds_nobody_up(void **state) {
  struct core *core = *state;
  assert_int_equal(mkfifo(path, 0600), 0);
  give(core, 10);
  give(core, 20);
  assert_false(tells(core, 50));
  shown_step(core);
  assert_false(shown_finish(core));
  assert_int_equal(core->checkpoint_size, 0);
  int writer = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(writer >= 0 && close(writer) == 0);
  assert_true(shown_finish(core));
  assert_int_equal(core->checkpoint_size, 20);
  assert_int_equal(noted(), 20);
}

static void what_waits_at_the_end_is_noted(void **state) {
  struct core *core = *state;
  struct nav_error err = {0};
  give(core, 40);
  shown_close(core);
  assert_int_equal(noted(), 40);
  assert_int_equal(core->checkpoint_size, 40);
  assert_true(shown_open(core, &err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_is_noted_is_shown),
      TEST(of_many_the_last_is_shown),
      TEST(what_cannot_be_noted_is_not_shown),
      TEST(what_hangs_holds_nobody_up),
      TEST(what_waits_at_the_end_is_noted),
  };
  nav_log_open("shown_test", NAV_LOG_ERROR);
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
