// What libyaml really does, so that an upgrade that changes it is noticed. hub/conf/tree.c relies on each of
// these.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <yaml.h>

struct seen {
  int events;
  int depth_max;
  bool failed;
  yaml_error_type_t error;
  char problem[128];
  size_t problem_line, problem_column;
  char scalar[64];  // the last one
  size_t scalar_length;
  size_t scalar_column;
  bool plain_tag;
};

static void look(struct seen *seen, const yaml_event_t *event, int *depth) {
  if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT) (*depth)++;
  if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT) (*depth)--;
  if (*depth > seen->depth_max) seen->depth_max = *depth;
  if (event->type != YAML_SCALAR_EVENT) return;
  seen->scalar_length = event->data.scalar.length;
  size_t kept = seen->scalar_length < sizeof seen->scalar ? seen->scalar_length : sizeof seen->scalar - 1;
  memcpy(seen->scalar, event->data.scalar.value, kept);
  seen->scalar[kept] = '\0';
  seen->scalar_column = event->start_mark.column;
  seen->plain_tag = event->data.scalar.tag != NULL;
}

// Reads all events, or until `depth_limit` lists are open.
static struct seen read_all(const char *text, size_t length, int depth_limit) {
  struct seen seen = {0};
  yaml_parser_t parser;
  assert_int_equal(yaml_parser_initialize(&parser), 1);
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  int depth = 0;
  for (bool done = false; !done;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      seen.failed = true;
      seen.error = parser.error;
      (void)strncpy(seen.problem, parser.problem != NULL ? parser.problem : "", sizeof seen.problem - 1);
      seen.problem_line = parser.problem_mark.line;
      seen.problem_column = parser.problem_mark.column;
      break;
    }
    seen.events++;
    look(&seen, &event, &depth);
    done = event.type == YAML_STREAM_END_EVENT || depth == depth_limit;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return seen;
}

static struct seen read_text(const char *text) { return read_all(text, strlen(text), -1); }

// No limit of its own: 2,000 lists in each other are read to the end of the text. Ours must stop it.
static void test_depth_has_no_limit(void **state) {
  (void)state;
  char text[2001];
  memset(text, '[', 2000);
  text[2000] = '\0';
  assert_int_equal(read_text(text).depth_max, 2000);
}

// Of this process alone, so that a busy machine does not change the outcome.
static double cpu_ms(void) {
  struct timespec now;
  assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

// Quadratic where depth grows, quick where reading stops at depth 32.
static void test_stopping_at_a_depth_is_quick(void **state) {
  (void)state;
  size_t length = 160 * 1024;
  char *text = malloc(length);
  memset(text, '[', length);
  double start = cpu_ms();
  assert_int_equal(read_all(text, length, 32).depth_max, 32);
  double took = cpu_ms() - start;
  if (took > 500) fail_msg("%.0f ms", took);
  free(text);
}

static double full_read_ms(size_t length) {
  char *text = malloc(length);
  memset(text, '[', length);
  double start = cpu_ms();
  (void)read_all(text, length, -1);
  double took = cpu_ms() - start;
  free(text);
  return took;
}

// The reason for the limit. If this fails, libyaml has become better: the limit may stay.
static void test_reading_deep_text_whole_is_quadratic(void **state) {
  (void)state;
  double small = full_read_ms(4000), large = full_read_ms(16000);
  if (large < 50) skip();  // too fast a machine to tell
  assert_true(large > 6 * small);
}

static void test_scalars_are_text(void **state) {
  (void)state;
  static const char *const words[] = {"no", "yes", "null", "~", "0180", "1e3", "2026-11-22", "0x10", "12:30"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    struct seen seen = read_text(words[i]);
    assert_string_equal(seen.scalar, words[i]);
    assert_false(seen.plain_tag);
  }
}

// Not refused by libyaml: duplicates, aliases, a second document, tags. So tree.c refuses them.
static void test_what_is_let_through(void **state) {
  (void)state;
  static const char *const texts[] = {"a: 1\na: 2\n",           "a: &x 1\nb: *x\n",       "a: 1\n---\nb: 2\n",
                                      "a: !!python/object 1\n", "%YAML 1.1\n---\na: 1\n", "? [a]\n: b\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (read_text(texts[i]).failed) fail_msg("%s", texts[i]);
  }
}

// An unknown alias is an event like any other.
static void test_unknown_alias_is_an_event(void **state) {
  (void)state;
  assert_false(read_text("a: *nobody\n").failed);
}

static void test_escapes_can_hold_nul(void **state) {
  (void)state;
  struct seen seen = read_text("\"a\\0b\"");
  assert_int_equal(seen.scalar_length, 3);
  assert_memory_equal(seen.scalar, "a\0b", 3);
}

static void test_columns_count_characters(void **state) {
  (void)state;
  assert_int_equal(read_text("åäö: x").scalar_column, 5);
}

static void test_bad_bytes_are_reader_errors(void **state) {
  (void)state;
  static const char *const texts[] = {"a: \xe5ngstr\xf6m\n", "a: \x01\n", "a: \xed\xa0\x80\n",
                                      "a: \xc0\xaf\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct seen seen = read_text(texts[i]);
    assert_true(seen.failed);
    assert_int_equal(seen.error, YAML_READER_ERROR);
    assert_int_equal(seen.problem_line, 0);  // it tells an offset alone: tree.c counts the lines
  }
}

// The words that tree.c gives hints for.
static void test_problems_hints_look_for(void **state) {
  (void)state;
  static const struct {
    const char *text, *problem;
  } table[] = {
      {"a:\n\tb: c\n", "found character that cannot start any token"},
      {"a: b: c\n", "mapping values are not allowed in this context"},
      {"a:\n  - b: c\n   d: e\n", "did not find expected '-' indicator"},
      {"a: b\n  c\nd\n- e", "could not find expected ':'"},
      {"a: [b, c\nd: e\n", "did not find expected ',' or ']'"},
      {"a: {b: c\nd: e\n", "did not find expected ',' or '}'"},
      {"a: 'b' c\n", "did not find expected key"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct seen seen = read_text(table[i].text);
    if (!seen.failed || strcmp(seen.problem, table[i].problem) != 0)
      fail_msg("%s: %s", table[i].text, seen.problem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_depth_has_no_limit),
      cmocka_unit_test(test_stopping_at_a_depth_is_quick),
      cmocka_unit_test(test_reading_deep_text_whole_is_quadratic),
      cmocka_unit_test(test_scalars_are_text),
      cmocka_unit_test(test_what_is_let_through),
      cmocka_unit_test(test_unknown_alias_is_an_event),
      cmocka_unit_test(test_escapes_can_hold_nul),
      cmocka_unit_test(test_columns_count_characters),
      cmocka_unit_test(test_bad_bytes_are_reader_errors),
      cmocka_unit_test(test_problems_hints_look_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
