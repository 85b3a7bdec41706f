// What others ask of loaded rules by name. Called by: core (holds), desk (assessment). Must never: decide.
#include <string.h>

#include "hub/access/rules.h"

const struct access_rule_info *access_rule_named(const struct access_rules *rules, const char *id) {
  for (size_t i = 0; i < rules->rules_count; i++)
    if (strcmp(rules->rules[i].info.id, id) == 0) return &rules->rules[i].info;
  return NULL;
}

const struct law_basis *access_basis(const struct access_rules *rules, const char *id) {
  return id == NULL ? NULL : law_find(&rules->law, id);
}
