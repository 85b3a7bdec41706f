// Large configuration folders made by chance: rules by the thousand, for limits and for speed. Called by:
// tests/unit/access, tests/bench. Must never: be taken for rules that make sense.
#ifndef TESTS_UNIT_ACCESS_MADE_RULES_H
#define TESTS_UNIT_ACCESS_MADE_RULES_H

#include <stdbool.h>
#include <stddef.h>

enum { MADE_FOLDER_SIZE = 64, MADE_RULE_LINES = 4 };  // a rule takes so many lines

struct made_rules {
  unsigned agencies, purposes, rules;
  bool faulty;  // one fault in every rule
};

// A new folder in /tmp; out names it. Ends the program where it cannot be written.
void made_rules_write(const struct made_rules *what, char out[MADE_FOLDER_SIZE]);
// Removes what made_rules_write wrote.
void made_rules_remove(const struct made_rules *what, const char *folder);

#endif
