// nav-gate's connection to nav-core, with the test as nav-core: messages of several frames. Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/gate/corelink.h"

static struct {
  char folder[32], path[64];
  int listening, spare, core;  // core: what nav-core has of the connection
  struct corelink *link;
} t;

static int open_link(void **state) {
  (void)state;
  struct nav_error err;
  (void)snprintf(t.folder, sizeof t.folder, "/tmp/navlink-XXXXXX");
  if (mkdtemp(t.folder) == NULL) return -1;
  (void)snprintf(t.path, sizeof t.path, "%s/gate.sock", t.folder);
  t.spare = -1;
  t.listening = relay_listen(t.path, &err);
  t.link = corelink_open(t.path, 0, &err);
  if (t.listening < 0 || t.link == NULL) return -1;
  (void)corelink_step(t.link, nav_clock_monotonic_ms());
  t.core = relay_accept(t.listening, &t.spare);
  return t.core < 0 ? -1 : 0;
}

static int close_link(void **state) {
  (void)state;
  corelink_close(t.link);
  (void)close(t.core);
  (void)close(t.listening);
  if (t.spare >= 0) (void)close(t.spare);
  return unlink(t.path) + rmdir(t.folder);
}

static short wait_for_link(void) {
  struct pollfd file = corelink_poll(t.link);
  assert_true(poll(&file, 1, 0) >= 0);
  corelink_polled(t.link, file.revents);
  return file.revents;
}

static void send_sessions(uint64_t from, uint64_t to) {
  struct relay_frame frames[RELAY_TOGETHER_MAX] = {0};
  size_t count = 0, sent = 0;
  for (uint64_t session = from; session <= to; session++)
    frames[count++] = (struct relay_frame){{session, RELAY_FRAME, "skola", 2}, (const uint8_t *)"\4x"};
  assert_int_equal(relay_send(t.core, frames, count, &sent), RELAY_DONE);
  assert_int_equal(sent, count);
}

// 0: nothing.
static uint64_t next_session(void) {
  struct nav_error err;
  struct relay_head head;
  zmq_msg_t payload;
  if (corelink_receive(t.link, &head, &payload, &err) != RELAY_DONE) return 0;
  assert_int_equal(zmq_msg_size(&payload), 2);
  assert_memory_equal(zmq_msg_data(&payload), "\4x", 2);
  (void)zmq_msg_close(&payload);
  return head.session;
}

// Of what is left of a message the socket tells nothing.
static void what_is_left_of_a_message_is_told(void **state) {
  (void)state;
  assert_false(corelink_has_more(t.link));
  send_sessions(1, 3);
  assert_int_equal(wait_for_link(), POLLIN);
  assert_true(next_session() == 1 && corelink_has_more(t.link));
  assert_int_equal(wait_for_link(), 0);
  assert_true(next_session() == 2 && corelink_has_more(t.link));
  assert_true(next_session() == 3 && !corelink_has_more(t.link));
  assert_true(next_session() == 0);
}

static void a_connection_ends_after_what_had_come_and_the_next_begins_clean(void **state) {
  (void)state;
  struct nav_error err;
  struct relay_head head = {.kind = RELAY_CORE + 1};
  zmq_msg_t payload;
  send_sessions(1, 2);
  assert_int_equal(relay_send_one(t.core, &head, NULL), RELAY_DONE);
  (void)wait_for_link();
  assert_true(next_session() == 1 && next_session() == 2 && !corelink_lost(t.link));
  assert_int_equal(corelink_receive(t.link, &head, &payload, &err), RELAY_MALFORMED);
  assert_true(corelink_lost(t.link) && corelink_poll(t.link).fd < 0);
  (void)close(t.core);
  (void)corelink_step(t.link, nav_clock_monotonic_ms() + 1000);  // it tries again ten times a second
  t.core = relay_accept(t.listening, &t.spare);
  send_sessions(7, 9);
  (void)wait_for_link();
  assert_true(next_session() == 7 && corelink_has_more(t.link));
  // It ends in the midst of a message: what had come is still read.
  assert_int_equal(shutdown(t.core, SHUT_RDWR), 0);
  (void)wait_for_link();
  assert_true(next_session() == 8 && next_session() == 9 && next_session() == 0);
  assert_true(corelink_lost(t.link) && !corelink_has_more(t.link));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_left_of_a_message_is_told, open_link, close_link),
      cmocka_unit_test_setup_teardown(a_connection_ends_after_what_had_come_and_the_next_begins_clean,
                                      open_link, close_link),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
