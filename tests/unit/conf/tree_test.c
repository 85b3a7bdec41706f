// The tree: places, order, limits, and that hostile text ends soon.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/base/clock.h"
#include "hub/conf/tree.h"

struct fixture {
  struct nav_arena *arena;
  struct conf_faults faults;
};

static int setup(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fixture->arena = nav_arena_new(64 << 20);
  *state = fixture;
  return 0;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  nav_arena_free(fixture->arena);
  conf_faults_free(&fixture->faults);
  free(fixture);
  return 0;
}

static struct conf_node *parse(struct fixture *fixture, const char *text, size_t length) {
  return conf_tree_parse(text, length, "a.yaml", fixture->arena, &fixture->faults);
}

// The first fault's text holds `wanted`.
static void assert_fault(const struct fixture *fixture, const char *wanted) {
  assert_int_not_equal(fixture->faults.count, 0);
  if (strstr(fixture->faults.items[0].what, wanted) == NULL) fail_msg("%s", fixture->faults.items[0].what);
}

static void test_places(void **state) {
  static const char text[] = "one: no\nlist:\n  - x\n  - {å: 'ö: y', z: }\n# c\nlast: |\n  two\n  lines\n";
  struct conf_node *root = parse(*state, text, sizeof text - 1);
  assert_non_null(root);
  assert_int_equal(root->count, 3);
  assert_string_equal(conf_get_text(root, "one"), "no");
  assert_string_equal(conf_get_text(root, "last"), "two\nlines\n");
  const struct conf_node *list = conf_get(root, "list");
  assert_int_equal(list->kind, CONF_LIST);
  assert_int_equal(list->count, 2);
  const struct conf_node *map = list->items[1];
  assert_int_equal(map->line, 4);
  assert_int_equal(map->column, 5);
  assert_string_equal(conf_get_text(map, "å"), "ö: y");
  assert_int_equal(conf_get(map, "å")->column, 9);  // in characters, as editors count
  assert_string_equal(conf_get_text(map, "z"), "");
  assert_null(conf_get_text(root, "list"));
  assert_null(conf_get(list, "x"));
  assert_null(conf_get(NULL, "x"));
}

static void test_byte_order_mark_is_taken(void **state) {
  static const char text[] = "\xef\xbb\xbfone: 1\n";
  const struct conf_node *root = parse(*state, text, sizeof text - 1);
  assert_non_null(root);
  assert_string_equal(conf_get_text(root, "one"), "1");
}

static void test_bytes_that_are_not_utf8(void **state) {
  static const char latin1[] = "one: 1\ntitle: \xe5ngstr\xf6m\n";
  assert_null(parse(*state, latin1, sizeof latin1 - 1));
  assert_fault(*state, "not readable as text: byte 0xe5 is not UTF-8");
  const struct fixture *fixture = *state;
  assert_int_equal(fixture->faults.items[0].line, 2);
  assert_string_equal(fixture->faults.items[0].hint, "save the file as UTF-8");
}

static void test_utf16_is_not_guessed(void **state) {
  static const char utf16[] = "\xff\xfeo\0n\0e\0:\0 \0001\0\n\0";
  assert_null(parse(*state, utf16, sizeof utf16 - 1));
  assert_fault(*state, "not readable as text");
}

static void test_size(void **state) {
  size_t size = 256 * 1024;
  char *text = malloc(size + 1);
  memset(text, '#', size + 1);
  memcpy(text, "a: b\n", 5);
  assert_non_null(parse(*state, text, size));
  assert_null(parse(*state, text, size + 1));
  assert_fault(*state, "larger than 256 KiB");
  free(text);
}

// What took libyaml's own document API over a minute.
static void test_hostile_text_ends_soon(void **state) {
  static const char *const pieces[] = {"[",  "{",    "- ",  "? ",    "a: ",   "{a: ", "[a, ",
                                       "\"", "&a ",  "!a ", "- - ",  "a,",    "? - ", "|\n",
                                       "'",  "[]: ", "%",   "---\n", "\n\n ", ": "};
  enum { SIZE = 256 * 1024 };
  char *text = malloc(SIZE);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    size_t length = strlen(pieces[i]);
    for (size_t at = 0; at < SIZE; at++) text[at] = pieces[i][at % length];
    int64_t start = nav_clock_monotonic_ms();
    struct nav_arena *arena = nav_arena_new(64 << 20);
    struct conf_faults faults = {0};
    (void)conf_tree_parse(text, SIZE, "a.yaml", arena, &faults);
    int64_t took = nav_clock_monotonic_ms() - start;
    conf_faults_free(&faults);
    nav_arena_free(arena);
    if (took > 3000) fail_msg("'%s' took %lld ms", pieces[i], (long long)took);
  }
  free(text);
  (void)state;
}

static void test_many_keys(void **state) {
  enum { KEYS = 5000 };
  char *text = malloc(KEYS * 16);
  size_t used = 0;
  for (int i = 0; i < KEYS; i++) used += (size_t)snprintf(text + used, 16, "k%d: v\n", i);
  const struct conf_node *root = parse(*state, text, used);
  assert_int_equal(root->count, 4096);
  assert_fault(*state, "more than 4096 keys");
  free(text);
}

static void test_little_memory(void **state) {
  struct conf_faults faults = {0};
  struct nav_arena *arena = nav_arena_new(256);
  static const char text[] = "a: [b, c, d, e, f]\n";
  assert_null(conf_tree_parse(text, sizeof text - 1, "a.yaml", arena, &faults));
  assert_int_equal(faults.count, 1);
  conf_faults_free(&faults);
  nav_arena_free(arena);
  (void)state;
}

static void test_what_is_not_a_file(void **state) {
  struct fixture *fixture = *state;
  char folder[] = "/tmp/nav-tree-XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  assert_null(conf_tree_load(folder, "a.yaml", fixture->arena, &fixture->faults));
  (void)snprintf(path, sizeof path, "%s/fifo", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_null(
      conf_tree_load(path, "a.yaml", fixture->arena, &fixture->faults));  // and does not wait for a writer
  assert_int_equal(fixture->faults.count, 2);
  assert_string_equal(fixture->faults.items[1].what, "is not an ordinary file");
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rmdir(folder), 0);
}

static void test_nearest(void **state) {
  static const char *const names[] = {"purpose", "rules", "reveal", "retain", "id", NULL};
  static const struct {
    const char *text, *wanted;
  } table[] = {{"purpse", "purpose"}, {"purposes", "purpose"},
               {"rulse", "rules"},    {"Retain", "retain"},
               {"revael", "reveal"},  {"ids", "id"},
               {"xyzzy", NULL},       {"", NULL},
               {"basis", NULL},       {"di", "id"}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *found = conf_nearest(table[i].text, names);
    if (table[i].wanted == NULL ? found != NULL : found == NULL || strcmp(found, table[i].wanted) != 0) {
      fail_msg("'%s' gave '%s'", table[i].text, found != NULL ? found : "nothing");
    }
  }
  (void)state;
}

static void test_faults_have_a_maximum(void **state) {
  struct conf_faults faults = {0};
  for (int i = 0; i < CONF_FAULTS_MAX + 7; i++) conf_faults_add(&faults, "a", 2000 - i, 1, "", "fault %d", i);
  assert_int_equal(faults.count, CONF_FAULTS_MAX);
  assert_int_equal(faults.dropped, 7);
  conf_faults_sort(&faults);
  for (size_t i = 1; i < faults.count; i++) assert_true(faults.items[i - 1].line < faults.items[i].line);
  conf_faults_free(&faults);
  (void)state;
}

static void test_faults_of_two_files_are_not_mixed(void **state) {
  static const struct {
    const char *file;
    int line;
  } added[] = {{"b", 9}, {"a", 3}, {"b", 2}, {"a", 1}, {"c", 5}, {"b", 4}},
    sorted[] = {{"b", 2}, {"b", 4}, {"b", 9}, {"a", 1}, {"a", 3}, {"c", 5}};
  struct conf_faults faults = {0};
  for (size_t i = 0; i < 6; i++) conf_faults_add(&faults, added[i].file, added[i].line, 1, NULL, "x");
  conf_faults_sort(&faults);
  for (size_t i = 0; i < 6; i++) {
    assert_string_equal(faults.items[i].file, sorted[i].file);
    assert_int_equal(faults.items[i].line, sorted[i].line);
  }
  conf_faults_free(&faults);
  (void)state;
}

int main(void) {
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_places),
      TEST(test_byte_order_mark_is_taken),
      TEST(test_bytes_that_are_not_utf8),
      TEST(test_utf16_is_not_guessed),
      TEST(test_size),
      TEST(test_hostile_text_ends_soon),
      TEST(test_many_keys),
      TEST(test_little_memory),
      TEST(test_what_is_not_a_file),
      TEST(test_nearest),
      TEST(test_faults_have_a_maximum),
      TEST(test_faults_of_two_files_are_not_mixed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
