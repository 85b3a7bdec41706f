// navctl audit person, audit follow-up: answered by nav-desk.
#include <stdio.h>
#include <string.h>

#include "hub/ctl/ctl.h"
#include "hub/ctl/ctl_audit.h"
#include "hub/ctl/output.h"

enum { PAGE_EVENTS = 200 };

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct ctl_column person_columns[] = {
    {"event_seq", "EVENT", true},
    {"seq", "SEQ", true},
    {"at", "AT", false},
    {"kind", "KIND", false},
    {"actor", "ACTOR", false},
    {"from", "FROM", false},
    {"to", "TO", false},
    {"event_id", NULL, false},
    {"event_time", NULL, false},
    {"type", "TYPE", false},
    {"purpose", "PURPOSE", false},
    {"basis", "BASIS", false},
    {"rule", "RULE", false},
    {"outcome", "OUTCOME", false},
    {"withheld", "WITHHELD", false},
    {"delivered", "DELIVERED", false},
    {"acknowledged_seq", "RECEIPT", true},
    {"acknowledged_at", NULL, false},
    {"erased", "ERASED", false},
    {"reason", "REASON", false},
};

enum ctl_exit ctl_audit_person(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  struct ctl_pages pages = {.columns = person_columns,
                            .columns_count = COUNT(person_columns),
                            .page = PAGE_EVENTS,
                            .by_events = true,
                            .way_on = "--limit or --until shows it"};
  const char *reason = ctl_value(ctl, "reason");
  if (!ctl_audit_limit(ctl, &pages.limit, &code)) return code;
  pages.request =
      json_pack("{s:s, s:s, s:s}", "command", "audit-person", "number", ctl->arguments[0], "reason", reason);
  if (pages.request == NULL) return ctl_complain(CTL_USAGE, "the number and the reason must be UTF-8");
  const char *extract = ctl_value(ctl, "extract");
  if (!ctl_audit_time(ctl, pages.request, "until", "until_ms", &code)) {
    json_decref(pages.request);
    return code;
  }
  code = extract == NULL ? ctl_audit_pages(ctl, &pages) : ctl_audit_extract(ctl, pages.request, extract);
  if (code == CTL_DONE)
    (void)ctl_complain(
        CTL_DONE,
        "what is sealed at its agency's edge is about nobody the hub knows: it stands here once it "
        "is opened");
  json_decref(pages.request);
  return code;
}

// ---- follow-up ----

// The records behind a finding as text: a table has no room for all of them.
static void add_records(json_t *finding) {
  enum { SHOWN = 6, TEXT_SIZE = 256 };
  const json_t *seqs = json_object_get(finding, "seqs");
  char text[TEXT_SIZE] = "";
  size_t used = 0;
  for (size_t i = 0; i < json_array_size(seqs) && i < SHOWN; i++) {
    int n = snprintf(text + used, sizeof text - used, "%s%" JSON_INTEGER_FORMAT, i == 0 ? "" : " ",
                     json_integer_value(json_array_get(seqs, i)));
    used += n > 0 ? (size_t)n : 0;
  }
  if (json_array_size(seqs) > SHOWN) (void)snprintf(text + used, sizeof text - used, " …");
  (void)json_object_set_new(finding, "records", json_string(text));
}

static bool print_findings(const json_t *answer, bool english) {
  const struct ctl_column columns[] = {{"title", english ? "WHAT" : "VAD", false},
                                       {"who", english ? "WHO" : "VEM", false},
                                       {"count", english ? "COUNT" : "ANTAL", true},
                                       {"detail", english ? "HOW" : "HUR", false},
                                       {"records", english ? "RECORDS" : "POSTER", false}};
  json_t *findings = json_object_get(answer, "findings"), *finding = NULL;
  char since[OUTPUT_TIME_SIZE];
  size_t i = 0;
  json_array_foreach(findings, i, finding) add_records(finding);
  bool ok = output_rows(CTL_TABLE, columns, COUNT(columns), findings);
  if (json_array_size(findings) == 0) (void)puts(english ? "Nothing stands out." : "Inget sticker ut.");
  (void)printf(english ? "\nSince %s, %" JSON_INTEGER_FORMAT " records.\n%s\n"
                       : "\nSedan %s, %" JSON_INTEGER_FORMAT " poster.\n%s\n",
               output_time(output_text_of(answer, "since"), since),
               json_integer_value(json_object_get(answer, "records")), output_text_of(answer, "rule"));
  return ok;
}

enum ctl_exit ctl_audit_follow_up(struct ctl *ctl) {
  enum ctl_exit code = CTL_DONE;
  bool english = ctl_english(ctl);
  json_t *request = json_pack("{s:s, s:s}", "command", "audit-follow-up", "lang", english ? "en" : "sv");
  const char *reason = ctl_value(ctl, "reason");
  if (reason != NULL) (void)json_object_set_new(request, "reason", json_string(reason));
  if (!ctl_audit_time(ctl, request, "since", "since_ms", &code)) {
    json_decref(request);
    return code;
  }
  json_t *answer = ctl_ask(ctl, true, request, CTL_AUDIT_TIMEOUT_MS, &code);
  if (answer == NULL) return code;
  bool ok = true;
  if (ctl->format == CTL_TABLE) {
    ok = print_findings(answer, english);
  } else {
    (void)json_object_del(answer, "ok");
    ok = output_json(ctl->format, answer);
  }
  if (json_is_false(json_object_get(answer, "complete")))
    (void)ctl_complain(CTL_DONE, "there are too many records for one follow-up: ask with a later --since");
  json_decref(answer);
  return ok && fflush(stdout) == 0 ? CTL_DONE : CTL_FAILED;
}
