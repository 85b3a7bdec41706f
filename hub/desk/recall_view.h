// Recalls as people follow them: who was told, who had read what was taken back, who has not confirmed.
// Called by: request. Must never: show content, or tell one recipient of another's holds.
#ifndef NAV_DESK_RECALL_VIEW_H
#define NAV_DESK_RECALL_VIEW_H

#include "hub/desk/request.h"

// {"command":"recall-list"} → {"ok":true,"recalls":[{"recall","at","agency","reason","events","missing"}]}:
// the person's own agency's, those of events that the person has read, and all for who audits or runs the
// hub.
json_t *recall_list(const struct desk_request *request, struct nav_error *err);
// {"command":"recall-status","recall":n} →
// {"ok":true,"recall":{…,"recipients":[…],"readers":[…],"missing":n}}
json_t *recall_status(const struct desk_request *request, struct nav_error *err);

#endif
