// Social services' forms in, events out: a table of files, the header's mending, the real forms where they
// are, and what never leaves.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/social/map_in.h"
#include "adapters/social/xml_header.h"
#include "tests/unit/map_run/map_run.h"

static const char ADAPTER[] = "adapters/social/adapter.yaml";
static const char CASES[] = "tests/unit/social/cases";
static const char REAL[] = "../shared/data/social/open-eplatform";

static void files_give_what_is_expected(void **state) {
  (void)state;
  assert_true(map_run_folder(&social_mapping, ADAPTER, CASES) >= 15);
}

static void who_filled_it_in_never_leaves(void **state) {
  (void)state;
  static const char *const never[] = {"Hemlig", "hemlig", "070-", "Granne", "QUJD"};
  static const char *const files[] = {"concern.xml", "list.xml", "other-families.xml", "attachment.xml"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", CASES, files[i]);
    struct map_result result = map_run_file(&social_mapping, ADAPTER, path);
    assert_true(result.events > 0);
    for (size_t j = 0; j < sizeof never / sizeof never[0]; j++) {
      if (strstr(map_result_text(&result), never[j]) != NULL)
        fail_msg("'%s' is in %s", never[j], map_result_text(&result));
    }
    map_result_free(&result);
  }
}

// The same form as UTF-8 and as ISO-8859-1 makes the same event.
static void character_sets_make_no_difference(void **state) {
  (void)state;
  struct map_result latin =
      map_run_file(&social_mapping, ADAPTER, "tests/unit/social/cases/concern-iso8859-1.xml");
  assert_int_equal(latin.events, 1);
  assert_non_null(strstr(map_result_text(&latin), "Barnet säger att det blir slaget <hemma> & är rädd."));
  map_result_free(&latin);
}

static void headers_are_mended_exactly(void **state) {
  (void)state;
  static const struct {
    const char *in;
    const char *out;  // NULL: refused
    bool mended;
  } rows[] = {
      {"<?xml version=\"1.0\"encoding=\"UTF_8\" standalone=\"no\"?>\n<a/>",
       "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>", true},
      {"<?xml version=\"1.0\" encoding=\"utf_8\"?><a/>", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", true},
      {"<?xml version='1.0'encoding='ISO-8859-1'?><a/>", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>",
       true},
      {"<?xml version=\"1.0\"standalone=\"yes\"?><a/>", "<?xml version=\"1.0\" standalone=\"yes\"?>", true},
      {"<?xml version = '1.0'  encoding = \"UTF-8\" ?><a/>", "<?xml version = '1.0'  encoding = \"UTF-8\" ?>",
       false},
      {"<?xml version=\"1.0\"?><a/>", "<?xml version=\"1.0\"?>", false},
      {"<a/>", "", false},
      {"", "", false},
      {"<?xmlversion=\"1.0\"?><a/>", "<?xml version=\"1.0\"?>", true},
      {"<?xml version=1.0?><a/>", NULL, false},
      {"<?xml encoding=\"UTF-8\"?><a/>", NULL, false},
      {"<?xml version=\"1.0\" encoding=\"UTF-8\"", NULL, false},
      {"<?xml version=\"1.0\" encoding=\"UTF-8><a/>\"?>", NULL, false},
      {"<?xml version=\"1.0\" other=\"x\"?><a/>", NULL, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct xml_header header;
    bool read = xml_header_read((const uint8_t *)rows[i].in, strlen(rows[i].in), &header);
    assert_int_equal(read, rows[i].out != NULL);
    if (!read) continue;
    assert_string_equal(header.text, rows[i].out);
    assert_int_equal(header.mended, rows[i].mended);
    if (header.length > 0) assert_memory_equal(rows[i].in + header.length - 2, "?>", 2);
  }
}

// Forms of a municipality that adapter.yaml does not name: suggestions, absences of staff, orders of access.
// None is shared, each is named, and only what is no form at all is an error.
static void real_forms_are_named_and_left(void **state) {
  (void)state;
  DIR *folder = opendir(REAL);
  size_t files = 0;
  size_t refused = 0;
  size_t mended = 0;
  if (folder == NULL) {
    (void)printf("skipped: no ../shared/data\n");
    return;
  }
  for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    size_t length = strlen(entry->d_name);
    if (length < 5 || strcmp(entry->d_name + length - 4, ".xml") != 0) continue;
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", REAL, entry->d_name);
    struct map_result result = map_run_file(&social_mapping, ADAPTER, path);
    assert_int_equal(result.events, 0);
    files++;
    mended += result.notes;
    if (!result.mapped) {
      assert_non_null(strstr(entry->d_name, "misc"));  // a menu of dishes
      refused++;
    } else if (strstr(entry->d_name, "empty-flow") == NULL) {
      assert_true(result.skips >= 1);
    }
    assert_null(strstr(map_result_text(&result), "194307199069"));
    map_result_free(&result);
  }
  (void)closedir(folder);
  assert_int_equal(refused, 2);
  assert_int_equal(mended, 21);
  assert_true(files >= 30);
}

static void a_real_form_is_named_by_its_flow(void **state) {
  (void)state;
  char path[256];
  (void)snprintf(path, sizeof path, "%s/case-iso8859-1.xml", REAL);
  if (access(path, R_OK) != 0) {
    (void)printf("skipped: no ../shared/data\n");
    return;
  }
  struct map_result result = map_run_file(&social_mapping, ADAPTER, path);
  assert_string_equal(map_result_text(&result),
                      "skip case-iso8859-1.xml:2: flow instance 235212: flow 'Anmälan om sjukfrånvaro' "
                      "(family 832) is not shared\n");
  map_result_free(&result);
}

// A wrong option costs only the forms that meet it, and is named.
static void wrong_options_are_named(void **state) {
  (void)state;
  static const char faulty[] = "tests/unit/social/faulty-adapter.yaml";
  struct map_result result = map_run_file(&social_mapping, faulty, "tests/unit/social/cases/concern.xml");
  assert_int_equal(result.skips, 1);
  assert_non_null(strstr(map_result_text(&result),
                         "family.9101 in adapter.yaml: 'orosanmälan' is none of concern_report"));
  map_result_free(&result);
  result = map_run_file(&social_mapping, faulty, "tests/unit/social/cases/other-families.xml");
  assert_int_equal(result.events, 0);
  assert_non_null(
      strstr(map_result_text(&result), "instance 3001: its kind is not translated (family.9102.kind"));
  assert_non_null(strstr(map_result_text(&result),
                         "instance 3004: names no victim (family.9104.person in adapter.yaml)"));
  assert_non_null(
      strstr(map_result_text(&result), "instance 3005: flow 'Antal' (family 9105) is not shared"));
  map_result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_give_what_is_expected),       cmocka_unit_test(who_filled_it_in_never_leaves),
      cmocka_unit_test(character_sets_make_no_difference), cmocka_unit_test(headers_are_mended_exactly),
      cmocka_unit_test(real_forms_are_named_and_left),     cmocka_unit_test(a_real_form_is_named_by_its_flow),
      cmocka_unit_test(wrong_options_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
