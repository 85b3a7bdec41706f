// The state file: what is kept is found again, after a crash at any byte too.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "adapters/engine/state.h"
#include "tests/unit/engine/scratch.h"

enum { HEADER = 16 };

static void id_of(uint8_t id[NAV_EVENT_ID_SIZE], uint32_t number) {
  memset(id, 0, NAV_EVENT_ID_SIZE);
  nav_put_u32(id + 4, number * 2654435761u);
  nav_put_u32(id + 12, number);
}

static void keep(struct state *state, uint32_t number, uint32_t revision, uint8_t content) {
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t digest[CONTENT_DIGEST_SIZE];
  struct nav_error err = {0};
  id_of(id, number);
  memset(digest, content, sizeof digest);
  struct state_entry *entry = state_enter(state, id, &err);
  assert_non_null(entry);
  assert_true(state_keep(state, entry, revision, digest, &err));
}

static uint32_t revision_of(struct state *state, uint32_t number) {
  uint8_t id[NAV_EVENT_ID_SIZE];
  id_of(id, number);
  const struct state_entry *entry = state_find(state, id);
  return entry != NULL ? entry->revision : 0;
}

static struct state *open_state(const char *folder, uint64_t *dropped) {
  struct nav_error err = {0};
  struct state *state = state_open(folder, dropped, &err);
  if (state == NULL) fail_msg("%s: %s", err.place, err.text);
  return state;
}

static void sync_and_close(struct state *state) {
  struct nav_error err = {0};
  assert_true(state_sync(state, &err));
  state_close(state);
}

static void what_is_kept_is_found_again(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  char inner[SCRATCH_PATH];
  uint64_t dropped = 0;
  scratch_make(folder);
  scratch_path(inner, folder, "deep/state");
  struct state *state = open_state(inner, &dropped);
  for (uint32_t i = 1; i <= 5000; i++) keep(state, i, 1, 1);
  for (uint32_t i = 1; i <= 100; i++) keep(state, i, 2, 2);
  sync_and_close(state);
  state = open_state(inner, &dropped);
  assert_int_equal(dropped, 0);
  assert_int_equal(state_count(state), 5000);
  for (uint32_t i = 1; i <= 5000; i++) assert_int_equal(revision_of(state, i), i <= 100 ? 2 : 1);
  assert_int_equal(revision_of(state, 5001), 0);
  state_close(state);
  struct stat status;
  assert_int_equal(stat(inner, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);
  scratch_remove(folder);
}

// Cuts the file at every byte of its last records: all whole ones are found, nothing else, and it can be
// added to.
static void a_torn_end_is_cut_at_any_byte(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  char path[SCRATCH_PATH];
  uint64_t dropped = 0;
  scratch_make(folder);
  struct state *state = open_state(folder, &dropped);
  for (uint32_t i = 1; i <= 3; i++) keep(state, i, i, 1);
  sync_and_close(state);
  size_t length = 0;
  char *whole = scratch_read(folder, "sent", &length);
  assert_int_equal(length, HEADER + 3 * STATE_RECORD_SIZE);
  for (size_t cut = 0; cut <= length; cut++) {
    FILE *file = fopen(scratch_path(path, folder, "sent"), "wb");
    assert_int_equal(fwrite(whole, 1, cut, file), cut);
    assert_int_equal(fclose(file), 0);
    size_t records = cut < HEADER ? 0 : (cut - HEADER) / STATE_RECORD_SIZE;
    state = open_state(folder, &dropped);
    assert_int_equal(state_count(state), records);
    keep(state, 9, 9, 9);
    sync_and_close(state);
    state = open_state(folder, &dropped);
    assert_int_equal(state_count(state), records + 1);
    assert_int_equal(revision_of(state, 9), 9);
    state_close(state);
  }
  free(whole);
  scratch_remove(folder);
}

static void a_damaged_record_costs_itself_alone(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  char path[SCRATCH_PATH];
  uint64_t dropped = 0;
  scratch_make(folder);
  struct state *state = open_state(folder, &dropped);
  for (uint32_t i = 1; i <= 5; i++) keep(state, i, 7, 1);
  sync_and_close(state);
  FILE *file = fopen(scratch_path(path, folder, "sent"), "r+b");
  assert_int_equal(fseek(file, HEADER + STATE_RECORD_SIZE + 20, SEEK_SET), 0);
  assert_int_not_equal(fputc(0xEE, file), EOF);
  assert_int_equal(fclose(file), 0);
  state = open_state(folder, &dropped);
  assert_int_equal(dropped, 1);
  assert_int_equal(state_count(state), 4);
  assert_int_equal(revision_of(state, 2), 0);
  assert_int_equal(revision_of(state, 5), 7);
  state_close(state);
  scratch_remove(folder);
}

static void another_file_is_not_written_over(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  uint64_t dropped = 0;
  struct nav_error err = {0};
  scratch_make(folder);
  scratch_write(folder, "sent", "somebody's letters, of another kind");
  assert_null(state_open(folder, &dropped, &err));
  assert_non_null(strstr(err.text, "is not the state of an adapter"));
  char *text = scratch_read(folder, "sent", NULL);
  assert_string_equal(text, "somebody's letters, of another kind");
  free(text);
  scratch_remove(folder);
}

static void two_programs_do_not_share_a_state(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  uint64_t dropped = 0;
  struct nav_error err = {0};
  scratch_make(folder);
  struct state *state = open_state(folder, &dropped);
  assert_null(state_open(folder, &dropped, &err));
  assert_non_null(strstr(err.text, "another adapter"));
  state_close(state);
  state_close(open_state(folder, &dropped));
  scratch_remove(folder);
}

static void replaced_revisions_are_left_out_in_time(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  uint64_t dropped = 0;
  size_t length = 0;
  scratch_make(folder);
  struct state *state = open_state(folder, &dropped);
  for (uint32_t revision = 1; revision <= 200; revision++) {
    for (uint32_t i = 1; i <= 10; i++) keep(state, i, revision, (uint8_t)revision);
  }
  sync_and_close(state);
  free(scratch_read(folder, "sent", &length));
  assert_int_equal(length, HEADER + 2000 * STATE_RECORD_SIZE);
  state = open_state(folder, &dropped);
  for (uint32_t i = 1; i <= 10; i++) assert_int_equal(revision_of(state, i), 200);
  keep(state, 11, 1, 1);
  sync_and_close(state);
  free(scratch_read(folder, "sent", &length));
  assert_int_equal(length, HEADER + 11 * STATE_RECORD_SIZE);
  state = open_state(folder, &dropped);
  assert_int_equal(state_count(state), 11);
  state_close(state);
  scratch_remove(folder);
}

static void a_rejection_is_remembered_and_no_revision(void **unused) {
  (void)unused;
  char folder[SCRATCH_PATH];
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t digest[CONTENT_DIGEST_SIZE] = {5};
  uint64_t dropped = 0;
  struct nav_error err = {0};
  scratch_make(folder);
  struct state *state = open_state(folder, &dropped);
  id_of(id, 1);
  assert_true(state_keep_rejected(state, state_enter(state, id, &err), digest, &err));
  sync_and_close(state);
  state = open_state(folder, &dropped);
  const struct state_entry *entry = state_find(state, id);
  assert_non_null(entry);
  assert_int_equal(entry->revision, 0);
  assert_memory_equal(entry->rejected, digest, STATE_REJECTED_SIZE);
  state_close(state);
  scratch_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_kept_is_found_again),
      cmocka_unit_test(a_torn_end_is_cut_at_any_byte),
      cmocka_unit_test(a_damaged_record_costs_itself_alone),
      cmocka_unit_test(another_file_is_not_written_over),
      cmocka_unit_test(two_programs_do_not_share_a_state),
      cmocka_unit_test(replaced_revisions_are_left_out_in_time),
      cmocka_unit_test(a_rejection_is_remembered_and_no_revision),
  };
  return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
