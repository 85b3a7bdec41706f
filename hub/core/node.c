// See node.h.
#include "hub/core/node.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "hub/base/disk.h"
#include "hub/base/id.h"

enum { HEX_LENGTH = 2 * LEASE_NODE_SIZE, PAUSE_US = 50000, TRIES_MAX = 40 };

static bool lock(int fd, const char *path, struct nav_error *err) {
  for (int i = 0; i < TRIES_MAX; i++) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return nav_fail_errno(err, path, "cannot be locked");
    (void)usleep(PAUSE_US);
  }
  return nav_fail(err, NAV_ERROR_RETRY, 0, path,
                  "another nav-core runs with this state folder; each node has its own");
}

// An empty file gets its line, synced before it is used; what a crash left half written counts as empty: no
// lease was taken with it.
static bool read_or_make(int fd, const char *folder, uint8_t node[LEASE_NODE_SIZE]) {
  char line[HEX_LENGTH + 1] = "";
  ssize_t got = pread(fd, line, HEX_LENGTH, 0);
  if (got < 0) return false;
  line[HEX_LENGTH] = '\0';
  if (got == HEX_LENGTH && nav_unhex(node, LEASE_NODE_SIZE, line)) return true;
  randombytes_buf(node, LEASE_NODE_SIZE);
  (void)nav_hex(line, node, LEASE_NODE_SIZE);
  return ftruncate(fd, 0) == 0 && nav_disk_write_at(fd, (const uint8_t *)line, HEX_LENGTH, 0) &&
         fsync(fd) == 0 && nav_disk_sync_folder(folder);
}

bool node_lock(const char *state_folder, int *fd, uint8_t node[LEASE_NODE_SIZE], struct nav_error *err) {
  char path[PATH_MAX];
  if (!nav_disk_join(path, state_folder, "node", err)) return false;
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (*fd < 0) return nav_fail_errno(err, path, "cannot open");
  if (lock(*fd, path, err) &&
      (read_or_make(*fd, state_folder, node) || nav_fail_errno(err, path, "cannot be read or written")))
    return true;
  (void)close(*fd);
  *fd = -1;
  return false;
}
