// Which node of the hub this is: 16 random bytes in state/node, made at the first start. The file is locked
// for as long as nav-core runs, so that there is one nav-core a node: whoever has the lock knows that the
// process before it is dead, and may take the node's own lease at once.
// Called by: standby. Must never: be shared between machines: the state folder is a node's own.
#ifndef NAV_CORE_NODE_H
#define NAV_CORE_NODE_H

#include "hub/base/error.h"
#include "hub/core/lease.h"

// Locks the file, for at most a moment after another nav-core of this folder has ended. *fd is to be closed
// with the program. False: *err.
NAV_MUST_USE bool node_lock(const char *state_folder, int *fd, uint8_t node[LEASE_NODE_SIZE],
                            struct nav_error *err);

#endif
