// See endpoint.h.
#include "hub/base/endpoint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) == NAV_SOCKET_PATH_MAX + 1, "as it is here");

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// As libzmq takes it: another ends the program when it connects.
static bool good_host(const char *host, size_t length) {
  if (length == 1 && host[0] == '*') return true;
  bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
  if (bracketed) return strspn(host + 1, ALPHANUMERIC ".:%") == length - 2;
  return strchr(ALPHANUMERIC, host[0]) != NULL && strspn(host, ALPHANUMERIC ".-_") == length;
}

static bool good_tcp(const char *address) {
  const char *colon = strrchr(address, ':');
  if (colon == NULL || colon == address || !good_host(address, (size_t)(colon - address))) return false;
  const char *port = colon + 1;
  size_t digits = strspn(port, "0123456789");
  if (digits == 0 || digits > 5 || port[digits] != '\0') return false;
  long number = strtol(port, NULL, 10);
  return number >= 1 && number <= 65535;
}

bool nav_endpoint_opens(const char *text) {
  if (strlen(text) > NAV_ENDPOINT_LENGTH_MAX) return false;
  bool tcp = strncmp(text, "tcp://", 6) == 0 && good_tcp(text + 6);
  return tcp || (strncmp(text, "ipc:///", 7) == 0 && strlen(text) - 6 <= NAV_SOCKET_PATH_MAX);
}

bool nav_endpoint_connects(const char *text) {
  return nav_endpoint_opens(text) && strncmp(text, "tcp://*", 7) != 0;
}
