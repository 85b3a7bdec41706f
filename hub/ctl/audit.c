// navctl audit verify, search, show (person, follow-up: audit_person.c): the auditor's commands, answered by
// nav-desk.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hub/base/clock.h"
#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_audit.h"
#include "hub/ctl/output.h"

enum { VERIFY_TIMEOUT_MS = 6 * 3600 * 1000, PAGE_LINES = 5000, LIMIT_DEFAULT = 1000 };

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void add_text(json_t *request, const char *key, const char *text) {
  if (text != NULL) (void)json_object_set_new(request, key, json_string(text));
}

// ---- verify ----

static void print_range(const json_t *report) {
  const json_t *unseen = json_object_get(report, "not_looked_at");
  json_int_t covering = json_integer_value(json_object_get(report, "covering"));
  (void)printf("records %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT " alone",
               json_integer_value(json_object_get(report, "from")),
               json_integer_value(json_object_get(report, "to")));
  if (covering > 0)
    (void)printf(", under the checkpoint at %" JSON_INTEGER_FORMAT "\n", covering);
  else
    (void)puts("; no checkpoint covers them");
  for (size_t i = 0; i < json_array_size(unseen); i++)
    (void)printf("not looked at: %s\n", json_string_value(json_array_get(unseen, i)));
}

// An export holds no content.
static void print_totals(const json_t *report, bool offline) {
  (void)printf("%" JSON_INTEGER_FORMAT " records, %" JSON_INTEGER_FORMAT " events",
               json_integer_value(json_object_get(report, "records")),
               json_integer_value(json_object_get(report, "events")));
  if (!offline)
    (void)printf(" (content of %" JSON_INTEGER_FORMAT " still here)",
                 json_integer_value(json_object_get(report, "contents")));
  (void)printf(", %" JSON_INTEGER_FORMAT " checkpoints with %" JSON_INTEGER_FORMAT " cosignatures\nroot %s\n",
               json_integer_value(json_object_get(report, "checkpoints")),
               json_integer_value(json_object_get(report, "cosignatures")),
               json_string_value(json_object_get(report, "root")));
}

static bool print_report(const json_t *report, bool offline) {
  static const struct ctl_column columns[] = {{"seq", "SEQ", true}, {"what", "WHAT", false}};
  const json_t *faults = json_object_get(report, "faults");
  print_totals(report, offline);
  json_int_t unproved = json_integer_value(json_object_get(report, "unproved"));
  json_int_t unjudged = json_integer_value(json_object_get(report, "cosignatures_unjudged"));
  if (unproved > 0)
    (void)printf("%" JSON_INTEGER_FORMAT " records are %s\n", unproved,
                 json_array_size(faults) == 0 ? "newer than the last checkpoint; the next covers them"
                                              : "covered by no checkpoint that holds");
  if (unjudged > 0)
    (void)printf(
        "%" JSON_INTEGER_FORMAT
        " cosignatures cannot be judged: a record that may have named their key is missing or in doubt\n",
        unjudged);
  bool part = json_object_get(report, "from") != NULL;
  if (part) print_range(report);
  if (json_array_size(faults) == 0) {
    return puts(part ? "The range holds." : "The ledger holds.") >= 0;
  }
  (void)printf("\nThe %s does not hold: %zu faults\n\n", part ? "range" : "ledger", json_array_size(faults));
  return output_rows(CTL_TABLE, columns, COUNT(columns), faults);
}

enum ctl_exit audit_print_report(struct ctl *ctl, json_t *report) {
  bool ok = ctl->format == CTL_TABLE ? print_report(report, ctl_value(ctl, "offline") != NULL)
                                     : output_json(ctl->format, report);
  enum ctl_exit code = json_is_true(json_object_get(report, "ok")) ? CTL_DONE : CTL_FINDINGS;
  json_decref(report);
  return ok ? code : CTL_FAILED;
}

static bool read_seq(const char *text, long long *seq) {
  char *end = NULL;
  errno = 0;
  *seq = text != NULL ? strtoll(text, &end, 10) : 0;
  return text != NULL && end != text && *end == '\0' && errno == 0 && *seq >= 1;
}

// --from and --to into the request; nothing where neither is given.
static bool add_range(const struct ctl *ctl, json_t *request, enum ctl_exit *code) {
  const char *from = ctl_value(ctl, "from");
  const char *to = ctl_value(ctl, "to");
  long long first = 0;
  long long last = 0;
  if (from == NULL && to == NULL) return true;
  if (from == NULL || to == NULL) {
    *code = ctl_complain(CTL_USAGE, "--from SEQ and --to SEQ go together");
  } else if (!read_seq(from, &first) || !read_seq(to, &last)) {
    *code =
        ctl_complain(CTL_USAGE, "--from '%s' --to '%s': each must be a record's number, from 1", from, to);
  } else if (last < first) {
    *code = ctl_complain(CTL_USAGE, "--to %lld is before --from %lld", last, first);
  } else {
    (void)json_object_set_new(request, "from", json_integer(first));
    (void)json_object_set_new(request, "to", json_integer(last));
    return true;
  }
  return false;
}

enum ctl_exit ctl_audit_verify(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  const char *offline = ctl_value(ctl, "offline");
  if (offline != NULL && (ctl_value(ctl, "from") != NULL || ctl_value(ctl, "to") != NULL))
    return ctl_complain(CTL_USAGE, "--from and --to go with the database: an export is verified whole");
  if (offline != NULL) return audit_verify_offline(ctl, offline);
  if (ctl_value(ctl, "key") != NULL) return ctl_complain(CTL_USAGE, "--key goes with --offline FILE");
  json_t *request = json_pack("{s:s}", "command", "audit-verify");
  add_text(request, "reason", ctl_value(ctl, "reason"));
  if (!add_range(ctl, request, &code)) {
    json_decref(request);
    return code;
  }
  json_t *answer = ctl_ask_shown(ctl, true, request, VERIFY_TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  if (json_is_false(json_object_get(answer, "recorded"))) {
    (void)ctl_complain(
        CTL_DONE, "nav-core does not answer, or its node stands by: this verification stands in no record");
  }
  code = audit_print_report(ctl, json_incref(json_object_get(answer, "result")));
  json_decref(answer);
  return code;
}

// ---- search ----

static const struct ctl_column line_columns[] = {
    {"seq", "SEQ", true},
    {"at", "AT", false},
    {"kind", "KIND", false},
    {"actor", "ACTOR", false},
    {"from", "FROM", false},
    {"to", "TO", false},
    {"event_id", NULL, false},
    {"type", "TYPE", false},
    {"purpose", "PURPOSE", false},
    {"basis", "BASIS", false},
    {"rule", "RULE", false},
    {"outcome", "OUTCOME", false},
    {"withheld", "WITHHELD", false},
    {"reason", "REASON", false},
};

bool ctl_audit_time(struct ctl *ctl, json_t *request, const char *option, const char *key,
                    enum ctl_exit *code) {
  const char *text = ctl_value(ctl, option);
  int64_t ms = 0;
  if (text == NULL) return true;
  if (!ctl_parse_time(text, nav_clock_now_ms(), &ms)) {
    *code = ctl_complain(CTL_USAGE, "--%s '%s' is no time; write 7d, 36h, 2026-11-01 or 2026-11-01T08:00:00Z",
                         option, text);
    return false;
  }
  (void)json_object_set_new(request, key, json_integer(ms));
  return true;
}

bool ctl_audit_limit(struct ctl *ctl, long *limit, enum ctl_exit *code) {
  const char *text = ctl_value(ctl, "limit");
  char *end = NULL;
  *limit = LIMIT_DEFAULT;
  if (text == NULL) return true;
  *limit = strtol(text, &end, 10);
  if (*end == '\0' && end != text && *limit >= 1 && *limit <= 10000000) return true;
  *code = ctl_complain(CTL_USAGE, "--limit '%s' must be a whole number, 1 to 10000000", text);
  return false;
}

// --before SEQ: older records than that one, as the last page's line says.
static bool add_before(struct ctl *ctl, json_t *request, enum ctl_exit *code) {
  const char *text = ctl_value(ctl, "before");
  char *end = NULL;
  if (text == NULL) return true;
  long long seq = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || seq < 1) {
    *code = ctl_complain(CTL_USAGE, "--before '%s' is no record's number", text);
    return false;
  }
  (void)json_object_set_new(request, "before", json_integer(seq));
  return true;
}

static bool times_in_order(const json_t *request, enum ctl_exit *code) {
  const json_t *since = json_object_get(request, "since_ms");
  const json_t *until = json_object_get(request, "until_ms");
  if (since == NULL || until == NULL || json_integer_value(since) < json_integer_value(until)) return true;
  *code = ctl_complain(CTL_USAGE, "--until is not after --since, so that nothing can match");
  return false;
}

static json_t *make_search(struct ctl *ctl, enum ctl_exit *code) {
  static const char *const texts[] = {"agency",  "purpose", "basis", "rule",  "event",
                                      "meeting", "reader",  "kind",  "reason"};
  json_t *request = json_pack("{s:s}", "command", "audit-search");
  for (size_t i = 0; i < COUNT(texts); i++) add_text(request, texts[i], ctl_value(ctl, texts[i]));
  if (ctl_audit_time(ctl, request, "since", "since_ms", code) &&
      ctl_audit_time(ctl, request, "until", "until_ms", code) && times_in_order(request, code) &&
      add_before(ctl, request, code))
    return request;
  json_decref(request);
  return NULL;
}

enum ctl_exit ctl_audit_search(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  // A name that is misspelled finds as little as one of which nothing is on record.
  struct ctl_pages pages = {.columns = line_columns,
                            .columns_count = COUNT(line_columns),
                            .page = PAGE_LINES,
                            .nothing = "no record matches; names are looked for as they are written"};
  if (!ctl_audit_limit(ctl, &pages.limit, &code)) return code;
  pages.request = make_search(ctl, &code);
  if (pages.request == NULL) return code;
  code = ctl_audit_pages(ctl, &pages);
  json_decref(pages.request);
  return code;
}

// ---- show ----

static void print_words(const json_t *record, bool english) {
  const json_t *sentences = json_object_get(json_object_get(record, "words"), english ? "en" : "sv");
  for (size_t i = 0; i < json_array_size(sentences); i++)
    (void)puts(json_string_value(json_array_get(sentences, i)));
  (void)puts("");
}

enum ctl_exit ctl_audit_show(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  char *end = NULL;
  long long seq = strtoll(ctl->arguments[0], &end, 10);
  if (end == ctl->arguments[0] || *end != '\0' || seq < 1) {
    return ctl_complain(CTL_USAGE, "'%s' is no record's number", ctl->arguments[0]);
  }
  json_t *request = json_pack("{s:s, s:I}", "command", "audit-show", "seq", (json_int_t)seq);
  add_text(request, "reason", ctl_value(ctl, "reason"));
  json_t *answer = ctl_ask(ctl, true, request, CTL_AUDIT_TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  const json_t *record = json_object_get(answer, "record");
  bool ok = true;
  if (ctl->format == CTL_TABLE) {
    print_words(record, ctl_english(ctl));
    ok = output_rows(CTL_TABLE, line_columns, COUNT(line_columns), json_object_get(record, "meaning"));
    (void)puts("");
    const json_t *whole = json_object_get(record, "record");
    if (!json_is_null(whole)) ok = output_json(CTL_JSON, whole) && ok;
    (void)printf("leaf %s%s\n", json_string_value(json_object_get(record, "leaf")),
                 json_is_false(json_object_get(record, "leaf_agrees"))
                     ? "  NOT the stored one: run navctl audit verify"
                     : "");
    const char *note = json_string_value(json_object_get(json_object_get(record, "checkpoint"), "note"));
    (void)printf("%s%s", note != NULL ? "covered by\n" : "no checkpoint covers it yet\n",
                 note != NULL ? note : "");
  } else {
    ok = output_json(ctl->format, record);
  }
  ctl_audit_mandate(json_object_get(record, "mandate"));
  json_decref(answer);
  return ok ? CTL_DONE : CTL_FAILED;
}
