// navctl: one table of commands; what every command is given and how it answers.
// Called by: main, every command. Must never: bypass the ledger; what changes something goes to nav-core,
// what reads goes to nav-desk.
#ifndef NAV_CTL_CTL_H
#define NAV_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "hub/base/error.h"
#include "hub/conf/nav.h"

// The contract of cli.md.
enum ctl_exit {
  CTL_DONE = 0,
  CTL_FAILED = 1,
  CTL_USAGE = 2,
  CTL_REFUSED = 3,
  CTL_NOT_FOUND = 4,
  CTL_UNREACHABLE = 5,
  CTL_FINDINGS = 6,
};

enum ctl_format { CTL_TABLE, CTL_JSON, CTL_NDJSON, CTL_CSV, CTL_TEXT, CTL_HTML };
enum { CTL_FORMATS = 6 };

enum { CTL_OPTIONS_MAX = 16, CTL_ARGUMENTS_MAX = 8 };

struct ctl_option {
  const char *name;      // "since"; NULL ends the list
  const char *argument;  // "TIME"; NULL: a flag
  const char *help;
};

struct ctl;

struct ctl_command {
  const char *name;       // "audit search"
  const char *arguments;  // "SEQ", "" where none
  int arguments_min, arguments_max;
  const char *summary;
  const char *examples;  // lines, each indented by two
  const struct ctl_option *options;
  unsigned formats;  // bit n: format n is understood; 0: no -o
  enum ctl_exit (*run)(struct ctl *ctl);
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_commands_count;
// Whether the command is not run without that option, nor with nothing for it. In commands.c.
bool ctl_requires(const struct ctl_command *command, const char *option);

struct ctl {
  const struct ctl_command *command;
  const char *home;  // NULL: not said
  enum ctl_format format;
  const char *arguments[CTL_ARGUMENTS_MAX];
  int arguments_count;
  const char
      *values[CTL_OPTIONS_MAX];  // beside command->options; NULL: not given; "" for a flag that was given
  struct conf_nav *nav;          // loaded at first use
};

// The value of an option; NULL: not given.
const char *ctl_value(const struct ctl *ctl, const char *name);
bool ctl_english(const struct ctl *ctl);  // of a command with --lang: sv unless en was said
// The command, once; with --watch, where it has that, again and again until it fails or is stopped.
enum ctl_exit ctl_run(struct ctl *ctl);
// nav.yaml. NULL: its faults were printed.
const struct conf_nav *ctl_nav(struct ctl *ctl);

// Prints "navctl: …" and gives the exit code that the error's class and code mean.
enum ctl_exit ctl_fail(const struct nav_error *err);
enum ctl_exit ctl_complain(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));
enum ctl_exit ctl_no_agency(const char *id);  // what is not even written like one
// Every text in it made harmless to a terminal (nav_text_printable). For tables, never for programs.
void ctl_printable(json_t *json);
// Asks nav-core or nav-desk. NULL: said, and *code set. What is to be shown as a table is printable.
json_t *ctl_ask(struct ctl *ctl, bool desk, json_t *request, int timeout_ms, enum ctl_exit *code);

// The same, telling how far it has come where that is a terminal's (progress.h): a request for it has
// progress:true.
json_t *ctl_ask_shown(struct ctl *ctl, bool desk, json_t *request, int timeout_ms, enum ctl_exit *code);

// The nearest of names (NULL-terminated) to a mistyped one; NULL: none near. In words.c.
const char *ctl_nearest(const char *text, const char *const *names);
// "7d", "36h", "2026-11-22" (Swedish midnight), "2026-11-22 11.00" (with or without seconds) or RFC 3339, as
// milliseconds since 1970. In words.c.
bool ctl_parse_time(const char *text, int64_t now_ms, int64_t *ms);

// main.c's parts.
enum ctl_exit ctl_parse(struct ctl *ctl, int argc, char **argv, bool *run);
bool ctl_watches(const struct ctl *ctl);           // --watch is an option of the command, and was given
void ctl_help(const struct ctl_command *command);  // NULL: all commands

// The commands, a file a family.
enum ctl_exit ctl_status(struct ctl *ctl);
enum ctl_exit ctl_publish(struct ctl *ctl);
enum ctl_exit ctl_access_check(struct ctl *ctl);
enum ctl_exit ctl_access_test(struct ctl *ctl);
enum ctl_exit ctl_access_explain(struct ctl *ctl);
enum ctl_exit ctl_access_rehearse(struct ctl *ctl);
enum ctl_exit ctl_access_load(struct ctl *ctl);
enum ctl_exit ctl_access_matrix(struct ctl *ctl);
enum ctl_exit ctl_audit_verify(struct ctl *ctl);
enum ctl_exit ctl_audit_search(struct ctl *ctl);
enum ctl_exit ctl_audit_show(struct ctl *ctl);
enum ctl_exit ctl_audit_prove(struct ctl *ctl);
enum ctl_exit ctl_audit_person(struct ctl *ctl);
enum ctl_exit ctl_audit_follow_up(struct ctl *ctl);
enum ctl_exit ctl_audit_export(struct ctl *ctl);
enum ctl_exit ctl_audit_rules(struct ctl *ctl);
enum ctl_exit ctl_hold_list(struct ctl *ctl);
enum ctl_exit ctl_hold_show(struct ctl *ctl);
enum ctl_exit ctl_hold_release(struct ctl *ctl);
enum ctl_exit ctl_hold_refuse(struct ctl *ctl);
enum ctl_exit ctl_recall_send(struct ctl *ctl);
enum ctl_exit ctl_recall_list(struct ctl *ctl);
enum ctl_exit ctl_recall_status(struct ctl *ctl);
enum ctl_exit ctl_recall_confirm(struct ctl *ctl);
enum ctl_exit ctl_lane_list(struct ctl *ctl);
enum ctl_exit ctl_lane_redeliver(struct ctl *ctl);
enum ctl_exit ctl_lane_replay(struct ctl *ctl);
enum ctl_exit ctl_retention_preview(struct ctl *ctl);
enum ctl_exit ctl_retention_run(struct ctl *ctl);
enum ctl_exit ctl_retention_erase(struct ctl *ctl);
enum ctl_exit ctl_meeting_list(struct ctl *ctl);
enum ctl_exit ctl_briefing_show(struct ctl *ctl);
enum ctl_exit ctl_keys_new(struct ctl *ctl);
enum ctl_exit ctl_db_upgrade(struct ctl *ctl);
enum ctl_exit ctl_config_check(struct ctl *ctl);

#endif
