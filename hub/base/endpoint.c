// See endpoint.h.
#include "hub/base/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1 };  // 107 bytes and a NUL

// A host is of the characters that libzmq takes: others end the program when it connects.
static bool good_tcp(const char *address) {
  static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]%*";
  const char *colon = strrchr(address, ':');
  if (colon == NULL || colon == address) return false;
  const char *port = colon + 1;
  size_t digits = strspn(port, "0123456789");
  if (digits == 0 || digits > 5 || port[digits] != '\0') return false;
  long number = strtol(port, NULL, 10);
  return number >= 1 && number <= 65535 && address[strspn(address, host)] == '\0';
}

bool nav_endpoint_opens(const char *text) {
  if (strlen(text) > NAV_ENDPOINT_LENGTH_MAX) return false;
  bool tcp = strncmp(text, "tcp://", 6) == 0 && good_tcp(text + 6);
  return tcp || (strncmp(text, "ipc:///", 7) == 0 && strlen(text) - 6 <= SOCKET_PATH_MAX);
}

bool nav_endpoint_connects(const char *text) {
  return nav_endpoint_opens(text) && strncmp(text, "tcp://*", 7) != 0;
}
