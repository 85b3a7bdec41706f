// The steps between the files' bytes and the compiled rules. Each adds every fault it finds and goes on.
// Called by: load.c, in the order below; check.c; the fuzz target. Must never: stop at the first fault.
#ifndef NAV_ACCESS_BUILD_H
#define NAV_ACCESS_BUILD_H

#include "hub/access/rules.h"

struct build {
  struct access_rules *rules;
  struct conf_faults *faults;
  struct nav_arena *arena;      // the rules'
  const char **selector_names;  // agencies, kinds, groups; NULL-terminated, for "did you mean"
  const char **area_names;
  const char **agency_names;
  const char **group_names;
  struct conf_node **trees;  // of access/*.yaml, in file order; NULL where a file is no YAML
  const char **names;
  size_t trees_count;
  const char **rule_ids;  // of all rules, also of those with faults; NULL-terminated
  size_t rule_ids_count;
};

// A file's bytes, as read (and hashed) once.
struct rules_source {
  const char *name;  // "access/common.yaml"
  const char *text;
  size_t length;
};

// From bytes: law is law.yaml, sources are access/*.yaml in order of their names' bytes. Takes areas, which
// may be NULL. NULL: faults.
struct access_rules *rules_build(const struct rules_source *law, const struct rules_source *sources,
                                 size_t sources_count, const struct conf_agencies *agencies,
                                 struct nav_areas *areas, struct conf_faults *faults);

#define BUILD_FAULT(build, node, hint, ...) \
  conf_faults_add((build)->faults, (node)->file, (node)->line, (node)->column, hint, __VA_ARGS__)

// places.c: agencies, areas, purposes and lanes as the rules see them.
bool build_places(struct build *build);

// selector.c. Which agencies a selector names.
struct selection {
  uint8_t *agencies;      // bit n: agency n
  uint8_t *social_alone;  // those reached by the bare kind `social` alone
  uint32_t kinds;         // named by kind
};
bool build_selection(struct build *build, struct conf_node *node, const char *where, bool is_recipient,
                     struct selection *out);
// Which messages; "*" only where any is allowed.
bool build_bodies(struct build *build, struct conf_node *node, const char *where, bool any_allowed,
                  uint64_t *out);

// parse.c: one rule's map; false: a fault makes it useless for later steps.
bool build_rule(struct build *build, struct conf_node *node, const char *where, uint8_t purpose,
                struct rule *rule);

// predicate.c: the map at `when`.
bool build_when(struct build *build, const struct conf_node *node, const char *where, struct rule *rule);
// predicate_name.c: what a name such as "subject.age" stands for.
bool build_name(struct build *build, const struct conf_node *key, const char *where, const struct rule *rule,
                struct predicate *out);

// legal.c: does the rule keep to its own legal basis?
void build_legal(struct build *build, const struct rule *rule);

// compile.c: exceptions, duties, and programs of all rules.
bool build_rule_lanes(struct build *build, struct rule *rule);
void build_exceptions(struct build *build);
void build_programs(struct build *build);

#endif
