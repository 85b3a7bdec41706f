// The ledger's tree at start: from a signed checkpoint's frontier over the leaves after it, checked against
// the last checkpoint and against what this hub has shown before. Called by: start. Must never: give a tree
// that does not extend both.
#ifndef NAV_CORE_TREE_LOAD_H
#define NAV_CORE_TREE_LOAD_H

#include "hub/core/core.h"

// Fills core->sequence's tree and core->seen, and adds missing rows of nav.subtree. False: *err, with the way
// out.
NAV_MUST_USE bool tree_load(struct core *core, struct nav_error *err);

#endif
