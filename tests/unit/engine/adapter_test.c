// The whole program around a small mapping: outbox to hub, hub to inbox, with what people drop in and see.
#include <fcntl.h>
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
#include <zlib.h>

#include "tests/unit/engine/fake_client.h"
#include "tests/unit/engine/sample_adapter.h"

struct fixture {
  char home[SCRATCH_PATH];
  char outbox[SCRATCH_PATH];
  char inbox[SCRATCH_PATH];
  char *output;  // what the last run printed on standard output
  char *errors;  // and on standard error
};

static struct fixture *make(const char *purposes) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  fake_hub_reset();
  scratch_make(fixture->home);
  sample_make(fixture->home, purposes);
  sample_path(fixture->outbox, fixture->home, "outbox");
  sample_path(fixture->inbox, fixture->home, "inbox");
  assert_int_equal(mkdir(fixture->outbox, 0700), 0);
  return fixture;
}

static void unmake(struct fixture *fixture) {
  free(fixture->output);
  free(fixture->errors);
  scratch_remove(fixture->home);
  free(fixture);
  fake_hub_reset();
}

// Standard output and error into files while the program runs.
static void redirect(const struct fixture *fixture, int kept[2]) {
  char path[SCRATCH_PATH];
  (void)fflush(stdout);
  for (int fd = 1; fd <= 2; fd++) {
    kept[fd - 1] = dup(fd);
    int file =
        open(scratch_path(path, fixture->home, fd == 1 ? "out" : "err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(dup2(file, fd) == fd);
    (void)close(file);
  }
}

static void restore(struct fixture *fixture, const int kept[2]) {
  (void)fflush(stdout);
  (void)fflush(stderr);
  for (int fd = 1; fd <= 2; fd++) {
    (void)dup2(kept[fd - 1], fd);
    (void)close(kept[fd - 1]);
  }
  free(fixture->output);
  free(fixture->errors);
  fixture->output = scratch_read(fixture->home, "out", NULL);
  fixture->errors = scratch_read(fixture->home, "err", NULL);
}

static int run(struct fixture *fixture, const char *first, const char *second, const char *third) {
  int kept[2];
  redirect(fixture, kept);
  int code = sample_run(&sample_mapping, fixture->home, first, second, third, NULL);
  restore(fixture, kept);
  return code;
}

static int run_once(struct fixture *fixture) { return run(fixture, "--once", NULL, NULL); }

static void says(const char *text, const char *what) {
  if (strstr(text, what) == NULL) fail_msg("'%s' is not in: %s", what, text);
}

static bool is_in(const char *folder, const char *where, const char *name) {
  char path[SCRATCH_PATH];
  return scratch_exists(scratch_path(path, folder, where), name);
}

static void files_go_out_and_are_done(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  scratch_write(fixture->outbox, "b.csv", "1;A2\n2;B\n");
  scratch_write(fixture->outbox, "a.csv", "1;A\nnonsense\n3;C");
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub_count(), 4);
  assert_int_equal(fake_hub_at(2)->revision, 2);  // a.csv came first
  says(fixture->errors, "sent 4, accepted 4, duplicate 0, rejected 0, skipped 1, unchanged 0, received 0");
  says(fixture->errors, "skipped a.csv:2: is no id and text");
  assert_true(is_in(fixture->outbox, "done", "a.csv"));
  assert_true(is_in(fixture->outbox, "done", "b.csv"));
  assert_false(scratch_exists(fixture->outbox, "a.csv"));
  // The same name with the same content, again.
  scratch_write(fixture->outbox, "a.csv", "3;C");
  assert_int_equal(run(fixture, "--once", "-o", "json"), 0);
  assert_int_equal(fake_hub_count(), 4);
  assert_string_equal(
      fixture->output,
      "{\"sent\":0,\"accepted\":0,\"duplicate\":0,\"rejected\":0,\"skipped\":0,\"unchanged\":1,"
      "\"received\":0,\"stayed_home\":0,\"sealed\":0,\"stripped\":0,\"files\":1,\"failed\":0}\n");
  assert_false(scratch_exists(fixture->outbox, "a.csv"));
  unmake(fixture);
}

static void what_cannot_be_read_is_set_aside_with_its_reason(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  scratch_write(fixture->outbox, "a.csv", "unreadable");
  scratch_write(fixture->outbox, "b.csv", "1;A\n");
  scratch_write(fixture->outbox, "c.txt", "1;A\n");
  scratch_write(fixture->outbox, "d.csv.gz", "\x1f\x8b\x08 no gzip");
  scratch_write(fixture->outbox, ".hidden.csv", "5;A\n");
  assert_int_equal(run_once(fixture), 1);
  assert_int_equal(fake_hub_count(), 1);
  assert_true(is_in(fixture->outbox, "failed", "a.csv"));
  assert_true(is_in(fixture->outbox, "failed", "d.csv.gz"));
  assert_true(is_in(fixture->outbox, "done", "b.csv"));
  assert_true(scratch_exists(fixture->outbox, "c.txt"));
  assert_true(scratch_exists(fixture->outbox, ".hidden.csv"));
  char *why = scratch_read(fixture->outbox, "failed/a.csv.why.txt", NULL);
  says(why, "a.csv: byte 0: is not of this source");
  free(why);
  says(fixture->errors, "c.txt is left alone");
  unmake(fixture);
}

static void write_gzip(const char *folder, const char *name, const char *text, size_t cut) {
  char path[SCRATCH_PATH];
  gzFile file = gzopen(scratch_path(path, folder, name), "wb");
  assert_true(gzwrite(file, text, (unsigned)strlen(text)) > 0);
  assert_int_equal(gzclose(file), Z_OK);
  struct stat status;
  assert_int_equal(stat(path, &status), 0);
  assert_int_equal(truncate(path, status.st_size - (off_t)cut), 0);
}

static void packed_files_are_unpacked_and_cut_ones_kept_to_the_cut(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  write_gzip(fixture->outbox, "a.csv.gz", "1;A\n2;B\n", 0);
  write_gzip(fixture->outbox, "b.csv.gz", "3;C\n4;D\n", 6);  // the check at its end is gone
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub_count(), 4);
  says(fixture->errors, "skipped b.csv.gz: is broken gzip after 8 unpacked bytes");
  unmake(fixture);
}

static void a_file_that_is_still_written_waits(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  char path[SCRATCH_PATH];
  FILE *file = fopen(scratch_path(path, fixture->outbox, "a.csv"), "wb");
  assert_true(fputs("1;A\n2;", file) > 0);
  assert_int_equal(fflush(file), 0);
  pid_t child = fork();
  if (child == 0) {  // another program, slower than a file has to be still
    sleep(2);
    _exit(fputs("B\n", file) > 0 && fclose(file) == 0 ? 0 : 1);
  }
  (void)close(fileno(file));
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub_count(), 2);
  says(fixture->errors, "skipped 0");
  unmake(fixture);
}

static void the_mappings_memory_is_kept_over_starts(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  scratch_write(fixture->outbox, "a.csv", "remember;A\n");
  assert_int_equal(run_once(fixture), 0);
  says(fixture->errors, "seen 1 times");
  scratch_write(fixture->outbox, "a.csv", "remember;B\n");
  assert_int_equal(run_once(fixture), 0);
  says(fixture->errors, "seen 2 times");
  unmake(fixture);
}

static size_t count_lines(const char *text) {
  size_t lines = 0;
  for (; text != NULL && *text != '\0'; text++) lines += *text == '\n';
  return lines;
}

static void deliveries_come_in_once(void **state) {
  (void)state;
  struct fixture *fixture = make("[situation-picture, sig]");
  fake_hub.deliveries = 250;
  assert_int_equal(run_once(fixture), 0);
  says(fixture->errors, "received 500");
  fake_hub.deliveries = 300;
  fake_hub.repeats = true;
  assert_int_equal(run_once(fixture), 0);
  says(fixture->errors, "received 100");
  char *text = scratch_read(fixture->inbox, "sig.ndjson", NULL);
  assert_int_equal(count_lines(text), 300);
  free(text);
  unmake(fixture);
}

static size_t count_of(const char *text, const char *what) {
  size_t count = 0;
  for (; (text = strstr(text, what)) != NULL; text++) count++;
  return count;
}

// What is left of a replay when the session ends comes no more: it is asked for again. That session's node is
// the one that is named.
static void replays_are_asked_for_until_they_are_here(void **state) {
  (void)state;
  struct fixture *fixture = make("[situation-picture, sig]");
  fake_hub.deliveries = 5;
  assert_int_equal(run_once(fixture), 0);
  fake_hub.drops_after = 1;  // before anything of it came
  assert_int_equal(run(fixture, "--once", "--replay-after", "2"), 0);
  assert_int_equal(fake_hub.replays, 4);
  assert_int_equal(fake_hub.replay_after, 2);
  assert_int_equal(fake_hub.replay_since_ms, 0);
  says(fixture->errors, "received 6");
  says(fixture->errors, "the hub at the fake hub is away");
  says(fixture->errors, "connected to the other node");
  char *text = scratch_read(fixture->inbox, "sig.ndjson", NULL);
  assert_int_equal(count_lines(text), 8);
  assert_int_equal(count_of(text, "navreplay"), 3);
  free(text);
  assert_int_equal(run(fixture, "--once", "--replay-since", "2020-01-01T00:00:00Z"), 0);
  assert_int_equal(fake_hub.replays, 6);
  assert_int_equal(fake_hub.replay_since_ms, 1577836800000);
  unmake(fixture);
}

// Who ends says so when what came could not be kept.
static void an_inbox_that_takes_nothing_is_no_success(void **state) {
  (void)state;
  struct fixture *fixture = make("[situation-picture]");
  char path[SCRATCH_PATH];
  assert_int_equal(mkdir(fixture->inbox, 0700), 0);
  assert_int_equal(symlink("/dev/full", scratch_path(path, fixture->inbox, "situation-picture.ndjson")), 0);
  fake_hub.deliveries = 5;
  assert_int_equal(run_once(fixture), 1);
  says(fixture->errors, "situation-picture.ndjson: cannot write: No space left on device");
  unmake(fixture);
}

static void a_hub_that_tells_to_wait_is_told_of_once(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  scratch_write(fixture->outbox, "a.csv", "1;A\n2;B\n");
  fake_hub.waits_ms = 2500;
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub_count(), 2);
  assert_int_equal(
      count_of(fixture->errors, "the hub at the fake hub tells us to wait (busy: as the test says)"), 1);
  assert_int_equal(count_of(fixture->errors, "the hub takes what is sent again"), 1);
  unmake(fixture);
}

// Nothing leaves before there are rules; once kept they are there at the next start.
static void nothing_leaves_before_the_rules(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  char path[SCRATCH_PATH];
  scratch_write(fixture->outbox, "a.csv", "1;A\n2;B\n");
  fake_hub.rules_after = 40;
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub.rules_after, 0);
  assert_int_equal(fake_hub.published_early, 0);
  assert_int_equal(fake_hub_count(), 2);
  says(fixture->errors, "the hub's rules are in force here: 1 rules");
  says(fixture->errors, "stayed home 0, sealed 0, stripped 0");
  assert_true(scratch_exists(sample_path(path, fixture->home, "state"), "rules/in-force"));
  scratch_write(fixture->outbox, "b.csv", "3;C\n");
  fake_hub.rules_after = 1000000;
  assert_int_equal(run_once(fixture), 0);
  assert_int_equal(fake_hub_count(), 3);
  unmake(fixture);
}

static void a_hub_that_refuses_leaves_the_file(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  scratch_write(fixture->outbox, "a.csv", "1;A\n");
  fake_hub.fails_for_good = true;
  assert_int_equal(run_once(fixture), 1);
  says(fixture->errors, "the hub refuses this key");
  assert_true(scratch_exists(fixture->outbox, "a.csv"));
  unmake(fixture);
}

static void a_dry_run_prints_and_sends_nothing(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  char path[SCRATCH_PATH];
  scratch_write(fixture->home, "a.csv", "1;A\nnonsense\n1;A\n1;B\n");
  assert_int_equal(run(fixture, "--dry-run", scratch_path(path, fixture->home, "a.csv"), NULL), 0);
  assert_int_equal(fake_hub_count(), 0);
  assert_int_equal(count_lines(fixture->output), 2);
  says(fixture->output, "\"navrevision\":2");
  says(fixture->output, "\"source\":\"polisen\"");
  says(fixture->errors, "skipped a.csv:2: is no id and text\n");
  says(fixture->errors, "2 events, 1 skipped, 1 unchanged, 0 files failed");
  assert_false(is_in(fixture->home, "agencies/polisen", "state"));
  scratch_write(fixture->home, "a.csv", "unreadable");
  assert_int_equal(run(fixture, "--dry-run", path, NULL), 1);
  says(fixture->errors, "failed a.csv: byte 0: is not of this source");
  assert_int_equal(run(fixture, "--dry-run", "/no/such/file", NULL), 1);
  says(fixture->errors, "cannot open: No such file");
  unmake(fixture);
}

static void wrong_options_are_told(void **state) {
  (void)state;
  static const struct {
    const char *first;
    const char *second;
    const char *said;
  } cases[] = {
      {"--onec", NULL, "unknown option '--onec' - did you mean '--once'?"},
      {"--dry-run", NULL, "--dry-run needs a FILE"},
      {"--once", "a.csv", "files are dropped in the outbox; only --dry-run takes 'a.csv'"},
      {"-o", "xml", "-o is text or json, not 'xml'"},
      {"--now", "igår", "--now is a time such as"},
      {"--replay-since", "igår", "--replay-since is a time such as"},
      {"--replay-after", "-1", "--replay-after is a position, 0 or the navseq of a line, not '-1'"},
      {"--replay-after", "5x", "--replay-after is a position"},
      {"--replay-after", "", "--replay-after is a position"},
      {"--replay-after", "18446744073709551616", "--replay-after is a position"},
      {"--replay-after=0", "--replay-since=2020-01-01T00:00:00Z", "one replay is asked for at a time"},
      {"--config", NULL, "a value is missing after '--config'"},
      {"--config", "/no/adapter.yaml", "/no/adapter.yaml"},
  };
  struct fixture *fixture = make(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(run(fixture, cases[i].first, cases[i].second, NULL), 2);
    says(fixture->errors, cases[i].said);
  }
  assert_int_equal(run(fixture, "--help", NULL, NULL), 0);
  says(fixture->output, "--dry-run");
  unmake(fixture);
}

static void faults_of_the_configuration_have_their_place(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *said;
  } cases[] = {
      {"agency: polisen\nprogram: nav-police\n", "adapter.yaml:1:1: 'hub' is missing"},
      {"agency: Polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../hub.yaml}\n",
       "adapter.yaml:1:9: an agency's id is"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../hub.yaml}\npurpses: []\n",
       "adapter.yaml:4:1: unknown key 'purpses'"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../hub.yaml}\npurposes: [../x]\n",
       "adapter.yaml:4:12: a purpose is a name"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../hub.yaml}\nplaces:\n  bromma: "
       "Bromma\n",
       "adapter.yaml:5:3: an area is an id and a list of names"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../nothing.yaml}\n",
       "nothing.yaml"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: [], keys: ../../hub.yaml}\n",
       "adapter.yaml:3:17: 'endpoint' has 1 to 8 items"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: udp://x, keys: ../../hub.yaml}\n",
       "adapter.yaml:3:17: 'udp://x' is no address of a hub - write it as tcp://10.0.0.2:7700"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: [\"tcp://127.0.0.1:7700\", 5], keys: "
       "../../hub.yaml}\n",
       "adapter.yaml:3:42: '5' is no address of a hub"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: \"tcp://*:7700\", keys: ../../hub.yaml}\n",
       "adapter.yaml:3:17: 'tcp://*:7700' is no address of a hub"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: [a, {b: c}], keys: ../../hub.yaml}\n",
       "adapter.yaml:3:21: is to be a text"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: [a, b, c], keys: [../../hub.yaml, "
       "../../hub.yaml]}\n",
       "adapter.yaml:3:34: 'keys' is one file for all endpoints, or one for each"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: [a, b], keys: [../../hub.yaml, other.yaml]}\n",
       "'session' is another than in the first file"},
      {"agency: polisen\nprogram: nav-police\nhub: {endpoint: x, keys: ../../hub.yaml}\nmap: {a: [b]}\n",
       "adapter.yaml:4:10: an option of the mapping is a text"},
      {"program: nav-school\n", "no agency's adapter.yaml here says 'program: nav-police'"},
  };
  struct fixture *fixture = make(NULL);
  char folder[SCRATCH_PATH];
  sample_path(folder, fixture->home, "");
  scratch_write(folder, "other.yaml",
                "curve: 1111111111111111111111111111111111111111111111111111111111111111\n"
                "session: 1111111111111111111111111111111111111111111111111111111111111111\n"
                "checkpoint: 1111111111111111111111111111111111111111111111111111111111111111\n");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    scratch_write(folder, "adapter.yaml", cases[i].text);
    assert_int_equal(run_once(fixture), 2);
    says(fixture->errors, cases[i].said);
  }
  // A dry run does without a configuration, but not with a faulty one.
  scratch_write(folder, "adapter.yaml", "agency: polisen\nprogram: nav-police\npurpses: []\n");
  assert_int_equal(run(fixture, "--dry-run", "/dev/null", NULL), 2);
  scratch_write(folder, "adapter.yaml", "program: nav-school\n");
  scratch_write(fixture->home, "a.csv", "1;A\n");
  char path[SCRATCH_PATH];
  assert_int_equal(run(fixture, "--dry-run", scratch_path(path, fixture->home, "a.csv"), NULL), 0);
  says(fixture->errors, "no keys of an agency are here");
  unmake(fixture);
}

static void two_configurations_of_one_program_are_not_chosen_between(void **state) {
  (void)state;
  struct fixture *fixture = make(NULL);
  char path[SCRATCH_PATH];
  assert_int_equal(mkdir(scratch_path(path, fixture->home, "agencies/annan"), 0700), 0);
  scratch_write(path, "adapter.yaml", "agency: annan\nprogram: nav-police\n");
  assert_int_equal(run_once(fixture), 2);
  says(fixture->errors, "choose one with --config");
  unmake(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_go_out_and_are_done),
      cmocka_unit_test(what_cannot_be_read_is_set_aside_with_its_reason),
      cmocka_unit_test(packed_files_are_unpacked_and_cut_ones_kept_to_the_cut),
      cmocka_unit_test(a_file_that_is_still_written_waits),
      cmocka_unit_test(the_mappings_memory_is_kept_over_starts),
      cmocka_unit_test(deliveries_come_in_once),
      cmocka_unit_test(replays_are_asked_for_until_they_are_here),
      cmocka_unit_test(an_inbox_that_takes_nothing_is_no_success),
      cmocka_unit_test(a_hub_that_tells_to_wait_is_told_of_once),
      cmocka_unit_test(nothing_leaves_before_the_rules),
      cmocka_unit_test(a_hub_that_refuses_leaves_the_file),
      cmocka_unit_test(a_dry_run_prints_and_sends_nothing),
      cmocka_unit_test(wrong_options_are_told),
      cmocka_unit_test(faults_of_the_configuration_have_their_place),
      cmocka_unit_test(two_configurations_of_one_program_are_not_chosen_between),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
