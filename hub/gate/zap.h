// The ZAP handler: libzmq asks it about every CURVE key before it lets a connection in. It runs in its own
// thread, so that it answers however busy the gate is, and its socket is bound before the public one: without
// a handler CURVE lets anybody in. Called by: main, gate. Must never: let in a key that the book does not
// have, or end without ending the program.
#ifndef NAV_GATE_ZAP_H
#define NAV_GATE_ZAP_H

#include "hub/gate/book.h"

#define ZAP_DOMAIN "nav"
// What a message of an admitted connection carries: the agency (User-Id), and its key in hexadecimal.
#define ZAP_PROPERTY_AGENCY "User-Id"
#define ZAP_PROPERTY_KEY "Nav-Key"

struct zap;

// Binds and starts. Takes the book. Every signal must be blocked before (the thread inherits that). NULL:
// *err.
struct zap *zap_start(void *zmq_context, struct book *book, struct nav_error *err);
// Announces the end; then the context is shut down, and zap_stop waits for the thread.
void zap_ending(struct zap *zap);
// Takes NULL.
void zap_stop(struct zap *zap);
// The handler has answered or been idle within the last seconds.
bool zap_alive(const struct zap *zap);
// From now on this book counts; takes it. The old one is freed.
void zap_set_book(struct zap *zap, struct book *book);
// Handshakes refused since the last call, for an unknown key.
uint32_t zap_take_refused(struct zap *zap);
// While full, nobody is let in (told to come back).
void zap_set_full(struct zap *zap, bool full);

#endif
