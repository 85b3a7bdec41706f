// What draft rules would have made of what has happened: for each event and lane, what the ledger says was
// decided against what the draft decides of the same event, as of the time it was accepted. rehearse.c asks
// for the events and opens them, rehearse_compare.c compares one, rehearse_tally.c counts and tells.
// Called by: request (access-rehearse). Must never: bring a rule into force, guess what only nav-core knows
// (consent, requests), or name a person in the answer.
#ifndef NAV_DESK_REHEARSE_H
#define NAV_DESK_REHEARSE_H

#include <jansson.h>

#include "hub/access/access.h"
#include "hub/desk/request.h"

enum rehearse_change {
  REHEARSE_NEWLY_RELEASED,
  REHEARSE_NEWLY_HELD,
  REHEARSE_NO_LONGER_RELEASED,
  REHEARSE_NO_LONGER_HELD,
  REHEARSE_MORE_FIELDS,
  REHEARSE_FEWER_FIELDS,
  REHEARSE_DEPENDS,  // on consent, a request or a reply's terms: only nav-core knows
  REHEARSE_CHANGES,
};

// A recipient and purpose of the draft, of the ledger, or of both.
struct rehearse_lane {
  const char *agency;
  const char *purpose;
  uint32_t number;  // in the ledger; 0: it has none
  int draft;        // among the draft's lanes; -1: it has none
};

struct rehearse_lanes {
  struct rehearse_lane *items;
  size_t count;
  uint32_t numbers_end;  // every number is below
};

// One change of one event for one lane.
struct rehearse_finding {
  size_t lane;  // of rehearse_lanes
  enum rehearse_change change;
  const struct desk_event *event;
  uint64_t subjects;   // whom it is about: bit n, subject n
  const char *before;  // the rule that the ledger names; NULL: none
  const char *after;   // the draft's
};

// ---- rehearse_tally.c ----

struct rehearse_tally;

// NULL: no memory.
struct rehearse_tally *rehearse_tally_new(const struct rehearse_lanes *lanes);
void rehearse_tally_free(struct rehearse_tally *tally);  // takes NULL
// Findings of one event come together.
NAV_MUST_USE bool rehearse_tally_add(struct rehearse_tally *tally, const struct rehearse_finding *finding);
// [{"agency","purpose","change","events","person_days","examples":[hex],"rules":[{"before","after","events"}],
//   "other_rules":n}], by agency, purpose and change.
json_t *rehearse_tally_rows(const struct rehearse_tally *tally);
// {"newly_released":{"events","person_days"},…}: an event or person-day counts once, whoever would see it.
json_t *rehearse_tally_totals(const struct rehearse_tally *tally);
// Whether so many person-days were found that some were not counted: then all figures of them are lower
// bounds.
bool rehearse_tally_is_full(const struct rehearse_tally *tally);

// ---- rehearse_compare.c ----

struct rehearse_compare;

// The rules and lanes must outlive it. NULL: no memory.
struct rehearse_compare *rehearse_compare_new(const struct access_rules *draft,
                                              const struct rehearse_lanes *lanes);
void rehearse_compare_free(struct rehearse_compare *compare);  // takes NULL
// One opened event: its findings go to the tally.
NAV_MUST_USE bool rehearse_compare_event(struct rehearse_compare *compare, const struct desk_event *event,
                                         struct rehearse_tally *tally);

// ---- rehearse.c ----

// {"command":"access-rehearse","files":[{"name","text"}]?,"since_ms","until_ms"?,"reason"?}; without files:
// the installation's own folder. The answer:
// {"ok":true,"hash","since","until","events","opened","erased","truncated","left_out_after_seq",
//  "person_days_cut","rows":[…],"totals":{…},"summary"}; or {"ok":true,"faults":[…],"faults_dropped"} of a
// draft that does not load.
json_t *rehearse(const struct desk_request *request, struct nav_error *err);

#endif
