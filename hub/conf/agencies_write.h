// agencies.yaml as it may leave the hub: who takes part in what, without persons, assessors, on-call desks
// and keys. Called by: core, for the rules that adapters are sent. Must never: write a person's id.
#ifndef NAV_CONF_AGENCIES_WRITE_H
#define NAV_CONF_AGENCIES_WRITE_H

#include "hub/base/buffer.h"
#include "hub/conf/agencies.h"

// Appends a file that conf_agencies_load reads. False: past the buffer's maximum.
NAV_MUST_USE bool conf_agencies_write(const struct conf_agencies *agencies, struct nav_buffer *out);

#endif
