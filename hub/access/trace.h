// What each condition of a rule says of one event and one lane: the same facts as the decision, told apart.
// Called by: explain, testrun (coverage). Must never: decide anything.
#ifndef NAV_ACCESS_TRACE_H
#define NAV_ACCESS_TRACE_H

#include "hub/access/facts.h"

struct trace {
  // Beside rule->predicates. Of persons: a permit's hold of all selected; a forbid's are of the one person
  // who meets it or, where nobody does, each of whoever comes nearest.
  enum truth predicates[RULES_PREDICATES_MAX];
  enum truth roles;      // IS_UNKNOWN: nobody has a role that the rule selects
  enum truth board;      // `to: social` alone
  enum truth in_force;   // the dates of rule and basis
  enum truth protected;  // IS_FALSE: a protected person, and the rule does not name them (I13)
  enum truth whole;
};

size_t trace_predicates_count(const struct rule *rule);
void trace_rule(struct facts *facts, const struct rule *rule, size_t lane, struct trace *out);

#endif
