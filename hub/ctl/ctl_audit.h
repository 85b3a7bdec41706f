// What the audit commands share. Called by: hub/ctl/audit*.c. Must never: be included elsewhere.
#ifndef NAV_CTL_CTL_AUDIT_H
#define NAV_CTL_CTL_AUDIT_H

#include "hub/ctl/ctl.h"
#include "hub/ctl/output.h"

enum { CTL_AUDIT_TIMEOUT_MS = 150000 };

// The option as milliseconds into the request, where it was given. False: said, and *code set.
bool ctl_audit_time(struct ctl *ctl, json_t *request, const char *option, const char *key,
                    enum ctl_exit *code);
bool ctl_audit_limit(struct ctl *ctl, long *limit, enum ctl_exit *code);

// An answer that comes in pages.
struct ctl_pages {
  json_t *request;  // the caller's; gets limit and before
  const struct ctl_column *columns;
  size_t columns_count;
  long limit, page;     // of lines, or where by_events of the events that lines are about
  bool by_events;       // the answer's "events" says how many a page had
  const char *nothing;  // said where a table has no line; NULL: nothing is
  const char *way_on;   // said where there is more; NULL: go on with --before SEQ
};

// Prints page after page until the limit, then whether there is more and what the mandate leaves out. NDJSON
// is printed as it comes; the other forms need all of it first.
enum ctl_exit ctl_audit_pages(struct ctl *ctl, const struct ctl_pages *pages);
// The extract for a person, of the request that audit person has made, into a new file. Swedish, or lang
// "en".
enum ctl_exit ctl_audit_extract(struct ctl *ctl, json_t *request, const char *path);
// Says so where the mandate is not "all".
void ctl_audit_mandate(const json_t *mandate);

// Prints a verification's report in the format asked for, and releases it. CTL_FINDINGS where it has faults.
enum ctl_exit audit_print_report(struct ctl *ctl, json_t *report);
// navctl audit verify --offline path.
enum ctl_exit audit_verify_offline(struct ctl *ctl, const char *path);

#endif
