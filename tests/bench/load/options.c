// See options.h: one table of options.
#include "tests/bench/load/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { OPTION_TEXT, OPTION_COUNT, OPTION_NUMBER, OPTION_EVENTS, OPTION_SERVER };

struct option {
  const char *name;
  enum option_kind kind;
  size_t offset;
  double least, most;
  const char *help;
};

#define AT(field) offsetof(struct load_options, field)

static const struct option table[] = {
    {"--peer", OPTION_TEXT, AT(peer), 0, 0, "the broker's name in the line"},
    {"--case", OPTION_TEXT, AT(name), 0, 0, "the case's name in the line"},
    {"--at", OPTION_TEXT, AT(at), 0, 0, "where the broker is"},
    {"--database", OPTION_TEXT, AT(database), 0, 0,
     "commit to this database before publishing (libpq's words)"},
    {"--publishers", OPTION_COUNT, AT(publishers), 0, LOAD_PUBLISHERS_MAX, "processes that publish"},
    {"--recipients", OPTION_COUNT, AT(recipients), 0, LOAD_RECIPIENTS_MAX, "processes that receive"},
    {"--first-recipient", OPTION_COUNT, AT(first_recipient), 0, LOAD_RECIPIENTS_MAX - 1,
     "the first one's number"},
    {"--window", OPTION_COUNT, AT(window), 1, LOAD_WINDOW_MAX, "events of a publisher without an answer"},
    {"--bytes", OPTION_COUNT, AT(bytes), LOAD_BYTES_MIN, LOAD_BYTES_MAX, "of an event"},
    {"--rate", OPTION_NUMBER, AT(rate), 0, 1000000, "events a second, due at even times"},
    {"--events", OPTION_EVENTS, AT(events), 1, LOAD_NUMBERS_MAX, "end after so many"},
    {"--expect", OPTION_EVENTS, AT(expect), 1, LOAD_NUMBERS_MAX, "receive so many, publish none"},
    {"--run", OPTION_COUNT, AT(run), 1, UINT16_MAX, "the run's number; else by chance"},
    {"--warm", OPTION_NUMBER, AT(warm_s), 0, LOAD_SECONDS_MAX, "seconds before the window"},
    {"--seconds", OPTION_NUMBER, AT(seconds), 0.5, LOAD_SECONDS_MAX, "the window"},
    {"--drain", OPTION_NUMBER, AT(drain_s), 1, LOAD_SECONDS_MAX, "seconds for the rest to arrive"},
    {"--server", OPTION_SERVER, 0, 0, 0, "name=pid, or name=pid+ with its children"},
};

enum { OPTIONS = sizeof table / sizeof *table };

static bool usage(const char *program) {
  (void)fprintf(stderr, "%s OPTION VALUE...\n", program);
  for (size_t i = 0; i < OPTIONS; i++) (void)fprintf(stderr, "  %-18s %s\n", table[i].name, table[i].help);
  return false;
}

static bool take_server(struct load_options *options, char *value) {
  char *equals = strchr(value, '=');
  char *end = NULL;
  if (equals == NULL || options->servers_count == LOAD_SERVERS_MAX) return false;
  *equals = '\0';
  long pid = strtol(equals + 1, &end, 10);
  bool children = *end == '+';
  if (pid <= 0 || end[children ? 1 : 0] != '\0') return false;
  options->servers[options->servers_count++] = (struct load_server){value, (int)pid, children};
  return true;
}

static bool take_number(struct load_options *options, const struct option *option, const char *value) {
  char *end = NULL;
  double number = strtod(value, &end);
  char *field = (char *)options + option->offset;
  if (end == value || *end != '\0' || !(number >= option->least && number <= option->most)) return false;
  if (option->kind == OPTION_NUMBER) {
    *(double *)(void *)field = number;
  } else if (option->kind == OPTION_EVENTS) {
    *(uint64_t *)(void *)field = (uint64_t)number;
  } else {
    *(unsigned *)(void *)field = (unsigned)number;
  }
  return true;
}

static bool take(struct load_options *options, const struct option *option, char *value) {
  if (option->kind == OPTION_SERVER) return take_server(options, value);
  if (option->kind != OPTION_TEXT) return take_number(options, option, value);
  *(const char **)(void *)((char *)options + option->offset) = value;
  return true;
}

static bool take_pair(struct load_options *options, const char *name, char *value) {
  for (size_t i = 0; i < OPTIONS; i++) {
    if (strcmp(table[i].name, name) == 0) return take(options, &table[i], value);
  }
  return false;
}

static bool fits(const struct load_options *options) {
  if (options->at == NULL || options->first_recipient + options->recipients > LOAD_RECIPIENTS_MAX)
    return false;
  if (options->publishers == 0) return options->expect > 0 && options->recipients > 0 && options->run > 0;
  return options->expect == 0;
}

bool options_read(int argc, char **argv, struct load_options *options) {
  *options = (struct load_options){.peer = "?",
                                   .name = "?",
                                   .publishers = 1,
                                   .recipients = 5,
                                   .window = 1024,
                                   .bytes = 512,
                                   .warm_s = 1,
                                   .seconds = 5,
                                   .drain_s = 60};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && take_pair(options, argv[i], argv[i + 1])) continue;
    (void)fprintf(stderr, "%s: %s %s cannot be\n", argv[0], argv[i], i + 1 < argc ? argv[i + 1] : "alone");
    return usage(argv[0]);
  }
  return fits(options) || usage(argv[0]);
}
