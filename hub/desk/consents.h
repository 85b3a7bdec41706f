// What nav-core's register of consent says, for the events of one request that the rules decide again. Two
// rounds, as the rules are asked without waiting: in the first every question is noted and answered with "not
// known", then all are asked at once, and in the second the answers stand. Called by: meeting_read. Must
// never: answer yes to what nav-core has not said yes to.
#ifndef NAV_DESK_CONSENTS_H
#define NAV_DESK_CONSENTS_H

#include "hub/access/access.h"
#include "hub/conf/nav.h"

enum { DESK_CONSENTS_MAX = 20000 };  // questions of one request; more are not known

struct desk_consents;

// In the arena, where the events asked about are too. NULL: no memory.
struct desk_consents *desk_consents_new(struct nav_arena *arena);

// The context of desk_consents_answer: an event's source, its persons.
struct desk_consent_context {
  struct desk_consents *consents;
  const char *source;
};
// An access_consent.
int desk_consents_answer(void *context, const Nav__V1__Subject *subject, const char *recipient,
                         const char *purpose, const char *message);
// Asks nav-core about all that was noted.
NAV_MUST_USE bool desk_consents_ask(struct desk_consents *consents, const struct conf_nav *nav,
                                    struct nav_error *err);

#endif
