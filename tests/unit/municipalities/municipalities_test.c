// Names of municipalities and counties as sources write them; all 290 and 21 against the public list where it
// is at hand.
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/engine/adapter.h"

struct name {
  const char *name;
  const char *code;  // NULL: none
};

static void assert_codes(const struct name *names, size_t count, const char *(*find)(const char *)) {
  for (size_t i = 0; i < count; i++) {
    const char *found = find(names[i].name);
    if (names[i].code == NULL ? found != NULL : found == NULL || strcmp(found, names[i].code) != 0) {
      fail_msg("'%s' gave %s", names[i].name, found != NULL ? found : "none");
    }
  }
}

static void test_municipalities(void **state) {
  (void)state;
  static const struct name names[] = {
      {"Upplands-Bro", "0139"},
      {"Upplands-bro", "0139"},
      {"UPPLANDS-BRO KOMMUN", "0139"},
      {"Stockholm", "0180"},
      {"Stockholms kommun", "0180"},
      {"Stockholms stad", "0180"},
      {"  stockholm  ", "0180"},
      {"Håbo", "0305"},
      {"Habo", "0643"},
      {"HÅBO", "0305"},
      {"Ha\xcc\x8a"
       "bo",
       "0305"},  // a and a ring, as some systems write å
      {"A\xcc\x88lmhult", "0765"},
      {"ÖSTRA\xc2\xa0GÖINGE", "1256"},
      {"Borås stad", "1490"},
      {"Region Gotland", "0980"},
      {"Gotlands kommun", "0980"},
      {"Dals-Eds kommun", "1438"},
      {"Lilla  Edet", "1462"},
      {"Örebro län", NULL},
      {"Stockholms län", NULL},
      {"Region Stockholm", NULL},
      {"Stockholms", NULL},  // a genitive of nothing
      {"Bromma", NULL},
      {"Bro", NULL},
      {"", NULL},
      {" ", NULL},
      {"kommun", NULL},
      {" kommun", NULL},
      {"Region", NULL},
      {"Region ", NULL},
      {"Upplands\xff", NULL},
      {"Malm\xc3", NULL},
      {"en mycket lång text som ingen kommun någonsin har hetat eller kommer att heta", NULL},
  };
  assert_codes(names, sizeof names / sizeof *names, nav_municipality_code);
  assert_null(nav_municipality_code(NULL));
}

static void test_counties(void **state) {
  (void)state;
  static const struct name names[] = {
      {"Stockholms län", "01"},
      {"Stockholm", "01"},
      {"STOCKHOLMS LÄN", "01"},
      {"Örebro län", "18"},
      {"Kalmar län", "08"},
      {"Dalarnas län", "20"},
      {"Dalarna", "20"},
      {"Region Skåne", "12"},
      {"Västra Götalands län", "14"},
      {"Gävleborgs län ", "21"},
      {"Bromma", NULL},
      {"län", NULL},
      {"Stockholms kommun", NULL},
      {"", NULL},
  };
  assert_codes(names, sizeof names / sizeof *names, nav_county_code);
  assert_null(nav_county_code(NULL));
}

// Upper case as Swedish keyboards give it: Å, Ä and Ö too.
static void shout(char *text) {
  for (unsigned char *at = (unsigned char *)text; *at != '\0'; at++) {
    if (*at == 0xc3) {
      at++;
      if (*at >= 0xa0) *at = (unsigned char)(*at - 0x20);
    } else {
      *at = (unsigned char)toupper(*at);
    }
  }
}

// code,name,name_short: both names, and the short one in capitals, must give the code.
static size_t compare(const char *path, const char *(*find)(const char *)) {
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char line[256];
  size_t compared = 0;
  assert_non_null(fgets(line, sizeof line, file));
  while (fgets(line, sizeof line, file) != NULL) {
    char *rest = line, *code = strsep(&rest, ","), *full = strsep(&rest, ","), *name = strsep(&rest, ",\r\n");
    assert_non_null(name);
    char loud[128];
    (void)snprintf(loud, sizeof loud, "%s", name);
    shout(loud);
    const struct name wanted[] = {{full, code}, {name, code}, {loud, code}};
    assert_codes(wanted, 3, find);
    compared++;
  }
  (void)fclose(file);
  return compared;
}

static void test_against_the_public_list(void **state) {
  (void)state;
  if (access("../shared/data/geo/municipalities.csv", R_OK) != 0) {
    print_message("skipped: no ../shared/data\n");
    skip();
  }
  assert_int_equal(compare("../shared/data/geo/municipalities.csv", nav_municipality_code), 290);
  assert_int_equal(compare("../shared/data/geo/counties.csv", nav_county_code), 21);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_municipalities),
      cmocka_unit_test(test_counties),
      cmocka_unit_test(test_against_the_public_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
