// Places in free text: a table of texts and the area that each names.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/engine/gazetteer.h"

static const struct {
  const char *area;
  const char *name;
} places[] = {
    {"bromma", "Bromma"},
    {"bromma", "Alvik"},
    {"bromma", "Norra Ängby"},
    {"bromma", "Åkeshov"},
    {"hasselby-vallingby", "Hässelby"},
    {"hasselby-vallingby", "Hässelby gård"},
    {"hasselby-vallingby", "Vällingby"},
    {"upplands-bro", "Upplands-Bro"},
    {"upplands-bro", "Bro"},
    {"kista", "Kista"},
};

static const struct {
  const char *text;
  const char *area;
} cases[] = {
    {"Brand i Bromma", "bromma"},
    {"BRAND I VÄLLINGBY CENTRUM", "hasselby-vallingby"},
    {"brand i vällingby", "hasselby-vallingby"},
    {"åKESHOV", "bromma"},
    {"Misshandel i Brommastad", NULL},
    {"Misshandel i Nybromma", NULL},
    {"Brommas torg", "bromma"},
    {"Vällingbys centrum", "hasselby-vallingby"},
    {"Bros skola", NULL},  // too short for a genitive
    {"(Bromma)", "bromma"},
    {"”Bromma”", "bromma"},
    {"Bromma–Solna", "bromma"},
    {"Alvik/Bromma", "bromma"},
    {"i norra\n ängby.", "bromma"},
    {"i Norra\xC2\xA0Ängby.", "bromma"},
    {"Upplands-Bro", "upplands-bro"},
    {"en bro", "upplands-bro"},                                // which is why the samples leave "Bro" out
    {"från Bromma till Hässelby gård", "hasselby-vallingby"},  // the longest
    {"från Kista till Alvik", "kista"},                        // as long: the first
    {"från Alvik till Kista", "bromma"},
    {"Ängby", NULL},
    {"Bromm\xC3", NULL},
    {"\xFF\xFE Bromma", "bromma"},
    {"", NULL},
    {"Hässelbygård", NULL},
};

static struct gazetteer *make(void) {
  struct gazetteer *gazetteer = gazetteer_new();
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    assert_true(gazetteer_add(gazetteer, places[i].area, places[i].name));
  }
  return gazetteer;
}

static void texts_name_areas(void **state) {
  (void)state;
  struct gazetteer *gazetteer = make();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *area = gazetteer_find(gazetteer, cases[i].text);
    bool same =
        area == NULL || cases[i].area == NULL ? area == cases[i].area : strcmp(area, cases[i].area) == 0;
    if (!same) fail_msg("'%s' names %s, not %s", cases[i].text, area, cases[i].area);
  }
  gazetteer_free(gazetteer);
}

static void names_that_are_none_are_refused(void **state) {
  (void)state;
  struct gazetteer *gazetteer = gazetteer_new();
  char long_name[GAZETTEER_NAME_MAX + 2];
  memset(long_name, 'a', sizeof long_name);
  long_name[sizeof long_name - 1] = '\0';
  assert_false(gazetteer_add(gazetteer, "a", ""));
  assert_false(gazetteer_add(gazetteer, "a", " - "));
  assert_false(gazetteer_add(gazetteer, "a", long_name));
  assert_null(gazetteer_find(gazetteer, "a"));
  gazetteer_free(gazetteer);
}

static void a_text_without_end_is_searched_to_its_maximum(void **state) {
  (void)state;
  struct gazetteer *gazetteer = make();
  char *text = malloc(GAZETTEER_TEXT_MAX * 2 + 1);
  assert_non_null(text);
  memset(text, 'x', GAZETTEER_TEXT_MAX * 2);
  text[GAZETTEER_TEXT_MAX * 2] = '\0';
  memcpy(text + GAZETTEER_TEXT_MAX - 100, " Bromma ", 8);
  assert_string_equal(gazetteer_find(gazetteer, text), "bromma");
  memset(text, 'x', GAZETTEER_TEXT_MAX);
  memcpy(text + GAZETTEER_TEXT_MAX + 100, " Bromma ", 8);
  assert_null(gazetteer_find(gazetteer, text));
  free(text);
  gazetteer_free(gazetteer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_name_areas),
      cmocka_unit_test(names_that_are_none_are_refused),
      cmocka_unit_test(a_text_without_end_is_searched_to_its_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
