// Tokens of persons: one number, one token, however it is written; an event's tokens in order, each once; the
// AuditRead names the token and never the number.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "hub/base/id.h"
#include "hub/core/audit_person.h"

enum { TODAY_MS_2026_11_22 = 1795305600 };  // in seconds

static const int64_t today_ms = (int64_t)TODAY_MS_2026_11_22 * 1000;
static uint8_t key[PERSON_KEY_SIZE];

static int make_key(void **state) {
  (void)state;
  uint8_t pseudonym[PERSON_KEY_SIZE] = {7};
  persons_key(key, pseudonym);
  return sodium_init() < 0 ? -1 : 0;
}

static void one_number_has_one_token_however_written(void **state) {
  (void)state;
  static const struct {
    const char *number;  // as events have it
    const char *ways[6];
  } table[] = {
      {"201201012380", {"201201012380", "20120101-2380", "120101-2380", "1201012380"}},
      {"199002252394", {"199002252394", "19900225-2394", "900225-2394", "9002252394"}},
      // 100 years and older: ten digits need the '+'.
      {"189001019802", {"189001019802", "18900101-9802", "18900101+9802", "900101+9802"}},
      // A coordination number: the day and 60.
      {"197302889931", {"197302889931", "19730288-9931", "730288-9931", "7302889931"}},
      // Interim numbers: the letter in any case.
      {"20000101T220", {"20000101T220", "20000101-T220", "000101-T220", "000101t220", "20000101t220"}},
      {"20130101TF01", {"20130101TF01", "20130101-TF01", "130101tf01"}},
  };
  uint8_t tokens[sizeof table / sizeof *table][PERSON_TOKEN_SIZE];
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (!persons_token(key, table[i].number, 0, tokens[i])) fail_msg("%s", table[i].number);
    for (size_t j = 0; j < 6 && table[i].ways[j] != NULL; j++) {
      uint8_t token[PERSON_TOKEN_SIZE] = {0};
      if (!persons_token(key, table[i].ways[j], today_ms, token)) fail_msg("%s", table[i].ways[j]);
      assert_memory_equal(token, tokens[i], sizeof token);
    }
    for (size_t j = 0; j < i; j++) assert_memory_not_equal(tokens[i], tokens[j], PERSON_TOKEN_SIZE);
  }
}

static void what_is_no_number_has_no_token(void **state) {
  (void)state;
  static const char *const wrong[] = {"",         "201201012381",           "20121301-2380", "201201012380 ",
                                      "Provsson", "2012010123801234567890", "20000101Q220",  "201201010000"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint8_t token[PERSON_TOKEN_SIZE];
    if (persons_token(key, wrong[i], today_ms, token)) fail_msg("'%s' has a token", wrong[i]);
  }
}

static void another_key_gives_another_token(void **state) {
  (void)state;
  uint8_t other[PERSON_KEY_SIZE];
  uint8_t pseudonym[PERSON_KEY_SIZE] = {8};
  uint8_t a[PERSON_TOKEN_SIZE];
  uint8_t b[PERSON_TOKEN_SIZE];
  persons_key(other, pseudonym);
  assert_memory_not_equal(other, pseudonym, sizeof other);
  assert_true(persons_token(key, "201201012380", 0, a) && persons_token(other, "201201012380", 0, b));
  assert_memory_not_equal(a, b, sizeof a);
}

static void an_events_tokens_ascend_each_once(void **state) {
  (void)state;
  static const char *const numbers[] = {"201201012380", "199002252394", "",
                                        "201201012380", "189001019802", "199002252394"};
  enum { COUNT = sizeof numbers / sizeof *numbers };
  Nav__V1__Subject subjects[COUNT];
  Nav__V1__Subject *list[COUNT];
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  person_tokens tokens;
  for (size_t i = 0; i < COUNT; i++) {
    subjects[i] = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
    subjects[i].personal_number = numbers[i][0] == '\0' ? NULL : (char *)(uintptr_t)numbers[i];
    list[i] = &subjects[i];
  }
  event.n_subjects = COUNT;
  event.subjects = list;
  assert_int_equal(persons_of_event(key, &event, tokens), 3);
  for (size_t i = 1; i < 3; i++) assert_true(memcmp(tokens[i - 1], tokens[i], PERSON_TOKEN_SIZE) < 0);
  event.n_subjects = 0;
  assert_int_equal(persons_of_event(key, &event, tokens), 0);
}

static void as_many_as_an_event_can_have(void **state) {
  (void)state;
  static char numbers[ACCESS_SUBJECTS_MAX][13];
  static Nav__V1__Subject subjects[ACCESS_SUBJECTS_MAX];
  static Nav__V1__Subject *list[ACCESS_SUBJECTS_MAX];
  Nav__V1__Event event = NAV__V1__EVENT__INIT;
  person_tokens tokens;
  for (size_t i = 0; i < ACCESS_SUBJECTS_MAX; i++) {
    (void)snprintf(numbers[i], sizeof numbers[i], "20000101T%03zu", i + 1);  // interim: no check digit
    subjects[i] = (Nav__V1__Subject)NAV__V1__SUBJECT__INIT;
    subjects[i].personal_number = numbers[i];
    list[i] = &subjects[i];
  }
  event.n_subjects = ACCESS_SUBJECTS_MAX;
  event.subjects = list;
  assert_int_equal(persons_of_event(key, &event, tokens), ACCESS_SUBJECTS_MAX);
}

static void the_audit_read_has_the_token_and_not_the_number(void **state) {
  (void)state;
  uint8_t token[PERSON_TOKEN_SIZE];
  char wanted[AUDIT_PERSON_HEX_SIZE];
  char hex[AUDIT_PERSON_HEX_SIZE];
  struct nav_error err = {0};
  assert_true(persons_token(key, "201201012380", 0, token));
  (void)nav_hex(wanted, token, sizeof token);
  json_t *request = json_pack("{s:s, s:s}", "about_number", "120101-2380", "query", "limit=7");
  assert_true(audit_person_name(key, today_ms, request, hex, &err));
  assert_string_equal(hex, wanted);
  char query[128];
  (void)snprintf(query, sizeof query, "audit person %s limit=7", wanted);
  assert_string_equal(json_string_value(json_object_get(request, "query")), query);
  assert_null(json_object_get(request, "about_number"));
  assert_true(audit_person_name(key, today_ms, request, hex, &err));  // nobody is asked about
  assert_string_equal(hex, "");
  (void)json_object_set_new(request, "about_number", json_string("201201012381"));
  assert_false(audit_person_name(key, today_ms, request, hex, &err));
  assert_null(strstr(err.text, "2381"));
  json_decref(request);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_number_has_one_token_however_written),
      cmocka_unit_test(what_is_no_number_has_no_token),
      cmocka_unit_test(another_key_gives_another_token),
      cmocka_unit_test(an_events_tokens_ascend_each_once),
      cmocka_unit_test(as_many_as_an_event_can_have),
      cmocka_unit_test(the_audit_read_has_the_token_and_not_the_number),
  };
  return cmocka_run_group_tests(tests, make_key, NULL);
}
