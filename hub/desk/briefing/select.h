// The joint part by intersection. What is said at the table is said to everybody there, so an event, and a
// field of it, belongs to the joint part only if the verdicts release it to every participant, its own sender
// aside. Pure. Called by: compile, hub/desk/meeting_view (to choose what to open at all). Must never: let one
// participant's right stand in for another's.
#ifndef NAV_DESK_BRIEFING_SELECT_H
#define NAV_DESK_BRIEFING_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/access/access.h"
#include "nav/v1/ledger.pb-c.h"

// What one participant may have of one event for the meeting's purpose. Zeroed: nothing, by no rule.
struct joint_lane {
  bool is_sender;          // its own event: it knows it already, and limits nothing
  bool narrative;          // the free text is released to it
  bool decided_now;        // the rules in force now allow less than those of then
  uint8_t outcome;         // nav.v1.Outcome
  uint16_t reveal;         // bit n: class n of nav.v1.Sensitivity
  uint32_t smallest_cell;  // it may have counts, none smaller than this; 0: it may not
  uint64_t subjects;       // bit n: subject n
  const char *rule;        // that decided; NULL: no rule
  const char *basis;       // NULL
};

struct joint_lane joint_lane_of_verdict(const Nav__V1__LaneVerdict *verdict);  // NULL: nothing
struct joint_lane joint_lane_of_decision(const struct access_rules *rules,
                                         const struct access_decision *decision);
// Stored ∧ decided now: the narrower of both in everything; rule and basis of the one that refused.
struct joint_lane joint_lane_and(const struct joint_lane *stored, const struct joint_lane *now);

enum joint_how {
  JOINT_OUT,     // somebody at the table may have neither the record nor a count
  JOINT_COUNT,   // everybody may have at least a count
  JOINT_RECORD,  // everybody may have the record
};

struct joint {
  enum joint_how how;
  bool narrative;
  uint16_t reveal;
  uint64_t subjects;
  uint32_t smallest_cell;  // of JOINT_COUNT: the largest that anybody's permit asks
};

// One lane for each participant of the part. OUT where the sender is the only one.
struct joint joint_of(const struct joint_lane *lanes, size_t count);

#endif
