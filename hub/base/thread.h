// A thread beside a program's loop, and how it tells the loop: an eventfd that poll(2) waits for. Called by:
// nav-core's store and shown, the ledger's verification. Must never: let a thread take a signal, which are
// the loop's.
#ifndef NAV_BASE_THREAD_H
#define NAV_BASE_THREAD_H

#include <pthread.h>

#include "hub/base/error.h"

// With every signal blocked. 0, or the error's number, as pthread_create says it.
NAV_MUST_USE int nav_thread_start(pthread_t *id, void *(*run)(void *context), void *context);

// An eventfd that does not block; the caller closes it. -1: *err.
NAV_MUST_USE int nav_tell_open(struct nav_error *err);
// Makes it readable; from any thread.
void nav_tell(int fd);
// Whether it was told since the last time; it is not readable any more.
bool nav_told(int fd);

#endif
