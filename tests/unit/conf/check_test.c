// Single scalars: what is taken and what is not, by tables.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/conf/check.h"

struct outcome {
  const char *text;
  bool good;
  int64_t value;
};

static struct conf_node scalar(const char *text) {
  return (struct conf_node){.kind = CONF_SCALAR, .file = "a.yaml", .line = 1, .column = 1, .text = text};
}

// A fault exactly where the reader says no.
static void assert_outcome(const struct outcome *row, bool good, int64_t value, struct conf_faults *faults) {
  if (good != row->good || (good && value != row->value) || faults->count != (good ? 0 : 1)) {
    fail_msg("'%s': %s, %lld, %zu faults", row->text, good ? "taken" : "refused", (long long)value,
             faults->count);
  }
  conf_faults_free(faults);
}

static void test_integer(void **state) {
  static const struct outcome table[] = {
      {"0", true, 0},     {"-5", true, -5},  {"100", true, 100},
      {"101", false, 0},  {"-6", false, 0},  {"1.0", false, 0},
      {"", false, 0},     {" 1", false, 0},  {"1 ", false, 0},
      {"0x10", false, 0}, {"1e2", false, 0}, {"--1", false, 0},
      {"-", false, 0},    {"+1", false, 0},  {"99999999999999999999", false, 0},
      {"007", true, 7},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct conf_faults faults = {0};
    int64_t value = 0;
    struct conf_node node = scalar(table[i].text);
    bool good = conf_read_integer(&node, "x", -5, 100, &value, &faults);
    assert_outcome(&table[i], good, value, &faults);
  }
  (void)state;
}

static void test_duration(void **state) {
  static const int64_t day = 86400000;
  const struct outcome table[] = {
      {"90d", true, 90 * day},   {"4w", true, 28 * day}, {"36h", true, 36 * 3600000LL},
      {"15m", true, 900000},     {"30s", true, 30000},   {"500ms", true, 500},
      {"0d", true, 0},           {"90", false, 0},       {"d", false, 0},
      {"-1d", false, 0},         {"1.5d", false, 0},     {"90 d", false, 0},
      {"90D", false, 0},         {"366d", false, 0},     {"9999999999999999999w", false, 0},
      {"365d", true, 365 * day},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct conf_faults faults = {0};
    int64_t value = 0;
    struct conf_node node = scalar(table[i].text);
    bool good = conf_read_duration(&node, "x", 365 * day, &value, &faults);
    assert_outcome(&table[i], good, value, &faults);
  }
  (void)state;
}

static void test_date(void **state) {
  static const struct outcome table[] = {
      {"1970-01-01", true, 0},  {"1970-02-01", true, 31},       {"2024-02-29", true, 19782},
      {"2023-02-29", false, 0}, {"2026-13-01", false, 0},       {"2026-1-1", false, 0},
      {"26-01-01", false, 0},   {"2026-01-01T00:00", false, 0}, {"igår", false, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct conf_faults faults = {0};
    int64_t value = 0;
    struct conf_node node = scalar(table[i].text);
    bool good = conf_read_date(&node, "x", &value, &faults);
    assert_outcome(&table[i], good, value, &faults);
  }
  (void)state;
}

static void test_bool_and_number(void **state) {
  static const struct outcome bools[] = {
      {"true", true, 1}, {"false", true, 0}, {"yes", false, 0}, {"True", false, 0}};
  for (size_t i = 0; i < sizeof bools / sizeof *bools; i++) {
    struct conf_faults faults = {0};
    bool value = false;
    struct conf_node node = scalar(bools[i].text);
    bool good = conf_read_bool(&node, "x", &value, &faults);
    assert_outcome(&bools[i], good, value, &faults);
  }
  static const struct outcome numbers[] = {
      {"17.5", true, 175}, {"-3", true, -30},   {"17,5", false, 0}, {"nan", false, 0},
      {"inf", false, 0},   {"0x1p3", false, 0}, {"1e1", false, 0},  {"91", false, 0},
      {"1.2.3", false, 0}, {".5", true, 5},     {"-", false, 0},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct conf_faults faults = {0};
    double value = 0;
    struct conf_node node = scalar(numbers[i].text);
    bool good = conf_read_number(&node, "x", -90, 90, &value, &faults);
    assert_outcome(&numbers[i], good, (int64_t)(value * 10), &faults);
  }
  (void)state;
}

static void test_a_list_of_one(void **state) {
  (void)state;
  struct conf_faults faults = {0};
  struct nav_arena *arena = nav_arena_new(1 << 16);
  static const char text[] = "one: a\nmany: [b, c]\nnone:\nmap: {}\n";
  struct conf_node *root = conf_tree_parse(text, sizeof text - 1, "a.yaml", arena, &faults);
  size_t count = 0;
  assert_true(conf_read_list(conf_get(root, "one"), "one", true, 5, &count, &faults));
  assert_int_equal(count, 1);
  assert_string_equal(conf_list_item(conf_get(root, "one"), 0)->text, "a");
  assert_true(conf_read_list(conf_get(root, "many"), "many", true, 2, &count, &faults));
  assert_string_equal(conf_list_item(conf_get(root, "many"), 1)->text, "c");
  assert_int_equal(faults.count, 0);
  assert_false(conf_read_list(conf_get(root, "many"), "many", true, 1, &count, &faults));
  assert_false(conf_read_list(conf_get(root, "one"), "one", false, 5, &count, &faults));
  assert_false(conf_read_list(conf_get(root, "none"), "none", true, 5, &count, &faults));
  assert_false(conf_read_list(conf_get(root, "map"), "map", true, 5, &count, &faults));
  assert_int_equal(faults.count, 4);
  conf_faults_free(&faults);
  nav_arena_free(arena);
}

// Every kind of a table's key, with what is left out and what falls back.
static void test_map(void **state) {
  (void)state;
  struct all {
    char *text, *id, *word, *absent;
    uint32_t number, ms;
    bool flag;
    char **ids;
    size_t ids_count;
    unsigned bits;
    struct conf_node *node;
  } out = {0};
  static const char *const words[] = {"a", "b", "c", NULL};
#define AT(field) .offset = offsetof(struct all, field)
  static const struct conf_key keys[] = {
      {.name = "text", .kind = CONF_KEY_TEXT, AT(text)},
      {.name = "id", .kind = CONF_KEY_ID, AT(id), .fallback = "given"},
      {.name = "word", .kind = CONF_KEY_WORD, AT(word), .words = words},
      {.name = "absent", .kind = CONF_KEY_TEXT, AT(absent)},
      {.name = "number", .kind = CONF_KEY_UINT32, AT(number), .max = UINT32_MAX},
      {.name = "ms", .kind = CONF_KEY_MS, AT(ms), .max = 60000, .fallback = "2s"},
      {.name = "flag", .kind = CONF_KEY_BOOL, AT(flag)},
      {.name = "ids", .kind = CONF_KEY_IDS, AT(ids), .count_offset = offsetof(struct all, ids_count)},
      {.name = "bits", .kind = CONF_KEY_WORD_BITS, AT(bits), .words = words},
      {.name = "node", .kind = CONF_KEY_NODE, AT(node)},
  };
#undef AT
  static const char text[] =
      "text: Å\nword: b\nnumber: 4294967295\nflag: true\nids: [x, y-1]\nbits: [c, a]\nnode: {k: v}\n";
  struct conf_faults faults = {0};
  struct nav_arena *arena = nav_arena_new(1 << 16);
  struct conf_node *root = conf_tree_parse(text, sizeof text - 1, "a.yaml", arena, &faults);
  assert_true(conf_read_map(root, "it", keys, sizeof keys / sizeof *keys, arena, &out, &faults));
  assert_string_equal(out.text, "Å");
  assert_string_equal(out.id, "given");
  assert_string_equal(out.word, "b");
  assert_null(out.absent);
  assert_int_equal(out.number, UINT32_MAX);
  assert_int_equal(out.ms, 2000);
  assert_true(out.flag);
  assert_int_equal(out.ids_count, 2);
  assert_string_equal(out.ids[1], "y-1");
  assert_int_equal(out.bits, 5);
  assert_string_equal(conf_get_text(out.node, "k"), "v");
  conf_faults_free(&faults);
  nav_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integer),       cmocka_unit_test(test_duration),
      cmocka_unit_test(test_date),          cmocka_unit_test(test_bool_and_number),
      cmocka_unit_test(test_a_list_of_one), cmocka_unit_test(test_map),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
