// Which rules and conditions the tests have reached: a rule by deciding (a limit by making a hold), and by
// not matching what it could have matched; a condition by having been met once and having failed (or been
// unknown) once. Called by: testrun. Must never: count what no expectation looked at.
#ifndef NAV_ACCESS_COVERAGE_H
#define NAV_ACCESS_COVERAGE_H

#include "hub/access/testrun.h"

struct coverage;

struct coverage *coverage_new(const struct access_rules *rules);
void coverage_free(struct coverage *coverage);  // takes NULL
// What an expectation of counts found: the aggregate that allows them, or ACCESS_NO_RULE.
void coverage_counts(struct coverage *coverage, const struct access_question *question, size_t lane,
                     uint16_t rule);
void coverage_decision(struct coverage *coverage, const struct access_question *question, size_t lane,
                       const struct access_decision *decision);
// Fills the report's lists. False without memory.
bool coverage_report(const struct coverage *coverage, struct access_test_report *report);

#endif
