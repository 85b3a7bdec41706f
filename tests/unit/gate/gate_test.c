// nav-gate from outside: who gets in, whose frames go where, and what is refused. The test is the core and
// the clients. Run by: ctest.
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "tests/unit/gate/gate_flood_test.h"
#include "tests/unit/gate/harness.h"

static struct relayed got;
static uint8_t data[WIRE_FRAME_MAX + 4096];

static void frames_go_both_ways(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL), *polis = client_new(POLIS, NULL);
  struct relay_head from_skola = begin(skola, SKOLA), from_polis = begin(polis, POLIS);
  assert_true(from_skola.session != from_polis.session);
  core_send(&from_polis, "\2welcome polis", 14);
  core_send(&from_skola, "\2welcome skola", 14);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 14);
  assert_memory_equal(data, "\2welcome skola", 14);
  assert_int_equal(client_receive(polis, data, sizeof data, WAIT_MS), 14);
  assert_memory_equal(data, "\2welcome polis", 14);
  client_send_kind(skola, WIRE_OPEN, "x");
  client_send_kind(skola, WIRE_SEALED, "y");
  assert_true(core_receive(&got, WAIT_MS));
  assert_true(got.head.session == from_skola.session && got.data[0] == WIRE_OPEN);
  assert_true(core_receive(&got, WAIT_MS));
  assert_true(got.head.session == from_skola.session && got.data[0] == WIRE_SEALED);
  client_close(skola);
  client_close(polis);
}

// Of each client its own, in their order, though one message has some of both.
static void frames_that_come_together_are_parted(void **state) {
  (void)state;
  enum { COUNT = 150 };
  void *clients[] = {client_new(SKOLA, NULL), client_new(POLIS, NULL)};
  const struct relay_head heads[] = {begin(clients[0], SKOLA), begin(clients[1], POLIS)};
  static struct relay_frame frames[COUNT];
  static uint8_t bytes[COUNT][3];
  for (int i = 0; i < COUNT; i++) {
    memcpy(bytes[i], (uint8_t[]){WIRE_SEALED, i % 3 == 0, (uint8_t)i}, sizeof bytes[i]);
    frames[i] = (struct relay_frame){heads[i % 3 == 0], bytes[i]};
    frames[i].head.length = 2 + (i % 2 == 0);  // of every second its number is left away
  }
  core_send_together(frames, COUNT);
  for (int i = 0; i < COUNT; i++) {
    size_t length = frames[i].head.length;
    assert_int_equal(client_receive(clients[i % 3 == 0], data, sizeof data, WAIT_MS), (int)length);
    assert_memory_equal(data, bytes[i], length);
  }
  client_close(clients[0]);
  client_close(clients[1]);
}

static void an_unlisted_key_is_refused_and_reported(void **state) {
  (void)state;
  assert_int_equal(client_handshake(SKOLA, WAIT_MS), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  assert_int_equal(client_handshake(STRANGER, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  assert_true(core_receive(&got, WAIT_MS));
  assert_int_equal(got.head.kind, RELAY_REFUSED);
  assert_string_equal(got.head.agency, "");
  assert_int_equal(got.length, 8);
  assert_int_equal(nav_get_u32(got.data), NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_int_equal(nav_get_u32(got.data + 4), 1);
}

static void a_strangers_frame_never_reaches_the_core(void **state) {
  (void)state;
  void *stranger = client_new(STRANGER, NULL);
  client_send_kind(stranger, WIRE_HELLO, "let me in");
  while (core_receive(&got, 1500)) assert_int_not_equal(got.head.kind, RELAY_FRAME);
  client_close(stranger);
}

static void a_connection_without_curve_is_refused(void **state) {
  (void)state;
  void *plain = client_new_plain();
  client_send_kind(plain, WIRE_HELLO, "let me in");
  while (core_receive(&got, QUIET_MS)) assert_int_not_equal(got.head.kind, RELAY_FRAME);
  client_close(plain);
}

static bool core_hears_gone(uint64_t session) {
  while (core_receive(&got, WAIT_MS)) {
    if (got.head.kind == RELAY_GONE && got.head.session == session) return true;
  }
  return false;
}

static void a_routing_id_taken_by_another_gets_nothing_of_the_first(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, "the-same-id");
  struct relay_head first = begin(skola, SKOLA);
  client_close(skola);
  assert_true(core_hears_gone(first.session));
  void *polis = client_new(POLIS, "the-same-id");
  struct relay_head second = begin(polis, POLIS);
  assert_true(second.session != first.session);
  core_send(&first, "\4meant for skola", 16);
  assert_true(core_receive(&got, WAIT_MS));
  assert_true(got.head.kind == RELAY_GONE && got.head.session == first.session);
  core_send(&second, "\4meant for polis", 16);
  assert_int_equal(client_receive(polis, data, sizeof data, WAIT_MS), 16);
  assert_memory_equal(data, "\4meant for polis", 16);
  assert_int_equal(client_receive(polis, data, sizeof data, QUIET_MS), -1);
  client_close(polis);
}

static void a_routing_id_cannot_be_taken_while_its_owner_is_there(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, "the-same-id");
  struct relay_head first = begin(skola, SKOLA);
  void *polis = client_new(POLIS, "the-same-id");
  client_send_kind(polis, WIRE_HELLO, "mine now");
  assert_false(core_receive(&got, QUIET_MS));
  core_send(&first, "\4still mine", 11);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 11);
  assert_int_equal(client_receive(polis, data, sizeof data, QUIET_MS), -1);
  client_close(polis);
  client_close(skola);
}

static void the_agency_in_the_head_must_be_the_sessions(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head wrong = begin(skola, SKOLA);
  (void)snprintf(wrong.agency, sizeof wrong.agency, "polis");
  core_send(&wrong, "\4x", 2);
  assert_int_equal(client_receive(skola, data, sizeof data, QUIET_MS), -1);
  client_close(skola);
}

// A frame may be missing in any session then.
static void a_core_that_sends_what_is_no_relay_message_is_hung_up_on(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  head.kind = RELAY_CORE + 1;
  core_send(&head, "\4x", 2);
  assert_true(harness_logged("there is no kind 6"));
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  harness_end_core();
  harness_bind_core();
  head = begin(skola, SKOLA);
  core_send(&head, "\4goes on", 8);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 8);
  client_close(skola);
}

// As a core of another version does.
static void a_core_that_hangs_up_at_once_is_told_of_once(void **state) {
  (void)state;
  char path[sizeof h.home + 16];
  struct nav_error err;
  int spare = -1;
  (void)snprintf(path, sizeof path, "%s/run/gate.sock", h.home);
  int listening = relay_listen(path, &err);
  assert_true(listening >= 0);
  for (int hung_up = 0; hung_up < 4; hung_up++) {
    struct pollfd file = {.fd = listening, .events = POLLIN};
    assert_int_equal(poll(&file, 1, WAIT_MS), 1);
    assert_int_equal(close(relay_accept(listening, &spare)), 0);
  }
  assert_true(harness_logged("it hung up at once"));
  assert_int_equal(harness_count_logged("it hung up at once"), 1);
  (void)close(listening);
  if (spare >= 0) (void)close(spare);
  harness_bind_core();
  void *skola = client_new(SKOLA, NULL);
  (void)begin(skola, SKOLA);
  client_close(skola);
}

static void the_largest_frame_passes_and_a_larger_is_refused(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  memset(data, WIRE_SEALED, sizeof data);
  client_send(skola, data, WIRE_FRAME_MAX);
  assert_true(core_receive(&got, WAIT_MS));
  assert_int_equal(got.length, WIRE_FRAME_MAX);
  client_send(skola, data, WIRE_FRAME_MAX + 1);
  assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_TOO_LARGE);
  assert_true(core_hears_gone(head.session));
  client_close(skola);
}

static void a_message_of_several_parts_is_refused(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  for (int i = 0; i < 20; i++) assert_int_equal(zmq_send(skola, "\4x", 2, ZMQ_SNDMORE), 2);
  client_send(skola, "\4x", 2);
  assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_TOO_MANY);
  assert_true(core_hears_gone(head.session));
  while (core_receive(&got, QUIET_MS)) assert_int_not_equal(got.head.kind, RELAY_FRAME);
  client_close(skola);
}

static void what_no_client_sends_is_refused(void **state) {
  (void)state;
  static const char *const frames[] = {"", "\2welcome", "\5", "\6refused", "\377", "G"};
  for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
    void *skola = client_new(SKOLA, NULL);
    client_send(skola, frames[i], strlen(frames[i]));
    assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_MALFORMED);
    client_close(skola);
  }
  while (core_receive(&got, QUIET_MS)) assert_int_not_equal(got.head.kind, RELAY_FRAME);
}

static void a_session_begins_with_hello_or_is_reset(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  client_send_kind(skola, WIRE_SEALED, "of an old session");
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  assert_false(core_receive(&got, QUIET_MS));
  (void)begin(skola, SKOLA);
  client_close(skola);
}

static void the_core_can_end_a_session(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  head.kind = RELAY_GONE;
  core_send(&head, "", 0);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  head.kind = RELAY_FRAME;
  core_send(&head, "\4late", 5);
  assert_int_equal(client_receive(skola, data, sizeof data, QUIET_MS), -1);
  client_close(skola);
}

static void the_gate_tells_that_it_lives(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    assert_true(core_receive_any(&got, WAIT_MS));
    assert_true(got.head.kind == RELAY_GATE && got.head.session == 0 && got.length == 0);
  }
}

static void what_is_sent_while_the_core_is_away_waits_for_it(void **state) {
  (void)state;
  enum { COUNT = 20 };
  void *skola = client_new(SKOLA, NULL);
  client_send_kind(skola, WIRE_HELLO, "hello");
  for (int i = 0; i < COUNT; i++) {
    const uint8_t frame[2] = {WIRE_SEALED, (uint8_t)i};
    client_send(skola, frame, sizeof frame);
  }
  assert_int_equal(client_handshake(STRANGER, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);  // ZAP lives on
  harness_bind_core();
  int next = -1;
  while (next < COUNT && core_receive(&got, WAIT_MS)) {
    if (got.head.kind != RELAY_FRAME) continue;
    if (next >= 0) assert_int_equal(got.data[1], next);
    next++;
  }
  assert_int_equal(next, COUNT);
  client_close(skola);
}

// A core that lives but does not read: nothing is lost, nothing grows, and it comes in order when it reads
// again.
static void what_is_sent_to_a_core_that_does_not_read_waits(void **state) {
  (void)state;
  enum { COUNT = 4000, BYTES = 30000 };  // 120 MB
  void *skola = client_new(SKOLA, NULL);
  (void)begin(skola, SKOLA);
  memset(data, WIRE_SEALED, BYTES);
  size_t before =
      harness_memory();  // before the first is sent: after the last, the gate may not have taken its fill
  for (uint32_t i = 0; i < COUNT; i++) {
    nav_put_u32(data + 1, i);
    client_send(skola, data, BYTES);
  }
  (void)usleep(QUIET_MS * 1000);
  assert_int_equal(client_handshake(STRANGER, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);  // ZAP lives on
  // At most half of what was sent: the link and socket buffers, and what a sanitizer does not give back.
  size_t grown = harness_memory() - before;
  assert_true(grown < (size_t)COUNT * BYTES / 2);
  for (uint32_t next = 0; next < COUNT;) {
    assert_true(core_receive(&got, WAIT_MS));
    if (got.head.kind != RELAY_FRAME) continue;
    assert_int_equal(got.length, BYTES);
    assert_int_equal(nav_get_u32(got.data + 1), next++);
  }
  client_close(skola);
}

static void a_node_without_a_core_sends_clients_on(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  client_send_kind(skola, WIRE_HELLO, "hello");
  assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_STANDBY);
  harness_bind_core();
  assert_true(harness_logged("connected to nav-core"));
  struct relay_head head = begin(skola, SKOLA);
  assert_string_equal(head.agency, "skola");
}

// A process that took the connection and says nothing more.
static void a_core_that_is_frozen_is_gone(void **state) {
  (void)state;
  pid_t core = fork();
  if (core == 0) {
    harness_bind_core();
    for (;;) (void)pause();
  }
  assert_true(harness_logged("connected to nav-core"));
  void *skola = client_new(SKOLA, NULL);
  client_send_kind(skola, WIRE_HELLO, "hello");
  assert_int_equal(client_receive(skola, data, sizeof data, QUIET_MS), -1);  // it waits for the core
  assert_int_equal(kill(core, SIGSTOP), 0);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  client_send_kind(skola, WIRE_HELLO, "hello");
  assert_int_equal(client_refused(skola), NAV__V1__CODE__CODE_STANDBY);
  assert_int_equal(kill(core, SIGKILL), 0);
  assert_int_equal(waitpid(core, NULL, 0), core);
}

// Stopped for longer than two thirds of its node's lease: what its core sent meanwhile or before is old.
static void a_gate_that_did_not_run_passes_on_nothing_of_before(void **state) {
  (void)state;
  const uint8_t old[] = {WIRE_SEALED, 'o', 'l', 'd'};
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  harness_signal(SIGSTOP);
  core_send(&head, old, sizeof old);
  (void)usleep(1800 * 1000);
  harness_signal(SIGCONT);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  assert_true(harness_logged("this gate did not run for"));
  assert_int_equal(client_receive(skola, data, sizeof data, QUIET_MS), -1);
  for (int told = 0; told < 2; told++) {  // that it ended, and that a frame came for one that had
    assert_true(core_receive(&got, WAIT_MS));
    assert_true(got.head.kind == RELAY_GONE && got.head.session == head.session);
  }
  struct relay_head anew = begin(skola, SKOLA);
  assert_true(anew.session != head.session);
}

static void when_the_core_goes_clients_are_told_to_start_anew(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  harness_end_core();
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  harness_bind_core();
  struct relay_head anew = begin(skola, SKOLA);
  assert_true(anew.session != head.session);
  client_close(skola);
}

// Also where the core had not read all that the gate sent, which the system tells as an error first.
static void what_the_core_said_before_it_went_arrives(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  client_send_kind(skola, WIRE_SEALED, "unread");
  assert_true(core_has_mail(WAIT_MS));
  harness_signal(SIGSTOP);
  for (int i = 0; i < 3; i++) core_send(&head, "\4said before", 12);
  harness_end_core();
  harness_signal(SIGCONT);
  for (int i = 0; i < 3; i++) assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 12);
  assert_int_equal(client_receive(skola, data, sizeof data, WAIT_MS), 1);
  assert_int_equal(data[0], WIRE_RESET);
  client_close(skola);
}

static void why_there_is_no_core_is_said_once(void **state) {
  (void)state;
  assert_true(harness_logged("waits for nav-core: "));
  assert_true(harness_logged("nobody listens there"));
  (void)usleep(QUIET_MS * 1000);
  assert_int_equal(harness_count_logged("waits for nav-core: "), 1);
}

static void a_revoked_key_ends_its_session_and_gets_no_other(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL), *polis = client_new(POLIS, NULL);
  struct relay_head of_skola = begin(skola, SKOLA), of_polis = begin(polis, POLIS);
  harness_write_agencies(NULL, &h.parties[POLIS]);
  harness_signal(SIGHUP);
  assert_true(core_hears_gone(of_skola.session));
  assert_true(harness_logged("read agencies.yaml again"));
  (void)zmq_send(skola, "\4one more", 9, ZMQ_DONTWAIT);
  assert_int_equal(client_handshake(SKOLA, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  client_send_kind(polis, WIRE_SEALED, "goes on");
  bool goes_on = false;
  while (core_receive(&got, QUIET_MS * 3)) {
    if (got.head.kind != RELAY_FRAME) continue;
    assert_true(got.head.session == of_polis.session);
    goes_on = true;
  }
  assert_true(goes_on);
  client_close(skola);
  client_close(polis);
}

static void a_changed_key_ends_the_old_ones_session(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  harness_write_agencies(&h.parties[STRANGER], &h.parties[POLIS]);
  harness_signal(SIGHUP);
  assert_true(core_hears_gone(head.session));
  assert_int_equal(client_handshake(SKOLA, WAIT_MS), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  void *with_new_key = client_new(STRANGER, NULL);
  client_send_kind(with_new_key, WIRE_HELLO, "hello");
  while (core_receive(&got, WAIT_MS) && got.head.kind != RELAY_FRAME) continue;
  assert_string_equal(got.head.agency, "skola");
  client_close(with_new_key);
  client_close(skola);
}

static void faults_in_agencies_keep_what_is_in_force(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  struct relay_head head = begin(skola, SKOLA);
  char path[128];
  (void)snprintf(path, sizeof path, "%s/config/agencies.yaml", h.home);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs("agencies:\n  - id: polis\n    titel: Polisen\n", file) >= 0);
  assert_int_equal(fclose(file), 0);
  harness_signal(SIGHUP);
  assert_true(harness_logged("the agencies in force stay"));
  assert_true(harness_logged("titel"));
  client_send_kind(skola, WIRE_SEALED, "goes on");
  assert_true(core_receive(&got, WAIT_MS));
  assert_true(got.head.kind == RELAY_FRAME && got.head.session == head.session);
  assert_int_equal(client_handshake(SKOLA, WAIT_MS), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  client_close(skola);
}

static void it_stops_cleanly(void **state) {
  (void)state;
  void *skola = client_new(SKOLA, NULL);
  (void)begin(skola, SKOLA);
  int64_t from_ms = nav_clock_monotonic_ms();
  harness_signal(SIGTERM);
  assert_int_equal(harness_wait(), 0);
  assert_true(nav_clock_monotonic_ms() - from_ms < 2000);
  client_close(skola);
}

static void a_taken_address_is_said_and_ends_it(void **state) {
  (void)state;
  assert_int_equal(harness_run_second(), 1);
  assert_true(harness_logged("cannot listen there"));
}

// With an argument: only the tests of that name (* and ? as in file names).
int main(int argc, char **argv) {
  if (sodium_init() < 0) return 1;
  if (argc > 1) cmocka_set_test_filter(argv[1]);
#define TEST(start, name) cmocka_unit_test_setup_teardown(name, start, harness_stop)
  const struct CMUnitTest tests[] = {
      TEST(harness_start, frames_go_both_ways),
      TEST(harness_start, an_unlisted_key_is_refused_and_reported),
      TEST(harness_start, a_strangers_frame_never_reaches_the_core),
      TEST(harness_start, a_connection_without_curve_is_refused),
      TEST(harness_start, a_routing_id_taken_by_another_gets_nothing_of_the_first),
      TEST(harness_start, a_routing_id_cannot_be_taken_while_its_owner_is_there),
      TEST(harness_start, the_agency_in_the_head_must_be_the_sessions),
      TEST(harness_start, frames_that_come_together_are_parted),
      TEST(harness_start, a_core_that_sends_what_is_no_relay_message_is_hung_up_on),
      TEST(harness_start_without_core, a_core_that_hangs_up_at_once_is_told_of_once),
      TEST(harness_start, the_largest_frame_passes_and_a_larger_is_refused),
      TEST(harness_start, a_message_of_several_parts_is_refused),
      TEST(harness_start, what_no_client_sends_is_refused),
      TEST(harness_start, a_session_begins_with_hello_or_is_reset),
      TEST(harness_start, the_core_can_end_a_session),
      TEST(harness_start, the_gate_tells_that_it_lives),
      TEST(harness_start_without_core, what_is_sent_while_the_core_is_away_waits_for_it),
      TEST(harness_start, what_is_sent_to_a_core_that_does_not_read_waits),
      TEST(harness_start_node, a_node_without_a_core_sends_clients_on),
      TEST(harness_start_node, a_core_that_is_frozen_is_gone),
      TEST(harness_start_node_with_core, a_gate_that_did_not_run_passes_on_nothing_of_before),
      TEST(harness_start, when_the_core_goes_clients_are_told_to_start_anew),
      TEST(harness_start, what_the_core_said_before_it_went_arrives),
      TEST(harness_start_without_core, why_there_is_no_core_is_said_once),
      TEST(harness_start, a_revoked_key_ends_its_session_and_gets_no_other),
      TEST(harness_start, a_changed_key_ends_the_old_ones_session),
      TEST(harness_start, faults_in_agencies_keep_what_is_in_force),
      TEST(harness_start, it_stops_cleanly),
      TEST(harness_start, a_taken_address_is_said_and_ends_it),
      TEST(harness_start, a_flood_of_unknown_keys_is_counted_not_told_one_by_one),
      TEST(harness_start_small, a_flood_is_refused_and_delays_nobody_else),
      TEST(harness_start_small, connections_past_the_limit_are_turned_away_until_some_go),
      TEST(harness_start, connections_that_say_nothing_are_closed),
      TEST(harness_start, one_address_cannot_take_every_place_at_the_door),
      TEST(harness_start, a_message_without_end_is_cut_and_takes_no_memory),
      TEST(harness_start, a_reader_that_stops_reading_delays_nobody_and_takes_no_memory),
      TEST(harness_start, what_waits_for_a_reader_takes_no_time),
      TEST(harness_start, an_agency_cannot_take_all_sessions),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
