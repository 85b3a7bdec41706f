// Strict UTF-8: every boundary of RFC 3629, at every offset within a word of eight bytes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/wire/utf8.h"

struct utf8_case {
  const char *what;
  const char *text;
  size_t length;
  bool valid;
};

#define TEXT(text) text, sizeof(text) - 1

static const struct utf8_case utf8_cases[] = {
    {"nothing", TEXT(""), true},
    {"ASCII", TEXT("abc\n\t\x7f"), true},
    {"a NUL", TEXT("\0"), false},
    {"two bytes, first", TEXT("\xc2\x80"), true},
    {"two bytes, last", TEXT("\xdf\xbf"), true},
    {"two bytes, overlong", TEXT("\xc1\xbf"), false},
    {"two bytes, overlong NUL", TEXT("\xc0\x80"), false},
    {"two bytes, cut", TEXT("\xc3"), false},
    {"two bytes, bad tail", TEXT("\xc3\x28"), false},
    {"two bytes, tail too high", TEXT("\xc3\xc0"), false},
    {"three bytes, first", TEXT("\xe0\xa0\x80"), true},
    {"three bytes, overlong", TEXT("\xe0\x9f\xbf"), false},
    {"before the surrogates", TEXT("\xed\x9f\xbf"), true},
    {"first surrogate", TEXT("\xed\xa0\x80"), false},
    {"last surrogate", TEXT("\xed\xbf\xbf"), false},
    {"after the surrogates", TEXT("\xee\x80\x80"), true},
    {"three bytes, last", TEXT("\xef\xbf\xbf"), true},
    {"three bytes, cut", TEXT("\xe2\x82"), false},
    {"three bytes, bad second", TEXT("\xe2\x28\xa1"), false},
    {"three bytes, bad third", TEXT("\xe2\x82\x28"), false},
    {"four bytes, first", TEXT("\xf0\x90\x80\x80"), true},
    {"four bytes, overlong", TEXT("\xf0\x8f\xbf\xbf"), false},
    {"U+10FFFF", TEXT("\xf4\x8f\xbf\xbf"), true},
    {"U+110000", TEXT("\xf4\x90\x80\x80"), false},
    {"five bytes", TEXT("\xf8\x88\x80\x80\x80"), false},
    {"0xf5", TEXT("\xf5\x80\x80\x80"), false},
    {"0xff", TEXT("\xff"), false},
    {"four bytes, cut", TEXT("\xf0\x90\x80"), false},
    {"a tail alone", TEXT("\x80"), false},
    {"CESU-8", TEXT("\xed\xa0\xbd\xed\xba\xa8"), false},
};

// Each case with 0-16 letters before it and 0-16 after it, on the heap so that reading past the end is
// noticed.
static void every_case_at_every_offset(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof utf8_cases / sizeof utf8_cases[0]; i++) {
    const struct utf8_case *one = &utf8_cases[i];
    for (size_t before = 0; before <= 16; before++) {
      for (size_t after = 0; after <= 16; after++) {
        size_t length = before + one->length + after;
        uint8_t *text = malloc(length > 0 ? length : 1);
        assert_non_null(text);
        memset(text, 'a', length);
        memcpy(text + before, one->text, one->length);
        if (wire_utf8_valid(text, length) != one->valid) {
          fail_msg("%s, with %zu letters before and %zu after", one->what, before, after);
        }
        free(text);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_case_at_every_offset)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
