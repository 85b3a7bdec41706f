// See unix_socket.h.
#include "hub/wire/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hub/base/clock.h"

enum { RETRY_MS = 10 };

static bool make_address(const char *path, struct sockaddr_un *address, struct nav_error *err) {
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof address->sun_path) {
    return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                    "a socket's path must be 1 to %zu bytes long; choose a shorter one",
                    sizeof address->sun_path - 1);
  }
  memcpy(address->sun_path, path, length + 1);
  return true;
}

static int open_socket(const char *path, int type, struct nav_error *err) {
  int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) (void)nav_fail_errno(err, path, "cannot make a socket");
  return fd;
}

// Whether the path is a socket at which nobody listens any more.
static bool is_dead(const char *path, int type, const struct sockaddr_un *address) {
  struct stat status;
  if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  int result = connect(fd, (const struct sockaddr *)address, sizeof *address);
  bool refused = result != 0 && errno == ECONNREFUSED;
  (void)close(fd);
  return refused;
}

// Binds with no access for others but ourselves; chmod opens it for the group afterwards.
static int bind_private(int fd, const struct sockaddr_un *address) {
  mode_t before = umask(0177);
  int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
  int reason = errno;
  (void)umask(before);
  errno = reason;
  return result;
}

static bool bind_and_listen(int fd, const char *path, int type, int backlog, struct nav_error *err) {
  struct sockaddr_un address;
  if (!make_address(path, &address, err)) return false;
  int result = bind_private(fd, &address);
  if (result != 0 && errno == EADDRINUSE) {
    if (!is_dead(path, type, &address)) {
      return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                      "is in use: another program listens there, or it is no socket");
    }
    (void)unlink(path);
    result = bind_private(fd, &address);
  }
  if (result != 0) return nav_fail_errno(err, path, "cannot bind");
  if (chmod(path, 0660) != 0) return nav_fail_errno(err, path, "cannot set mode 0660");
  if (listen(fd, backlog) != 0) return nav_fail_errno(err, path, "cannot listen");
  return true;
}

int unix_socket_listen(const char *path, int type, int backlog, struct nav_error *err) {
  int fd = open_socket(path, type, err);
  if (fd < 0) return -1;
  if (bind_and_listen(fd, path, type, backlog, err)) return fd;
  (void)close(fd);
  return -1;
}

static bool connect_until(int fd, const struct sockaddr_un *address, const char *path, int64_t deadline_ms,
                          struct nav_error *err) {
  while (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
    if (errno == EINTR) continue;
    if (errno == EACCES || errno == EPERM) {
      return nav_fail(err, NAV_ERROR_LOCAL, 0, path,
                      "you may not use this socket; ask the operator to add your user to its group");
    }
    if (errno != EAGAIN) {
      return nav_fail(err, NAV_ERROR_RETRY, 0, path, "nobody listens there; is the program running? (%s)",
                      strerror(errno));
    }
    if (nav_clock_monotonic_ms() >= deadline_ms) {
      return nav_fail(err, NAV_ERROR_RETRY, 0, path, "is too busy to take a connection");
    }
    (void)poll(NULL, 0, RETRY_MS);
  }
  return true;
}

int unix_socket_connect(const char *path, int type, int timeout_ms, struct nav_error *err) {
  struct sockaddr_un address;
  if (!make_address(path, &address, err)) return -1;
  int fd = open_socket(path, type, err);
  if (fd < 0) return -1;
  if (connect_until(fd, &address, path, nav_clock_monotonic_ms() + timeout_ms, err)) return fd;
  (void)close(fd);
  return -1;
}

static void hold_back(int *spare) {
  if (*spare < 0) *spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int unix_socket_accept(int listening, int *spare) {
  hold_back(spare);
  int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0 || (errno != EMFILE && errno != ENFILE) || *spare < 0) return fd;
  (void)close(*spare);
  *spare = -1;
  fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) (void)close(fd);
  hold_back(spare);
  return -1;
}
