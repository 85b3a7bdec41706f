// What every worker process of nav-desk does: lets go of what is the desk's, answers one request and sends
// the answer. Called by: serve, kept (in the child). Must never: return where there is no memory for an
// answer, or serve past the time it was given.
#ifndef NAV_DESK_WORKER_H
#define NAV_DESK_WORKER_H

#include <jansson.h>

#include "hub/conf/agencies.h"
#include "hub/conf/nav.h"
#include "hub/desk/database.h"

enum {
  DESK_ANSWER_S_MAX = 60,  // to send an answer
};

// After the fork: signals as a program has them, and an end with the desk's.
void worker_begin(void);
// Answers the request of the connection fd, which stays open. Ends the process, by SIGALRM, where it takes
// longer than its command may. database: as desk_answer's.
void worker_answer(const struct conf_nav *nav, const struct conf_agencies *agencies, int fd,
                   const json_t *request, struct desk_database **database);

#endif
