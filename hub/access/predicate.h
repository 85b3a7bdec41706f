// The values that the tests in `when` take. Called by: predicate.c. Must never: take a value that the field
// can never have.
#ifndef NAV_ACCESS_PREDICATE_H
#define NAV_ACCESS_PREDICATE_H

#include "hub/access/build.h"

// What values a name takes.
enum domain {
  ANY_TEXT,
  AGENCIES,
  KINDS,
  FORMS,
  GROUPS,
  AREAS,
  ENUM,
  BOOLEAN,
  INTEGER,
  TIME,
  REAL,
  PROTECTION,
  PRESENCE,
  CONSENT
};

// The operand of out->op at node, into *out. False: faults were added.
bool predicate_operand(struct build *build, enum domain domain, struct conf_node *node, const char *where,
                       struct predicate *out);

#endif
