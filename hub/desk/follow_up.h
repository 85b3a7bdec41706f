// The parts of `audit follow-up`: gathering (follow_up.c), reading (follow_up_reading.c), holds, sessions,
// rules and lanes (follow_up_rest.c). Called by: those alone. Must never: say more than what a record bears
// out; each finding has its numbers and the records behind them.
#ifndef NAV_DESK_FOLLOW_UP_H
#define NAV_DESK_FOLLOW_UP_H

#include "hub/desk/definitions.h"
#include "hub/desk/request.h"

enum {
  FOLLOW_RECORDS_MAX = 2000000,  // of the kinds that are looked at
  FOLLOW_GROUPS_MAX = 20000,     // of findings; and of a reader's days
  FOLLOW_SEQS_MAX = 100,         // that a finding names
  FOLLOW_WORK_BEGINS = 7,        // o'clock, Swedish time, Monday to Friday
  FOLLOW_WORK_ENDS = 19,
  FOLLOW_VOLUME_LEAST = 20,  // events a day, below which nothing is unusual
  FOLLOW_VOLUME_TIMES = 3,   // the median
  FOLLOW_OWN_DAYS = 5,       // earlier days of one's own, below which others' days count
};

// The records behind a finding.
struct follow_seqs {
  uint64_t items[FOLLOW_SEQS_MAX];
  size_t count;
};

enum follow_what {
  FOLLOW_HOURS,
  FOLLOW_RELEASED,
  FOLLOW_LAPSED,
  FOLLOW_REFUSED,
  FOLLOW_ORDERED,  // erased before its time, on somebody's order
  FOLLOW_EXPIRED,  // erased when its time was up
};

// What is counted for one person or agency.
struct follow_group {
  enum follow_what what;
  const char *who;
  uint64_t count;
  uint64_t other;        // events read or erased, holds refused
  uint64_t undelivered;  // of what was erased: deliveries that are never made
  int64_t shortest_ms;   // from accepted to released; INT64_MAX: not known
  struct follow_seqs seqs;
};

struct follow_day {
  const char *reader;
  int64_t day;  // since 1970, Swedish
  uint64_t events;
  struct follow_seqs seqs;
};

struct follow_up {
  const struct desk_request *request;
  bool english;  // else Swedish
  struct definitions definitions;
  uint64_t first_seq;
  struct follow_group *groups;
  size_t groups_count;
  struct follow_day *days;
  size_t days_count;
  const Nav__V1__RulesChanged *rules;  // in force; NULL: none
  uint64_t rules_seq;
  bool *rules_used;  // beside rules->rules
  uint64_t records;
  bool complete;
  json_t *findings;
};

void follow_note_seq(struct follow_seqs *seqs, uint64_t seq);
// A new reference.
json_t *follow_seqs_json(const struct follow_seqs *seqs);
// NULL: no room, and the answer is not complete.
struct follow_group *follow_group(struct follow_up *f, enum follow_what what, const char *who);
void follow_add(struct follow_up *f, json_t *finding);  // takes it over; NULL: no memory, not complete

// follow_up_reading.c
void follow_reading(struct follow_up *f, const Nav__V1__Record *record);
void follow_tell_volume(struct follow_up *f);

// follow_up_rest.c
// accepted_ms: of the event that the record is about; 0: not known.
void follow_case(struct follow_up *f, const Nav__V1__Record *record, int64_t accepted_ms);
void follow_rule_used(struct follow_up *f, const Nav__V1__LaneVerdict *lane);
void follow_tell_groups(struct follow_up *f);
// Rules never used, agencies that never acknowledge. False: *err.
NAV_MUST_USE bool follow_tell_quiet(struct follow_up *f, struct nav_error *err);

#endif
