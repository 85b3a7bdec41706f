// Command lines as people write them: which command, arguments and options come of them, and what is answered
// to mistakes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"

enum { WORDS_MAX = 12 };

static struct ctl parse(const char *const *words, bool *run, enum ctl_exit *code) {
  static char texts[WORDS_MAX][64];
  static char *argv[WORDS_MAX + 1];
  int argc = 0;
  struct ctl ctl = {.format = CTL_TABLE};
  for (; words[argc] != NULL; argc++) {
    (void)snprintf(texts[argc], sizeof texts[argc], "%s", words[argc]);
    argv[argc] = texts[argc];
  }
  argv[argc] = NULL;
  *code = ctl_parse(&ctl, argc, argv, run);
  return ctl;
}

struct good {
  const char *words[WORDS_MAX];
  const char *command, *argument, *home, *option, *value;
  enum ctl_format format;
};

static const struct good goods[] = {
    {{"navctl", "status"}, "status", NULL, NULL, "watch", NULL, CTL_TABLE},
    {{"navctl", "status", "--watch"}, "status", NULL, NULL, "watch", "", CTL_TABLE},
    {{"navctl", "hold", "list", "--watch"}, "hold list", NULL, NULL, "watch", "", CTL_TABLE},
    {{"navctl", "--home", "/h", "audit", "verify", "-o", "json"},
     "audit verify",
     NULL,
     "/h",
     "reason",
     NULL,
     CTL_JSON},
    {{"navctl", "--home=/h", "audit", "verify"}, "audit verify", NULL, "/h", "reason", NULL, CTL_TABLE},
    {{"navctl", "-o", "csv", "audit", "search", "--agency", "polisen"},
     "audit search",
     NULL,
     NULL,
     "agency",
     "polisen",
     CTL_CSV},
    {{"navctl", "audit", "search", "--agency=polisen", "--since", "7d"},
     "audit search",
     NULL,
     NULL,
     "since",
     "7d",
     CTL_TABLE},
    {{"navctl", "audit", "show", "17", "--home", "/h"}, "audit show", "17", "/h", "reason", NULL, CTL_TABLE},
    {{"navctl", "keys", "new", "hub"}, "keys new", "hub", NULL, NULL, NULL, CTL_TABLE},
    {{"navctl", "publish", "--as", "skolan", "-"}, "publish", "-", NULL, "as", "skolan", CTL_TABLE},
    {{"navctl", "publish", "--as", "skolan", "--", "--odd-name"},
     "publish",
     "--odd-name",
     NULL,
     "as",
     "skolan",
     CTL_TABLE},
    {{"navctl", "access", "check"}, "access check", NULL, NULL, NULL, NULL, CTL_TABLE},
    {{"navctl", "briefing", "show", "m", "-o", "html", "--for", "a"},
     "briefing show",
     "m",
     NULL,
     "for",
     "a",
     CTL_HTML},
};

static void good_lines_are_understood(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof goods / sizeof *goods; i++) {
    const struct good *g = &goods[i];
    bool run = false;
    enum ctl_exit code = CTL_FAILED;
    struct ctl ctl = parse(g->words, &run, &code);
    if (!run || code != CTL_DONE) fail_msg("line %zu is not understood", i);
    assert_string_equal(ctl.command->name, g->command);
    assert_int_equal(ctl.format, g->format);
    assert_int_equal(ctl.arguments_count, g->argument != NULL);
    if (g->argument != NULL) assert_string_equal(ctl.arguments[0], g->argument);
    assert_true((ctl.home == NULL) == (g->home == NULL));
    if (g->home != NULL) assert_string_equal(ctl.home, g->home);
    const char *value = g->option == NULL ? NULL : ctl_value(&ctl, g->option);
    assert_true((value == NULL) == (g->value == NULL));
    if (value != NULL) assert_string_equal(value, g->value);
  }
}

// Standard error of one parse, as text.
static void complaint_of(const char *const *words, char *out, size_t size, enum ctl_exit *code) {
  bool run = true;
  FILE *kept = stderr;
  char *text = NULL;
  size_t length = 0;
  stderr = open_memstream(&text, &length);
  assert_non_null(stderr);
  (void)parse(words, &run, code);
  (void)fclose(stderr);
  stderr = kept;
  assert_false(run);
  (void)snprintf(out, size, "%s", text);
  free(text);
}

static const struct {
  const char *words[WORDS_MAX];
  const char *says;
} bads[] = {
    {{"navctl", "statsu"}, "did you mean 'status'?"},
    {{"navctl", "audit", "serch"}, "did you mean 'audit search'?"},
    {{"navctl", "audit"}, "'audit' is a family of commands: say which"},
    {{"navctl", "frobnicate"}, "is not known; see navctl --help"},
    {{"navctl", "status", "--wach"}, "did you mean '--watch'?"},
    {{"navctl", "status", "-x"}, "option '-x' is not known"},
    {{"navctl", "status", "extra"}, "write: navctl status"},
    {{"navctl", "audit", "show"}, "write: navctl audit show SEQ"},
    {{"navctl", "publish", "e.json"}, "--as is missing (whose keys to sign with"},
    {{"navctl", "publish"}, "write: navctl publish FILE --as AGENCY"},
    {{"navctl", "hold", "release", "1-1", "--reason", ""}, "--reason is missing"},
    {{"navctl", "access", "explain", "--event", "e", "--to", "polisen"}, "--purpose is missing"},
    {{"navctl", "retention", "erase", "a/b", "--reason", "x"},
     "write: navctl retention erase [AGENCY/ID…] --basis TEXT --reason TEXT"},
    {{"navctl", "hold", "show", "1-1", "--lang", "fi"}, "--lang 'fi' is neither sv nor en"},
    {{"navctl", "hold", "show", "1-1", "--reason", "s\xe4rskild"}, "--reason is not UTF-8"},
    {{"navctl", "recall", "send", "ab", "\xe5", "--as", "skolan", "--reason", "wrong"},
     "argument 2 (EVENT_ID…) is not UTF-8"},
    {{"navctl", "access", "explain", "--to", "x", "--purpose", "p"}, "--event is missing"},
    {{"navctl", "access", "explain", "--event", "e", "--purpose", "p"}, "--to is missing"},
    {{"navctl", "hold", "release", "1-1"}, "--reason is missing"},
    {{"navctl", "hold", "refuse", "1-1"}, "--reason is missing"},
    {{"navctl", "recall", "send", "x", "--reason", "wrong"}, "--as is missing"},
    {{"navctl", "recall", "send", "x", "--as", "skolan"}, "--reason is missing"},
    {{"navctl", "audit", "person", "1"}, "--reason is missing"},
    {{"navctl", "audit", "export"}, "--out is missing"},
    {{"navctl", "lane", "redeliver", "a", "b", "1"}, "--reason is missing"},
    {{"navctl", "lane", "replay", "a", "b"}, "--reason is missing"},
    {{"navctl", "retention", "erase", "a/b", "--basis", "x"}, "--reason is missing"},
    {{"navctl", "audit", "search", "--agency"}, "option '--agency' needs a value"},
    {{"navctl", "status", "--watch=5"}, "option '--watch' takes no value"},
    {{"navctl", "status", "-o", "jsn"}, "did you mean 'json'?"},
    {{"navctl", "status", "-o", "html"}, "has no output 'html'"},
    {{"navctl", "keys", "new", "a", "-o", "json"}, "has no output 'json'"},
};

static void mistakes_are_named_with_the_way_out(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
    char complaint[1024];
    enum ctl_exit code = CTL_DONE;
    complaint_of(bads[i].words, complaint, sizeof complaint, &code);
    assert_int_equal(code, CTL_USAGE);
    if (strstr(complaint, bads[i].says) == NULL) fail_msg("'%s' does not say '%s'", complaint, bads[i].says);
  }
}

// Every command has what its help needs, and the table is whole.
static void every_command_is_described(void **state) {
  (void)state;
  for (size_t i = 0; i < ctl_commands_count; i++) {
    const struct ctl_command *command = &ctl_commands[i];
    char start[64];
    assert_non_null(command->run);
    assert_true(strlen(command->summary) > 10);
    (void)snprintf(start, sizeof start, "  navctl %s", command->name);
    assert_int_equal(strncmp(command->examples, start, strlen(start)), 0);
    size_t options = 0;
    while (command->options != NULL && command->options[options].name != NULL) options++;
    assert_true(options <= CTL_OPTIONS_MAX);
  }
}

static void times_are_read_as_people_write_them(void **state) {
  (void)state;
  const int64_t now = 1795312800000;  // 2026-11-22T02:00:00Z
  static const struct {
    const char *text;
    int64_t ago_ms;
  } agos[] = {{"7d", 7 * 86400000LL}, {"36h", 36 * 3600000LL}, {"90s", 90000},
              {"15m", 900000},        {"2w", 14 * 86400000LL}, {"0s", 0}};
  int64_t ms = 0;
  for (size_t i = 0; i < sizeof agos / sizeof *agos; i++) {
    assert_true(ctl_parse_time(agos[i].text, now, &ms));
    assert_true(ms == now - agos[i].ago_ms);
  }
  char text[NAV_RFC3339_SIZE];
  assert_true(ctl_parse_time("2026-11-01", now, &ms));
  assert_string_equal(nav_clock_rfc3339(ms, text), "2026-10-31T23:00:00.000Z");  // Swedish midnight
  assert_true(ctl_parse_time("2026-07-01", now, &ms));
  assert_string_equal(nav_clock_rfc3339(ms, text), "2026-06-30T22:00:00.000Z");
  assert_true(ctl_parse_time("2026-11-01T08:00:00Z", now, &ms));
  assert_string_equal(nav_clock_rfc3339(ms, text), "2026-11-01T08:00:00.000Z");
  assert_true(ctl_parse_time("2026-11-01 08.00.09", now, &ms));  // as a table has it
  assert_string_equal(nav_clock_rfc3339(ms, text), "2026-11-01T07:00:09.000Z");
  assert_true(ctl_parse_time("2026-07-01 8.30", now, &ms));
  assert_string_equal(nav_clock_rfc3339(ms, text), "2026-07-01T06:30:00.000Z");
  static const char *const bad[] = {"2026-11-01 08.00:09",
                                    "2026-11-01 08.00.09.1",
                                    "2026-11-01 25.00",
                                    "2026.11.01",
                                    "",
                                    "7",
                                    "d",
                                    "7y",
                                    "7dd",
                                    "-7d",
                                    "9999999d",
                                    "yesterday",
                                    "2026-02-30",
                                    "2026-1-1"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (ctl_parse_time(bad[i], now, &ms)) fail_msg("'%s' was taken for a time", bad[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_lines_are_understood),
      cmocka_unit_test(mistakes_are_named_with_the_way_out),
      cmocka_unit_test(every_command_is_described),
      cmocka_unit_test(times_are_read_as_people_write_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
