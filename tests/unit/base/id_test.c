// Ids, hexadecimal and personal numbers: personal_numbers.tsv, and all of Skatteverket's test numbers where
// they are there.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "hub/base/buffer.h"
#include "hub/base/clock.h"
#include "hub/base/id.h"

static const char identity[] = "../shared/data/identity";

static int64_t utc(const char *text) {
  int64_t ms = 0;
  if (!nav_clock_parse(text, false, &ms)) fail_msg("%s is not a time", text);
  return ms;
}

static void the_same_record_gives_the_same_id(void **state) {
  (void)state;
  static const uint8_t key[NAV_ID_KEY_SIZE] = {1, 2, 3};
  static const uint8_t other_key[NAV_ID_KEY_SIZE] = {1, 2, 4};
  int64_t created_ms = utc("2026-08-22T15:59:00Z");
  uint8_t id[NAV_EVENT_ID_SIZE];
  uint8_t other[NAV_EVENT_ID_SIZE];
  nav_event_id(id, key, created_ms, "polisen", "12345");
  assert_int_equal(nav_get_u32(id), nav_days_from_date(2026, 8, 22));
  nav_event_id(other, key, utc("2026-08-22T23:59:59Z"), "polisen", "12345");
  assert_memory_equal(id, other, sizeof id);
  nav_event_id(other, key, created_ms, "polisen", "12346");
  assert_memory_not_equal(id, other, sizeof id);
  nav_event_id(other, other_key, created_ms, "polisen", "12345");
  assert_memory_not_equal(id + 4, other + 4, sizeof id - 4);
  nav_event_id(id, key, created_ms, "ab", "c");
  nav_event_id(other, key, created_ms, "a", "bc");
  assert_memory_not_equal(id, other, sizeof id);
}

// Worked out by Python's hashlib: blake2b(b"polisen\0" + b"12345", digest_size=16,
// key=bytes([1,2,3]+[0]*29)).
static void the_id_is_what_its_definition_says(void **state) {
  (void)state;
  static const uint8_t key[NAV_ID_KEY_SIZE] = {1, 2, 3};
  uint8_t id[NAV_EVENT_ID_SIZE];
  char hex[NAV_EVENT_ID_SIZE * 2 + 1];
  nav_event_id(id, key, utc("2026-08-22T15:59:00Z"), "polisen", "12345");
  assert_string_equal(nav_hex(hex, id, sizeof id), "000050cfda8e52519a4a6c9744522ddd");
}

static void hexadecimal(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  char text[9];
  uint8_t out[4];
  assert_string_equal(nav_hex(text, bytes, 4), "000fa5ff");
  assert_true(nav_unhex(out, 4, "000FA5ff"));
  assert_memory_equal(out, bytes, 4);
  static const char *const wrong[] = {"",         "000fa5f",  "000fa5ff0", "000fa5fg",
                                      "00 fa5ff", "0x0fa5ff", "000fa5ff00"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) assert_false(nav_unhex(out, 4, wrong[i]));
}

static const char *describe(const char *text, char *out, size_t size) {
  static const char *const kinds[] = {"personnummer", "samordningsnummer", "interim"};
  struct nav_personal_number n;
  if (!nav_personal_number_parse(text, utc("2026-11-22T12:00:00Z"), &n)) return "refused";
  (void)snprintf(out, size, "%s %s %04d-%02d-%02d", n.digits, kinds[n.kind], n.birth_year, n.birth_month,
                 n.birth_day);
  return out;
}

static void personal_numbers_of_the_table(void **state) {
  (void)state;
  FILE *file = fopen("tests/unit/base/personal_numbers.tsv", "r");
  assert_non_null(file);
  char line[256];
  unsigned tried = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    if (line[0] == '#') continue;
    line[strcspn(line, "\n")] = '\0';
    char *expected = strchr(line, '\t');
    assert_non_null(expected);
    *expected++ = '\0';
    char text[96];
    const char *got = describe(line, text, sizeof text);
    if (strcmp(got, expected) != 0) fail_msg("'%s': expected %s, got %s", line, expected, got);
    tried++;
  }
  (void)fclose(file);
  assert_true(tried > 35);
}

// NULL where the folder is not there.
static json_t *load(const char *name) {
  char path[128];
  json_error_t fault;
  (void)snprintf(path, sizeof path, "%s/%s", identity, name);
  json_t *json = json_load_file(path, 0, &fault);
  if (json == NULL) print_message("skipped: no %s\n", path);
  return json;
}

// All of a list are real, and are themselves in twelve digits; one digit changed, none is.
static void every_one_is_real(const char *name, enum nav_personal_number_kind kind) {
  json_t *list = load(name);
  size_t count = json_array_size(list);
  for (size_t i = 0; i < count; i++) {
    const char *text = json_string_value(json_array_get(list, i));
    struct nav_personal_number n;
    if (!nav_personal_number_parse(text, 0, &n)) fail_msg("%s is refused", text);
    assert_string_equal(n.digits, text);
    assert_int_equal(n.kind, kind);
    char wrong[13];
    memcpy(wrong, text, sizeof wrong);
    wrong[11] = (char)('0' + (wrong[11] - '0' + 1 + (int)(i % 9)) % 10);
    if (nav_personal_number_parse(wrong, 0, &n)) fail_msg("%s is taken", wrong);
  }
  json_decref(list);
}

static void skatteverkets_test_numbers(void **state) {
  (void)state;
  every_one_is_real("allPins.json", NAV_PERSONNUMMER);
  every_one_is_real("allCoords.json", NAV_SAMORDNINGSNUMMER);
}

// Each of the four ways of writing it, as the list says.
static void check_listed(const char *name) {
  static const char *const ways[] = {"long_format", "short_format", "separated_format", "separated_long"};
  json_t *list = load(name);
  size_t i = 0;
  json_t *one = NULL;
  json_array_foreach(list, i, one) {
    bool valid = json_is_true(json_object_get(one, "valid"));
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
      const char *text = json_string_value(json_object_get(one, ways[w]));
      struct nav_personal_number n;
      bool got = nav_personal_number_parse(text, utc("2026-11-22T12:00:00Z"), &n);
      if (got != valid) fail_msg("%s: %s is %s", name, text, got ? "taken" : "refused");
      // Ten digits without separator cannot tell a hundred years; all other ways mean the same number.
      if (valid && w != 1)
        assert_string_equal(n.digits, json_string_value(json_object_get(one, "long_format")));
    }
  }
  json_decref(list);
}

static void listed_numbers(void **state) {
  (void)state;
  check_listed("list.json");
  check_listed("interim.json");
}

static int start(void **state) {
  (void)state;
  return sodium_init() < 0 ? -1 : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_record_gives_the_same_id),
      cmocka_unit_test(the_id_is_what_its_definition_says),
      cmocka_unit_test(hexadecimal),
      cmocka_unit_test(personal_numbers_of_the_table),
      cmocka_unit_test(skatteverkets_test_numbers),
      cmocka_unit_test(listed_numbers),
  };
  return cmocka_run_group_tests(tests, start, NULL);
}
