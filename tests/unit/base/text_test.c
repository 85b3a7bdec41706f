// What is shown to a person of a text from anywhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/text.h"

static const struct {
  const char *text, *shown;
} texts[] = {
    {"", ""},
    {"Hässelby, 4 tr\n\tvänster 👮", "Hässelby, 4 tr\n\tvänster 👮"},
    {"\x1b[2J\x1b]0;titel\x07", "?[2J?]0;titel?"},  // clears the screen, names the window
    {"a\x7f"
     "b\r",
     "a?b?"},
    {"\xc2\x9b"
     "31m",
     "?31m"},  // CSI as one character
    {"u\xe2\x80\xae"
     "txt.exe",
     "u?txt.exe"},                                          // RIGHT-TO-LEFT OVERRIDE
    {"\xe2\x81\xa6x\xe2\x81\xa9\xef\xbb\xbf", "?x??"},      // isolates, U+FEFF
    {"\xc3", "?"},                                          // cut short
    {"\xc0\x80\xf5\x80\x80\x80\xed\xa0\x80", "?????????"},  // overlong, past Unicode, a surrogate
    {"\xef\xbf\xbd", "\xef\xbf\xbd"},                       // U+FFFD as it was sent
};

static void what_a_terminal_would_obey_is_a_question_mark(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char text[128];
    (void)snprintf(text, sizeof text, "%s", texts[i].text);
    nav_text_printable(text);
    assert_string_equal(text, texts[i].shown);
  }
}

static void a_copy_ends_at_a_characters_border(void **state) {
  (void)state;
  static const struct {
    size_t size;
    const char *text, *copy;
  } copies[] = {
      {1, "a", ""},       {3, "aå", "a"},   {4, "aå", "aå"},
      {4, "👮x", ""},      {5, "👮x", "👮"},   {8, NULL, ""},
      {8, "a\xc3", "a?"}, {8, "\xff", "?"}, {8, "\xef\xbf\xbd", "\xef\xbf\xbd"},
  };
  for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
    char copy[8];
    nav_text_copy(copy, copies[i].size, copies[i].text);
    assert_string_equal(copy, copies[i].copy);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_a_terminal_would_obey_is_a_question_mark),
                                     cmocka_unit_test(a_copy_ends_at_a_characters_border)};
  return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
