// What a rule asks, as sentences without a sentence around them: its tests, its roles. Called by:
// matrix_json, ask (access_rule_grounds). Must never: say what the rule does not ask.
#ifndef NAV_ACCESS_CONDITIONS_H
#define NAV_ACCESS_CONDITIONS_H

#include <jansson.h>

#include "hub/access/words.h"

// argument: for the words' %s; NULL where it has none.
void conditions_words(json_t *list, enum words words, enum access_language language, const char *argument);
// Tests of the recipient alone are left out: they were answered when the rules were compiled.
void conditions_tests(json_t *list, const struct rule *rule, enum access_language language);
// "någon av personerna är barn eller vittne", where the rule names roles.
void conditions_roles(json_t *list, const struct rule *rule, enum access_language language);

#endif
