// What the parts of the check share. Called by: check*.c alone. Must never: be seen outside them.
#ifndef NAV_ACCESS_CHECK_PARTS_H
#define NAV_ACCESS_CHECK_PARTS_H

#include "hub/access/rules.h"

struct checking {
  const struct access_rules *rules;
  int64_t now_ms;
  int64_t today;
  struct conf_faults *findings;
};

#define FINDING(checking, node, hint, ...) \
  conf_faults_add((checking)->findings, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

// check_rules.c: each rule by itself, and permits beside what stands in their way.
void check_rules(const struct checking *checking);
// check_forbids.c: forbids and limits that do nothing, and exceptions that except nothing.
void check_forbid(const struct checking *checking, const struct rule *forbid);
// check_reach.c: who can send or receive nothing, and purposes that nobody can use.
void check_reach(const struct checking *checking);

#endif
