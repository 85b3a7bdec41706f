// witnesses.yaml: what is taken, and every fault at its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/engine/witnesses.h"
#include "tests/unit/engine/scratch.h"

#define KEY_A "aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_B "bb112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY_0 "0000000000000000000000000000000000000000000000000000000000000000"
#define A "  - {agency: skolan, key: " KEY_A "}\n"
#define B "  - {agency: socialtjansten, key: " KEY_B "}\n"

struct row {
  const char *text;
  unsigned quorum;  // where it is taken
  size_t count;
  const char *fault;  // NULL: none; else what the first says
  int line, column;
};

static const struct row rows[] = {
    {"quorum: 1\nwitnesses:\n" A, 1, 1, NULL, 0, 0},
    {"witnesses:\n" A B "quorum: 2\n", 2, 2, NULL, 0, 0},
    {"quorum: 2\nwitnesses:\n" A, 0, 0, "quorum is 2 and 1 agencies are listed", 1, 9},
    {"quorum: 0\nwitnesses:\n" A, 0, 1, NULL, 0, 0},
    {"quorum: -1\nwitnesses:\n" A, 0, 0, "quorum", 1, 9},
    {"quorum: 97\nwitnesses:\n" A, 0, 0, "quorum", 1, 9},
    {"quorum: en\nwitnesses:\n" A, 0, 0, "quorum", 1, 9},
    {"witnesses:\n" A, 0, 0, "'quorum' is missing", 1, 1},
    {"quorum: 1\n", 0, 0, "'witnesses' is missing", 1, 1},
    {"quorum: 1\nwitnesses:\n" A A, 0, 0, "'skolan' stands twice", 4, 5},
    {"quorum: 1\nwitnesses:\n" A "  - {agency: socialtjansten, key: " KEY_A "}\n", 0, 0,
     "'socialtjansten' has the same key as 'skolan'", 4, 5},
    {"quorum: 1\nwitnesses:\n  - {agency: polisen, key: " KEY_A "}\n", 0, 0,
     "'polisen' is this agency itself", 3, 5},
    {"quorum: 1\nwitnesses:\n  - {agency: skolan, key: " KEY_0 "}\n", 0, 0, "the key is all zeros", 3, 5},
    {"quorum: 1\nwitnesses:\n  - {agency: skolan, key: aa11}\n", 0, 0,
     "key must be exactly 64 hexadecimal digits", 3, 27},
    {"quorum: 1\nwitnesses:\n  - {agency: skolan}\n", 0, 0, "'key' is missing", 3, 5},
    {"quorum: 1\nwitnesses:\n  - {agency: skolan, key: " KEY_A ", hub: x}\n", 0, 0, "unknown key 'hub'", 3,
     93},
    {"quorum: 1\nwitnesses:\n  - skolan\n", 0, 0, "a witness", 3, 5},
};

static void the_table(void **state) {
  (void)state;
  char folder[SCRATCH_PATH], path[SCRATCH_PATH];
  scratch_make(folder);
  (void)scratch_path(path, folder, "witnesses.yaml");
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct row *row = &rows[i];
    struct conf_faults faults = {0};
    struct others others;
    scratch_write(folder, "witnesses.yaml", row->text);
    bool ok = witnesses_load(path, "polisen", &others, &faults);
    if (ok != (row->fault == NULL)) fail_msg("row %zu: %s", i, ok ? "taken" : faults.items[0].what);
    if (ok) {
      assert_int_equal(others.quorum, row->quorum);
      assert_int_equal(others.count, row->count);
      assert_string_equal(others.list[0].agency, "skolan");
      assert_int_equal(others.list[0].key[0], 0xaa);
    } else {
      if (strstr(faults.items[0].what, row->fault) == NULL) fail_msg("row %zu: %s", i, faults.items[0].what);
      if (faults.items[0].line != row->line || faults.items[0].column != row->column)
        fail_msg("row %zu: %d:%d", i, faults.items[0].line, faults.items[0].column);
    }
    conf_faults_free(&faults);
  }
  assert_int_equal(unlink(path), 0);
  struct others none;
  struct conf_faults faults = {0};
  assert_true(witnesses_load(path, "polisen", &none, &faults));
  assert_int_equal(none.quorum + none.count, 0);
  scratch_remove(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
