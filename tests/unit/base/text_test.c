// What is shown to a person of a text from anywhere, and how it is cut.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/error.h"
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

static void what_is_cut_is_cut_between_characters(void **state) {
  (void)state;
  static const struct {
    size_t size;
    const char *from, *to;
  } cases[] = {
      {8, "Håkan", "Håkan"},
      {7, "Håkan", "Håkan"},
      {6, "Håkan", "Håka"},
      {3, "Håkan", "H"},
      {4, "Håkan", "Hå"},
      {1, "Håkan", ""},
      {5, "👮👮", "👮"},
      {8, "👮👮", "👮"},
      {9, "👮👮", "👮👮"},
      {3, "\xc3x", "?x"},
      {8, NULL, ""},
      {8, "\xff", "?"},
      {8, "\xef\xbf\xbd", "\xef\xbf\xbd"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[16];
    memset(text, '#', sizeof text);
    nav_text_copy(text, cases[i].size, cases[i].from);
    assert_string_equal(text, cases[i].to);
    assert_int_equal(text[cases[i].size], '#');
  }
}

static void what_is_no_text_alone_is_mended(void **state) {
  (void)state;
  char text[] = "a\x1b[2J H\xc3";
  nav_text_mend(text);
  assert_string_equal(text, "a\x1b[2J H?");
}

static void an_error_is_text_wherever_it_was_cut(void **state) {
  (void)state;
  struct nav_error err;
  assert_false(nav_fail(&err, NAV_ERROR_PEER, 0, "p\xc3", "%.2s", "Håkan"));
  assert_string_equal(err.place, "p?");
  assert_string_equal(err.text, "H?");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_terminal_would_obey_is_a_question_mark),
      cmocka_unit_test(what_is_cut_is_cut_between_characters),
      cmocka_unit_test(what_is_no_text_alone_is_mended),
      cmocka_unit_test(an_error_is_text_wherever_it_was_cut),
  };
  return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
