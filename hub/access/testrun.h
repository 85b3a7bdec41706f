// Tests of access rules: config/access/tests/*.yaml, each an event and what every lane shall have of it.
//
// clang-format off
//   now: 2026-11-22T18:00:00+01:00
//   tests:
//     - name: En elev med skyddade uppgifter
//       event: {source: skolan, type: ConcernReport, subjects: [{role: child}], body: {kind: neglect}}
//       consent: yes                       # yes, no, unknown (default)
//       request: yes                       # it answers a request of the recipient: the same, or the agency that asked
//       expect:
//         - to: socialtjansten             # an agency of the purpose, or a list
//           purpose: young-at-risk
//           outcome: release               # release, hold, withhold
//           rule: school-concern-to-social # none: the default
//           basis: sol-19-1
//           hold_rule: …                   # none
//           limit: handling-h2-is-held     # the limit that made it a hold; none
//           urgent: true
//           volatile: true                 # time, consent or a request can change it
//           reveal: [open, place]          # exactly
//           revealed: [subjects.0.name]    # paths that must be in the copy
//           withheld: [place.position]     # paths that must be listed as left out
//           counts: 5                      # smallest cell; none
//           because: OSL 26                # text in the explanation
//           would_allow: samtycke          # text in what would make it lawful
//         - {to: all, purpose: all, outcome: withhold}   # every other lane
// clang-format on
//
// Called by: ctest's program, navctl access test, reload. Must never: pass what it did not look at.
#ifndef NAV_ACCESS_TESTRUN_H
#define NAV_ACCESS_TESTRUN_H

#include "hub/access/access.h"

struct access_test_report {
  size_t files;
  size_t tests;
  size_t expectations;
  size_t failed;           // expectations
  char **rules_unreached;  // ids of rules that decided in no test
  size_t rules_unreached_count;
  char **rules_without_negative;  // ids of rules that no test shows not matching
  size_t rules_without_negative_count;
  char **conditions_unreached;  // "rule: subject.age below 18: never failed" or "never met"
  size_t conditions_unreached_count;
};

// Every failed expectation is a fault at its place, and every file that cannot be read. False: faults were
// added.
bool access_test_run(const struct access_rules *rules, const char *config_folder,
                     struct access_test_report *report, struct conf_faults *faults);
void access_test_report_free(struct access_test_report *report);

#endif
