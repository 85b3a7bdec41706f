// What a decision rested on, from the rule that it names. See explain.h.
#include <string.h>

#include "hub/access/conditions.h"

json_t *access_rule_grounds(const struct access_rules *rules, const char *rule,
                            enum access_language language) {
  json_t *list = json_array();
  for (size_t i = 0; list != NULL && i < rules->rules_count; i++) {
    if (strcmp(rules->rules[i].info.id, rule) != 0) continue;
    conditions_roles(list, &rules->rules[i], language);
    conditions_tests(list, &rules->rules[i], language);
    break;
  }
  return list;
}
