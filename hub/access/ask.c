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

size_t access_conditions(const struct access_rules *rules, const char *basis, const char *limit,
                         const struct law_condition *list[ACCESS_CONDITIONS_MAX]) {
  const struct access_rule_info *limiting = limit == NULL ? NULL : access_rule_named(rules, limit);
  const struct law_basis *const bases[] = {access_basis(rules, basis),
                                           limiting == NULL ? NULL : access_basis(rules, limiting->basis)};
  size_t count = 0;
  for (size_t b = 0; b < 2; b++)
    for (size_t i = 0; bases[b] != NULL && i < bases[b]->conditions_count && count < ACCESS_CONDITIONS_MAX;
         i++)
      if (b == 0 || bases[0] != bases[1]) list[count++] = &bases[b]->conditions[i];
  return count;
}
