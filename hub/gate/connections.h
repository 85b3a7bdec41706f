// What libzmq's monitor tells of the public socket's connections, by file descriptor: which are open, and
// whose session each carries. A connection that says nothing, or that hoards a message without end, is cut
// here, because libzmq has no limit for either. Called by: gate. Must never: hold more than one entry a file
// descriptor, or wait.
#ifndef NAV_GATE_CONNECTIONS_H
#define NAV_GATE_CONNECTIONS_H

#include <stdint.h>

#include "hub/base/error.h"
#include "hub/wire/news.h"

struct connections;

// Called for a connection's session when the connection is gone.
typedef void connections_gone(void *context, uint64_t session);

// fd_max: the program's limit of file descriptors. NULL: *err.
struct connections *connections_watch(void *zmq_context, void *socket, uint32_t fd_max,
                                      struct nav_error *err);
void connections_free(struct connections *connections);          // takes NULL; before the context ends
struct news *connections_news(struct connections *connections);  // to be waited for
// Reads all that the monitor has.
void connections_read(struct connections *connections, int64_t now_ms, connections_gone *gone, void *context);
// Connections open now, in handshake or through it.
uint32_t connections_open(const struct connections *connections);
// Cut since the last call because their address had too many that carry no session.
uint32_t connections_take_crowded(struct connections *connections);
// Cut since the last call to make room: with few descriptors left, each new connection displaces the one that
// has been without a session longest.
uint32_t connections_take_displaced(struct connections *connections);
// The connection carries this session now.
void connections_carry(struct connections *connections, int fd, uint64_t session);
// The session has ended; its connection carries none, where it is still that session's.
void connections_release(struct connections *connections, int fd, uint64_t session);
// A message of so many bytes in so many parts was read from it.
void connections_count_read(struct connections *connections, int fd, size_t bytes, size_t parts);
// Ends the connection itself; the monitor then tells.
void connections_cut(struct connections *connections, int fd);
// Cuts those that were let in but began no session in time, and those whose unfinished message passes the
// maximum. Gives how many.
uint32_t connections_cut_idle(struct connections *connections, int64_t now_ms);
uint32_t connections_cut_hoarding(struct connections *connections, int64_t now_ms);

#endif
