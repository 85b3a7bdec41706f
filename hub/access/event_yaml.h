// An event written by hand in YAML, for tests of rules: CloudEvents' names, or the short form without "data".
//   {source: skolan, type: ConcernReport, subjects: [{role: child, birth_date: 2012-05-01}], body: {kind:
//   neglect}}
// What is left out and every event needs (id, revision, time) is filled in.
// Called by: testrun. Must never: be used for events that agencies send.
#ifndef NAV_ACCESS_EVENT_YAML_H
#define NAV_ACCESS_EVENT_YAML_H

#include "hub/conf/tree.h"
#include "nav/v1/event.pb-c.h"

// In the arena; check: validated as intake does. NULL: faults.
Nav__V1__Event *event_from_yaml(struct conf_node *node, int64_t now_ms, bool check, struct nav_arena *arena,
                                struct conf_faults *faults);

#endif
