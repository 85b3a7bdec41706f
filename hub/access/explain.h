// Why a decision came out as it did, and what would make a disclosure lawful, in plain words.
// Called by: navctl access explain, nav-desk, nav-core (of a case that waits), tests. Must never: say what
// the decision does not; it decides with the same code.
#ifndef NAV_ACCESS_EXPLAIN_H
#define NAV_ACCESS_EXPLAIN_H

#include <jansson.h>

#include "hub/access/access.h"

enum access_language { ACCESS_SWEDISH, ACCESS_ENGLISH };

// {"outcome":"release|hold|withhold","urgent":bool,"to":…,"purpose":…,"rule":…|null,"basis":…|null,
//  "paragraph":"10 kap. 18 a § OSL"|null,"hold_rule":…|null,"limit":…|null,"reveal":["open",…],
//  "withheld":["path",…],"obligations":[…],"counts":n|null,"because":["…"],"missing":["…"],
//  "would_allow":["…"],"conditions":[{"id":…,"text":…}],"ask":["title",…],"answer_within":"…"|null}
// conditions: what whoever assesses ticks; ask: the sender's assessors in turn, then its on-call desk (empty
// where it is released); answer_within: of a hold, for one assessor, before it goes on to the next.
// A new reference; NULL only without memory.
json_t *access_explain(const struct access_rules *rules, const struct access_question *question, size_t lane,
                       enum access_language language);

// What a rule asks of an event, in words, so that whoever reads a decision that names it knows what held: its
// roles and its tests. A new reference; an empty list where the rule asks nothing or is not of these rules.
json_t *access_rule_grounds(const struct access_rules *rules, const char *rule,
                            enum access_language language);

// "10 kap. 18 a § OSL": where a basis stands, cut to size.
void explain_paragraph(const struct law_basis *basis, char *out, size_t size);

// What access_conditions gives, in a language: [{"id":…,"text":…}] (a new reference).
json_t *access_conditions_json(const struct access_rules *rules, const char *basis, const char *limit,
                               enum access_language language);

#endif
