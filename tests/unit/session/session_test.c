// The sealed session from both ends: who may begin one, and that no frame can be read, changed, repeated,
// left out or put in by somebody between (invariant I12). Run by: ctest.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "hub/wire/session.h"

struct pair {
  struct key_pair_sign agency, hub, stranger;
  struct wire_hello hello;
  struct nav_buffer hello_frame, welcome_frame, frame, plain;
  struct wire_stream client, server;
};

static struct pair p;

static int begin(void **state) {
  (void)state;
  memset(&p, 0, sizeof p);
  (void)crypto_sign_keypair(p.agency.public_key, p.agency.secret_key);
  (void)crypto_sign_keypair(p.hub.public_key, p.hub.secret_key);
  (void)crypto_sign_keypair(p.stranger.public_key, p.stranger.secret_key);
  nav_buffer_init(&p.hello_frame, WIRE_FRAME_MAX);
  nav_buffer_init(&p.welcome_frame, WIRE_FRAME_MAX);
  nav_buffer_init(&p.frame, WIRE_FRAME_MAX);
  nav_buffer_init(&p.plain, WIRE_FRAME_MAX);
  return wire_hello_make(&p.hello, "skola", &p.agency, p.hub.public_key, &p.hello_frame, NULL) ? 0 : -1;
}

static int end(void **state) {
  (void)state;
  nav_buffer_free(&p.hello_frame);
  nav_buffer_free(&p.welcome_frame);
  nav_buffer_free(&p.frame);
  nav_buffer_free(&p.plain);
  return 0;
}

static bool answer(struct nav_error *err) {
  return wire_hello_answer(p.hello_frame.data, p.hello_frame.length, "skola", p.agency.public_key, &p.hub,
                           &p.server, &p.welcome_frame, err);
}

static bool welcome(struct nav_error *err) {
  return wire_welcome_open(&p.hello, p.hub.public_key, p.welcome_frame.data, p.welcome_frame.length,
                           &p.client, err);
}

static int begin_session(void **state) {
  if (begin(state) != 0) return -1;
  return answer(NULL) && welcome(NULL) ? 0 : -1;
}

static void seal(struct wire_stream *from, const char *text) {
  nav_buffer_clear(&p.frame);
  assert_true(wire_stream_seal(from, (const uint8_t *)text, strlen(text), &p.frame, NULL));
}

static bool opens(struct wire_stream *to) {
  return wire_stream_open(to, p.frame.data, p.frame.length, &p.plain, NULL);
}

static void assert_passes(struct wire_stream *from, struct wire_stream *to, const char *text) {
  seal(from, text);
  assert_true(opens(to));
  assert_int_equal(p.plain.length, strlen(text));
  assert_memory_equal(p.plain.data, text, p.plain.length);
}

static void frames_pass_both_ways(void **state) {
  (void)state;
  assert_int_equal(p.hello_frame.data[0], WIRE_HELLO);
  assert_int_equal(p.welcome_frame.data[0], WIRE_WELCOME);
  assert_passes(&p.client, &p.server, "start");
  assert_int_equal(p.frame.data[0], WIRE_OPEN);
  assert_passes(&p.server, &p.client, "session");
  assert_int_equal(p.frame.data[0], WIRE_SEALED);
  for (int i = 0; i < 100; i++) {
    assert_passes(&p.client, &p.server, "publication");
    assert_int_equal(p.frame.data[0], WIRE_SEALED);
    assert_passes(&p.server, &p.client, i % 2 == 0 ? "" : "receipt");
  }
}

static void the_hub_may_speak_before_the_client(void **state) {
  (void)state;
  assert_passes(&p.server, &p.client, "session");
  assert_passes(&p.client, &p.server, "start");
}

static void the_largest_frame_passes_and_one_byte_more_does_not(void **state) {
  (void)state;
  static uint8_t plain[WIRE_FRAME_MAX];
  struct nav_error err = {0};
  assert_passes(&p.client, &p.server, "start");
  nav_buffer_clear(&p.frame);
  assert_true(wire_stream_seal(&p.client, plain, WIRE_FRAME_MAX - WIRE_SEALED_OVERHEAD, &p.frame, &err));
  assert_int_equal(p.frame.length, WIRE_FRAME_MAX);
  assert_true(opens(&p.server));
  nav_buffer_clear(&p.frame);
  assert_false(wire_stream_seal(&p.client, plain, WIRE_FRAME_MAX - WIRE_SEALED_OVERHEAD + 1, &p.frame, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_TOO_LARGE);
  assert_int_equal(p.frame.length, 0);
  assert_passes(&p.client, &p.server, "goes on");
}

static void the_content_is_not_in_the_frame(void **state) {
  (void)state;
  static const char text[] = "a text that must not be read on the way";
  seal(&p.client, text);
  assert_null(memmem(p.frame.data, p.frame.length, text, 8));
}

static void any_changed_bit_ends_the_session(void **state) {
  (void)state;
  seal(&p.client, "publication");
  struct nav_buffer sent = p.frame;
  for (size_t bit = 0; bit < sent.length * 8; bit++) {
    struct wire_stream server = p.server;
    sent.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    struct nav_error err = {0};
    assert_false(wire_stream_open(&server, sent.data, sent.length, &p.plain, &err));
    assert_int_equal(err.code, NAV__V1__CODE__CODE_MALFORMED);
    assert_int_equal(p.plain.length, 0);
    sent.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_false(wire_stream_open(&server, sent.data, sent.length, &p.plain, &err));  // it has ended
  }
  assert_true(opens(&p.server));
}

static void every_cut_frame_is_refused(void **state) {
  (void)state;
  seal(&p.client, "publication");
  for (size_t length = 0; length < p.frame.length; length++) {
    struct wire_stream server = p.server;
    assert_false(wire_stream_open(&server, p.frame.data, length, &p.plain, NULL));
  }
}

static void a_repeated_frame_ends_the_session(void **state) {
  (void)state;
  assert_passes(&p.client, &p.server, "start");
  assert_false(opens(&p.server));  // the OPEN again: the stream must not begin anew
  (void)end(state);
  assert_int_equal(begin_session(state), 0);
  assert_passes(&p.client, &p.server, "start");
  assert_passes(&p.client, &p.server, "one");
  assert_false(opens(&p.server));
}

static void a_frame_left_out_is_noticed(void **state) {
  (void)state;
  assert_passes(&p.client, &p.server, "start");
  seal(&p.client, "lost");
  seal(&p.client, "two");
  assert_false(opens(&p.server));
}

static void a_sealed_frame_before_the_first_is_refused(void **state) {
  (void)state;
  seal(&p.client, "start");
  seal(&p.client, "second");
  assert_int_equal(p.frame.data[0], WIRE_SEALED);
  assert_false(opens(&p.server));
}

static void frames_do_not_come_back_to_their_sender(void **state) {
  (void)state;
  assert_passes(&p.client, &p.server, "start");
  seal(&p.client, "mine");
  assert_false(opens(&p.client));
}

static void another_sessions_frames_are_noise(void **state) {
  (void)state;
  struct wire_stream other_client = p.client;
  (void)end(state);
  assert_int_equal(begin_session(state), 0);
  seal(&other_client, "start");
  assert_false(opens(&p.server));
}

static void a_hello_must_be_the_agencys(void **state) {
  (void)state;
  struct nav_error err = {0};
  assert_false(wire_hello_answer(p.hello_frame.data, p.hello_frame.length, "skola", p.stranger.public_key,
                                 &p.hub, &p.server, &p.welcome_frame, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_BAD_SIGNATURE);
  assert_false(wire_hello_answer(p.hello_frame.data, p.hello_frame.length, "polis", p.agency.public_key,
                                 &p.hub, &p.server, &p.welcome_frame, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_WRONG_AGENCY);
  assert_false(wire_hello_answer(p.hello_frame.data, p.hello_frame.length, "skola", p.agency.public_key,
                                 &p.stranger, &p.server, &p.welcome_frame, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_UNKNOWN_KEY);
  assert_int_equal(p.welcome_frame.length, 0);
}

static void any_changed_bit_of_a_hello_is_refused(void **state) {
  (void)state;
  for (size_t bit = 0; bit < p.hello_frame.length * 8; bit++) {
    p.hello_frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_false(answer(NULL));
    p.hello_frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  for (size_t length = 0; length < p.hello_frame.length; length++) {
    assert_false(wire_hello_answer(p.hello_frame.data, length, "skola", p.agency.public_key, &p.hub,
                                   &p.server, &p.welcome_frame, NULL));
  }
  assert_true(answer(NULL));
}

static void any_changed_bit_of_a_welcome_is_refused(void **state) {
  (void)state;
  assert_true(answer(NULL));
  for (size_t bit = 0; bit < p.welcome_frame.length * 8; bit++) {
    p.welcome_frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    assert_false(welcome(NULL));
    p.welcome_frame.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
  }
  assert_true(welcome(NULL));
}

static void a_welcome_to_another_hello_is_refused(void **state) {
  (void)state;
  assert_true(answer(NULL));
  nav_buffer_clear(&p.hello_frame);
  assert_true(wire_hello_make(&p.hello, "skola", &p.agency, p.hub.public_key, &p.hello_frame, NULL));
  struct nav_error err = {0};
  assert_false(welcome(&err));
  assert_string_equal(err.place, "welcome.hello_hash");
}

static void an_agencys_signature_is_no_hubs(void **state) {
  (void)state;
  // The hub's and an agency's key used for each other's message: the use in the prefix keeps them apart.
  nav_buffer_clear(&p.hello_frame);
  assert_true(wire_hello_make(&p.hello, "skola", &p.hub, p.hub.public_key, &p.hello_frame, NULL));
  p.hello_frame.data[0] = WIRE_WELCOME;
  struct nav_error err = {0};
  assert_false(wire_welcome_open(&p.hello, p.hub.public_key, p.hello_frame.data, p.hello_frame.length,
                                 &p.client, &err));
  assert_int_equal(err.code, NAV__V1__CODE__CODE_BAD_SIGNATURE);
}

static void ephemeral_keys_are_fresh(void **state) {
  (void)state;
  struct wire_hello other;
  nav_buffer_clear(&p.frame);
  assert_true(wire_hello_make(&other, "skola", &p.agency, p.hub.public_key, &p.frame, NULL));
  assert_memory_not_equal(other.ephemeral_secret, p.hello.ephemeral_secret, 32);
  assert_memory_not_equal(other.hash, p.hello.hash, 32);
}

static void a_refusal_says_why(void **state) {
  (void)state;
  struct nav_error err = {0};
  assert_true(wire_refused_make(&p.frame, NAV__V1__CODE__CODE_RATE, "för snabbt"));
  wire_refused_read(p.frame.data, p.frame.length, &err);
  assert_int_equal(err.class, NAV_ERROR_PEER);
  assert_int_equal(err.code, NAV__V1__CODE__CODE_RATE);
  assert_string_equal(err.text, "för snabbt");
  // A long text is cut, and never within a character.
  char text[600];
  for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "ö", 3);
  memmove(text + 1, text, sizeof text - 1);
  text[0] = 'x';
  text[sizeof text - 1] = '\0';
  nav_buffer_clear(&p.frame);
  assert_true(wire_refused_make(&p.frame, NAV__V1__CODE__CODE_RATE, text));
  wire_refused_read(p.frame.data, p.frame.length, &err);
  assert_int_equal(err.code, NAV__V1__CODE__CODE_RATE);
  assert_int_equal(strlen(err.text), 255);
  wire_refused_read(p.frame.data, 4, &err);  // cut within a field
  assert_int_equal(err.code, NAV__V1__CODE__CODE_MALFORMED);
}

int main(void) {
  if (sodium_init() < 0) return 1;
#define TEST(setup, name) cmocka_unit_test_setup_teardown(name, setup, end)
  const struct CMUnitTest tests[] = {
      TEST(begin_session, frames_pass_both_ways),
      TEST(begin_session, the_hub_may_speak_before_the_client),
      TEST(begin_session, the_largest_frame_passes_and_one_byte_more_does_not),
      TEST(begin_session, the_content_is_not_in_the_frame),
      TEST(begin_session, any_changed_bit_ends_the_session),
      TEST(begin_session, every_cut_frame_is_refused),
      TEST(begin_session, a_repeated_frame_ends_the_session),
      TEST(begin_session, a_frame_left_out_is_noticed),
      TEST(begin_session, a_sealed_frame_before_the_first_is_refused),
      TEST(begin_session, frames_do_not_come_back_to_their_sender),
      TEST(begin_session, another_sessions_frames_are_noise),
      TEST(begin, a_hello_must_be_the_agencys),
      TEST(begin, any_changed_bit_of_a_hello_is_refused),
      TEST(begin, any_changed_bit_of_a_welcome_is_refused),
      TEST(begin, a_welcome_to_another_hello_is_refused),
      TEST(begin, an_agencys_signature_is_no_hubs),
      TEST(begin, ephemeral_keys_are_fresh),
      TEST(begin, a_refusal_says_why),
  };
#undef TEST
  return cmocka_run_group_tests(tests, NULL, NULL);
}
