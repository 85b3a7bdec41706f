// Tries the public socket with a key that is in no book, before anything is read from it.
// Called by: main, at start. Must never: be left out: libzmq lets everybody in where the ZAP handler is not
// asked.
#ifndef NAV_GATE_SELFTEST_H
#define NAV_GATE_SELFTEST_H

#include "hub/base/error.h"
#include "hub/wire/keys.h"

// True only where the unlisted key was refused for what it is.
NAV_MUST_USE bool selftest_unlisted_key(void *zmq_context, void *door, const struct key_pair_curve *keys,
                                        struct nav_error *err);

#endif
