// Rule sets, events, and the verdict on each, field by field. Called by: test_verdicts.c. Must never: be made
// by the code that it tests.
#ifndef TESTS_UNIT_ACCESS_VERDICT_CASES_H
#define TESTS_UNIT_ACCESS_VERDICT_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VERDICT_NOBODY = 2 };  // there is nobody to ask about consent or requests

// What is expected of one lane; rules by their ids, NULL: none.
struct verdict {
  const char *to;
  char outcome;  // r, h or w
  const char *rule, *hold_rule, *limit;
  uint16_t reveal, hold_reveal;
  uint64_t subjects, hold_subjects;
  bool is_volatile, urgent, edited;
};

struct verdict_case {
  const char *name;
  const char *rules;     // of the purpose ett
  const char *event;     // as in config/access/tests
  int consent, request;  // as access_consent, or VERDICT_NOBODY
  const char *only;
  bool could_be;
  struct verdict verdicts[3];
};

extern const struct verdict_case verdict_cases[];
extern const size_t verdict_cases_count;

#endif
