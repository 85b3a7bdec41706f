// The parts of `audit person`: which events (audit_person.c), what the ledger says of each
// (audit_person_rows.c). Called by: those two. Must never: be included elsewhere.
#ifndef NAV_DESK_AUDIT_PERSON_H
#define NAV_DESK_AUDIT_PERSON_H

#include "hub/desk/audit_line.h"
#include "hub/desk/core_link.h"
#include "hub/desk/request.h"

enum {
  PERSON_EVENTS_MAX = 200,    // of one answer
  PERSON_PAIRS_MAX = 100000,  // an event and a record about it, of one answer
};

// An event about the person.
struct person_event {
  uint64_t seq;
  const Nav__V1__Record *record;  // Accepted
  bool erased;                    // its content is gone; of single events once the pairs are read
};

// A record about one of the events.
struct person_pair {
  uint64_t event_seq;
  uint64_t seq;
  Nav__V1__Record *record;
};

// A delivery that may have been acknowledged: of the event's own position, or that of its release.
struct person_delivery {
  uint32_t lane;
  uint64_t position;
  uint64_t seq;  // of the Acknowledged that covers it; 0: none
  int64_t time_ms;
};

struct person_rows {
  const struct desk_request *request;
  uint8_t token[CORE_LINK_TOKEN_SIZE];
  uint64_t before;  // event seq, not included
  int64_t until_ms;
  bool has_until;
  size_t limit;
  struct person_event *events;  // newest first
  size_t events_count;
  bool more;
  struct person_pair *pairs;  // by event, newest first, then by record, oldest first
  size_t pairs_count;
};

// Everything in the request's arena. False: *err.
NAV_MUST_USE bool person_read_events(struct person_rows *rows, struct nav_error *err);
NAV_MUST_USE bool person_read_pairs(struct person_rows *rows, struct nav_error *err);
NAV_MUST_USE bool person_find_acknowledged(const struct desk_request *request,
                                           struct person_delivery *deliveries, size_t count,
                                           struct nav_error *err);

#endif
