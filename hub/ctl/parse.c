// Arguments by the table: finds the command, its options and -o, --home, --help wherever they stand. See
// ctl.h.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/wire/utf8.h"

static const char *const format_names[CTL_FORMATS + 1] = {"table", "json", "ndjson", "csv",
                                                          "text",  "html", NULL};
enum { WORDS_MAX = 2, NAME_SIZE = 64, NAMES_MAX = 64, COMMAND_WIDTH = 26, USAGE_SIZE = 256 };

struct parsing {
  struct ctl *ctl;
  int argc;
  char **argv;
  const char *format;
  bool help;
  bool version;
};

static enum ctl_exit unknown(const char *what, const char *text, const char *const *names) {
  const char *near = ctl_nearest(text, names);
  if (near != NULL)
    return ctl_complain(CTL_USAGE, "%s '%s' is not known - did you mean '%s'?", what, text, near);
  return ctl_complain(CTL_USAGE, "%s '%s' is not known; see navctl --help", what, text);
}

static bool is_of(const struct ctl_command *command, const char *family) {
  size_t length = strlen(family);
  return length == 0 || (strncmp(command->name, family, length) == 0 && command->name[length] == ' ');
}

static bool is_family(const char *word) {
  for (size_t i = 0; i < ctl_commands_count; i++)
    if (is_of(&ctl_commands[i], word)) return true;
  return false;
}

// A line a command; "": of all families. "…" is one column and three bytes.
static void print_commands(FILE *to, const char *family) {
  for (size_t i = 0; i < ctl_commands_count; i++) {
    if (!is_of(&ctl_commands[i], family)) continue;
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "%s %s", ctl_commands[i].name, ctl_commands[i].arguments);
    int width = COMMAND_WIDTH;
    for (const char *at = name; *at != '\0'; at++) width += ((unsigned char)*at & 0xC0) == 0x80 ? 1 : 0;
    (void)fprintf(to, "  %-*s %s\n", width, name, ctl_commands[i].summary);
  }
}

// How many words of argv name a command: the longest name that fits.
static const struct ctl_command *find_command(char *const *words, int count, int *used) {
  char name[NAME_SIZE];
  for (int n = count < WORDS_MAX ? count : WORDS_MAX; n > 0; n--) {
    (void)snprintf(name, sizeof name, "%s%s%s", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
    for (size_t i = 0; i < ctl_commands_count; i++) {
      if (strcmp(ctl_commands[i].name, name) == 0) {
        *used = n;
        return &ctl_commands[i];
      }
    }
  }
  return NULL;
}

static enum ctl_exit unknown_command(char *const *words, int count) {
  const char *names[NAMES_MAX + 1] = {NULL};
  char name[NAME_SIZE];
  size_t known = 0;
  for (size_t i = 0; i < ctl_commands_count && known < NAMES_MAX; i++) names[known++] = ctl_commands[i].name;
  (void)snprintf(name, sizeof name, "%s%s%s", words[0], count > 1 ? " " : "", count > 1 ? words[1] : "");
  return unknown("command", name, names);
}

static bool is_flag_of_all(const char *name) {
  return strcmp(name, "help") == 0 || strcmp(name, "version") == 0;
}

// The option's place in the command's table; -1: none.
static int option_index(const struct ctl_command *command, const char *name, size_t length) {
  for (int i = 0; command != NULL && command->options != NULL && command->options[i].name != NULL; i++) {
    if (strlen(command->options[i].name) == length && strncmp(command->options[i].name, name, length) == 0)
      return i;
  }
  return -1;
}

static enum ctl_exit unknown_option(const struct parsing *p, const char *text) {
  const char *names[CTL_OPTIONS_MAX + 8] = {"home", "help", "version", "output"};
  size_t count = 4;
  const struct ctl_option *options = p->ctl->command != NULL ? p->ctl->command->options : NULL;
  for (size_t i = 0; options != NULL && options[i].name != NULL; i++) names[count++] = options[i].name;
  const char *near = ctl_nearest(text, names);
  if (near != NULL)
    return ctl_complain(CTL_USAGE, "option '--%s' is not known - did you mean '--%s'?", text, near);
  return ctl_complain(CTL_USAGE, "option '--%s' is not known; see navctl %s%s--help", text,
                      p->ctl->command != NULL ? p->ctl->command->name : "",
                      p->ctl->command != NULL ? " " : "");
}

// Where an option's value goes; NULL with *flag: it takes none; NULL: not known.
static const char **value_place(struct parsing *p, const char *name, size_t length, bool *flag) {
  *flag = false;
  if (strncmp(name, "home", length) == 0 && length == 4) return &p->ctl->home;
  if (strncmp(name, "output", length) == 0 && length == 6) return &p->format;
  int index = option_index(p->ctl->command, name, length);
  if (index < 0) return NULL;
  *flag = p->ctl->command->options[index].argument == NULL;
  return &p->ctl->values[index];
}

// Takes argv[*i] (and its value). CTL_DONE: taken.
static enum ctl_exit take_option(struct parsing *p, int *i) {
  const char *text = p->argv[*i];
  if (strcmp(text, "-o") == 0) text = "--output";
  if (strcmp(text, "-h") == 0) text = "--help";
  if (strncmp(text, "--", 2) != 0)
    return ctl_complain(CTL_USAGE, "option '%s' is not known; see navctl --help", text);
  const char *name = text + 2;
  if (is_flag_of_all(name)) {
    p->help = p->help || strcmp(name, "help") == 0;
    p->version = p->version || strcmp(name, "version") == 0;
    return CTL_DONE;
  }
  size_t length = strcspn(name, "=");
  bool flag = false;
  const char **place = value_place(p, name, length, &flag);
  if (place == NULL) return unknown_option(p, name);
  if (flag) {
    *place = "";
    return name[length] == '=' ? ctl_complain(CTL_USAGE, "option '--%.*s' takes no value", (int)length, name)
                               : CTL_DONE;
  }
  if (name[length] == '=') {
    *place = name + length + 1;
  } else if (*i + 1 < p->argc) {
    *place = p->argv[++*i];
  } else {
    return ctl_complain(CTL_USAGE, "option '--%s' needs a value", name);
  }
  return CTL_DONE;
}

// The words that are neither options nor their values: the command's name and arguments. Options before the
// command are only the global ones, so the words can be found first.
static int collect_words(int argc, char **argv, char *words[], int max) {
  int count = 0;
  for (int i = 1; i < argc && count < max; i++) {
    if (strcmp(argv[i], "--home") == 0 || strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0) {
      i++;
    } else if (argv[i][0] != '-') {
      words[count++] = argv[i];
    } else {
      if (count > 0) break;  // of the command: whether it takes a value is not known yet
    }
  }
  return count;
}

static enum ctl_exit choose_format(struct parsing *p) {
  if (p->format == NULL) return CTL_DONE;
  for (int i = 0; i < CTL_FORMATS; i++) {
    if (strcmp(p->format, format_names[i]) != 0) continue;
    if ((p->ctl->command->formats >> i & 1) == 0) {
      return ctl_complain(CTL_USAGE, "'navctl %s' has no output '%s'; see navctl %s --help",
                          p->ctl->command->name, p->format, p->ctl->command->name);
    }
    p->ctl->format = (enum ctl_format)i;
    return CTL_DONE;
  }
  return unknown("output", p->format, format_names);
}

static enum ctl_exit take_all(struct parsing *p, int skip) {
  bool only_arguments = false;
  for (int i = 1; i < p->argc; i++) {
    const char *text = p->argv[i];
    if (!only_arguments && strcmp(text, "--") == 0) {
      only_arguments = true;
    } else if (!only_arguments && text[0] == '-' && text[1] != '\0') {
      enum ctl_exit code = take_option(p, &i);
      if (code != CTL_DONE) return code;
    } else if (skip > 0) {
      skip--;
    } else if (p->ctl->arguments_count == CTL_ARGUMENTS_MAX) {
      return ctl_complain(CTL_USAGE, "too many arguments");
    } else {
      p->ctl->arguments[p->ctl->arguments_count++] = text;
    }
  }
  return CTL_DONE;
}

// "navctl publish FILE --as AGENCY": with what it is not run without.
static void write_usage(char usage[USAGE_SIZE], const struct ctl_command *command) {
  int used = snprintf(usage, USAGE_SIZE, "navctl %s%s%s", command->name,
                      command->arguments[0] == '\0' ? "" : " ", command->arguments);
  for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++) {
    if (!ctl_requires(command, o->name)) continue;
    NAV_ASSERT(used >= 0 && used < USAGE_SIZE);
    used += snprintf(usage + used, USAGE_SIZE - (size_t)used, " --%s %s", o->name, o->argument);
  }
}

// What is no path goes into JSON, which has no other bytes: it would be left out there without a word. kind:
// as the table names it.
static bool is_text(const char *kind, const char *value) {
  bool path = strstr(kind, "FILE") != NULL || strstr(kind, "FOLDER") != NULL || strstr(kind, "DIR") != NULL;
  return path || value == NULL || wire_utf8_valid((const uint8_t *)value, strlen(value));
}

static enum ctl_exit check_texts(const struct ctl *ctl) {
  static const char why[] = "is not UTF-8: is the terminal set to another encoding?";
  const struct ctl_command *command = ctl->command;
  for (int i = 0; i < ctl->arguments_count; i++)
    if (!is_text(command->arguments, ctl->arguments[i]))
      return ctl_complain(CTL_USAGE, "argument %d (%s) %s", i + 1, command->arguments, why);
  for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++)
    if (o->argument != NULL && !is_text(o->argument, ctl_value(ctl, o->name)))
      return ctl_complain(CTL_USAGE, "--%s %s", o->name, why);
  return CTL_DONE;
}

static enum ctl_exit check_given(const struct ctl *ctl) {
  const struct ctl_command *command = ctl->command;
  char usage[USAGE_SIZE];
  write_usage(usage, command);
  if (ctl->arguments_count < command->arguments_min || ctl->arguments_count > command->arguments_max)
    return ctl_complain(CTL_USAGE, "write: %s", usage);
  for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++) {
    const char *value = ctl_value(ctl, o->name);
    if (ctl_requires(command, o->name) && (value == NULL || value[0] == '\0'))
      return ctl_complain(CTL_USAGE, "--%s is missing (%s); write: %s", o->name, o->help, usage);
  }
  int index = option_index(command, "lang", strlen("lang"));
  const char *language = index < 0 ? NULL : ctl->values[index];
  if (language != NULL && strcmp(language, "sv") != 0 && strcmp(language, "en") != 0)
    return ctl_complain(CTL_USAGE, "--lang '%s' is neither sv nor en", language);
  return CTL_DONE;
}

enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv, bool *run) {
  struct parsing p = {.ctl = ctl, .argc = argc, .argv = argv};
  char *words[WORDS_MAX];
  int used = 0;
  *run = false;
  NAV_ASSERT(ctl != NULL);
  int count = collect_words(argc, argv, words, WORDS_MAX);
  if (count > 0) ctl->command = find_command(words, count, &used);
  bool family = count == 1 && ctl->command == NULL && is_family(words[0]);
  if (count > 0 && ctl->command == NULL && !family) return unknown_command(words, count);
  enum ctl_exit code = take_all(&p, family ? 1 : used);
  if (code != CTL_DONE) return code;
  if (family) {
    print_commands(p.help ? stdout : stderr, words[0]);
    return p.help ? CTL_DONE : ctl_complain(CTL_USAGE, "'%s' is a family of commands: say which", words[0]);
  }
  if (p.version) return puts("navctl 0.1.0") < 0 ? CTL_FAILED : CTL_DONE;
  if (p.help || ctl->command == NULL) {
    ctl_help(ctl->command);
    return p.help ? CTL_DONE : CTL_USAGE;
  }
  code = check_given(ctl);
  if (code == CTL_DONE) code = check_texts(ctl);
  if (code == CTL_DONE) code = choose_format(&p);
  *run = code == CTL_DONE;
  return code;
}

const char *ctl_value(const struct ctl *ctl, const char *name) {
  int index = option_index(ctl->command, name, strlen(name));
  NAV_ASSERT(index >= 0);
  return ctl->values[index];
}

bool ctl_english(const struct ctl *ctl) {
  const char *language = ctl_value(ctl, "lang");
  return language != NULL && strcmp(language, "en") == 0;
}

bool ctl_watches(const struct ctl *ctl) {
  int index = option_index(ctl->command, "watch", strlen("watch"));
  return index >= 0 && ctl->values[index] != NULL;
}

void ctl_help(const struct ctl_command *command) {
  if (command == NULL) {
    (void)puts(
        "navctl COMMAND …\n\n  navctl status                       what the hub does now\n"
        "  navctl audit verify                 recompute the whole ledger\n"
        "  navctl audit search --since 7d      who shared what with whom\n"
        "  navctl briefing show MEETING        the joint picture\n\nCommands:");
    print_commands(stdout, "");
    (void)puts(
        "\nOptions of all:\n  --home DIR    the installation; else NAV_HOME, .nav, /etc/nav\n"
        "  -o FORMAT     table, json, ndjson, csv (briefing: text, json, html)\n  --help        also of a "
        "command\n\n"
        "Exit: 0 done, 1 failed, 2 usage, 3 refused by the rules, 4 not found, 5 unreachable, 6 findings");
    return;
  }
  char usage[USAGE_SIZE];
  write_usage(usage, command);
  (void)printf("%s\n\n%s\n\n%s\n", command->summary, usage, command->examples);
  if (command->options != NULL && command->options[0].name != NULL) (void)puts("Options:");
  for (const struct ctl_option *o = command->options; o != NULL && o->name != NULL; o++) {
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "--%s %s", o->name, o->argument != NULL ? o->argument : "");
    (void)printf("  %-20s %s\n", name, o->help);
  }
  if (command->formats != 0) {
    (void)fputs("  -o FORMAT           ", stdout);
    const char *comma = " ";
    for (int i = 0; i < CTL_FORMATS; i++) {
      if ((command->formats >> i & 1) == 0) continue;
      (void)printf("%s%s", comma, format_names[i]);
      comma = ", ";
    }
    (void)puts("");
  }
}
