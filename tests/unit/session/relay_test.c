// The head that gate and core put before a frame, and frames that share a message. Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "hub/wire/relay_socket.h"

static void what_is_encoded_is_decoded(void **state) {
  (void)state;
  const struct relay_head head = {0x0102030405060708, RELAY_REFUSED, "bostad-1", 3};
  uint8_t bytes[RELAY_HEAD_SIZE + 4];
  relay_encode(bytes, &head);
  struct relay_head read;
  assert_true(relay_decode(&read, bytes, sizeof bytes, NULL));
  assert_true(read.session == head.session && read.kind == head.kind && read.length == 3);
  assert_string_equal(read.agency, "bostad-1");
  assert_int_equal(bytes[0], RELAY_VERSION);
  assert_int_equal(bytes[1], 1);
  assert_int_equal(bytes[8], 8);
}

static void the_longest_agency_fits_and_stays_terminated(void **state) {
  (void)state;
  struct relay_head head = {.session = 2, .kind = RELAY_FRAME};
  memset(head.agency, 'a', sizeof head.agency);  // no NUL at all
  uint8_t bytes[RELAY_HEAD_SIZE];
  relay_encode(bytes, &head);
  struct relay_head read;
  assert_true(relay_decode(&read, bytes, sizeof bytes, NULL));
  assert_int_equal(strlen(read.agency), RELAY_AGENCY_SIZE - 1);
}

static void what_is_not_a_head_is_refused(void **state) {
  (void)state;
  const struct relay_head head = {2, RELAY_FRAME, "skola", 1};
  uint8_t sound[RELAY_HEAD_SIZE + 1] = {0}, bytes[sizeof sound];
  relay_encode(sound, &head);
  struct relay_head read;
  struct nav_error err = {0};
  for (size_t length = 0; length < sizeof sound; length++)
    assert_false(relay_decode(&read, sound, length, &err));
  assert_true(relay_decode(&read, sound, sizeof sound, &err));
  static const struct {
    size_t at;
    uint8_t value;
    const char *place;
  } cases[] = {
      {0, 0, "relay.version"},   {0, RELAY_VERSION + 1, "relay.version"},
      {9, 0, "relay.kind"},      {9, 6, "relay.kind"},
      {10, 1, "relay.length"},   {13, 2, "relay.length"},
      {14, 'S', "relay.agency"}, {15, ' ', "relay.agency"},
      {57, 'x', "relay.agency"}, {14, 0, "relay.agency"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memcpy(bytes, sound, sizeof bytes);
    bytes[cases[i].at] = cases[i].value;
    assert_false(relay_decode(&read, bytes, sizeof bytes, &err));
    assert_string_equal(err.place, cases[i].place);
  }
  memcpy(bytes, sound, sizeof bytes);
  memset(bytes + 14, 'a', RELAY_AGENCY_SIZE);
  assert_false(relay_decode(&read, bytes, sizeof bytes, &err));
}

// ---- several in a message ----

static int ends[2];
static struct relay_reader reader;

static int connect_ends(void **state) {
  (void)state;
  memset(&reader, 0, sizeof reader);
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends);
}

static int close_ends(void **state) {
  (void)state;
  return close(ends[0]) + close(ends[1]);
}

static uint8_t content[RELAY_TOGETHER_MAX + 4][WIRE_FRAME_MAX];

static struct relay_frame frame_of(size_t number, size_t length) {
  memset(content[number], (int)number + 1, length);
  return (struct relay_frame){{number, RELAY_FRAME, "skola", (uint32_t)length}, content[number]};
}

static void assert_next(const struct relay_frame *expected, bool more) {
  struct relay_frame frame;
  assert_int_equal(relay_receive(ends[1], &reader, &frame, NULL), RELAY_DONE);
  assert_true(frame.head.session == expected->head.session);
  assert_int_equal(frame.head.length, expected->head.length);
  assert_memory_equal(frame.bytes, expected->bytes, frame.head.length);
  assert_int_equal(relay_has_more(&reader), more);
}

static void assert_no_more(void) {
  struct relay_frame frame;
  assert_int_equal(relay_receive(ends[1], &reader, &frame, NULL), RELAY_LATER);
}

static void as_many_as_a_message_takes_go_together(void **state) {
  (void)state;
  enum { FULL = WIRE_FRAME_MAX, HALF = (RELAY_MESSAGE_MAX - 2 * RELAY_HEAD_SIZE) / 2 };
  static const struct {
    size_t lengths[RELAY_TOGETHER_MAX + 4], count, sent;
  } cases[] = {
      {{5}, 1, 1},
      {{0}, 1, 1},
      {{5, 0, 700, 1}, 4, 4},
      {{FULL}, 1, 1},
      {{FULL, 0}, 2, 1},
      {{HALF, HALF}, 2, 2},
      {{HALF, HALF + 2}, 2, 1},
      {{1, FULL, 1}, 3, 1},
      {{0}, RELAY_TOGETHER_MAX + 4, RELAY_TOGETHER_MAX},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct relay_frame frames[RELAY_TOGETHER_MAX + 4];
    size_t sent = 0;
    for (size_t n = 0; n < cases[i].count; n++) frames[n] = frame_of(n, cases[i].lengths[n]);
    assert_int_equal(relay_send(ends[0], frames, cases[i].count, &sent), RELAY_DONE);
    assert_int_equal(sent, cases[i].sent);
    for (size_t n = 0; n < sent; n++) assert_next(&frames[n], n + 1 < sent);
    assert_no_more();
  }
}

// Of what stands behind it nothing can be said.
static void the_rest_of_a_message_goes_with_what_is_malformed(void **state) {
  (void)state;
  struct relay_frame frames[] = {frame_of(0, 3), frame_of(1, 3), frame_of(2, 3)}, got;
  struct nav_error err;
  size_t sent;
  frames[1].head.kind = 0;
  assert_int_equal(relay_send(ends[0], frames, 3, &sent), RELAY_DONE);
  assert_int_equal(relay_send_one(ends[0], &frames[2].head, frames[2].bytes), RELAY_DONE);
  assert_next(&frames[0], true);
  assert_int_equal(relay_receive(ends[1], &reader, &got, &err), RELAY_MALFORMED);
  assert_string_equal(err.place, "relay.kind");
  assert_next(&frames[2], false);
}

static void where_the_other_side_reads_slowly_nothing_is_sent_in_part(void **state) {
  (void)state;
  const struct relay_frame frames[] = {frame_of(0, 20000), frame_of(1, 20000), frame_of(2, 20000)};
  size_t sent = 0, messages = 0;
  enum relay_result result;
  while ((result = relay_send(ends[0], frames, 3, &sent)) == RELAY_DONE) {
    assert_int_equal(sent, 3);
    messages++;
  }
  assert_int_equal(result, RELAY_LATER);
  assert_int_equal(sent, 0);
  assert_true(messages > 0);
  for (size_t i = 0; i < 3 * messages; i++) assert_next(&frames[i % 3], i % 3 < 2);
  assert_no_more();
}

static void what_was_sent_before_the_end_is_read_before_it(void **state) {
  (void)state;
  const struct relay_frame frames[] = {frame_of(0, 3), frame_of(1, 3)};
  struct relay_frame frame;
  size_t sent;
  assert_int_equal(relay_send(ends[0], frames, 2, &sent), RELAY_DONE);
  assert_int_equal(shutdown(ends[0], SHUT_RDWR), 0);
  assert_next(&frames[0], true);
  assert_next(&frames[1], false);
  assert_int_equal(relay_receive(ends[1], &reader, &frame, NULL), RELAY_ENDED);
  assert_int_equal(relay_send(ends[1], frames, 2, &sent), RELAY_ENDED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_encoded_is_decoded),
      cmocka_unit_test(the_longest_agency_fits_and_stays_terminated),
      cmocka_unit_test(what_is_not_a_head_is_refused),
      cmocka_unit_test_setup_teardown(as_many_as_a_message_takes_go_together, connect_ends, close_ends),
      cmocka_unit_test_setup_teardown(the_rest_of_a_message_goes_with_what_is_malformed, connect_ends,
                                      close_ends),
      cmocka_unit_test_setup_teardown(where_the_other_side_reads_slowly_nothing_is_sent_in_part, connect_ends,
                                      close_ends),
      cmocka_unit_test_setup_teardown(what_was_sent_before_the_end_is_read_before_it, connect_ends,
                                      close_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
