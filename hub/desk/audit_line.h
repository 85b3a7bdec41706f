// What one ledger record says to an auditor, as lines: an Accepted record one for each lane that its verdict
// names, any other record one. Called by: audit_search, audit_record, audit_person,
// audit_show_words. Must never: hold content; records have none.
#ifndef NAV_DESK_AUDIT_LINE_H
#define NAV_DESK_AUDIT_LINE_H

#include <jansson.h>

#include "hub/desk/definitions.h"

enum { AUDIT_LINES_A_RECORD_MAX = 1024 };

// Texts are NULL where a record has nothing of that kind.
struct audit_line {
  uint64_t seq;
  int64_t time_ms;
  uint16_t kind;
  const char *actor;        // person, agency or program
  const char *from;         // sending agency
  const char *by;           // of assessments: the agency that decided
  const char *to;           // the lane's agency; of readings the reader's
  const uint8_t *event_id;  // 16 bytes
  uint64_t event_seq;       // 0: about no single event
  const char *type;
  const char *purpose;
  const char *basis;
  const char *rule;
  const char *hold_basis;  // of what is held beside a release
  const char *hold_rule;
  const char *outcome;
  bool has_reveal;
  uint32_t reveal;
  const char *reason;
  const char *meeting;
  char *const *participants;  // agencies: of a briefing; of a recall or an erasure those told of it
  size_t participants_count;
  const uint64_t *event_seqs;  // read or compiled
  size_t event_seqs_count;
};

struct audit_lines {
  struct audit_line items[AUDIT_LINES_A_RECORD_MAX];
  size_t count;
};

// Texts point into the record, the definitions or the arena.
void audit_lines_of(const Nav__V1__Record *record, const struct definitions *definitions,
                    struct nav_arena *arena, struct audit_lines *lines);
// Where the record names its event by number alone: the event's Accepted says whose it was. NULL, or
// another record: nothing.
void audit_line_name_event(struct audit_line *line, const Nav__V1__Record *accepted);
// The classes that a reveal leaves out, by name; a new reference.
json_t *audit_withheld(uint32_t reveal);
// {seq, at, kind, actor, from, to, event_id, type, purpose, basis, rule, outcome, withheld, reason}; a new
// reference.
json_t *audit_line_json(const struct audit_line *line);

#endif
