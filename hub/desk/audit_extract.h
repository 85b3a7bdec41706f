// What the ledger has about a person in plain words, for the person: each event's record and those about it,
// as far as the mandate has them. Called by: audit_person. Must never: tell content, or the number.
#ifndef NAV_DESK_AUDIT_EXTRACT_H
#define NAV_DESK_AUDIT_EXTRACT_H

#include "hub/desk/audit_person.h"

// The rules' names of paragraphs and the answer, while one is made.
struct extract {
  const struct desk_request *request;
  const struct definitions *definitions;
  struct access_rules *rules;  // NULL: paragraphs keep their ids alone
  json_t *events;              // [{"event_seq","erased","sv":[sentence,…],"en":[…]}]
};

void extract_begin(struct extract *extract, const struct desk_request *request,
                   const struct definitions *definitions);
// The event, and of its count pairs those that are_told says.
void extract_event(struct extract *extract, const struct person_event *event, const struct person_pair *pairs,
                   const bool *are_told, size_t count);
// The answer's "extract"; a new reference, NULL without memory.
json_t *extract_end(struct extract *extract);

#endif
