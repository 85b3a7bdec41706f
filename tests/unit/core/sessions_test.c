// What nav-core sends to the gate leaves together, in the order in which it was sent, and only while it may:
// a stand-in for the gate sends frames of sessions that nobody knows, each of which is answered with a RESET.
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/base/clock.h"
#include "hub/core/sessions.h"

enum { SOON_MS = 10000, QUIET_MS = 200, TOGETHER = 16, MANY = 3000 };

static struct {
  char folder[32], path[64];
  int gate;
  struct relay_reader reader;  // what the gate reads
  struct sessions *sessions;
  bool may_send;
  int ended;
  struct key_pair_sign hub, skola;
  struct conf_agency agency;
  struct conf_agencies agencies;
} t;

static bool may_send(void *context) {
  (void)context;
  return t.may_send;
}

static void ended(void *context, struct session *session) {
  (void)context;
  (void)session;
  t.ended++;
}

// One turn of nav-core, which reads the frames if it is to; gives what poll(2) said of the gate.
static short turn(bool reads, int wait_ms) {
  struct pollfd files[GATE_PORT_FILES];
  sessions_poll_fill(t.sessions, files, reads);
  assert_true(poll(files, GATE_PORT_FILES, wait_ms) >= 0);
  sessions_step(t.sessions, files);
  return files[GATE_PORT_FILES - 1].revents;
}

static int connected(void) {
  struct nav_error err;
  int fd = relay_connect(t.path, &err);
  assert_true(fd >= 0);
  return fd;
}

// A gate that has said that it lives, and heard that nav-core does.
static int new_gate(void) {
  const struct relay_head lives = {.kind = RELAY_GATE};
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  struct pollfd file = {.fd = connected(), .events = POLLIN};
  t.reader.at = t.reader.length = 0;
  assert_int_equal(relay_send_one(file.fd, &lives, NULL), RELAY_DONE);
  while (poll(&file, 1, 0) == 0) {
    (void)turn(false, QUIET_MS);
    assert_true(nav_clock_monotonic_ms() < until_ms);
  }
  return file.fd;
}

static int start(void **state) {
  (void)state;
  const struct sessions_handlers handlers = {.may_send = may_send, .ended = ended};
  struct nav_error err;
  memset(&t, 0, sizeof t);
  (void)snprintf(t.folder, sizeof t.folder, "/tmp/navsessions-XXXXXX");
  if (mkdtemp(t.folder) == NULL) return -1;
  (void)snprintf(t.path, sizeof t.path, "%s/gate.sock", t.folder);
  t.may_send = true;
  (void)crypto_sign_keypair(t.hub.public_key, t.hub.secret_key);
  (void)crypto_sign_keypair(t.skola.public_key, t.skola.secret_key);
  t.agency = (struct conf_agency){.id = (char *)(uintptr_t) "skola", .has_keys = true};
  memcpy(t.agency.signing_key, t.skola.public_key, sizeof t.agency.signing_key);
  t.agencies = (struct conf_agencies){.agencies = &t.agency, .agencies_count = 1};
  t.sessions = sessions_open(t.path, &t.agencies, &t.hub, &handlers, &err);
  if (t.sessions == NULL) return -1;
  t.gate = new_gate();
  return 0;
}

static int stop(void **state) {
  (void)state;
  (void)close(t.gate);
  sessions_close(t.sessions);
  return rmdir(t.folder);  // the socket's file is gone with it
}

// That the gate has gone, or was hung up on.
static void let_it_notice(void) {
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  while (sessions_gate_lives(t.sessions)) {
    assert_true(nav_clock_monotonic_ms() < until_ms);
    (void)turn(true, QUIET_MS);
    (void)sessions_receive(t.sessions, 16);
  }
}

static void say(uint64_t session, const uint8_t *frame, size_t length) {
  const struct relay_head head = {
      .session = session, .kind = RELAY_FRAME, .agency = "skola", .length = (uint32_t)length};
  assert_int_equal(relay_send_one(t.gate, &head, frame), RELAY_DONE);
}

// A sealed frame each of the sessions `from` to `to`, taken in by nav-core.
static void ask(uint64_t from, uint64_t to) {
  const uint8_t sealed[] = {WIRE_SEALED, 1, 2, 3};
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  for (uint64_t session = from; session <= to; session++) {
    say(session, sealed, sizeof sealed);
    for (int taken = 0; taken == 0; taken = sessions_receive(t.sessions, 16)) {
      assert_true(nav_clock_monotonic_ms() < until_ms);
      (void)turn(true, QUIET_MS);
    }
  }
}

// What comes from nav-core but its signs of life. False: nothing within that time, or the connection ended.
static bool heard(struct relay_frame *frame, int wait_ms) {
  int64_t until_ms = nav_clock_monotonic_ms() + wait_ms;
  for (;;) {
    struct nav_error err;
    struct pollfd file = {.fd = t.gate, .events = POLLIN};
    int64_t left = until_ms - nav_clock_monotonic_ms();
    bool more = relay_has_more(&t.reader);
    if (!more && poll(&file, 1, left > 0 ? (int)left : 0) <= 0) return false;
    if (relay_receive(t.gate, &t.reader, frame, &err) != RELAY_DONE) return false;
    if (frame->head.kind != RELAY_CORE) return true;
  }
}

// The session that a RESET is for; 0: none comes within that time.
static uint64_t answer(int wait_ms) {
  struct relay_frame frame;
  if (!heard(&frame, wait_ms)) return 0;
  assert_true(frame.head.kind == RELAY_FRAME && frame.head.length == 1 && frame.bytes[0] == WIRE_RESET);
  return frame.head.session;
}

// And the connection stands.
static void assert_nothing(void) {
  assert_true(answer(QUIET_MS) == 0);
  assert_int_equal(poll(&(struct pollfd){.fd = t.gate, .events = POLLRDHUP}, 1, 0), 0);
}

static void assert_answers(uint64_t from, uint64_t to) {
  for (uint64_t session = from; session <= to; session++) assert_true(answer(SOON_MS) == session);
}

static void frames_leave_together_and_in_order(void **state) {
  (void)state;
  ask(1, 3);
  assert_nothing();
  sessions_flush(t.sessions);
  assert_answers(1, 3);
  ask(4, 4 + TOGETHER);  // so many do not wait for the turn's end
  assert_answers(4, 4 + TOGETHER - 1);
  assert_nothing();
  sessions_flush(t.sessions);
  assert_answers(4 + TOGETHER, 4 + TOGETHER);
}

static void what_may_not_be_said_when_it_would_leave_waits(void **state) {
  (void)state;
  ask(1, 3);
  assert_true(sessions_have_room(t.sessions));
  t.may_send = false;
  sessions_flush(t.sessions);
  assert_nothing();
  t.may_send = true;
  assert_false(sessions_have_room(t.sessions));  // until it has gone
  sessions_flush(t.sessions);
  assert_true(sessions_have_room(t.sessions));
  assert_answers(1, 3);
}

// A session of skola's, with that number.
static void begin(uint64_t number) {
  struct nav_error err;
  struct nav_buffer frame;
  struct wire_hello hello;
  struct relay_frame welcome;
  nav_buffer_init(&frame, WIRE_HANDSHAKE_MAX);
  assert_true(wire_hello_make(&hello, "skola", &t.skola, t.hub.public_key, &frame, &err));
  say(number, frame.data, frame.length);
  nav_buffer_free(&frame);
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  while (sessions_receive(t.sessions, 16) == 0) {
    assert_true(nav_clock_monotonic_ms() < until_ms);
    (void)turn(true, QUIET_MS);
  }
  sessions_flush(t.sessions);
  assert_true(heard(&welcome, SOON_MS));
  assert_true(welcome.head.session == number && welcome.head.length > 1);
  assert_int_equal(welcome.bytes[0], WIRE_WELCOME);
}

static void who_lets_go_resets_every_session_whether_it_may_speak_or_not(void **state) {
  (void)state;
  begin(1);
  begin(2);
  ask(3, 3);
  t.may_send = false;
  sessions_let_go(t.sessions);
  assert_int_equal(t.ended, 2);
  assert_answers(1, 2);
  assert_nothing();  // not of what waited
}

// A gate that takes nothing hears of the end all the same: by that of its connection.
static void who_lets_go_hangs_up_where_the_gate_takes_nothing(void **state) {
  (void)state;
  begin(1);
  uint64_t asked = 1;
  while (sessions_have_room(t.sessions)) {
    asked++;
    ask(asked, asked);
    sessions_flush(t.sessions);
  }
  sessions_let_go(t.sessions);
  assert_int_equal(t.ended, 1);
  uint64_t read = 1;
  for (uint64_t session; (session = answer(SOON_MS)) != 0; read++) assert_true(session == read + 1);
  assert_true(read < asked);
  assert_int_equal(poll(&(struct pollfd){.fd = t.gate, .events = POLLRDHUP}, 1, 0), 1);
}

static void a_gates_end_ends_its_sessions(void **state) {
  (void)state;
  begin(1);
  begin(2);
  (void)close(t.gate);
  let_it_notice();
  assert_int_equal(t.ended, 2);
  t.gate = new_gate();
  ask(1, 1);  // to the new one it is a session that nobody knows
  sessions_flush(t.sessions);
  assert_answers(1, 1);
}

static void who_lets_go_says_nothing_of_what_waited(void **state) {
  (void)state;
  ask(1, 3);
  t.may_send = false;
  sessions_flush(t.sessions);
  sessions_let_go(t.sessions);
  t.may_send = true;
  assert_true(sessions_have_room(t.sessions));
  sessions_flush(t.sessions);
  assert_nothing();
}

// Deliveries and the like go on when there is room: whoever waits must be woken by that.
static void a_gate_that_reads_again_wakes_who_waits(void **state) {
  (void)state;
  uint64_t asked = 0;
  while (sessions_have_room(t.sessions)) {
    ask(asked + 1, asked + 1);
    asked++;
    sessions_flush(t.sessions);
  }
  assert_int_equal(turn(true, 0) & POLLOUT, 0);
  uint64_t read = 0;
  while ((turn(true, 0) & POLLOUT) == 0) assert_true(answer(SOON_MS) == ++read);
  sessions_flush(t.sessions);
  assert_true(sessions_have_room(t.sessions));
  assert_answers(read + 1, asked);
}

static void what_waits_for_a_gate_that_is_gone_reaches_no_other(void **state) {
  (void)state;
  ask(1, 3);
  (void)close(t.gate);
  let_it_notice();
  assert_true(sessions_have_room(t.sessions));
  assert_false(sessions_gate_lives(t.sessions));
  t.gate = new_gate();
  assert_true(sessions_gate_lives(t.sessions));
  sessions_flush(t.sessions);
  assert_nothing();
  ask(4, 4);
  sessions_flush(t.sessions);
  assert_answers(4, 4);
}

static void of_two_gates_the_newer_is_heard(void **state) {
  (void)state;
  int older = t.gate;
  ask(1, 3);
  t.gate = new_gate();
  assert_int_equal(poll(&(struct pollfd){.fd = older, .events = POLLRDHUP}, 1, 0), 1);
  sessions_flush(t.sessions);
  assert_nothing();
  ask(4, 4);
  sessions_flush(t.sessions);
  assert_answers(4, 4);
  (void)close(older);
}

// Whoever looks whether somebody listens, as a second nav-core of the same home does, takes nobody's place.
static void who_says_nothing_takes_no_gates_place(void **state) {
  (void)state;
  begin(1);
  (void)close(connected());
  int silent = connected();
  for (int i = 0; i < 5; i++) (void)turn(true, 1);
  assert_int_equal(t.ended, 0);
  ask(2, 2);
  sessions_flush(t.sessions);
  assert_answers(2, 2);
  (void)close(silent);
}

// A frame is missing in some session then; and who sends such things could keep nav-core reading them for
// ever.
static void who_sends_what_is_no_message_is_hung_up_on(void **state) {
  (void)state;
  static uint8_t large[RELAY_HEAD_SIZE + WIRE_FRAME_MAX + 1];
  uint8_t cut[RELAY_HEAD_SIZE + 1], twice[2 * RELAY_HEAD_SIZE];
  struct relay_head head = {.session = 9, .kind = RELAY_FRAME, .agency = "skola", .length = 2};
  relay_encode(cut, &head);
  head.length = 0;
  relay_encode(twice, &head);
  relay_encode(twice + RELAY_HEAD_SIZE, &head);
  head.length = WIRE_FRAME_MAX;
  relay_encode(large, &head);
  const struct {
    const uint8_t *bytes;
    size_t length;
  } cases[] = {{twice, sizeof twice}, {(const uint8_t *)"x", 1}, {large, sizeof large}, {cut, sizeof cut}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    begin(1);
    assert_int_equal(send(t.gate, cases[i].bytes, cases[i].length, 0), (int)cases[i].length);
    let_it_notice();
    assert_int_equal(t.ended, (int)i + 1);
    (void)close(t.gate);
    t.gate = new_gate();
  }
}

// What a function logs stands in the file that is given back.
static FILE *logged(void (*what)(void)) {
  FILE *file = tmpfile();
  int err_fd = dup(STDERR_FILENO);
  assert_true(file != NULL && err_fd >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
  what();
  assert_true(dup2(err_fd, STDERR_FILENO) >= 0 && close(err_fd) == 0);
  rewind(file);
  return file;
}

static void hang_up_on_three_of_another_version(void) {
  for (int i = 0; i < 3; i++) {
    uint8_t hello[RELAY_HEAD_SIZE];
    relay_encode(hello, &(struct relay_head){.kind = RELAY_GATE});
    hello[0] = RELAY_VERSION + 1;
    (void)close(t.gate);
    t.gate = connected();
    assert_int_equal(send(t.gate, hello, sizeof hello, 0), (int)sizeof hello);
    int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
    struct pollfd gone = {.fd = t.gate};  // POLLHUP comes unasked
    while (poll(&gone, 1, 0) == 0) {
      assert_true(nav_clock_monotonic_ms() < until_ms);
      (void)turn(true, QUIET_MS);
      (void)sessions_receive(t.sessions, 16);
    }
  }
}

// It tries again ten times a second.
static void a_gate_of_another_version_is_told_of_once(void **state) {
  (void)state;
  char line[1024];
  int told = 0, lines = 0;
  FILE *file = logged(hang_up_on_three_of_another_version);
  for (; fgets(line, sizeof line, file) != NULL; lines++)
    told += strstr(line, "relay.version") != NULL && strstr(line, "not of one version") != NULL;
  (void)fclose(file);
  assert_true(told == 1 && !sessions_gate_lives(t.sessions));
  assert_true(lines <= 2);  // and that the test's first gate has gone
  (void)close(t.gate);
  t.gate = new_gate();  // one of this version is taken
}

static void say_that_the_gate_lives(void) {
  assert_int_equal(relay_send_one(t.gate, &(struct relay_head){.kind = RELAY_GATE}, NULL), RELAY_DONE);
}

static void turn_for(int64_t ms, bool reads) {
  for (int64_t until_ms = nav_clock_monotonic_ms() + ms; nav_clock_monotonic_ms() < until_ms;) {
    (void)turn(reads, RELAY_ALIVE_MS);
    if (reads) (void)sessions_receive(t.sessions, 16);
  }
}

// Silent is who says nothing while it is listened to; not who was not listened to, nor whom nav-core, which
// stood still itself, has not heard yet.
static void a_gate_that_is_silent_is_hung_up_on(void **state) {
  (void)state;
  begin(1);
  turn_for(GATE_PORT_SILENT_MS + QUIET_MS, false);
  say_that_the_gate_lives();
  (void)usleep((GATE_PORT_SILENT_MS + QUIET_MS) * 1000);
  (void)turn(true, 0);
  (void)sessions_receive(t.sessions, 16);
  assert_true(sessions_gate_lives(t.sessions) && t.ended == 0);
  turn_for(GATE_PORT_SILENT_MS + QUIET_MS, true);
  assert_true(!sessions_gate_lives(t.sessions) && t.ended == 1);
}

static void a_file_left_by_a_core_that_was_killed_is_replaced(void **state) {
  (void)state;
  struct nav_error err;
  const struct sessions_handlers handlers = {.may_send = may_send, .ended = ended};
  char path[sizeof t.path + 8];
  (void)snprintf(path, sizeof path, "%s-left", t.path);
  int fd = relay_listen(path, &err);
  assert_true(fd >= 0);
  assert_null(sessions_open(path, &t.agencies, &t.hub, &handlers, &err));  // it lives still
  (void)close(fd);
  struct sessions *sessions = sessions_open(path, &t.agencies, &t.hub, &handlers, &err);
  assert_non_null(sessions);
  sessions_close(sessions);
}

// Also while nothing else may be said: the gate would send clients on to another node.
static void it_says_that_it_lives(void **state) {
  (void)state;
  struct relay_frame frame;
  struct nav_error err;
  int told = 0;
  t.may_send = false;
  for (int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS; told < 3;) {
    assert_true(nav_clock_monotonic_ms() < until_ms);
    (void)turn(true, RELAY_ALIVE_MS / 4);
    if (relay_receive(t.gate, &t.reader, &frame, &err) == RELAY_DONE) told += frame.head.kind == RELAY_CORE;
  }
}

static void what_waits_has_a_limit(void **state) {
  (void)state;
  ask(1, 1);
  t.may_send = false;
  sessions_flush(t.sessions);  // from here on it waits for a flush alone
  t.may_send = true;
  ask(2, MANY);
  int64_t until_ms = nav_clock_monotonic_ms() + SOON_MS;
  for (uint64_t session = 1, got = 0; session <= GATE_PORT_QUEUE_MAX; session += got != 0) {
    sessions_flush(t.sessions);  // what the socket does not take at once, it takes later
    got = answer(QUIET_MS);
    assert_true(got == session || (got == 0 && nav_clock_monotonic_ms() < until_ms));
  }
  assert_true(sessions_have_room(t.sessions));
  assert_nothing();
}

int main(void) {
  if (sodium_init() < 0) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(frames_leave_together_and_in_order, start, stop),
      cmocka_unit_test_setup_teardown(what_may_not_be_said_when_it_would_leave_waits, start, stop),
      cmocka_unit_test_setup_teardown(who_lets_go_says_nothing_of_what_waited, start, stop),
      cmocka_unit_test_setup_teardown(a_gate_that_reads_again_wakes_who_waits, start, stop),
      cmocka_unit_test_setup_teardown(what_waits_for_a_gate_that_is_gone_reaches_no_other, start, stop),
      cmocka_unit_test_setup_teardown(of_two_gates_the_newer_is_heard, start, stop),
      cmocka_unit_test_setup_teardown(who_says_nothing_takes_no_gates_place, start, stop),
      cmocka_unit_test_setup_teardown(who_sends_what_is_no_message_is_hung_up_on, start, stop),
      cmocka_unit_test_setup_teardown(a_gate_of_another_version_is_told_of_once, start, stop),
      cmocka_unit_test_setup_teardown(a_gate_that_is_silent_is_hung_up_on, start, stop),
      cmocka_unit_test_setup_teardown(a_file_left_by_a_core_that_was_killed_is_replaced, start, stop),
      cmocka_unit_test_setup_teardown(a_gates_end_ends_its_sessions, start, stop),
      cmocka_unit_test_setup_teardown(who_lets_go_resets_every_session_whether_it_may_speak_or_not, start,
                                      stop),
      cmocka_unit_test_setup_teardown(who_lets_go_hangs_up_where_the_gate_takes_nothing, start, stop),
      cmocka_unit_test_setup_teardown(it_says_that_it_lives, start, stop),
      cmocka_unit_test_setup_teardown(what_waits_has_a_limit, start, stop),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
