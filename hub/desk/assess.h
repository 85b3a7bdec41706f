// What an assessor sees of one case: the event, who asks and why, the conditions to tick, exactly what would
// leave. Called by: request. Must never: show a case to anybody but an assessor of the agency that decides,
// or open it without a recorded reading.
#ifndef NAV_DESK_ASSESS_H
#define NAV_DESK_ASSESS_H

#include "hub/desk/request.h"

// {"command":"hold-show","seq":n,"lane":n,"reason":"…"?,"reveal":[…]?,"subjects":[…]?,"lang":"sv|en"?} →
// {"ok":true,"event":{CloudEvents},"preview":{CloudEvents}|null,"withheld":[…],"explain":{…},"conditions":[{"id","text"}],
//  "asked":{"by","agency","basis","need","event_id"}|null,"sealed":"hex"|null,"recipient":{"agency","title","purpose"}}
json_t *assess_show(const struct desk_request *request, struct nav_error *err);

#endif
