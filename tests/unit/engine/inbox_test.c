// The inbox: every delivery once, whatever is repeated, torn, moved away or killed.
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <signal.h>

#include "adapters/engine/inbox.h"
#include "adapters/engine/line.h"
#include "tests/unit/engine/scratch.h"

static const char *const purposes[] = {"situation-picture", "sig"};
static uint8_t log_a[KEY_LOG_ID_SIZE] = {1, 2, 3};
static uint8_t log_b[KEY_LOG_ID_SIZE] = {9};

struct fixture {
  char folder[SCRATCH_PATH];
  struct summary summary;
  struct inbox *inbox;
  bool replay;  // what is delivered says that it is one
};

static void open_inbox(struct fixture *fixture) {
  struct nav_error err = {0};
  fixture->inbox = inbox_open(fixture->folder, purposes, 2, &fixture->summary, &err);
  if (fixture->inbox == NULL) fail_msg("%s: %s", err.place, err.text);
}

static struct fixture *make(void) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  scratch_make(fixture->folder);
  open_inbox(fixture);
  return fixture;
}

static void unmake(struct fixture *fixture) {
  inbox_close(fixture->inbox);
  scratch_remove(fixture->folder);
  free(fixture);
}

static bool deliver_text(struct fixture *fixture, const char *purpose, const uint8_t *log_id,
                         uint64_t position, const char *text) {
  uint8_t id[16] = {0};
  Nav__V1__PublicIncident body = NAV__V1__PUBLIC_INCIDENT__INIT;
  body.summary = (char *)(uintptr_t)text;
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  event.has_id = event.has_revision = event.has_time_ms = 1;
  event.id = (ProtobufCBinaryData){.len = sizeof id, .data = id};
  event.source = (char *)(uintptr_t) "polisen";
  event.revision = 1;
  event.time_ms = 1700000000123;
  event.body_case = NAV__V1__EVENT__BODY_PUBLIC_INCIDENT;
  event.public_incident = &body;
  char *withheld[] = {(char *)(uintptr_t) "subjects.0.name", (char *)(uintptr_t) "place.address"};
  Nav__V1__Delivery delivery = NAV__V1__DELIVERY__INIT;
  delivery.has_position = delivery.has_replay = 1;
  delivery.position = position;
  delivery.replay = fixture->replay;
  delivery.withheld = withheld;
  delivery.n_withheld = position % 3 == 0 ? 0 : 2;
  Nav__V1__VerdictInfo verdict = NAV__V1__VERDICT_INFO__INIT;
  verdict.rule = (char *)(uintptr_t) "lagesbild-1";
  verdict.basis = (char *)(uintptr_t) "osl-10-15a";
  return inbox_delivery(fixture->inbox, purpose, log_id, &delivery, &verdict, &event);
}

static bool deliver(struct fixture *fixture, const uint8_t *log_id, uint64_t position) {
  return deliver_text(fixture, purposes[0], log_id, position, "en rad");
}

// The positions of the file's lines as text: "1 2 3 ".
static const char *positions(const struct fixture *fixture, const char *name) {
  static char out[4096];
  char *text = scratch_read(fixture->folder, name, NULL);
  out[0] = '\0';
  for (char *line = text; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end == NULL) fail_msg("%s ends with half a line", name);
    uint64_t position = 0;
    assert_true(line_position(line, (size_t)(end - line), &position));
    size_t length = strlen(out);
    (void)snprintf(out + length, sizeof out - length, "%" PRIu64 " ", position);
    line = end + 1;
  }
  free(text);
  return out;
}

// All that was delivered is on disk, and the first purpose's file has these positions.
static void assert_durable(struct fixture *fixture, const char *expected) {
  assert_true(inbox_durable(fixture->inbox));
  assert_string_equal(positions(fixture, "situation-picture.ndjson"), expected);
}

static void reopen(struct fixture *fixture) {
  inbox_close(fixture->inbox);
  open_inbox(fixture);
}

static bool replay(struct fixture *fixture, uint64_t first, uint64_t last) {
  fixture->replay = true;
  bool ok = true;
  for (uint64_t i = first; i <= last; i++) ok = deliver(fixture, log_a, i) && ok;
  fixture->replay = false;
  return ok;
}

// How many of the file's lines say that they were sent again.
static size_t replayed_lines(const struct fixture *fixture, const char *name) {
  size_t count = 0;
  char *text = scratch_read(fixture->folder, name, NULL);
  for (const char *at = text; (at = strstr(at, "\"navreplay\":true}\n")) != NULL; at++) count++;
  free(text);
  return count;
}

static void assert_resume(struct fixture *fixture, const uint8_t *log_id, uint64_t position) {
  uint8_t stored[KEY_LOG_ID_SIZE];
  uint64_t at = 0;
  assert_true(inbox_resume(fixture->inbox, purposes[0], stored, &at));
  assert_memory_equal(stored, log_id, sizeof stored);
  assert_int_equal(at, position);
}

static void a_line_says_what_was_decided(void **state) {
  (void)state;
  struct fixture *fixture = make();
  fixture->replay = true;
  assert_true(deliver_text(fixture, purposes[0], log_a, 4, "Rån \"här\"\n\"navseq\":77, å"));
  fixture->replay = false;
  assert_true(deliver_text(fixture, purposes[1], log_a, 3, "x"));
  assert_true(inbox_durable(fixture->inbox));
  char *text = scratch_read(fixture->folder, "situation-picture.ndjson", NULL);
  json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(json);
  assert_int_equal(json_integer_value(json_object_get(json, "navseq")), 4);
  assert_string_equal(json_string_value(json_object_get(json, "navrule")), "lagesbild-1");
  assert_string_equal(json_string_value(json_object_get(json, "navbasis")), "osl-10-15a");
  assert_string_equal(json_string_value(json_object_get(json, "navpurpose")), "situation-picture");
  assert_string_equal(json_string_value(json_object_get(json, "navwithheld")),
                      "subjects.0.name,place.address");
  assert_true(json_is_true(json_object_get(json, "navreplay")));
  assert_string_equal(json_string_value(json_object_get(json, "type")), "nav.v1.PublicIncident");
  assert_string_equal(json_string_value(json_object_get(json, "time")), "2023-11-14T22:13:20.123Z");
  const json_t *body = json_object_get(json_object_get(json, "data"), "body");
  assert_string_equal(json_string_value(json_object_get(body, "summary")), "Rån \"här\"\n\"navseq\":77, å");
  uint64_t position = 0;
  assert_true(line_position(text, strlen(text), &position));
  assert_int_equal(position, 4);
  json_decref(json);
  free(text);
  text = scratch_read(fixture->folder, "sig.ndjson", NULL);
  json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
  assert_string_equal(json_string_value(json_object_get(json, "navwithheld")), "");
  assert_null(json_object_get(json, "navreplay"));
  json_decref(json);
  free(text);
  assert_int_equal(fixture->summary.received, 2);
  unmake(fixture);
}

static void repeats_are_dropped_by_log_and_position(void **state) {
  (void)state;
  struct fixture *fixture = make();
  uint64_t at = 0;
  uint8_t log_id[KEY_LOG_ID_SIZE];
  assert_false(inbox_resume(fixture->inbox, purposes[0], log_id, &at));
  for (uint64_t i = 1; i <= 3; i++) assert_true(deliver(fixture, log_a, i * 10));
  for (uint64_t i = 1; i <= 3; i++) assert_true(deliver(fixture, log_a, i * 10));
  assert_true(inbox_durable(fixture->inbox));
  assert_true(deliver(fixture, log_a, 20));
  assert_true(deliver(fixture, log_a, 40));
  assert_durable(fixture, "10 20 30 40 ");
  // A ledger restored to an earlier state has another id, and counts from where it was.
  assert_true(deliver(fixture, log_b, 20));
  assert_true(deliver(fixture, log_b, 20));
  assert_durable(fixture, "10 20 30 40 20 ");
  assert_resume(fixture, log_b, 20);
  assert_int_equal(fixture->summary.received, 5);
  unmake(fixture);
}

static void the_place_is_found_again(void **state) {
  (void)state;
  struct fixture *fixture = make();
  for (uint64_t i = 1; i <= 5; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  reopen(fixture);
  assert_resume(fixture, log_a, 5);
  assert_true(deliver(fixture, log_a, 5));
  assert_true(deliver(fixture, log_a, 6));
  assert_durable(fixture, "1 2 3 4 5 6 ");
  unmake(fixture);
}

// The hub's cursor was at 40 when this inbox began: a kill before anything is durable must not ask for what
// came before.
static void a_new_inbox_begins_where_the_hub_does(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_true(deliver(fixture, log_a, 41));
  reopen(fixture);
  assert_resume(fixture, log_a, 40);
  assert_true(deliver(fixture, log_b, 7));
  reopen(fixture);
  assert_resume(fixture, log_b, 6);
  assert_true(deliver(fixture, log_b, 7));
  assert_durable(fixture, "7 ");
  unmake(fixture);
}

// What a kill leaves: lines past the place (it was written before them), and half a line.
static void the_tail_counts_where_it_is_further(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char path[SCRATCH_PATH];
  assert_true(deliver(fixture, log_a, 1));
  assert_true(inbox_durable(fixture->inbox));
  char *place = scratch_read(fixture->folder, ".place-situation-picture", NULL);
  assert_true(deliver(fixture, log_a, 2));
  assert_true(deliver(fixture, log_a, 3));
  assert_true(inbox_durable(fixture->inbox));
  inbox_close(fixture->inbox);
  scratch_write(fixture->folder, ".place-situation-picture",
                place);  // as if the last one had not been renamed
  free(place);
  size_t length = 0;
  char *lines = scratch_read(fixture->folder, "situation-picture.ndjson", &length);
  size_t third = (size_t)((char *)memrchr(lines, '\n', length - 1) - lines) + 1;
  for (size_t cut = third; cut <= length; cut++) {
    FILE *file = fopen(scratch_path(path, fixture->folder, "situation-picture.ndjson"), "wb");
    assert_int_equal(fwrite(lines, 1, cut, file), cut);
    assert_int_equal(fclose(file), 0);
    open_inbox(fixture);
    assert_resume(fixture, log_a, cut == length ? 3 : 2);
    assert_true(deliver(fixture, log_a, 2));
    assert_true(deliver(fixture, log_a, 3));
    assert_true(deliver(fixture, log_a, 4));
    assert_true(inbox_durable(fixture->inbox));
    assert_string_equal(positions(fixture, "situation-picture.ndjson"), "1 2 3 4 ");
    inbox_close(fixture->inbox);
    char text[128];
    (void)snprintf(text, sizeof text, "navplace1 01020300000000000000000000000000 1 %zu\n", third / 2);
    scratch_write(fixture->folder, ".place-situation-picture", text);
  }
  free(lines);
  open_inbox(fixture);
  unmake(fixture);
}

static void the_readers_may_move_the_file_away(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char from[SCRATCH_PATH];
  char to[SCRATCH_PATH];
  scratch_path(from, fixture->folder, "situation-picture.ndjson");
  scratch_path(to, fixture->folder, "taken.ndjson");
  for (uint64_t i = 1; i <= 2; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  assert_int_equal(rename(from, to), 0);
  for (uint64_t i = 2; i <= 4; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  assert_string_equal(positions(fixture, "taken.ndjson"), "1 2 ");
  assert_string_equal(positions(fixture, "situation-picture.ndjson"), "3 4 ");
  // And while the adapter is away.
  inbox_close(fixture->inbox);
  assert_int_equal(unlink(from), 0);
  open_inbox(fixture);
  assert_resume(fixture, log_a, 4);
  for (uint64_t i = 3; i <= 5; i++) assert_true(deliver(fixture, log_a, i));
  assert_durable(fixture, "5 ");
  unmake(fixture);
}

static void a_lost_place_goes_by_the_last_line(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char path[SCRATCH_PATH];
  for (uint64_t i = 1; i <= 3; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  inbox_close(fixture->inbox);
  assert_int_equal(unlink(scratch_path(path, fixture->folder, ".place-situation-picture")), 0);
  open_inbox(fixture);
  uint8_t log_id[KEY_LOG_ID_SIZE];
  uint64_t at = 0;
  assert_false(inbox_resume(fixture->inbox, purposes[0], log_id, &at));  // the hub's cursor decides
  for (uint64_t i = 1; i <= 4; i++) assert_true(deliver(fixture, log_a, i));
  assert_durable(fixture, "1 2 3 4 ");
  unmake(fixture);
}

static void a_place_that_is_none_is_not_guessed(void **state) {
  (void)state;
  static const char *const places[] = {"", "nonsense", "navplace1 0102 1 2\n",
                                       "navplace1 01020300000000000000000000000000 1 2\nmore\n"};
  struct fixture *fixture = make();
  struct nav_error err = {0};
  inbox_close(fixture->inbox);
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    scratch_write(fixture->folder, ".place-sig", places[i]);
    assert_null(inbox_open(fixture->folder, purposes, 2, &fixture->summary, &err));
    assert_non_null(strstr(err.text, "is no place of an inbox"));
  }
  fixture->inbox = NULL;
  unmake(fixture);
}

static void replays_are_written_again_and_move_nothing(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char from[SCRATCH_PATH];
  char to[SCRATCH_PATH];
  for (uint64_t i = 1; i <= 4; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  assert_true(replay(fixture, 2, 4));
  assert_resume(fixture, log_a, 4);
  assert_true(inbox_durable(fixture->inbox));
  assert_resume(fixture, log_a, 4);
  for (uint64_t i = 3; i <= 5; i++) assert_true(deliver(fixture, log_a, i));
  assert_durable(fixture, "1 2 3 4 2 3 4 5 ");
  assert_int_equal(replayed_lines(fixture, "situation-picture.ndjson"), 3);
  assert_int_equal(fixture->summary.received, 8);
  // Into a file of its own, where the reader has moved the other away; also after a start.
  scratch_path(from, fixture->folder, "situation-picture.ndjson");
  assert_int_equal(rename(from, scratch_path(to, fixture->folder, "taken.ndjson")), 0);
  reopen(fixture);
  assert_resume(fixture, log_a, 5);
  assert_true(replay(fixture, 1, 2));
  assert_true(inbox_durable(fixture->inbox));
  reopen(fixture);
  assert_resume(fixture, log_a, 5);
  assert_true(deliver(fixture, log_a, 5));
  assert_true(deliver(fixture, log_a, 6));
  assert_durable(fixture, "1 2 6 ");
  unmake(fixture);
}

// An inbox restored from a backup: what the hub sends of itself is a replay, and all of it is new here.
static void a_replay_past_the_place_moves_it(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_true(deliver(fixture, log_a, 1));
  assert_true(replay(fixture, 2, 3));
  assert_true(inbox_durable(fixture->inbox));
  assert_resume(fixture, log_a, 3);
  for (uint64_t i = 3; i <= 4; i++) assert_true(deliver(fixture, log_a, i));
  assert_durable(fixture, "1 2 3 4 ");
  unmake(fixture);
}

// A kill after lines were written and before the place was: the tail has lines of before among the newest.
static void replayed_lines_of_the_tail_take_nothing_back(void **state) {
  (void)state;
  struct fixture *fixture = make();
  char path[SCRATCH_PATH];
  for (uint64_t i = 1; i <= 3; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(inbox_durable(fixture->inbox));
  char *place = scratch_read(fixture->folder, ".place-situation-picture", NULL);
  assert_true(replay(fixture, 1, 2));
  assert_true(deliver(fixture, log_a, 4));
  assert_true(replay(fixture, 1, 1));
  assert_true(inbox_durable(fixture->inbox));
  inbox_close(fixture->inbox);
  scratch_write(fixture->folder, ".place-situation-picture", place);
  free(place);
  open_inbox(fixture);
  assert_resume(fixture, log_a, 4);
  // And with the place lost.
  inbox_close(fixture->inbox);
  assert_int_equal(unlink(scratch_path(path, fixture->folder, ".place-situation-picture")), 0);
  open_inbox(fixture);
  for (uint64_t i = 3; i <= 5; i++) assert_true(deliver(fixture, log_a, i));
  assert_durable(fixture, "1 2 3 1 2 4 1 5 ");
  unmake(fixture);
}

// A full disk: nothing is half written or taken for durable, nothing forgotten, and it goes on when there is
// room.
static void a_full_disk_loses_nothing(void **state) {
  (void)state;
  struct fixture *fixture = make();
  const struct rlimit small = {.rlim_cur = 2000, .rlim_max = RLIM_INFINITY};
  const struct rlimit large = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  (void)signal(SIGXFSZ, SIG_IGN);
  assert_true(deliver(fixture, log_a, 1));
  assert_true(inbox_durable(fixture->inbox));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  for (uint64_t i = 2; i <= 20; i++) assert_true(deliver(fixture, log_a, i));
  assert_true(replay(fixture, 1, 1));
  bool durable = inbox_durable(fixture->inbox);
  bool again = inbox_durable(fixture->inbox);  // the client asks again, and would acknowledge
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
  assert_false(durable);
  assert_false(again);
  assert_int_equal(inbox_error(fixture->inbox)->class, NAV_ERROR_LOCAL);
  assert_string_equal(positions(fixture, "situation-picture.ndjson"), "1 ");
  assert_resume(fixture, log_a, 1);
  for (uint64_t i = 2; i <= 4; i++) assert_true(deliver(fixture, log_a, i));  // the hub sends them again
  assert_durable(fixture, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 1 ");
  assert_resume(fixture, log_a, 20);
  assert_int_equal(fixture->summary.received, 21);
  unmake(fixture);
}

// ---- the disk, whose calls come through here ----

static struct {
  bool fails;      // the next sync does
  size_t syncs;    // that did not
  size_t written;  // behind a file's first line
} disk;

int fdatasync(int fd) {
  bool fails = disk.fails;
  disk.fails = false;
  if (fails) errno = EIO;
  if (!fails) disk.syncs++;
  return fails ? -1 : fsync(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
  if (at > 0) disk.written += length;
  return syscall(SYS_pwrite64, fd, bytes, length, at);
}

// After a sync that failed the system forgets what it could not write: the next succeeds without it.
static void what_was_not_synced_is_written_once_more(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_true(deliver(fixture, log_a, 1) && inbox_durable(fixture->inbox));
  disk.written = 0;
  disk.fails = true;
  assert_true(deliver(fixture, log_a, 2) && !inbox_durable(fixture->inbox));
  size_t line = disk.written;
  assert_true(line > 0 && inbox_durable(fixture->inbox));
  assert_int_equal(disk.written, 2 * line);
  assert_true(inbox_durable(fixture->inbox));
  assert_int_equal(disk.written, 2 * line);
  assert_string_equal(positions(fixture, "situation-picture.ndjson"), "1 2 ");
  unmake(fixture);
}

// Killed between a line and its sync: what is acknowledged on its account is synced first.
static void a_tail_that_the_place_does_not_know_is_synced(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_true(deliver(fixture, log_a, 1) && inbox_durable(fixture->inbox));
  char *place = scratch_read(fixture->folder, ".place-situation-picture", NULL);
  disk.written = 0;
  assert_true(deliver(fixture, log_a, 2) && inbox_durable(fixture->inbox));
  size_t line = disk.written;
  inbox_close(fixture->inbox);
  scratch_write(fixture->folder, ".place-situation-picture", place);
  free(place);
  open_inbox(fixture);
  disk.written = disk.syncs = 0;
  assert_resume(fixture, log_a, 2);
  assert_true(deliver(fixture, log_a, 2) && inbox_durable(fixture->inbox));
  assert_int_equal(disk.written, line);
  assert_int_equal(disk.syncs, 1);
  assert_string_equal(positions(fixture, "situation-picture.ndjson"), "1 2 ");
  unmake(fixture);
}

static void a_purpose_that_was_not_asked_for_is_refused(void **state) {
  (void)state;
  struct fixture *fixture = make();
  assert_false(deliver_text(fixture, "other", log_a, 1, "x"));
  assert_false(scratch_exists(fixture->folder, "other.ndjson"));
  unmake(fixture);
}

// 300,000 lines: counted here, and timed where no sanitizer slows it down.
static void many_lines_are_written_fast(void **state) {
  (void)state;
  enum { LINES = 300000 };
  struct fixture *fixture = make();
  clock_t begun = clock();
  for (uint64_t i = 1; i <= LINES; i++) {
    assert_true(deliver(fixture, log_a, i));
    if (i % 3000 == 0) assert_true(inbox_durable(fixture->inbox));
  }
  assert_true(inbox_durable(fixture->inbox));
  double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
  (void)printf("%d lines in %.2f s of CPU\n", LINES, seconds);
  assert_int_equal(fixture->summary.received, LINES);
#if !defined(__SANITIZE_ADDRESS__) && defined(__OPTIMIZE__)
  assert_true(seconds < 6);
#endif
  unmake(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_says_what_was_decided),
      cmocka_unit_test(repeats_are_dropped_by_log_and_position),
      cmocka_unit_test(the_place_is_found_again),
      cmocka_unit_test(a_new_inbox_begins_where_the_hub_does),
      cmocka_unit_test(the_tail_counts_where_it_is_further),
      cmocka_unit_test(the_readers_may_move_the_file_away),
      cmocka_unit_test(a_lost_place_goes_by_the_last_line),
      cmocka_unit_test(a_place_that_is_none_is_not_guessed),
      cmocka_unit_test(replays_are_written_again_and_move_nothing),
      cmocka_unit_test(a_replay_past_the_place_moves_it),
      cmocka_unit_test(replayed_lines_of_the_tail_take_nothing_back),
      cmocka_unit_test(a_full_disk_loses_nothing),
      cmocka_unit_test(what_was_not_synced_is_written_once_more),
      cmocka_unit_test(a_tail_that_the_place_does_not_know_is_synced),
      cmocka_unit_test(a_purpose_that_was_not_asked_for_is_refused),
      cmocka_unit_test(many_lines_are_written_fast),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
