// What an auditor asks for: read from the request, narrowed to what the database can find by index, and
// matched against lines. Called by: audit_search. Must never: let through a line that a filter does not fit.
#ifndef NAV_DESK_AUDIT_FILTER_H
#define NAV_DESK_AUDIT_FILTER_H

#include "hub/desk/audit_line.h"
#include "hub/desk/request.h"

enum {
  AUDIT_LIMIT_DEFAULT = 1000,
  AUDIT_LIMIT_MAX = 10000,
  AUDIT_EVENT_SEQS_MAX = 1000,
  AUDIT_KINDS_MAX = 128
};

struct audit_filter {
  bool has_since, has_until;
  int64_t since_ms, until_ms;  // by the record's time; until is not included
  uint64_t before;             // seq, not included: for the next page
  int64_t limit;
  const char *agency, *purpose, *basis, *rule, *meeting, *reader, *kind;
  bool has_event;
  uint8_t event_id[16];
  uint64_t event_seqs[AUDIT_EVENT_SEQS_MAX];  // of that event's revisions
  size_t event_seqs_count;
  // For SQL.
  const char *kinds;     // "{21,25}": the kinds that can match at all
  const char *verdicts;  // "{3,7}" whose lanes can match; NULL: any
  const char *numbers;   // "{4}": the agency's numbers as a sender; NULL: any
  const char *seqs;      // the event's; NULL: any
  const char *named;     // records that name the event by its seq; NULL: any
  // Of a rejection, which names its event by id: bytes that it has, in hex; NULL: any. Lines are still
  // matched: other records may have them too.
  const char *event_id_bytes;
};

NAV_MUST_USE bool audit_filter_read(struct audit_filter *filter, const struct desk_request *request,
                                    struct nav_error *err);
// After the database is open and the definitions are loaded.
NAV_MUST_USE bool audit_filter_narrow(struct audit_filter *filter, const struct desk_request *request,
                                      const struct definitions *definitions, struct nav_error *err);
bool audit_filter_fits(const struct audit_filter *filter, const struct audit_line *line);
// "audit search since=… agency=…", as the AuditRead record says it.
const char *audit_filter_text(const struct audit_filter *filter, struct nav_arena *arena);

#endif
