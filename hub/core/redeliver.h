// What was set aside (nacks.h) is delivered again, on an operator's word: a Redelivered record, at whose own
// position the lane gets it, under the stored verdict and the rules in force then. Called by:
// control_commands, the loop (step). Must never: give the lane more than what was set aside.
#ifndef NAV_CORE_REDELIVER_H
#define NAV_CORE_REDELIVER_H

#include <jansson.h>
#include <stdint.h>

struct core;
struct control_request;
struct nav_error;

// {"command":"lane-redeliver","agency":…,"purpose":…,"position":n,"reason":…} → {"ok":true,"seq":n}, once it
// is durable.
json_t *redeliver_command(struct control_request *request, struct nav_error *err);
// Reads what is to be redelivered, when the reader is free.
void redeliver_step(struct core *core);
void redeliver_free(struct core *core);
// The lane that a request names by agency and purpose, and its reason. 0: *err.
uint32_t lane_of_request(const struct control_request *request, const char **reason, struct nav_error *err);

#endif
