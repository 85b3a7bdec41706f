// What the parts of the explanation share. Called by: explain*.c alone. Must never: be seen outside them.
#ifndef NAV_ACCESS_EXPLAIN_PARTS_H
#define NAV_ACCESS_EXPLAIN_PARTS_H

#include "hub/access/explain.h"
#include "hub/access/trace.h"
#include "hub/access/words.h"

struct explaining {
  const struct access_rules *rules;
  const struct access_question *question;
  struct facts facts;
  size_t lane;
  enum access_language language;
  struct access_decision decision;
  const struct agency_facts *sender;  // NULL: not known
  const char *recipient_title;
  json_t *because;
  json_t *missing;
  json_t *would_allow;
};

// explain_say.c: sentences. One is said once.
const char *explain_choose(const struct explaining *explaining, const char *swedish, const char *english);
// The words' format has as many %s as it needs of the arguments.
void explain_words(struct explaining *explaining, json_t *list, enum words words, const char *a,
                   const char *b, const char *c, const char *d);
void explain_text(json_t *list, const char *text);
// The condition alone: "the person's age is below 18".
void explain_bare_condition(struct explaining *explaining, json_t *list, const struct predicate *predicate);
// In a sentence of it alone, or of the rule and it.
void explain_condition(struct explaining *explaining, json_t *list, enum words words,
                       const struct predicate *predicate);
void explain_rule_condition(struct explaining *explaining, json_t *list, enum words words, const char *rule,
                            const struct predicate *predicate);
const char *explain_sender_title(const struct explaining *explaining);
const char *explain_on_call(const struct explaining *explaining);

// explain_elsewhere.c: who else of the purpose could have the event, and how.
void explain_elsewhere(struct explaining *explaining);

// explain_result.c: the JSON of what was decided and said.
json_t *explain_result(struct explaining *explaining);

#endif
