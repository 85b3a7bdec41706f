// See options.h. One table gives parsing, help and "did you mean".
#include "adapters/engine/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/conf/tree.h"
#include "hub/wire/event.h"

enum option { HOME, CONFIG, ONCE, DRY_RUN, OUTPUT, NOW, SINCE, AFTER, HELP, VERSION, OPTIONS_COUNT };

static const struct {
  const char *name;
  const char *argument;
  const char *help;
} table[OPTIONS_COUNT] = {
    [HOME] = {"--home", "DIR", "the installation (else NAV_HOME, else .nav, else /etc/nav)"},
    [CONFIG] = {"--config", "FILE",
                "this adapter.yaml, instead of the one in the home that names the program"},
    [ONCE] = {"--once", NULL,
              "end when the outbox is empty, receipts have come and deliveries are in the inbox"},
    [DRY_RUN] =
        {"--dry-run", NULL,
         "print the events of FILEs as mapped, before the rules, as CloudEvents JSON, a line each; send "
         "nothing"},
    [OUTPUT] = {"-o", "text|json",
                "with --once: how the closing count is told (json: also on standard output)"},
    [NOW] = {"--now", "RFC3339", "take this as the time, for what a source leaves out"},
    [SINCE] = {"--replay-since", "RFC3339",
               "ask the hub for all that it has delivered since then, once more: for an inbox that was lost"},
    [AFTER] = {"--replay-after", "POSITION",
               "the same, after a position (navseq of a line); 0: all that the rules in force release"},
    [HELP] = {"--help", NULL, "this text"},
    [VERSION] = {"--version", NULL, "the program's version"},
};

static void print_help(const struct nav_mapping *mapping) {
  (void)printf("%s: %s\n\nExamples:\n  %s --dry-run FILE...        the events, before the rules are asked\n",
               mapping->program, mapping->description, mapping->program);
  (void)printf("  %s --once                   send what is in the outbox, fetch what has come, end\n",
               mapping->program);
  (void)printf(
      "  %s                          the same, and go on\n  ... | %s -          send standard input\n",
      mapping->program, mapping->program);
  (void)printf("\nOptions:\n");
  for (size_t i = 0; i < OPTIONS_COUNT; i++) {
    char left[32];
    (void)snprintf(left, sizeof left, "%s %s", table[i].name,
                   table[i].argument != NULL ? table[i].argument : "");
    (void)printf("  %-24s %s\n", left, table[i].help);
  }
  (void)printf("\nFiles of the outbox end in:");
  for (const char *const *suffix = mapping->suffixes; *suffix != NULL; suffix++) (void)printf(" %s", *suffix);
  (void)printf(
      "\nExit: 0 done, 1 failed, 2 usage, 5 the hub was not reached, 9 the hub's ledger is not what it "
      "was\n");
}

static int wrong(const struct nav_mapping *mapping, const char *what, const char *text, const char *hint) {
  (void)fprintf(stderr, "%s: %s '%s'%s%s%s (--help tells more)\n", mapping->program, what, text,
                hint != NULL ? " - did you mean '" : "", hint != NULL ? hint : "", hint != NULL ? "'?" : "");
  return -1;
}

static int find_option(const struct nav_mapping *mapping, const char *name) {
  const char *names[OPTIONS_COUNT + 1] = {NULL};
  for (int i = 0; i < OPTIONS_COUNT; i++) {
    if (strcmp(table[i].name, name) == 0) return i;
    names[i] = table[i].name;
  }
  return wrong(mapping, "unknown option", name, conf_nearest(name, names));
}

// One replay a lane is what the hub takes at a time.
static bool take_replay(struct options *options, const struct nav_mapping *mapping, int option,
                        const char *value) {
  char *end = NULL;
  if (options->replays)
    return wrong(mapping,
                 "one replay is asked for at a time, by --replay-since or by --replay-after, not also by",
                 value, NULL) > 0;
  options->replays = true;
  if (option == SINCE) {
    return (nav_clock_parse(value, true, &options->replay_since_ms) && options->replay_since_ms > 0 &&
            wire_time_is_sound(options->replay_since_ms)) ||
           wrong(mapping, "--replay-since is a time such as 2026-11-22T02:30:00Z, of 1970 to 2200, not",
                 value, NULL) > 0;
  }
  errno = 0;
  options->replay_after = strtoull(value, &end, 10);
  return (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0) ||
         wrong(mapping, "--replay-after is a position, 0 or the navseq of a line, not", value, NULL) > 0;
}

// value: "" for an option that has none.
static bool take(struct options *options, const struct nav_mapping *mapping, int option, const char *value) {
  switch (option) {
    case HOME:
      options->home = value;
      return true;
    case CONFIG:
      options->config = value;
      return true;
    case ONCE:
      options->once = true;
      return true;
    case DRY_RUN:
      options->dry_run = true;
      return true;
    case OUTPUT:
      options->json = strcmp(value, "json") == 0;
      return options->json || strcmp(value, "text") == 0 ||
             wrong(mapping, "-o is text or json, not", value, NULL) > 0;
    case NOW:
      options->has_now = true;
      return nav_clock_parse(value, false, &options->now_ms) ||
             wrong(mapping, "--now is a time such as 2026-11-22T02:30:00Z, not", value, NULL) > 0;
    case SINCE:
    case AFTER:
      return take_replay(options, mapping, option, value);
    default:
      return false;
  }
}

static void default_home(struct options *options) {
  if (options->home == NULL) options->home = getenv("NAV_HOME");
  if (options->home == NULL || *options->home == '\0') {
    options->home = access(".nav", F_OK) == 0 ? ".nav" : "/etc/nav";
  }
}

// What stands alone on the line: files of --dry-run, or "-".
static bool check_files(struct options *options, const struct nav_mapping *mapping) {
  if (options->dry_run) {
    if (options->files_count > 0) return true;
    (void)fprintf(stderr, "%s: --dry-run needs a FILE, or - (--help tells more)\n", mapping->program);
    return false;
  }
  if (options->files_count == 0) return true;
  options->standard_input = options->files_count == 1 && strcmp(options->files[0], "-") == 0;
  return options->standard_input ||
         wrong(mapping, "files are dropped in the outbox; only --dry-run takes", options->files[0], NULL) > 0;
}

enum options_result options_read(struct options *options, const struct nav_mapping *mapping, int argc,
                                 char **argv) {
  *options = (struct options){.files = argv + 1};
  bool only_files = false;
  for (int i = 1; i < argc; i++) {
    if (only_files || argv[i][0] != '-' || strcmp(argv[i], "-") == 0) {
      options->files[options->files_count++] = argv[i];  // never ahead of i
      continue;
    }
    only_files = strcmp(argv[i], "--") == 0;
    if (only_files) continue;
    char name[32];
    const char *equals = strchr(argv[i], '=');
    size_t length = equals != NULL ? (size_t)(equals - argv[i]) : strlen(argv[i]);
    (void)snprintf(name, sizeof name, "%.*s", (int)length, argv[i]);
    int option = find_option(mapping, name);
    if (option < 0) return OPTIONS_WRONG;
    if (option == HELP) print_help(mapping);
    if (option == VERSION) (void)printf("%s %s\n", mapping->program, NAV_VERSION);
    if (option == HELP || option == VERSION) return OPTIONS_SHOWN;
    const char *value = "";
    if (table[option].argument != NULL) {
      value = equals != NULL ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
      if (value == NULL) {
        (void)wrong(mapping, "a value is missing after", name, NULL);
        return OPTIONS_WRONG;
      }
    }
    if (!take(options, mapping, option, value)) return OPTIONS_WRONG;
  }
  default_home(options);
  return check_files(options, mapping) ? OPTIONS_RUN : OPTIONS_WRONG;
}
