// Who can ever receive which class of which message from whom, in which purpose, on which basis: what the
// rules say without any event. Called by: navctl access matrix, check, tests. Must never: leave out what the
// decision could let through; a row too many is a fault of form, a row too few is a lie.
#ifndef NAV_ACCESS_MATRIX_H
#define NAV_ACCESS_MATRIX_H

#include "hub/access/explain.h"

enum access_matrix_outcome { ACCESS_MATRIX_COUNTS, ACCESS_MATRIX_HOLD, ACCESS_MATRIX_RELEASE };

// All of them must be met; NULL and 0: any.
struct access_matrix_filter {
  const char *from;  // an agency or a kind
  const char *to;    // the same
  const char *event;
  const char *purpose;
  uint16_t classes;   // bit n: class n of nav.v1.Sensitivity; any of these
  uint16_t roles;     // bit n: nav.v1.Role n, bit 0: a role not stated; any of these can be kept
  uint16_t outcomes;  // bit n: enum access_matrix_outcome
};

struct access_matrix_row {
  uint16_t rule;
  uint32_t sender;  // index in conf_agencies
  uint32_t lane;
  uint8_t body;  // index of the message
  enum access_matrix_outcome outcome;
  bool may_hold;     // a release that can become a hold: by a limit, or a duty that does not know
  bool protected;    // events with protected persons can pass
  uint16_t reveal;   // as decisions have it
  uint16_t classes;  // what the message has of it, and of the persons who can be kept
  uint16_t roles;    // in which persons can be kept; bit 0: a role not stated
};

// By rules, senders, messages and lanes. False: visit said so, and nothing more was looked at.
typedef bool access_matrix_visit(void *context, const struct access_matrix_row *row);
bool access_matrix_rows(const struct access_rules *rules, const struct access_matrix_filter *filter,
                        int64_t now_ms, access_matrix_visit *visit, void *context);

// One row with ASCII keys: from event to purpose outcome may_hold classes roles protected basis section
// statute rule conditions[] forbidden_by[{rule,conditions[]}] limited_by[…] reveal[] obligations[]
// smallest_cell|null valid_from|null valid_to|null file line. A new reference; NULL without memory.
json_t *access_matrix_json(const struct access_rules *rules, const struct access_matrix_row *row,
                           int64_t now_ms, enum access_language language);
// "release", "hold", "counts".
const char *access_matrix_outcome_name(enum access_matrix_outcome outcome);

#endif
