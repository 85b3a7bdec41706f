// What jansson really does, so that an upgrade that changes it is noticed. hub/wire's and the adapters' JSON
// rely on these.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static json_t *load(const char *text, size_t flags, json_error_t *error) {
  return json_loadb(text, strlen(text), flags, error);
}

// Silently the last one wins, unless asked.
static void test_duplicate_keys(void **state) {
  (void)state;
  json_error_t error;
  json_t *object = load("{\"a\": 1, \"a\": 2}", 0, &error);
  assert_non_null(object);
  assert_int_equal(json_integer_value(json_object_get(object, "a")), 2);
  json_decref(object);
  assert_null(load("{\"a\": 1,\n \"a\": 2}", JSON_REJECT_DUPLICATES, &error));
  assert_int_equal(json_error_code(&error), json_error_duplicate_key);
  assert_int_equal(error.line, 2);
}

// A cap of its own (2,048): deep text is an error, not an overflow of the stack.
static void test_depth_is_capped(void **state) {
  (void)state;
  enum { DEEP = 100000 };
  char *text = malloc(DEEP + 1);
  memset(text, '[', DEEP);
  text[DEEP] = '\0';
  json_error_t error;
  assert_null(load(text, 0, &error));
  assert_int_equal(json_error_code(&error), json_error_stack_overflow);
  assert_int_equal(JSON_PARSER_MAX_DEPTH, 2048);
  free(text);
}

static void test_errors_tell_line_and_column(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("{\n  \"a\": tru\n}", 0, &error));
  assert_int_equal(error.line, 2);
  assert_int_equal(error.column, 10);
  assert_int_equal(json_error_code(&error), json_error_invalid_syntax);
}

// A column counts characters, a position bytes.
static void test_columns_count_characters(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("{\"åäö\": x}", 0, &error));
  assert_int_equal(error.column, 9);
  assert_int_equal(error.position, 12);
}

static void test_text_after_the_end(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("{} {}", 0, &error));
  assert_int_equal(json_error_code(&error), json_error_end_of_input_expected);
  json_t *first = load("{} {}", JSON_DISABLE_EOF_CHECK, &error);
  assert_non_null(first);
  assert_int_equal(error.position, 2);  // where the next begins
  json_decref(first);
}

static void test_encoding_is_checked(void **state) {
  (void)state;
  static const char *const texts[] = {"[\"\xe5\"]", "[\"\xed\xa0\x80\"]", "[\"\xc0\xaf\"]", "[\"\\ud800\"]",
                                      "\xef\xbb\xbf[]"};  // the last: a byte order mark is not taken either
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    json_error_t error;
    assert_null(load(texts[i], 0, &error));
  }
}

static void test_nul_in_text(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("[\"a\\u0000b\"]", 0, &error));
  assert_int_equal(json_error_code(&error), json_error_null_character);
  json_t *array = load("[\"a\\u0000b\"]", JSON_ALLOW_NUL, &error);
  assert_int_equal(json_string_length(json_array_get(array, 0)), 3);
  json_decref(array);
}

// An integer past 64 bits is an error, not a rounded number; a real past double's range too.
static void test_numbers_out_of_range(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("[9223372036854775808]", 0, &error));
  assert_int_equal(json_error_code(&error), json_error_numeric_overflow);
  assert_null(load("[1e999]", 0, &error));
  json_t *array = load("[9223372036854775807, 1.0]", 0, &error);
  assert_true(json_integer_value(json_array_get(array, 0)) == INT64_MAX);
  assert_true(json_is_real(json_array_get(array, 1)));  // 1.0 is no integer: readers must take both
  json_decref(array);
}

static void test_top_level_values(void **state) {
  (void)state;
  json_error_t error;
  assert_null(load("1", 0, &error));
  json_t *one = load("1", JSON_DECODE_ANY, &error);
  assert_int_equal(json_integer_value(one), 1);
  json_decref(one);
  assert_null(load("", JSON_DECODE_ANY, &error));
  assert_int_equal(json_error_code(&error), json_error_premature_end_of_input);
}

// Keys come out in the order they went in, and å as UTF-8 unless ASCII is asked for.
static void test_writing(void **state) {
  (void)state;
  json_t *object = json_pack("{s:s, s:i}", "z", "å\n\x7f", "a", 1);
  char *plain = json_dumps(object, JSON_COMPACT);
  assert_string_equal(plain, "{\"z\":\"å\\n\x7f\",\"a\":1}");
  free(plain);
  char *ascii = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_SORT_KEYS);
  assert_string_equal(ascii, "{\"a\":1,\"z\":\"\\u00E5\\n\x7f\"}");
  free(ascii);
  json_decref(object);
}

// Text that is not UTF-8 never becomes a value: NULL, which json_object_set_new passes on as -1.
static void test_bad_text_is_no_value(void **state) {
  (void)state;
  assert_null(json_string("\xe5"));
  json_t *object = json_object();
  assert_int_equal(json_object_set_new(object, "a", json_string("\xe5")), -1);
  assert_int_equal(json_object_set_new(object, "\xe5", json_integer(1)), -1);
  assert_int_equal(json_object_size(object), 0);
  json_decref(object);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_duplicate_keys),
      cmocka_unit_test(test_depth_is_capped),
      cmocka_unit_test(test_errors_tell_line_and_column),
      cmocka_unit_test(test_columns_count_characters),
      cmocka_unit_test(test_text_after_the_end),
      cmocka_unit_test(test_encoding_is_checked),
      cmocka_unit_test(test_nul_in_text),
      cmocka_unit_test(test_numbers_out_of_range),
      cmocka_unit_test(test_top_level_values),
      cmocka_unit_test(test_writing),
      cmocka_unit_test(test_bad_text_is_no_value),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
