// Unix sockets by path, of those who talk on one machine; non-blocking, and closed in programs that are
// started. type: SOCK_STREAM or SOCK_SEQPACKET. Called by: control, relay_socket, and who listens. Must
// never: take a path from somebody who still listens there.
#ifndef NAV_WIRE_UNIX_SOCKET_H
#define NAV_WIRE_UNIX_SOCKET_H

#include "hub/base/error.h"

// A listening socket, mode 0660; replaces a dead one's file. -1: *err.
int unix_socket_listen(const char *path, int type, int backlog, struct nav_error *err);
// Waits for timeout_ms at the most while the one who listens is busy. -1: *err has class RETRY where nobody
// listens.
int unix_socket_connect(const char *path, int type, int timeout_ms, struct nav_error *err);

// The next who waits at a listening socket; -1: nobody. Where this program or the system has no file
// descriptor left, whoever waits is hung up on: left there, they would wake the caller's loop without end.
// That takes one that is held back, *spare: -1 before the first call, and the caller's to close.
int unix_socket_accept(int listening, int *spare);

#endif
