// Files of events: one, a list, one a line; and what is said of a broken one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hub/ctl/event_file.h"

static json_t *read_text(const char *text, struct nav_error *err) {
  char path[] = "/tmp/nav-event-file-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  (void)close(fd);
  *err = (struct nav_error){0};
  json_t *list = event_file_read(path, err);
  (void)unlink(path);
  return list;
}

static const struct {
  const char *text;
  int count;         // -1: refused
  const char *says;  // of what is refused
} cases[] = {
    {"{\"id\":\"1\"}", 1, NULL},
    {"\xEF\xBB\xBF{\"id\":\"1\"}\n", 1, NULL},
    {"[{\"id\":\"1\"},{\"id\":\"2\"}]", 2, NULL},
    {"[]", 0, NULL},
    {"{\n  \"id\": \"1\"\n}\n", 1, NULL},
    {"{\"id\":\"1\"}\n{\"id\":\"2\"}\n", 2, NULL},
    {"{\"id\":\"1\"}\r\n\r\n  \n{\"id\":\"2\"}", 2, NULL},
    {"", -1, ""},
    {"{\"id\":", -1, ""},
    {"{\"id\":\"1\"}\n{\"id\":\n{\"id\":\"3\"}\n", -1, ":2"},
    {"{\"id\":\"1\"}\n[1]\n", -1, "no JSON object"},
    {"[1,2]", -1, "no JSON object"},
    {"\"text\"", -1, "is not JSON"},
    {"{\"id\":\"1\",\"id\":\"2\"}", -1, ""},
};

static void files_are_read_whole_or_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct nav_error err;
    char said[NAV_ERROR_PLACE_SIZE + NAV_ERROR_TEXT_SIZE];
    json_t *list = read_text(cases[i].text, &err);
    if ((list == NULL) != (cases[i].count < 0)) fail_msg("case %zu", i);
    if (list != NULL) assert_int_equal(json_array_size(list), cases[i].count);
    if (list == NULL && strstr(nav_error_string(&err, said, sizeof said), cases[i].says) == NULL) {
      fail_msg("case %zu: '%s' does not say '%s'", i, said, cases[i].says);
    }
    if (list == NULL) assert_true(err.text[0] != '\0');
    json_decref(list);
  }
}

static void a_missing_file_is_named(void **state) {
  (void)state;
  struct nav_error err = {0};
  assert_null(event_file_read("/nonexistent/events.json", &err));
  assert_string_equal(err.place, "/nonexistent/events.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(files_are_read_whole_or_refused),
      cmocka_unit_test(a_missing_file_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
