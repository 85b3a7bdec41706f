// The kept texts of the rules that a RulesChanged record put in force (nav.rules_text), and those rules
// loaded again. Called by: audit_rules, audit_show_words. Must never: give out a text that is not of its
// hash.
#ifndef NAV_DESK_RULES_TEXT_H
#define NAV_DESK_RULES_TEXT_H

#include "hub/access/access.h"
#include "hub/desk/request.h"
#include "nav/v1/ledger.pb-c.h"

// One file's text, in the request's arena. *text NULL: none is kept. False: *err; also where what is kept is
// another text than the record hashes.
NAV_MUST_USE bool rules_text_read(const struct desk_request *request, const Nav__V1__RulesFile *file,
                                  const char **text, size_t *length, struct nav_error *err);

// The rules as they were, with the agencies of then, which outlive them. NULL: they are not kept, or this
// program cannot load what was loaded then; who asks goes on with today's.
struct access_rules *rules_text_load(const struct desk_request *request, const Nav__V1__RulesChanged *changed,
                                     struct conf_agencies **agencies);

#endif
