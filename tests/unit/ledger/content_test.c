// Sealed content opens with its own key at its own place, and nowhere else.
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hub/ledger/content.h"

static const uint8_t log_id[KEY_LOG_ID_SIZE] = {1, 2, 3};
static const uint8_t salt[CONTENT_SALT_SIZE] = {9};
static const uint8_t event[] = "an event's bytes";

struct sealed {
  struct content_place place;
  uint8_t key[CONTENT_KEY_SIZE];
  struct nav_buffer bytes;
  struct nav_buffer plain;
  struct nav_error err;
};

static int seal(void **state) {
  static struct sealed s;
  memset(s.key, 5, sizeof s.key);
  s.place = (struct content_place){log_id, 17, 2, 20414};
  nav_buffer_init(&s.bytes, 4096);
  nav_buffer_init(&s.plain, 4096);
  if (!content_seal(&s.place, s.key, salt, event, sizeof event, &s.bytes)) return -1;
  *state = &s;
  return 0;
}

static int drop(void **state) {
  struct sealed *s = *state;
  nav_buffer_free(&s->bytes);
  nav_buffer_free(&s->plain);
  return 0;
}

static bool opens(struct sealed *s) {
  return content_open(&s->place, s->key, s->bytes.data, s->bytes.length, &s->plain, &s->err);
}

static void it_opens_to_salt_and_event(void **state) {
  struct sealed *s = *state;
  assert_int_equal(s->bytes.length, sizeof event + CONTENT_OVERHEAD);
  assert_true(opens(s));
  assert_int_equal(s->plain.length, CONTENT_SALT_SIZE + sizeof event);
  assert_memory_equal(s->plain.data, salt, sizeof salt);
  assert_memory_equal(s->plain.data + CONTENT_SALT_SIZE, event, sizeof event);
}

static void another_place_does_not_open_it(void **state) {
  struct sealed *s = *state;
  struct content_place right = s->place;
  uint8_t other_log[KEY_LOG_ID_SIZE] = {1, 2, 4};
  for (int i = 0; i < 4; i++) {
    s->place = right;
    if (i == 0) s->place.log_id = other_log;
    if (i == 1) s->place.seq++;
    if (i == 2) s->place.retention_class++;
    if (i == 3) s->place.bucket_day++;
    assert_false(opens(s));
    assert_non_null(strstr(s->err.text, "does not open"));
  }
}

static void another_events_key_does_not_open_it(void **state) {
  struct sealed *s = *state;
  s->key[31] ^= 1;
  assert_false(opens(s));
}

static void every_changed_byte_is_noticed(void **state) {
  struct sealed *s = *state;
  for (size_t i = 0; i < s->bytes.length; i++) {
    s->bytes.data[i] ^= 0x01;
    assert_false(opens(s));
    s->bytes.data[i] ^= 0x01;
  }
  assert_true(opens(s));
}

static void what_is_too_short_is_refused(void **state) {
  struct sealed *s = *state;
  for (size_t length = 0; length < CONTENT_OVERHEAD; length += 7) {
    assert_false(content_open(&s->place, s->key, s->bytes.data, length, &s->plain, &s->err));
  }
}

static void the_same_event_is_never_sealed_to_the_same_bytes(void **state) {
  struct sealed *s = *state;
  struct nav_buffer again;
  nav_buffer_init(&again, 4096);
  assert_true(content_seal(&s->place, s->key, salt, event, sizeof event, &again));
  assert_memory_not_equal(again.data, s->bytes.data, again.length);
  nav_buffer_free(&again);
}

static void a_full_buffer_fails_and_is_left_alone(void **state) {
  struct sealed *s = *state;
  struct nav_buffer small;
  nav_buffer_init(&small, sizeof event);
  assert_false(content_seal(&s->place, s->key, salt, event, sizeof event, &small));
  assert_int_equal(small.length, 0);
  assert_false(content_open(&s->place, s->key, s->bytes.data, s->bytes.length, &small, &s->err));
  nav_buffer_free(&small);
}

int main(void) {
  if (sodium_init() < 0) return 1;
#define TEST(name) cmocka_unit_test_setup_teardown(name, seal, drop)
  const struct CMUnitTest tests[] = {
      TEST(it_opens_to_salt_and_event),
      TEST(another_place_does_not_open_it),
      TEST(another_events_key_does_not_open_it),
      TEST(every_changed_byte_is_noticed),
      TEST(what_is_too_short_is_refused),
      TEST(the_same_event_is_never_sealed_to_the_same_bytes),
      TEST(a_full_buffer_fails_and_is_left_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
