// Recalls: which events their senders took back. From the moment a Recalled record is staged no frame with
// one of its events is sealed; every lane that was let have one gets the Recall, whatever the rules say now.
// Called by: intake_stage (a Recall is accepted), deliver_frame (what may not leave, what a lane is told),
// start (load), recall_commands. Must never: forget a recall, or tell a lane of an event that was not meant
// for it.
#ifndef NAV_CORE_RECALLS_H
#define NAV_CORE_RECALLS_H

#include <jansson.h>

#include "hub/core/intake.h"

enum { RECALL_EVENTS_MAX = 256 };  // of one Recall

// What a delivered Recall names as its rule and basis: it rests on no rule (brottsdataförordningen 2 kap. 1
// §, and for others the sender's duty not to leave wrong data with others).
#define RECALL_RULE "recall"
#define RECALL_BASIS "brottsdataforordningen-2-1"

struct recalls;

struct recalls *recalls_new(void);
void recalls_free(struct recalls *recalls);  // takes NULL
bool recalls_has(const struct recalls *recalls, uint64_t event_seq);
// From a Recalled record, stored or just staged.
void recalls_load(struct core *core, uint64_t seq, const Nav__V1__Recalled *recalled);
// {"command":"recall-confirm","recall":n,"note":"…"?} → {"ok":true,"seq":n}
struct control_request;
json_t *recall_command_confirm(struct control_request *request, struct nav_error *err);

// Whether every event the Recall names is known as this agency's. False: *err names the one that is not.
NAV_MUST_USE bool recall_check(const struct core *core, const Nav__V1__Recall *recall, uint32_t agency,
                               const struct intake_known *known, struct nav_error *err);
// Stages the Recalled record of an accepted Recall event (staged as recall_seq), closes the holds of its
// events.
void recall_stage(struct core *core, uint64_t recall_seq, const Nav__V1__Event *event, uint32_t agency,
                  const struct intake_known *known);
// Whether anything in it is this lane's.
bool recall_tells(const Nav__V1__Recalled *recalled, uint32_t lane);
// The Recall as one lane gets it. NULL: nothing in it is this lane's.
Nav__V1__Event *recall_event(const Nav__V1__Recalled *recalled, uint32_t lane, struct nav_arena *arena);

#endif
