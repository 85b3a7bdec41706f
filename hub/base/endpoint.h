// Whether a text is the address of a hub's gate. Called by: nav.yaml's and adapter.yaml's loaders, so that a
// wrong one is told at its place in the file. Must never: look a name up, or open anything.
#ifndef NAV_BASE_ENDPOINT_H
#define NAV_BASE_ENDPOINT_H

#include <stdbool.h>

enum {
  NAV_ENDPOINT_LENGTH_MAX = 255,
  NAV_SOCKET_PATH_MAX = 107,  // of a unix socket (unix(7)), without its NUL
};

// tcp://HOST:PORT, HOST a name, an address or '*' (all of this machine's), or ipc:///absolute/path.
bool nav_endpoint_opens(const char *text);
// The same without '*', to which nobody can connect.
bool nav_endpoint_connects(const char *text);

#endif
